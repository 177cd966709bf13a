"""Waiting for something to become true, without polling."""

import asyncio
from collections.abc import Callable


class Pulse:
    """Wakes those who wait, whenever something happened."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Let everyone who waits look again."""
        self._event.set()

    async def until(self, condition: Callable[[], bool], within_s: float) -> None:
        """Wait until the condition holds; it is looked at after each ring.

        Raises:
            TimeoutError: if it did not hold in time.
        """
        async with asyncio.timeout(within_s):
            while not condition():
                self._event.clear()
                await self._event.wait()
