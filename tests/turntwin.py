"""The queue of turns in dictionaries: a twin for one process, or for several."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.conversation.ports import StoreError
from bot.conversation.turn import (
    Demand,
    Ending,
    Outcome,
    ThreadId,
    Turn,
    TurnId,
)
from bot.conversation.turnstore import LEASE_S, Accepted, Halted, Opinion


@dataclass
class Clock:
    """A time that goes on when it is told to."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class _Row:
    turn: Turn
    state: str = "waiting"
    owner: str = ""
    lease_until_s: float = 0.0
    demand: Demand = ""
    ending: Ending | None = None


@dataclass
class TurnTable:
    """What all processes share."""

    clock: Clock = field(default_factory=Clock)
    rows: dict[TurnId, _Row] = field(default_factory=dict[TurnId, _Row])
    opinions: dict[tuple[TurnId, str], Opinion] = field(
        default_factory=dict[tuple[TurnId, str], Opinion]
    )


@dataclass
class ListedTurns:
    """A turn and demand store; fails as often as it is told to."""

    table: TurnTable = field(default_factory=TurnTable)
    owner: str = "me"
    is_shared: bool = False
    failing_adds: int = 0
    failing_resumes: int = 0
    failing_claims: int = 0
    failing_renewals: int = 0
    failing_finishes: int = 0
    failing_hand_overs: int = 0
    resumed: asyncio.Event | None = None
    """If given, `resume` waits for it first."""

    @property
    def waiting(self) -> list[TurnId]:
        """Return the turns that wait."""
        return [id_ for id_, row in self.table.rows.items() if row.state == "waiting"]

    @property
    def ended(self) -> dict[TurnId, Outcome]:
        """Return how turns ended, as they did."""
        return {
            id_: row.ending.outcome
            for id_, row in self.table.rows.items()
            if row.ending is not None
        }

    async def add(self, turn: Turn) -> bool:
        self._fail("adds")
        if turn.id in self.table.rows:
            return False
        self.table.rows[turn.id] = _Row(turn)
        return True

    async def begin(self, turn: Turn) -> Accepted:
        thread = turn.question.thread
        is_idle = not any(
            _is_in(row, thread) for row in self._rows("waiting") + self._rows("running")
        )
        is_new = await self.add(turn)
        return Accepted(
            is_new, await self.claim(thread) if is_new and is_idle else None
        )

    async def resume(self) -> tuple[ThreadId, ...]:
        self._fail("resumes")
        if self.resumed is not None:
            await self.resumed.wait()
        if self.is_shared:
            return await self.orphans()
        for row in self._rows("running"):
            row.state = "waiting"
            row.turn = replace(row.turn, interruptions=row.turn.interruptions + 1)
        return tuple({row.turn.question.thread for row in self._rows("waiting")})

    async def orphans(self) -> tuple[ThreadId, ...]:
        if not self.is_shared:
            return ()
        open_rows = self._rows("waiting") + self._rows("running")
        return tuple(
            {
                row.turn.question.thread
                for row in open_rows
                if not self._is_run(row.turn.question.thread)
            }
        )

    async def claim(self, thread: ThreadId) -> Turn | None:
        self._fail("claims")
        if self._is_run(thread, by_others=True):
            return None
        running = [r for r in self._rows("running") if _is_in(r, thread)]
        waiting = [r for r in self._rows("waiting") if _is_in(r, thread)]
        waiting.sort(key=lambda row: row.turn.question.position)
        row = next(iter(running + waiting), None)
        if row is None:
            return None
        turn = row.turn
        attempts = turn.attempts + 1
        is_anew = row.demand in {"edit", "delete", "remove"}
        demands: dict[Demand, Demand] = {"edit": "", "delete": "remove"}
        row.demand = demands.get(row.demand, row.demand)
        row.turn = replace(
            turn,
            attempts=attempts,
            interruptions=turn.interruptions + self._is_expired(row),
            since_attempt=attempts if is_anew else turn.since_attempt,
            demand=row.demand,
        )
        row.state, row.owner, row.ending = "running", self.owner, None
        row.lease_until_s = self.table.clock() + LEASE_S
        return row.turn

    async def renew(self) -> Mapping[TurnId, Demand]:
        self._fail("renewals")
        mine = [row for row in self._rows("running") if row.owner == self.owner]
        for row in mine:
            row.lease_until_s = self.table.clock() + LEASE_S
        return {
            row.turn.id: "" if row.demand == "remove" else row.demand for row in mine
        }

    async def finish(self, turn: TurnId, ending: Ending) -> bool:
        self._fail("finishes")
        row = self.table.rows[turn]
        if row.state != "running" or row.owner != self.owner:
            return False
        if row.demand in {"edit", "delete"}:
            row.state = "waiting"
        else:
            row.state, row.demand, row.ending = ending.outcome, "", ending
        return True

    async def hand_over(self, turn: TurnId) -> None:
        self._fail("hand_overs")
        row = self.table.rows[turn]
        if row.state == "running" and row.owner == self.owner:
            row.state = "waiting"

    async def queue(self, turn: TurnId) -> bool:
        row = self.table.rows[turn]
        if row.state != "waiting":
            return False
        row.turn = replace(row.turn, is_queued=True)
        return True

    async def stop(self, thread: ThreadId) -> Halted:
        return self._stop([r for r in self.table.rows.values() if _is_in(r, thread)])

    async def stop_turn(self, turn: TurnId, asker: str = "") -> Halted:
        rows = [row for id_, row in self.table.rows.items() if id_ == turn]
        whose = {row.turn.question.speaker.id for row in rows}
        return self._stop(rows if not asker or whose == {asker} else [])

    def _stop(self, rows: list[_Row]) -> Halted:
        running = [
            row
            for row in rows
            if (row.state == "running" and row.demand in {"", "stop", "edit"})
            or (
                row.state == "waiting"
                and row.turn.attempts
                and row.demand in {"", "stop"}
            )
        ]
        for row in running:
            row.demand = "stop"
        waiting = [
            row for row in rows if row.state == "waiting" and row.demand in {"", "edit"}
        ]
        for row in waiting:
            row.state, row.demand, row.ending = "stopped", "", Ending("stopped")
        return Halted(
            tuple(row.turn.id for row in running), tuple(row.turn for row in waiting)
        )

    async def revise(self, thread: ThreadId, position: str) -> TurnId | None:
        row = self._at(thread, position)
        if row is None or not row.turn.question.text:
            return None
        if row.state == "waiting" and not row.turn.attempts:
            return None
        if row.ending is not None and self._has_newer(row):
            return None
        return self._demand(row, "edit")

    async def withdraw(self, thread: ThreadId, position: str) -> TurnId | None:
        row = self._at(thread, position)
        if row is None or not row.turn.attempts:
            return None
        return self._demand(row, "delete")

    async def runs(self, turn: TurnId) -> bool:
        row = self.table.rows.get(turn)
        return row is not None and row.state == "running"

    async def reopen(self, turn: TurnId, *, anew: bool) -> ThreadId | None:
        row = self.table.rows.get(turn)
        if row is None or row.ending is None or not row.turn.question.text:
            return None
        if not (anew or row.ending.cut) or self._has_newer(row):
            return None
        self._demand(row, "edit" if anew else "")
        return row.turn.question.thread

    async def rate(self, turn: TurnId, person: str, opinion: Opinion) -> bool:
        if turn not in self.table.rows:
            return False
        self.table.opinions[turn, person] = opinion
        return True

    def _fail(self, what: str) -> None:
        left: int = getattr(self, f"failing_{what}")
        if left:
            setattr(self, f"failing_{what}", left - 1)
            raise StoreError("locked")

    def _rows(self, state: str) -> list[_Row]:
        return [row for row in self.table.rows.values() if row.state == state]

    def _is_run(self, thread: ThreadId, *, by_others: bool = False) -> bool:
        return any(
            not self._is_expired(row)
            for row in self._rows("running")
            if _is_in(row, thread) and not (by_others and row.owner == self.owner)
        )

    def _is_expired(self, row: _Row) -> bool:
        is_late = row.lease_until_s < self.table.clock()
        return self.is_shared and row.state == "running" and is_late

    def _at(self, thread: ThreadId, position: str) -> _Row | None:
        rows = (r for r in self.table.rows.values() if _is_in(r, thread))
        return next((r for r in rows if r.turn.question.position == position), None)

    def _has_newer(self, row: _Row) -> bool:
        own = row.turn.question
        return any(
            other.turn.question.position > own.position
            for other in self.table.rows.values()
            if _is_in(other, own.thread)
        )

    def _demand(self, row: _Row, demand: Demand) -> TurnId:
        row.demand = demand
        if row.state != "running":
            row.state, row.ending = "waiting", None
            row.turn = replace(row.turn, interruptions=0)
        return row.turn.id


def _is_in(row: _Row, thread: ThreadId) -> bool:
    return row.turn.question.thread == thread
