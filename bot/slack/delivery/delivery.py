"""Replies into Slack, in the mode that is set for their place and has room.

A reply in `stream` that Slack or the budget has no place for goes on in `edits`, and
one in `edits` as `lines`, behind what is in Slack already.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from types import TracebackType
from typing import Self

import structlog

from bot.conversation.ports import DeliveryError, LostError, Progress
from bot.conversation.turn import Turn, TurnId
from bot.slack.api.address import Address
from bot.slack.api.refusals import GoneError
from bot.slack.channels import Wish
from bot.slack.delivery.aftermath import Aftermath
from bot.slack.delivery.notice import notify
from bot.slack.delivery.outlet import ReplyOutlet
from bot.slack.delivery.poster import ChannelPoster, Source
from bot.slack.delivery.queuesign import QueueSigns
from bot.slack.delivery.recovery import SEQ_PER_ATTEMPT, Recovery, Resumption
from bot.slack.delivery.rows import Rows
from bot.slack.delivery.services import Services
from bot.slack.delivery.thinking import Thinking
from bot.slack.delivery.writers import Beginning, Equipment

MAX_ENDED = 1_000
"""Replies whose numbers are kept: an apology for one goes on behind them."""
CLOSE_S = 2.0
"""How long leaving waits for what tells people how it stands."""

log = structlog.stdlib.get_logger()


class SlackDelivery:
    """The delivery of `conversation.ports` for Slack; an async context manager.

    Leaving gives up what is still waiting.
    """

    def __init__(self, services: Services, wish: Callable[[str], Wish]) -> None:
        """Write into the workspace of `services`; `wish` is asked about a channel."""
        self._services = services
        self._equipment = Equipment(services, wish, self._post, self._start, self._sign)
        self._posters: dict[str, ChannelPoster] = {}
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()
        self._signs: set[asyncio.Task[None]] = set()
        """What tells people how it stands, beside the replies."""
        self._next_seqs: dict[TurnId, int] = {}
        self._resumptions: dict[TurnId, Resumption] = {}
        self._open: set[ReplyOutlet] = set()
        self._queue_signs = QueueSigns(services, self._sign, self._start)
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
        past = self._resumptions.pop(turn.id, None)
        aftermath = Aftermath(self._services, turn, past)
        wish = self._equipment.wish(Address.load(turn.address).channel)
        replaced = await aftermath.prepare(may_replace=wish in {"edits", "stream"})
        with ExitStack() as running:
            beginning = Beginning(self._equipment, running, past, replaced)
            outlet = self._outlet(turn, beginning)
            aftermath.begin(outlet)
            running.enter_context(self._poster(outlet).serving(outlet))
            running.callback(self._start(aftermath.clear()))
            self._sign(Thinking(self._services, outlet).run())
            with self._ending(outlet):
                yield outlet
                await outlet.drained()
                await aftermath.finish()
                await self.rows.follow(outlet)

    async def resume(self, turn: Turn) -> Progress:
        """Find out how far the reply to a turn came."""
        resumption = await Recovery(self._services, turn).resumption()
        self._resumptions[turn.id] = resumption
        return resumption.progress

    async def remove(self, turn: Turn) -> None:
        """Take away what was delivered of a turn."""
        await self.rows.release(turn)
        await Aftermath(self._services, turn, None).remove()

    def queue(self, turn: Turn) -> None:
        """Show that a turn waits for another one."""
        self._queue_signs.show(turn)

    def unqueue(self, turn: Turn) -> None:
        """Show it no longer."""
        self._queue_signs.hide(turn)

    @contextmanager
    def _ending(self, outlet: ReplyOutlet) -> Generator[None]:
        """Let nothing more come of a reply behind its end, however it ends."""
        self._open.add(outlet)
        try:
            yield
        except LostError as lost:
            outlet.fail(lost)
            raise
        except GoneError as gone:
            self._sign(notify(self._services.web, outlet.address, gone.error))
            raise
        finally:
            self._open.discard(outlet)
            # Else what is on its way would let the rest follow.
            outlet.fail(DeliveryError("the reply was given up"))
            self._next_seqs[outlet.turn.id] = outlet.next_seq()

    def _outlet(self, turn: Turn, beginning: Beginning) -> ReplyOutlet:
        """Return an outlet whose calls have numbers of their own within the turn."""
        first_seq = max(
            (turn.attempts - 1) * SEQ_PER_ATTEMPT, self._next_seqs.pop(turn.id, 0)
        )
        while len(self._next_seqs) >= MAX_ENDED:
            del self._next_seqs[next(iter(self._next_seqs))]
        return ReplyOutlet(
            turn,
            first_seq,
            beginning.writer,
            self._services.doubt,
            partial(self._services.journal.whole, turn.id),
        )

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
