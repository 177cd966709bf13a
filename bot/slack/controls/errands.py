"""What people ask for beside the queue of turns, done a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

WORKERS = 4
"""How many are done at the same time."""
MAX_WAITING = 200
"""More are dropped: whoever sends so many does not wait for answers."""

Errand = Callable[[], Awaitable[None]]

log = structlog.stdlib.get_logger()


class Errands:
    """Takes errands at any time; does them while `run` runs."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: asyncio.Queue[Errand] = asyncio.Queue(MAX_WAITING)

    def add(self, errand: Errand) -> None:
        """Let an errand be done; never waits."""
        try:
            self._waiting.put_nowait(errand)
        except asyncio.QueueFull:
            log.warning("too many errands, one is dropped")

    async def run(self) -> None:
        """Do what is asked for until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            errand = await self._waiting.get()
            try:
                await errand()
            except Exception:
                # The boundary: one errand's fault must not end the others.
                log.exception("an errand failed")
