"""The end of a running turn before its own: asked for from outside, once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.conversation.turn import Demand


class Halt:
    """What people demand of one turn while it runs."""

    def __init__(self, demand: Demand = "") -> None:
        """Begin with what they demanded before."""
        self._demand: Demand = demand
        self.is_lost = False
        """Another process has the turn: nothing more may be done for it here."""
        self._scope: asyncio.Timeout | None = None

    @property
    def demand(self) -> Demand:
        """Return what they want; the first demand counts, but a deletion always."""
        return self._demand

    def order(self, demand: Demand) -> None:
        """Demand something; what runs inside `scope` is cancelled at once."""
        if not self._demand or demand == "delete":
            self._demand = demand
        self._end()

    def lose(self) -> None:
        """Let it end because it is another process's now."""
        self.is_lost = True
        self._end()

    def _end(self) -> None:
        if self._scope is not None and not self._scope.expired():
            self._scope.reschedule(asyncio.get_running_loop().time())
            self._scope = None

    @asynccontextmanager
    async def scope(self) -> AsyncGenerator[None]:
        """Run what is inside until something is demanded; then go on behind it."""
        scope = asyncio.timeout_at(None)
        try:
            async with scope:
                self._scope = scope
                if self._demand or self.is_lost:
                    self._end()
                yield
        except TimeoutError:
            if not scope.expired():
                raise
        finally:
            self._scope = None
