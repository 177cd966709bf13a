"""A message that grows by edits: posted once, then brought to its newest state."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.slack.budget import UPDATE
from bot.slack.outlet import ReplyOutlet
from bot.slack.pages import Page, Snapshot
from bot.slack.poster import Post, Source, content
from bot.slack.record import mark_of, metadata, since_question
from bot.slack.search import LostError, search
from bot.slack.services import Services
from bot.slack.slots import Slots
from bot.slack.web import NoAnswerError, RefusedError

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class State:
    """What a message is to be edited to."""

    ts: str
    seq: int
    """Of the call."""
    snapshot: Snapshot


async def edit(services: Services, outlet: ReplyOutlet, state: State) -> None:
    """Bring a message into a state, its mark repeated in full.

    Raises:
        RefusedError: if Slack refused it.
        NoAnswerError: if it is unknown whether it took effect.
    """
    arguments = {
        "channel": outlet.address.channel,
        "ts": state.ts,
        **content(state.snapshot.text),
        # By default an edit, unlike a post, makes links of names.
        "parse": "none",
        "metadata": metadata(outlet.turn.id, state.seq),
    }
    await services.web.write(UPDATE, arguments)
    note = services.journal.note
    note(outlet.turn.id, state.seq, state.ts, state.snapshot.source)


class EditedMessage:
    """One message: the channel's poster posts it, and chat.update lets it grow."""

    ends_at_s = float("inf")

    def __init__(
        self,
        services: Services,
        outlet: ReplyOutlet,
        ready: Callable[[Source], None],
    ) -> None:
        """Write for `outlet`; `ready` lets the channel's poster post."""
        self.outlet = outlet
        self._services = services
        self._slots = Slots(services, outlet.address.channel, "edits")
        self._ready = ready
        self._page = Page()
        self._taken: Snapshot | None = None
        self._posting: asyncio.Future[str] | None = None
        self._ts = ""
        self._text: str | None = ""
        """What the message holds; None if that is not sure."""
        self._seq = -1
        """Of the last edit."""
        self._doubtful: State | None = None
        """What was sent last of all without an answer."""
        self._is_in_doubt = False
        """An edit without an answer may yet arrive behind the others."""

    async def bring(self, page: Page) -> None:
        """Post the page, or edit it to the newest state when the call may go."""
        self._page = page
        if not self._ts:
            await self._post()
            return
        if page.snapshot().text != self._text:
            await self._slots.take(UPDATE, page)
        snapshot = page.snapshot()
        if snapshot.text == self._text:
            # It brings nothing to see: the end of a fence, say, closed here already.
            note = self._services.journal.note
            seq = self.outlet.next_seq()
            note(self.outlet.turn.id, seq, self._ts, snapshot.source)
        elif not await self._edit(snapshot):
            return
        if snapshot.is_last and self._is_in_doubt:
            await self._settle_doubt()
        page.deliver(snapshot, is_open=self._text is None)

    @property
    def has_text(self) -> bool:
        """Say whether the message is to be posted."""
        is_wanted = self._posting is not None and not self._posting.done()
        return is_wanted and self._taken is None

    def take(self) -> Post:
        """Return the page as it is now."""
        self._taken = self._page.snapshot()
        seq = self.outlet.next_seq()
        return Post(seq, self._taken.text, self._taken.source)

    def stored(self, ts: str) -> None:
        """Take note that it is in Slack."""
        self.outlet.store(ts)
        if self._posting is not None and not self._posting.done():
            self._posting.set_result(ts)

    def give_back(self) -> None:
        """Take note that it is not, and may be taken again."""
        self._taken = None
        if self.has_text:
            self._ready(self)

    def refused(self, post: Post, error: RefusedError) -> None:
        """Take note that Slack does not want it."""
        self._fail(error)

    def lost(self) -> None:
        """Take note that nobody will ever know."""
        if self._taken is not None:
            self._page.deliver(self._taken)
        self._fail(LostError("no answer"))

    async def _post(self) -> None:
        self._taken = None
        self._posting = asyncio.get_running_loop().create_future()
        self._ready(self)
        self._ts = await self._posting
        if self._taken is not None:
            self._text = self._taken.text
            self._page.deliver(self._taken)

    async def _edit(self, snapshot: Snapshot) -> bool:
        """Say whether the message is in a state now."""
        self._seq = self.outlet.next_seq()
        state = State(self._ts, self._seq, snapshot)
        try:
            await edit(self._services, self.outlet, state)
        except NoAnswerError as error:
            log.warning("it is unknown whether an edit arrived", error=str(error))
            self._text, self._is_in_doubt = None, True
            self._doubtful = state
            # The lost one may yet arrive; it must not do so behind a newer one.
            await asyncio.sleep(self._services.doubt.pause_s)
            return False
        except RefusedError as error:
            if error.retry_after_s is None:
                await self._resolve()
                raise
            log.warning("Slack asks for a pause", pause_s=error.retry_after_s)
            return False
        self._text = snapshot.text
        self._doubtful = None
        return True

    async def _resolve(self) -> None:
        """Find out how far the message came, if that is not sure.

        Raises:
            LostError: if it cannot be read.
        """
        if self._doubtful is None:
            return
        doubtful, services = self._doubtful, self._services
        mark = self.outlet.turn.id, doubtful.seq

        async def look() -> str | None:
            messages = await since_question(services.web, self.outlet.address)
            own = [m for m in messages if m.get("ts") == self._ts]
            is_there = any(mark_of(m, services.bot_id) == mark for m in own)
            return self._ts if is_there else None

        try:
            ts = await search(look, services.doubt, services.web.token_state)
        except LostError:
            self._page.deliver(doubtful.snapshot)
            raise
        if ts is not None:
            self._page.deliver(doubtful.snapshot)

    async def _settle_doubt(self) -> None:
        """See that no lost edit arrived behind the last one."""
        self._is_in_doubt = False
        await asyncio.sleep(self._services.doubt.pause_s)
        address, bot_id = self.outlet.address, self._services.bot_id
        try:
            messages = await since_question(self._services.web, address)
        except (RefusedError, NoAnswerError) as error:
            log.warning("the last edit cannot be looked at", error=str(error))
            return
        marks = [mark_of(m, bot_id) for m in messages if m.get("ts") == self._ts]
        if any(mark != (self.outlet.turn.id, self._seq) for mark in marks):
            self._text = None

    def _fail(self, error: Exception) -> None:
        if self._posting is not None and not self._posting.done():
            self._posting.set_exception(error)
