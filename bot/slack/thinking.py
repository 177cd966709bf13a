"""The sign that an answer is coming, for as long as nothing of it is there."""

import asyncio
from contextlib import suppress
from typing import Any, Final

import structlog

from bot.slack.budget import REACT, STATUS, UNREACT
from bot.slack.outlet import ReplyOutlet
from bot.slack.services import Services
from bot.slack.web import NoAnswerError, RefusedError

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
PAUSE_S: Final = 1.0
MAX_PAUSE_S: Final = 32.0
"""Between two tries, where Slack does not answer; from the one to the other."""

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
            await _is_set(first, HEARTBEAT_S)
        # Slack clears it at a post, but not one that comes behind the post.
        is_posted = self._outlet.messages and not self._outlet.is_in_place_of_another
        if self._may_be_late or not is_posted:
            none = {**place, "status": ""}
            await self._call(STATUS, none, STATUS_LIFE_S, self._never)

    async def _show_reaction(self) -> None:
        address, first = self._outlet.address, self._outlet.first
        place = {"channel": address.channel, "timestamp": address.ts, "name": REACTION}
        if await _is_set(first, REACTION_DELAY_S):
            return
        budget = self._services.budget
        while not first.is_set() and (wait_s := budget.reaction_wait_s()):
            await _is_set(first, wait_s)
        with budget.reacting():
            if await self._call(REACT, place, SHOWING_S, first):
                await first.wait()
                await self._call(UNREACT, place, REMOVAL_S, self._never)

    async def _call(
        self,
        method: str,
        arguments: dict[str, Any],
        patience_s: float,
        is_over: asyncio.Event,
    ) -> bool:
        """Call until Slack answers, or it is over; say whether it may have an effect.

        How often Slack asks for a pause does not count, only the time.
        """
        now_s = asyncio.get_running_loop().time
        ends_at_s, pause_s = now_s() + patience_s, PAUSE_S
        may_be_done = False
        while now_s() < ends_at_s and not (is_over.is_set() or self._outlet.is_lost):
            if wait_s := self._wait_s(method):
                await _is_set(is_over, wait_s)
                continue
            try:
                await self._try(method, arguments)
            except NoAnswerError as error:
                log.debug("no answer to a sign", method=method, error=str(error))
                may_be_done = self._may_be_late = True
                await _is_set(is_over, pause_s)
                pause_s = min(2 * pause_s, MAX_PAUSE_S)
            except RefusedError as error:
                log.debug("a sign is refused", method=method, error=error.error)
                if error.retry_after_s is None:
                    return may_be_done or error.error == "already_reacted"
                await _is_set(is_over, error.retry_after_s or PAUSE_S)
            else:
                return True
        return may_be_done

    async def _try(self, method: str, arguments: dict[str, Any]) -> None:
        """Call once.

        Raises:
            RefusedError: if Slack refused it.
            NoAnswerError: if it is unknown whether it took effect.
        """
        self._services.budget.spend(method)
        await self._services.web.write(method, arguments)
        self._may_be_late |= self._outlet.has_begun

    def _wait_s(self, method: str) -> float:
        services = self._services
        return max(services.web.wait_s(method), services.budget.wait_s(method))


async def _is_set(event: asyncio.Event, timeout_s: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
    return event.is_set()
