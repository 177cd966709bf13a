"""The sign that an answer is coming, for as long as nothing of it is there."""

import asyncio
from contextlib import suppress
from typing import Any, Final

import structlog

from bot.slack.outlet import ReplyOutlet
from bot.slack.web import NoAnswerError, RefusedError, Web

THINKING: Final = "is thinking…"
HEARTBEAT_S: Final = 90.0
"""Slack clears a status by itself after two minutes
(https://docs.slack.dev/reference/methods/assistant.threads.setStatus,
read 2026-11)."""
REACTION: Final = "eyes"
"""Where there is no thread there is no status: the question gets this instead."""
REACTION_DELAY_S: Final = 0.6
"""An answer that comes at once needs no sign."""
TRIES: Final = 5
PAUSE_S: Final = 1.0
"""Between two tries, where Slack does not answer."""
STATUS: Final = "assistant.threads.setStatus"

log = structlog.stdlib.get_logger()


class Thinking:
    """Shows that one reply is being thought about."""

    def __init__(self, web: Web, outlet: ReplyOutlet) -> None:
        """Show it where the reply of `outlet` will be."""
        self._web = web
        self._outlet = outlet

    async def run(self) -> None:
        """Show the sign until the first line is in Slack, or none will be."""
        address, first = self._outlet.address, self._outlet.first
        if address.thread_ts:
            place = {"channel_id": address.channel, "thread_ts": address.thread_ts}
            await self._show_status(STATUS, place, first)
            return
        if await _is_set(first, REACTION_DELAY_S):
            return
        place = {"channel": address.channel, "timestamp": address.ts, "name": REACTION}
        await self._set("reactions.add", place)
        await first.wait()
        await self._set("reactions.remove", place)

    async def _show_status(
        self, method: str, place: dict[str, Any], first: asyncio.Event
    ) -> None:
        is_late = False
        while not first.is_set():
            await self._set(method, {**place, "status": THINKING})
            is_late = first.is_set()
            await _is_set(first, HEARTBEAT_S)
        # Slack clears it at a post, but not one that comes behind the post.
        if is_late or not self._outlet.messages:
            await self._set(method, {**place, "status": ""})

    async def _set(self, method: str, arguments: dict[str, Any]) -> None:
        """Call until it is done, a few times at most: it is only a sign."""
        for _ in range(TRIES):
            try:
                await self._web.write(method, arguments)
            except NoAnswerError as error:
                log.debug("no answer to a sign", method=method, error=str(error))
                await asyncio.sleep(PAUSE_S)
            except RefusedError as error:
                log.debug("a sign is refused", method=method, error=error.error)
                if error.retry_after_s is None:
                    return
                await asyncio.sleep(error.retry_after_s)
            else:
                return


async def _is_set(event: asyncio.Event, timeout_s: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
    return event.is_set()
