"""Forgetting whole threads that nobody used for a number of days."""

import asyncio
import time
from collections.abc import Callable

import structlog

from bot.conversation.memorystore import Archive
from bot.conversation.ports import StoreError

PAUSE_S = 3_600.0
DAY_S = 86_400.0

log = structlog.stdlib.get_logger()


class Retention:
    """Sweeps an archive every hour."""

    def __init__(
        self,
        archive: Archive,
        days: float,
        clock: Callable[[], float] = time.time,
        pause_s: float = PAUSE_S,
    ) -> None:
        """Delete what is older than `days`, nothing if that is 0.

        `clock` gives Unix time. Even without an age each sweep completes what earlier
        deletions could not while somebody read.
        """
        self._archive = archive
        self._days = days
        self._clock = clock
        self._pause_s = pause_s

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await self._sweep()
            await asyncio.sleep(self._pause_s)

    async def _sweep(self) -> None:
        before_s = self._clock() - self._days * DAY_S if self._days else 0.0
        try:
            swept = await self._archive.sweep(before_s)
        except StoreError:
            log.exception("old threads could not be deleted")
        else:
            if swept:
                log.info("old threads deleted", threads=swept)
