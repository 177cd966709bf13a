"""Turns in SQL: stored once, leased oldest first, ended by whoever has the lease."""

import time
from collections.abc import Mapping
from itertools import islice
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Executable, RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.turn import (
    Demand,
    Ending,
    Message,
    Speaker,
    ThreadId,
    Turn,
    TurnId,
)
from bot.conversation.turnstore import Accepted, Caps, FullError
from bot.storage import admission, leasing, tables
from bot.storage.database import (
    ConflictError,
    executed,
    transacted,
    transaction,
    uninterrupted,
)

UNCAPPED = Caps()
MAX_LATEST = 1000


class SqlTurns:
    """The turn store of `conversation.turnstore`, for one process."""

    def __init__(
        self, engine: AsyncEngine, owner: str = "", caps: Caps = UNCAPPED
    ) -> None:
        """Use a database that `database.opened` gave; every process is an owner."""
        self._engine = engine
        self.owner = owner or uuid4().hex
        self._caps = caps

    @property
    def is_shared(self) -> bool:
        """Say whether other processes may take turns of the same database."""
        return self._dialect == "postgresql"

    @uninterrupted
    async def add(self, turn: Turn) -> bool:
        """Store a waiting turn and its question in one transaction."""
        return (await self._enter(turn)).is_new

    @uninterrupted
    async def begin(self, turn: Turn) -> Accepted:
        """Store a turn as `add` does; lease it if no other of its thread is open."""
        try:
            entry = await self._enter(turn, self.owner)
        except ConflictError:
            # Another process began one of the thread in the same moment.
            entry = await self._enter(turn)
        begun = None if entry.begun is None else turn_of(entry.begun)
        return Accepted(entry.is_new, begun)

    async def _enter(self, turn: Turn, begun_by: str | None = None) -> admission.Entry:
        entry = await transacted(
            self._engine, lambda c: admission.enter(c, turn, self._caps, begun_by)
        )
        if entry.crowd is not None:
            raise FullError(entry.crowd)
        return entry

    @uninterrupted
    async def resume(self) -> tuple[ThreadId, ...]:
        """Return threads with work; what ran in a SQLite file waits again."""
        if self.is_shared:
            return await self.orphans()
        turn = tables.turn
        async with transaction(self._engine) as connection:
            await connection.execute(
                update(turn)
                .where(turn.c.state == "running")
                .values(state="waiting", interruptions=turn.c.interruptions + 1)
            )
            threads = await connection.scalars(
                select(turn.c.thread).where(turn.c.state == "waiting").distinct()
            )
            return tuple(map(ThreadId, threads))

    @uninterrupted
    async def orphans(self) -> tuple[ThreadId, ...]:
        """Return threads whose lease ran out, or with turns that nobody has begun."""
        if not self.is_shared:
            return ()
        orphans, given = leasing.ORPHANS[self._dialect], self._now()
        found = await executed(self._engine, lambda c: c.scalars(orphans, given).all())
        return tuple(map(ThreadId, found))

    @uninterrupted
    async def claim(self, thread: ThreadId) -> Turn | None:
        """Lease the running turn that nobody renews, or else the oldest waiting one."""
        given = {"in_thread": thread, "by_owner": self.owner, **self._now()}
        claimed = leasing.CLAIM[self._dialect]
        try:
            row = await executed(
                self._engine, lambda c: c.execute(claimed, given).mappings().first()
            )
        except ConflictError:
            # Another process took an older turn of the thread in the same moment.
            return None
        if row is None:
            return None
        turn = turn_of(row)
        if turn.is_anew:
            # Of the reply that is to be replaced.
            await self._change(leasing.FORGET_WHOLE, {"of_turn": turn.id})
        return turn

    @uninterrupted
    async def renew(self) -> Mapping[TurnId, Demand]:
        """Prolong this process's leases; one that ran out counts if nobody took it."""
        renewed = leasing.RENEW[self._dialect]
        given = {"by_owner": self.owner, **self._now()}
        rows = await executed(self._engine, lambda c: c.execute(renewed, given).all())
        # `remove` is what was claimed, not what is wanted since.
        return {
            TurnId(row.id): "" if row.demand == "remove" else row.demand for row in rows
        }

    @uninterrupted
    async def finish(self, turn: TurnId, ending: Ending) -> bool:
        """Mark a turn as ended, or let it wait if people changed or deleted it."""
        given = {
            **self._mine(turn),
            "outcome": ending.outcome,
            "at_s": time.time(),
            "why_cut": ending.cut,
            "what_error": ending.error,
            "more_prompt_tokens": ending.spent.prompt_tokens,
            "more_answer_tokens": ending.spent.answer_tokens,
        }

        def finish(connection: Connection) -> bool:
            if not connection.execute(leasing.FINISH, given).rowcount:
                return False
            connection.execute(leasing.FORGET_WHOLE, {"of_turn": turn})
            return True

        return await transacted(self._engine, finish)

    @uninterrupted
    async def hand_over(self, turn: TurnId) -> None:
        """Let a running turn wait again."""
        await self._change(leasing.HAND_OVER, self._mine(turn))

    @uninterrupted
    async def queue(self, turn: TurnId) -> bool:
        """Note that people are shown that a turn waits."""
        table = tables.turn
        shown = (
            update(table)
            .where(table.c.id == turn, table.c.state == "waiting")
            .values(is_queued=True)
        )
        return await self._change(shown, {})

    @uninterrupted
    async def recent(self, since_s: float, limit: int) -> tuple[str, ...]:
        """Return the address of the first turn of each thread that had one lately.

        The thread with the newest turn comes first. `since_s` is Unix time. Only the
        newest `MAX_LATEST` turns are looked at: a long table is never read through.
        """
        turn = tables.turn
        latest = (
            select(turn.c.thread, turn.c.position, turn.c.address, turn.c.accepted_s)
            .order_by(turn.c.accepted_s.desc())
            .limit(MAX_LATEST)
        )
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(latest)).all()
        first: dict[str, tuple[str, str]] = {}
        for thread, position, address, accepted_s in rows:
            if accepted_s >= since_s or thread in first:
                known = first.get(thread, (position, address))
                first[thread] = min(known, (position, address))
        return tuple(address for _, address in islice(first.values(), limit))

    async def _change(self, change: Executable, given: Mapping[str, Any]) -> bool:
        """Execute one statement; say whether it changed anything."""
        changed = await executed(
            self._engine, lambda c: c.execute(change, given).rowcount
        )
        return bool(changed)

    @property
    def _dialect(self) -> str:
        return self._engine.dialect.name

    def _mine(self, turn: TurnId) -> dict[str, Any]:
        return {"of_turn": turn, "by_owner": self.owner}

    def _now(self) -> dict[str, float]:
        """Return the time where it is this process's: PostgreSQL has its own."""
        return {} if self.is_shared else {"now_s": time.time()}


def turn_of(row: RowMapping) -> Turn:
    """Return the turn that a row holds."""
    return Turn(
        id=TurnId(row["id"]),
        question=Message(
            thread=ThreadId(row["thread"]),
            position=row["position"],
            role="person",
            speaker=Speaker(row["speaker"]),
            text=row["text"],
            files=tuple(row["files"]),
        ),
        address=row["address"],
        attempts=row["attempts"],
        since_attempt=row["since_attempt"],
        interruptions=row["interruptions"],
        demand=row["demand"],
        is_queued=row["is_queued"],
    )
