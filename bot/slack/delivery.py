"""Replies into Slack, in the mode that is set for their place and has room.

A reply in `stream` that Slack or the budget has no place for goes on in `edits`, and
one in `edits` as `lines`, behind what is in Slack already.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Self

from bot.chunking import utf8_bytes
from bot.conversation.ports import DeliveryError, Progress
from bot.conversation.turn import Turn, TurnId
from bot.slack.address import Address
from bot.slack.auto import AutoWriter
from bot.slack.budget import MAX_PAUSE_S, START, UPDATE, Mode
from bot.slack.channels import Wish
from bot.slack.edited import EditedMessage
from bot.slack.growing import GrowingMessage, GrowingWriter, Way
from bot.slack.limits import MAX_MESSAGE_CHARS, MAX_STREAM_BYTES
from bot.slack.lines import LinesWriter
from bot.slack.notice import notify
from bot.slack.outlet import ReplyOutlet, Writer
from bot.slack.page import Rest
from bot.slack.pages import Pages
from bot.slack.poster import ChannelPoster, Source
from bot.slack.queuesign import QueueSigns
from bot.slack.record import posted, unmarked
from bot.slack.refusals import GoneError
from bot.slack.rows import Rows
from bot.slack.services import Services
from bot.slack.streamed import StreamedMessage
from bot.slack.thinking import Thinking
from bot.slack.web import NoAnswerError, RefusedError

SEQ_PER_ATTEMPT = 1_000_000
"""Attempts at one turn share no number: a reply makes fewer calls than this."""
MAX_ENDED = 1_000
"""Replies whose numbers are kept: an apology for one goes on behind them."""
CLOSE_S = 2.0
"""How long leaving waits for what tells people how it stands."""


class SlackDelivery:
    """The delivery of `conversation.ports` for Slack; an async context manager.

    Leaving gives up what is still waiting.
    """

    def __init__(self, services: Services, wish: Callable[[str], Wish]) -> None:
        """Write into the workspace of `services`; `wish` is asked about a channel."""
        self._services = services
        self._wish = wish
        self._posters: dict[str, ChannelPoster] = {}
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()
        self._signs: set[asyncio.Task[None]] = set()
        """What tells people how it stands, beside the replies."""
        self._next_seqs: dict[TurnId, int] = {}
        self._unmarked: dict[TurnId, frozenset[str]] = {}
        self._open: set[ReplyOutlet] = set()
        self._queue_signs = QueueSigns(services, self._sign)
        self.rows = Rows(services, self._sign)
        """The buttons below replies."""

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for outlet in tuple(self._open):
            outlet.fail(DeliveryError("the delivery ends"))
        if self._signs:
            await asyncio.wait(self._signs, timeout=CLOSE_S)
        for task in self._tasks | self._signs:
            task.cancel()
        await self._group.__aexit__(kind, error, traceback)

    @asynccontextmanager
    async def open(self, turn: Turn) -> AsyncGenerator[ReplyOutlet]:
        """Begin a reply; leaving waits until all of it is in Slack."""
        if turn.is_queued and (turn.attempts == 1 or turn.is_resumed):
            self._queue_signs.hide(turn)
        await self.rows.release(turn)
        with ExitStack() as running:
            outlet = self._outlet(turn, running)
            running.enter_context(self._poster(outlet).serving(outlet))
            self._sign(Thinking(self._services, outlet).run())
            try:
                self._open.add(outlet)
                yield outlet
                await outlet.drained()
                self.rows.follow(outlet)
            except GoneError as gone:
                self._sign(notify(self._services.web, outlet.address, gone.error))
                raise
            finally:
                self._open.discard(outlet)
                # Else what is on its way would let the rest follow.
                outlet.fail(DeliveryError("the reply was given up"))
                self._next_seqs[turn.id] = outlet.next_seq()

    async def resume(self, turn: Turn) -> Progress:
        """Find out how far the reply to a turn came."""
        return Progress()

    async def remove(self, turn: Turn) -> None:
        """Take away what was delivered of a turn."""

    def queue(self, turn: Turn) -> None:
        """Show that a turn waits for another one."""
        self._queue_signs.show(turn)

    def unqueue(self, turn: Turn) -> None:
        """Show it no longer."""
        self._queue_signs.hide(turn)

    async def delivered(self, turn: Turn) -> tuple[str, ...]:
        """Return the ts of a turn's messages that are in Slack, oldest first."""
        services = self._services
        try:
            address = Address.load(turn.address)
            found = await posted(services.web, address, turn.id, services.bot_id)
            streams = await unmarked(services.web, address, services.bot_id)
        except (RefusedError, NoAnswerError) as error:
            raise DeliveryError(f"the thread cannot be read: {error}") from error
        self._unmarked[turn.id] = streams
        return tuple(sorted({*found.values(), *streams}))

    def _outlet(self, turn: Turn, running: ExitStack) -> ReplyOutlet:
        """Return an outlet whose calls have numbers of their own within the turn."""
        first_seq = max(
            (turn.attempts - 1) * SEQ_PER_ATTEMPT, self._next_seqs.pop(turn.id, 0)
        )
        while len(self._next_seqs) >= MAX_ENDED:
            del self._next_seqs[next(iter(self._next_seqs))]
        outlet = ReplyOutlet(
            turn,
            first_seq,
            lambda outlet: self._writer(outlet, running),
            self._services.doubt,
            partial(self._services.journal.whole, turn.id),
        )
        outlet.unmarked = self._unmarked.pop(turn.id, frozenset())
        return outlet

    def _writer(self, outlet: ReplyOutlet, running: ExitStack) -> Writer:
        wish = self._wish(outlet.address.channel)
        if wish == "auto":
            return AutoWriter(
                outlet,
                lambda done: self._lines(outlet, done),
                # Not a stream: it can be found again after a crash only by its end.
                lambda: self._growing(outlet, "edits", running),
            )
        # Slack streams into threads only.
        wanted = "edits" if wish == "stream" and not outlet.address.thread_ts else wish
        growing = self._growing(outlet, wanted, running)
        if growing is None:
            return self._lines(outlet)
        growing.start()
        return growing

    def _lines(
        self, outlet: ReplyOutlet, done: Callable[[], None] | None = None
    ) -> LinesWriter:
        shows_all_links = self._services.shows_all_links
        return LinesWriter(
            outlet, self._post, done=done, shows_all_links=shows_all_links
        )

    def _growing(
        self, outlet: ReplyOutlet, wanted: Mode, running: ExitStack
    ) -> GrowingWriter | None:
        """Return a writer in the wanted mode or the next one down; None for lines."""
        ways = self._ways(outlet, running)
        mode = self._affordable(wanted)
        while ways and ways[0].mode != mode:
            del ways[0]
        if not ways or not ways[0].enter():
            return None
        is_stream = mode == "stream"
        pages = Pages(
            lambda: outlet.known,
            limit=MAX_STREAM_BYTES if is_stream else MAX_MESSAGE_CHARS,
            length=utf8_bytes if is_stream else len,
            shows_all_links=self._services.shows_all_links,
        )
        fall_back = partial(self._fall_back, outlet)
        return GrowingWriter(outlet, pages, ways, fall_back, self._start, self._sign)

    def _ways(self, outlet: ReplyOutlet, running: ExitStack) -> list[Way]:
        """Return the ways in which a message may grow, the best first."""
        services = self._services

        def enter(mode: Mode) -> bool:
            has_room = self._affordable(mode) == mode
            if has_room:
                running.enter_context(services.budget.running(mode))
            return has_room

        def streamed(pages: Pages) -> GrowingMessage:
            return StreamedMessage(services, outlet, pages)

        def edited(_: Pages) -> GrowingMessage:
            return EditedMessage(services, outlet, self._post)

        return [Way("stream", streamed, enter), Way("edits", edited, enter)]

    def _fall_back(self, outlet: ReplyOutlet, remark: str, rest: Rest) -> None:
        """Go on as lines behind what is in Slack."""
        lines = self._lines(outlet)
        if remark:
            lines.remark(remark)
        lines.resume(rest.lead, rest.text)
        outlet.write_with(lines)

    def _affordable(self, wanted: Mode) -> Mode:
        """Return the mode that there is room for now, 429s considered."""
        web = self._services.web
        if wanted == "stream" and web.wait_s(START) > MAX_PAUSE_S:
            wanted = "edits"
        if wanted == "edits" and web.wait_s(UPDATE) > MAX_PAUSE_S:
            wanted = "lines"
        return self._services.budget.affordable(wanted)

    def _start(self, work: Coroutine[None, None, None]) -> Callable[[], object]:
        return self._begin(work, self._tasks)

    def _sign(self, work: Coroutine[None, None, None]) -> None:
        self._begin(work, self._signs)

    def _begin(
        self, work: Coroutine[None, None, None], tasks: set[asyncio.Task[None]]
    ) -> Callable[[], object]:
        task = self._group.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task.cancel

    def _post(self, source: Source) -> None:
        """Let the poster of the reply's channel post."""
        self._poster(source.outlet).add(source)

    def _poster(self, outlet: ReplyOutlet) -> ChannelPoster:
        channel = outlet.address.channel
        if channel not in self._posters:
            poster = ChannelPoster(self._services, channel, self._start)
            self._posters[channel] = poster
        return self._posters[channel]
