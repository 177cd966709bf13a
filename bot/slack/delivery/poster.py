"""The one writer of a channel: posts what waits, one message a slot, fairly."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from bot.conversation.ports import DeliveryError, LostError
from bot.slack.api.record import metadata, posted
from bot.slack.api.web import NoAnswerError, RefusedError
from bot.slack.delivery.buttons import Block
from bot.slack.delivery.footing import LastState
from bot.slack.delivery.insistence import is_set_within
from bot.slack.delivery.outlet import ReplyOutlet
from bot.slack.delivery.removal import Part, disown
from bot.slack.delivery.search import DoubtError, search
from bot.slack.delivery.services import UNKNOWN, Services
from bot.slack.pacing.budget import POST
from bot.slack.text import markup
from bot.slack.text.plaintext import fallback

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Post:
    """One message to be posted."""

    seq: int
    """Its number within the turn, ascending."""
    text: str
    source: str
    """The model's text that it brings."""
    is_plain: bool = False
    """Without blocks, because Slack refused it with them."""
    buttons: tuple[Block, ...] = ()
    """What people may press below it."""


class Source(Protocol):
    """A reply that may have a message to be posted.

    A message is taken where there is one, and answered by `stored`, `give_back`,
    `refused` or `lost`; until then there is no other. Whenever there is one again, the
    source adds itself to its poster.
    """

    outlet: ReplyOutlet

    @property
    def has_text(self) -> bool:
        """Say whether there is a message to be posted."""
        ...

    def take(self) -> Post:
        """Return the message, as it is now."""
        ...

    def stored(self, ts: str) -> None:
        """Take note that it is in Slack."""
        ...

    def give_back(self) -> None:
        """Take note that it is not, and may be taken again."""
        ...

    def refused(self, post: Post, error: RefusedError) -> None:
        """Take note that Slack does not want it like this."""
        ...

    def lost(self) -> None:
        """Take note that nobody will ever know."""
        ...


Start = Callable[[Coroutine[None, None, None]], Callable[[], object]]
"""Runs something as a task of its own; returns what cancels it."""


class ChannelPoster:
    """Posts the replies of one channel in turns, each message once.

    One call at a time; what is unknown of one reply holds up no other.
    """

    def __init__(self, services: Services, channel: str, start: Start) -> None:
        """Post into a channel as its budget allows; searches are started by `start`."""
        self._services = services
        self._channel = channel
        self._start = start
        self._ready: deque[Source] = deque()
        self._added = asyncio.Event()
        self._open: set[ReplyOutlet] = set()
        self._is_running = False

    @contextmanager
    def serving(self, outlet: ReplyOutlet) -> Generator[None]:
        """Keep a slot for the first line of a reply, while it has none."""
        self._open.add(outlet)
        try:
            with self._services.budget.serving(self._channel):
                yield
        finally:
            self._open.discard(outlet)

    def add(self, source: Source) -> None:
        """Post for a reply, behind those that wait already."""
        if source not in self._ready:
            self._ready.append(source)
            self._added.set()
        if not self._is_running:
            self._is_running = True
            self._start(self._run())

    async def _run(self) -> None:
        """Post until nothing waits."""
        web, budget = self._services.web, self._services.budget
        try:
            while self._ready:
                self._added.clear()
                # A reply that shows nothing yet goes first.
                source = min(self._ready, key=_has_begun)
                newcomers = sum(not outlet.messages for outlet in self._open)
                reserve = newcomers if _has_begun(source) else 0
                wait_s = max(
                    web.wait_s(POST, self._channel),
                    budget.wait_s(POST, self._channel, reserve=reserve),
                )
                if wait_s:
                    # Behind the pause more may wait, or Slack may have asked for more.
                    await is_set_within(self._added, wait_s)
                    continue
                self._ready.remove(source)
                if source.has_text:
                    await self._guarded(source, self._post(source))
        finally:
            self._is_running = False

    async def _guarded(self, source: Source, work: Coroutine[None, None, None]) -> None:
        """Let one reply's fault end no other's."""
        # The poster runs in the context of whichever turn woke it.
        with structlog.contextvars.bound_contextvars(turn=source.outlet.turn.id):
            try:
                await work
            except DeliveryError as failure:
                source.outlet.fail(failure)
            except Exception:
                log.exception("posting failed")
                source.outlet.fail(DeliveryError("posting failed"))

    async def _post(self, source: Source) -> None:
        services, turn = self._services, source.outlet.turn.id
        await services.assured(turn)
        if not source.has_text:
            return
        post = source.take()
        services.budget.spend(POST, self._channel)
        services.journal.intend(turn, post.seq, post.source)
        try:
            ts = await services.web.write_message(POST, _arguments(source, post))
        except NoAnswerError as error:
            log.warning("it is unknown whether a line was posted", error=str(error))
            self._start(self._guarded(source, self._look(source, post, error)))
        except RefusedError as error:
            services.journal.drop(turn, post.seq)
            if error.retry_after_s is None:
                source.refused(post, error)
                return
            log.warning("Slack asks for a pause", pause_s=error.retry_after_s)
            services.budget.calm(self._channel)
            source.give_back()
        else:
            self._record(source, post, ts)
            await self._check(source, post, ts)

    async def _check(self, source: Source, post: Post, ts: str) -> None:
        """Take a post away that came when the turn was another process's already.

        Raises:
            LostError: if it is.
        """
        turn = source.outlet.turn.id
        try:
            await self._services.assured(turn)
        except LostError:
            part = Part(turn, post.seq, ts)
            self._start(disown(self._services, source.outlet.address, part))
            raise

    async def _look(self, source: Source, post: Post, error: NoAnswerError) -> None:
        """Find out whether a post arrived; post it again only if it did not."""
        services, outlet = self._services, source.outlet
        web, bot_id = services.web, services.bot_id

        async def look() -> str | None:
            found = await posted(web, outlet.address, outlet.turn.id, bot_id)
            return found.get(post.seq)

        try:
            ts = await search(look, services.doubt, web.token_state)
        except DoubtError as lost:
            log.warning("nobody knows whether a line was posted", error=str(lost))
            services.journal.note(outlet.turn.id, post.seq, UNKNOWN, post.source)
            source.lost()
            return
        if ts is not None:
            self._record(source, post, ts)
            await self._check(source, post, ts)
            return
        services.journal.drop(outlet.turn.id, post.seq)
        try:
            source.outlet.unsure.check(error)
        except RefusedError as refusal:
            source.refused(post, refusal)
        else:
            source.give_back()

    def _record(self, source: Source, post: Post, ts: str) -> None:
        turn = source.outlet.turn.id
        self._services.journal.note(turn, post.seq, ts, post.source)
        source.outlet.unsure.clear()
        source.outlet.footing.stand(LastState(ts, post.text, post.seq, post.is_plain))
        source.stored(ts)


def _has_begun(source: Source) -> bool:
    return bool(source.outlet.messages)


def _arguments(source: Source, post: Post) -> dict[str, Any]:
    address, turn = source.outlet.address, source.outlet.turn
    arguments: dict[str, Any] = {
        "channel": address.channel,
        **content(post.text, post.buttons, is_plain=post.is_plain),
        # Unfurling would let a link in the answer carry data to where it leads.
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": metadata(turn.id, post.seq),
    }
    if address.thread_ts:
        arguments["thread_ts"] = address.thread_ts
    return arguments


def content(
    text: str, buttons: Iterable[Block] = (), *, is_plain: bool = False
) -> dict[str, Any]:
    """Return a call's arguments that show a Markdown text, or a plain one."""
    if is_plain:
        return {"text": markup.escaped(text)}
    return {
        "text": fallback(text),
        "blocks": [{"type": "markdown", "text": text}, *buttons],
    }
