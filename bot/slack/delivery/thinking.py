"""The sign that an answer is coming, for as long as nothing of it is there."""

import asyncio
from contextlib import ExitStack
from typing import Any, Final

import structlog

from bot.slack.api.web import RefusedError
from bot.slack.delivery.insistence import Call, insist, is_set_within
from bot.slack.delivery.outlet import ReplyOutlet
from bot.slack.delivery.services import Services
from bot.slack.pacing.budget import REACT, STATUS, UNREACT

THINKING: Final = "is thinking…"
HEARTBEAT_S: Final = 90.0
STATUS_LIFE_S: Final = 120.0
"""Slack clears a status by itself after two minutes
(https://docs.slack.dev/reference/methods/assistant.threads.setStatus,
read 2026-11)."""
REACTION: Final = "eyes"
"""Where there is no thread there is no status: the question gets this instead."""
REACTION_DELAY_S: Final = 0.6
"""An answer that comes at once needs no sign."""
SHOWING_S: Final = 60.0
"""For how long to try to show a sign."""
REMOVAL_S: Final = 600.0
"""For how long to try to take a reaction away: it does not vanish by itself."""

log = structlog.stdlib.get_logger()


class Thinking:
    """Shows that one reply is being thought about."""

    def __init__(self, services: Services, outlet: ReplyOutlet) -> None:
        """Show it where the reply of `outlet` will be."""
        self._services = services
        self._outlet = outlet
        self._never = asyncio.Event()
        self._may_be_late = False
        """Whether what was called may take effect behind the first post."""

    async def run(self) -> None:
        """Show the sign until the first line is in Slack, or none will be."""
        if self._outlet.address.thread_ts:
            await self._show_status()
        else:
            await self._show_reaction()

    async def _show_status(self) -> None:
        address, first = self._outlet.address, self._outlet.first
        place = {"channel_id": address.channel, "thread_ts": address.thread_ts}
        while not first.is_set():
            status = {**place, "status": THINKING}
            await self._call(STATUS, status, SHOWING_S, first)
            await is_set_within(first, HEARTBEAT_S)
        # Slack clears it at a post, but not one that comes behind the post.
        is_posted = self._outlet.messages and not self._outlet.is_in_place_of_another
        if self._may_be_late or not is_posted:
            none = {**place, "status": ""}
            await self._call(STATUS, none, STATUS_LIFE_S, self._never)

    async def _show_reaction(self) -> None:
        address, first = self._outlet.address, self._outlet.first
        place = {"channel": address.channel, "timestamp": address.ts, "name": REACTION}
        with ExitStack() as counted:
            may_be_there = await self._react(place, counted)
            # It may be an earlier attempt's, whose process died.
            if may_be_there or self._outlet.turn.attempts > 1:
                await first.wait()
                await self._call(UNREACT, place, REMOVAL_S, self._never)

    async def _react(self, place: dict[str, str], counted: ExitStack) -> bool:
        """React, unless the reply is there soon; say whether that may have an effect.

        It counts for as long as `counted` is open.
        """
        first, budget = self._outlet.first, self._services.budget
        if await is_set_within(first, REACTION_DELAY_S):
            return False
        while not first.is_set() and (wait_s := budget.reaction_wait_s()):
            await is_set_within(first, wait_s)
        counted.enter_context(budget.reacting())
        return await self._call(REACT, place, SHOWING_S, first)

    async def _call(
        self,
        method: str,
        arguments: dict[str, Any],
        patience_s: float,
        is_over: asyncio.Event,
    ) -> bool:
        """Call until Slack answers or it is over; say whether it may have an effect."""
        if self._outlet.is_lost:
            return False
        try:
            fate = await insist(
                self._services, Call(method, arguments, patience_s), is_over
            )
        except RefusedError as error:
            log.debug("a sign is refused", method=method, error=error.error)
            return error.error == "already_reacted"
        is_late = fate == "done" and self._outlet.has_begun
        self._may_be_late |= is_late or fate == "unknown"
        return fate != "not"
