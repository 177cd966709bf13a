"""The turns that this process runs, and until when they are surely its own.

A process that stood still, or that does not reach the database, may have lost its turns
to another one. So it looks at its leases before each call, and begins none that might
be the other's by now.
"""

import asyncio
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from bot.conversation.halt import Halt
from bot.conversation.ports import LostError, StoreError
from bot.conversation.turn import Demand, Turn, TurnId
from bot.conversation.turnstore import LEASE_S, TurnStore

HEARTBEAT_S = 0.8
"""Between two renewals: what people demand through another process comes with them, and
should be done within a second."""
MARGIN_S = 0.5
"""So long before its end a lease is not relied on: clocks differ in their pace."""

log = structlog.stdlib.get_logger()


def boot_time_s() -> float:
    """Return seconds that go on while the machine sleeps, where the system knows."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(eq=False, slots=True)
class _Held:
    halt: Halt
    until_s: float
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    is_ending: bool = False


class Leases:
    """What is leased, renewed while `run` runs."""

    def __init__(
        self, turns: TurnStore, clock: Callable[[], float] = boot_time_s
    ) -> None:
        """Hold turns of a store; `clock` gives seconds and never stands still."""
        self._turns = turns
        self._clock = clock
        self._held: dict[TurnId, _Held] = {}
        self._any = asyncio.Event()

    @contextmanager
    def held(self, turn: Turn, since_s: float) -> Generator[Halt]:
        """Count a turn as ours that was claimed not before `since_s`, by `now_s`."""
        held = _Held(Halt(turn.demand), since_s + LEASE_S - MARGIN_S)
        self._held[turn.id] = held
        self._any.set()
        try:
            yield held.halt
        finally:
            del self._held[turn.id]
            if not self._held:
                self._any.clear()

    def now_s(self) -> float:
        """Return the time of the clock that leases are measured by."""
        return self._clock()

    def order(self, turn: TurnId, demand: Demand) -> bool:
        """Tell a running turn what people demand; False if it does not run here."""
        held = self._held.get(turn)
        if held is not None:
            held.halt.order(demand)
        return held is not None

    def end(self, turn: TurnId) -> None:
        """Expect to find a turn leased no more: its end is being stored."""
        if (held := self._held.get(turn)) is not None:
            held.is_ending = True

    async def assured(self, turn: TurnId) -> None:
        """Return when a turn is surely ours; at once, if the lease is fresh.

        Raises:
            LostError: if it is not, or no longer runs here.
        """
        if not self._turns.is_shared:
            return
        while True:
            held = self._held.get(turn)
            if held is None or held.halt.is_lost:
                raise LostError("the turn is another process's")
            if self._clock() < held.until_s:
                return
            held.changed.clear()
            await held.changed.wait()

    async def run(self) -> None:
        """Renew leases until cancelled."""
        while self._turns.is_shared:
            await self._any.wait()
            await asyncio.sleep(HEARTBEAT_S)
            try:
                await self._renew()
            except StoreError as error:
                log.warning("leases could not be renewed", reason=str(error))

    async def _renew(self) -> None:
        asked, since_s = dict(self._held), self._clock()
        demands = await self._turns.renew()
        for turn, held in asked.items():
            if turn in demands:
                held.until_s = since_s + LEASE_S - MARGIN_S
                if demand := demands[turn]:
                    held.halt.order(demand)
            elif self._held.get(turn) is held and not held.is_ending:
                log.warning("another process has taken the turn over", turn=turn)
                held.halt.lose()
            held.changed.set()
