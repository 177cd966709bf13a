"""Replies as lines: each completed line is posted as a message of its own."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import structlog

from bot.conversation.ports import DeliveryError
from bot.conversation.turn import Turn
from bot.slack.address import Address
from bot.slack.outlet import MAX_MESSAGE_CHARS, LinesOutlet
from bot.slack.pacing import Pace
from bot.slack.poster import ChannelPoster, Doubt, Journal
from bot.slack.record import posted
from bot.slack.web import NoAnswerError, RefusedError, Web

THINKING = "is thinking…"

log = structlog.stdlib.get_logger()


class LinesDelivery:
    """The delivery of `conversation.ports` for Slack; an async context manager.

    A line goes out at once while its channel has a free slot; else it joins the others
    that wait for the next one. Leaving gives up what is still waiting.
    """

    limit_chars = MAX_MESSAGE_CHARS

    def __init__(
        self,
        web: Web,
        bot_id: str,
        journal: Journal,
        interval_s: float,
        doubt: Doubt | None = None,
    ) -> None:
        """Post into one channel at most every `interval_s`, as the bot of this id."""
        self._web = web
        self._bot_id = bot_id
        self._journal = journal
        self._interval_s = interval_s
        self._doubt = doubt or Doubt()
        self._posters: dict[str, ChannelPoster] = {}
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(kind, error, traceback)

    @asynccontextmanager
    async def open(self, turn: Turn) -> AsyncGenerator[LinesOutlet]:
        """Begin a reply; leaving waits until all of it is in Slack."""
        outlet = LinesOutlet(turn, self._post)
        self._start(self._think(outlet))
        try:
            yield outlet
            await outlet.drained()
        finally:
            # Else a post that is on its way would let the rest follow.
            outlet.fail("the reply was given up")

    async def delivered(self, turn: Turn) -> tuple[str, ...]:
        """Return the ts of a turn's messages that are in Slack, oldest first."""
        try:
            address = Address.load(turn.address)
            found = await posted(self._web, address, turn.id, self._bot_id)
        except (RefusedError, NoAnswerError) as error:
            raise DeliveryError(f"the thread cannot be read: {error}") from error
        return tuple(sorted(found.values()))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _post(self, outlet: LinesOutlet) -> None:
        """Let the channel's poster post; start it if it rests."""
        poster = self._poster(outlet)
        poster.add(outlet)
        if not poster.is_running:
            poster.is_running = True
            self._start(poster.run())

    def _poster(self, outlet: LinesOutlet) -> ChannelPoster:
        channel = outlet.address.channel
        if channel not in self._posters:
            pace = Pace(self._interval_s)
            self._posters[channel] = ChannelPoster(
                self._web, self._bot_id, self._journal, pace, self._doubt
            )
        return self._posters[channel]

    async def _think(self, outlet: LinesOutlet) -> None:
        """Show that an answer is coming; Slack clears it at the first post.

        A status that comes late, behind the first post, is cleared here.
        """
        if not outlet.address.thread_ts:
            return
        await self._set_status(outlet.address, THINKING)
        if outlet.has_posted:
            await self._set_status(outlet.address, "")

    async def _set_status(self, address: Address, status: str) -> None:
        arguments = {
            "channel_id": address.channel,
            "thread_ts": address.thread_ts,
            "status": status,
        }
        try:
            await self._web.write("assistant.threads.setStatus", arguments)
        except (RefusedError, NoAnswerError) as error:
            log.debug("no status shown", error=str(error))
