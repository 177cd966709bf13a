"""A message that grows as one of Slack's native streams, whole lines at a time.

A stream lives about five minutes, whatever is appended, and takes a mark only when it
is stopped. What becomes of a call is not always known: then the stream is stopped and
its message edited to hold exactly what it should.

Sources: https://docs.slack.dev/reference/methods/chat.startStream and its neighbours,
read 2026-11; the lifetime is others' measurement (slackapi/python-slack-sdk#1859).
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

import structlog

from bot.slack.api.record import holds, metadata, unmarked
from bot.slack.api.refusals import GONE_ERRORS, STILL_STREAMING, STOPPED, STREAM_ENDED
from bot.slack.api.web import NoAnswerError, RefusedError
from bot.slack.delivery.editor import Editor, Holds
from bot.slack.delivery.footing import LastState
from bot.slack.delivery.outlet import ReplyOutlet
from bot.slack.delivery.page import Page, Snapshot
from bot.slack.delivery.pages import Pages
from bot.slack.delivery.removal import Part, disown
from bot.slack.delivery.search import DoubtError, Unsure, search
from bot.slack.delivery.services import UNKNOWN, Services
from bot.slack.delivery.slots import Slots
from bot.slack.pacing.budget import APPEND, START, STOP, UPDATE

LIFE_S: Final = 240.0
"""How long a stream is used: it dies after about 300 s."""

log = structlog.stdlib.get_logger()


class StreamedMessage:
    """One message: chat.startStream begins it, then it is appended to and stopped."""

    def __init__(
        self,
        services: Services,
        outlet: ReplyOutlet,
        pages: Pages,
        apart: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        """Write for `outlet`; where the stream ends early, `pages` turn the page.

        `apart` runs what goes on although nobody waits for it any more.
        """
        self.ends_at_s = float("inf")
        self._services = services
        self._outlet = outlet
        self._pages = pages
        self._apart = apart
        self._slots = Slots(services, outlet.address.channel, "stream")
        self._ts = ""
        self._editor = Editor(services, outlet, "")
        self._unsure = Unsure(services.doubt)
        self._is_open = False
        """People see that it streams."""
        self._is_stuck = False
        """It could not be stopped."""
        self._has_streamed = False
        """The stream takes no more: what is left is brought by an edit."""

    async def bring(self, page: Page) -> None:
        """Start the stream, append to it or end it."""
        if not self._ts:
            await self._start(page)
        elif self._has_streamed:
            await self._settle(page)
        elif page.is_whole:
            await self._stop(page)
        else:
            await self._append(page)

    async def abandon(self) -> None:
        """Stop the stream, else people see it go on until it dies; tried once."""
        if not self._is_open or self._outlet.is_lost:
            return
        mark = metadata(self._outlet.turn.id, self._outlet.next_seq())
        try:
            await self._call(STOP, self._place() | {"metadata": mark})
        except (NoAnswerError, RefusedError) as error:
            log.info("a stream is left open", error=str(error))

    async def _start(self, page: Page) -> None:
        await self._slots.take(START, page)
        snapshot = page.snapshot()
        address = self._outlet.address
        arguments = {
            "channel": address.channel,
            "thread_ts": address.thread_ts,
            "recipient_user_id": address.user,
            "recipient_team_id": address.actor_team,
            "chunks": _chunks(snapshot.added),
        }
        now_s = asyncio.get_running_loop().time()
        seq = self._outlet.next_seq()
        await self._intend(seq, snapshot)
        try:
            ts = await self._started(seq, arguments, snapshot)
        except NoAnswerError as error:
            log.warning("it is unknown whether a stream began", error=str(error))
            ts = await self._adopted(seq, snapshot)
            if not ts:
                self._drop(seq)
                self._unsure.check(error)
                return
        except RefusedError as error:
            self._drop(seq)
            if error.retry_after_s is None:
                raise
            log.warning("Slack asks for a pause", pause_s=error.retry_after_s)
            return
        self._ts, self.ends_at_s = ts, now_s + LIFE_S
        self._editor = Editor(self._services, self._outlet, ts)
        self._is_open = True
        self._keep(page, snapshot, seq, is_open=True)

    async def _started(
        self, seq: int, arguments: dict[str, Any], snapshot: Snapshot
    ) -> str:
        """Start a stream; one that begins when nobody waits is closed at once."""
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def start() -> None:
            try:
                ts = await self._services.web.write_message(START, arguments)
            except (NoAnswerError, RefusedError) as error:
                if not answer.done():
                    answer.set_exception(error)
                return
            if not answer.done():
                answer.set_result(ts)
                return
            self._note(seq, ts, snapshot)
            self._ts, self._is_open = ts, True
            await self.abandon()
            await disown(
                self._services,
                self._outlet.address,
                Part(self._outlet.turn.id, seq, ts),
            )

        self._apart(start())
        return await answer

    async def _append(self, page: Page) -> None:
        await self._slots.take(APPEND, page)
        snapshot = page.snapshot()
        if snapshot.is_last:
            return
        arguments = self._place() | {"chunks": _chunks(snapshot.added)}
        await self._send(APPEND, arguments, page, snapshot)

    async def _stop(self, page: Page) -> None:
        await self._slots.take(STOP, page)
        snapshot = page.snapshot()
        text = snapshot.added + snapshot.closing
        arguments = self._place()
        if text:
            arguments["chunks"] = _chunks(text)
        await self._send(STOP, arguments, page, snapshot)

    async def _send(
        self, method: str, arguments: dict[str, Any], page: Page, snapshot: Snapshot
    ) -> None:
        """Add to the stream; where it takes no more, let an edit settle the page."""
        seq, is_open = self._outlet.next_seq(), method == APPEND
        holds_it: Holds = partial(holds, before=page.shown(), behind=snapshot.text)
        if not is_open:
            holds_it = self._editor.bears(seq)
            arguments["metadata"] = metadata(self._outlet.turn.id, seq)
        await self._intend(seq, snapshot)
        try:
            answer = await self._call(method, arguments)
        except NoAnswerError as error:
            log.warning("it is unknown what a stream holds", error=str(error))
            self._editor.doubt(seq, snapshot, holds_it)
        except RefusedError as error:
            self._drop(seq)
            self._take_end(error)
        else:
            if answer is None:
                self._drop(seq)
                return
            self._keep(page, snapshot, seq)
            self._is_open = is_open
            return
        self._has_streamed = True
        self._pages.turn()

    def _take_end(self, error: RefusedError) -> None:
        """Take note of why the stream takes no more, unless nothing else would."""
        if error.error in {STOPPED, *GONE_ERRORS}:
            raise error
        log.info("a stream ended", error=error.error)
        self._is_open = error.error != STREAM_ENDED

    async def _settle(self, page: Page) -> None:
        """Edit the message to hold the whole page, its stream stopped."""
        if self._is_open:
            await self._end_stream(page)
            return
        await self._slots.take(UPDATE, page)
        snapshot = page.snapshot()
        try:
            if await self._editor.edit(snapshot):
                page.deliver(snapshot)
        except RefusedError as error:
            if error.error == STILL_STREAMING and not self._is_stuck:
                self._is_open = True
                return
            if error.error not in GONE_ERRORS:
                reached = await self._editor.arrived()
                if reached is not None:
                    page.deliver(reached, is_open=True)
            raise

    async def _end_stream(self, page: Page) -> None:
        """Stop the stream as it is; whether that helped, the next edit tells."""
        await self._slots.take(STOP, page)
        self._is_open = False
        await self._services.assured(self._outlet.turn.id)
        try:
            await self._call(STOP, self._place())
        except NoAnswerError as error:
            log.warning("it is unknown whether a stream ended", error=str(error))
            await asyncio.sleep(self._services.doubt.pause_s)
        except RefusedError as error:
            if error.error in {STOPPED, *GONE_ERRORS}:
                raise
            self._is_stuck = error.error != STREAM_ENDED

    async def _adopted(self, seq: int, snapshot: Snapshot) -> str:
        """Return the ts of a stream that began without an answer; empty if none did.

        It carries no mark, so it is the newest message of ours that nothing explains.
        """
        services, outlet = self._services, self._outlet

        async def look() -> str | None:
            found = await unmarked(services.web, outlet.address, services.bot_id)
            return max(found - {*outlet.messages, *outlet.others}, default=None)

        try:
            ts = await search(look, services.doubt, services.web.token_state)
        except DoubtError as error:
            self._note(seq, UNKNOWN, snapshot)
            raise DoubtError(snapshot) from error
        if ts and outlet.turn.attempts > 1:
            # It may be an earlier attempt's: an edit makes sure what it holds.
            self._has_streamed = True
            self._pages.turn()
        return ts or ""

    async def _call(
        self, method: str, arguments: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Return the answer; None where Slack asks for a pause."""
        try:
            return await self._services.web.write(method, arguments)
        except RefusedError as error:
            if error.retry_after_s is None:
                raise
            log.warning("Slack asks for a pause", pause_s=error.retry_after_s)
            return None

    def _keep(
        self, page: Page, snapshot: Snapshot, seq: int, *, is_open: bool = False
    ) -> None:
        page.deliver(snapshot, is_open=is_open)
        self._outlet.store(self._ts)
        self._outlet.footing.stand(LastState(self._ts, snapshot.text, seq))
        self._note(seq, self._ts, snapshot)

    async def _intend(self, seq: int, snapshot: Snapshot) -> None:
        """Make sure that the turn is ours, and record what the next call brings."""
        turn = self._outlet.turn.id
        await self._services.assured(turn)
        self._services.journal.intend(turn, seq, snapshot.source)

    def _note(self, seq: int, message: str, snapshot: Snapshot) -> None:
        turn = self._outlet.turn.id
        self._services.journal.note(turn, seq, message, snapshot.source)

    def _drop(self, seq: int) -> None:
        self._services.journal.drop(self._outlet.turn.id, seq)

    def _place(self) -> dict[str, Any]:
        return {"channel": self._outlet.address.channel, "ts": self._ts}


def _chunks(text: str) -> list[dict[str, str]]:
    return [{"type": "markdown_text", "text": text}]
