"""Turns in SQL: stored once, leased oldest first, ended by whoever has the lease."""

import time
from collections.abc import Mapping
from itertools import islice
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Float,
    RowMapping,
    and_,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
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
from bot.conversation.turnstore import LEASE_S, Caps, FullError
from bot.storage import admission, tables
from bot.storage.database import ConflictError, transaction, uninterrupted
from bot.storage.notes import WHOLE_SEQ

UNCAPPED = Caps()
MAX_LATEST = 1000
MAX_ORPHANS = 100
"""Threads that one look returns; the next one finds the others."""


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
        return self._engine.dialect.name == "postgresql"

    @uninterrupted
    async def add(self, turn: Turn) -> bool:
        """Store a waiting turn and its question in one transaction."""
        async with transaction(self._engine) as connection:
            entry = await admission.enter(connection, turn, self._caps)
        if entry.crowd is not None:
            raise FullError(entry.crowd)
        return entry.is_new

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
        turn, other = tables.turn, tables.turn.alias()
        is_run = (
            select(other.c.id)
            .where(other.c.thread == turn.c.thread, other.c.state == "running")
            .where(other.c.lease_until_s >= self._now())
            .exists()
        )
        open_threads = (
            select(turn.c.thread)
            .where(turn.c.state.in_(("waiting", "running")), ~is_run)
            .distinct()
            .limit(MAX_ORPHANS)
        )
        async with transaction(self._engine) as connection:
            return tuple(map(ThreadId, await connection.scalars(open_threads)))

    @uninterrupted
    async def claim(self, thread: ThreadId) -> Turn | None:
        """Lease the running turn that nobody renews, or else the oldest waiting one."""
        turn = tables.turn
        is_expired = and_(turn.c.state == "running", turn.c.lease_until_s < self._now())
        # Whatever runs comes first: while its lease holds there is nothing to take.
        first = (
            select(turn.c.id)
            .where(turn.c.thread == thread, turn.c.state.in_(("waiting", "running")))
            .order_by(turn.c.state, turn.c.position)
            .limit(1)
            .scalar_subquery()
        )
        is_anew = turn.c.demand.in_(("edit", "delete", "remove"))
        claimed = (
            update(turn)
            .where(turn.c.id == first, or_(turn.c.state == "waiting", is_expired))
            .values(
                state="running",
                owner=self.owner,
                lease_until_s=self._now() + LEASE_S,
                attempts=turn.c.attempts + 1,
                interruptions=turn.c.interruptions + case((is_expired, 1), else_=0),
                since_attempt=case(
                    (is_anew, turn.c.attempts + 1), else_=turn.c.since_attempt
                ),
                demand=case(
                    (turn.c.demand == "edit", ""),
                    (turn.c.demand == "delete", "remove"),
                    else_=turn.c.demand,
                ),
            )
            .returning(*turn.c)
        )
        try:
            async with transaction(self._engine) as connection:
                row = (await connection.execute(claimed)).mappings().one_or_none()
        except ConflictError:
            # Another process took an older turn of the thread in the same moment.
            return None
        return None if row is None else turn_of(row)

    @uninterrupted
    async def renew(self) -> Mapping[TurnId, Demand]:
        """Prolong this process's leases; one that ran out counts if nobody took it."""
        turn = tables.turn
        renewed = (
            update(turn)
            .where(turn.c.owner == self.owner, turn.c.state == "running")
            .values(lease_until_s=self._now() + LEASE_S)
            .returning(turn.c.id, turn.c.demand)
        )
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(renewed)).all()
        # `remove` is what was claimed, not what is wanted since.
        return {TurnId(i): "" if demand == "remove" else demand for i, demand in rows}

    @uninterrupted
    async def finish(self, turn: TurnId, ending: Ending) -> bool:
        """Mark a turn as ended, or let it wait if people changed or deleted it."""
        table = tables.turn
        is_again = table.c.demand.in_(("edit", "delete"))
        ended = self._mine(turn).values(
            state=case((is_again, "waiting"), else_=ending.outcome),
            demand=case((is_again, table.c.demand), else_=""),
            ended_s=time.time(),
            cut=ending.cut,
            error=ending.error,
            prompt_tokens=table.c.prompt_tokens + ending.spent.prompt_tokens,
            answer_tokens=table.c.answer_tokens + ending.spent.answer_tokens,
        )
        part = tables.reply_message
        async with transaction(self._engine) as connection:
            if not (await connection.execute(ended)).rowcount:
                return False
            await connection.execute(
                delete(part).where(part.c.turn == turn, part.c.seq == WHOLE_SEQ)
            )
        return True

    @uninterrupted
    async def hand_over(self, turn: TurnId) -> None:
        """Let a running turn wait again."""
        async with transaction(self._engine) as connection:
            await connection.execute(self._mine(turn).values(state="waiting"))

    @uninterrupted
    async def queue(self, turn: TurnId) -> bool:
        """Note that people are shown that a turn waits."""
        table = tables.turn
        shown = (
            update(table)
            .where(table.c.id == turn, table.c.state == "waiting")
            .values(is_queued=True)
        )
        async with transaction(self._engine) as connection:
            return bool((await connection.execute(shown)).rowcount)

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

    def _mine(self, turn: TurnId) -> Any:
        table = tables.turn
        return update(table).where(
            table.c.id == turn, table.c.owner == self.owner, table.c.state == "running"
        )

    def _now(self) -> ColumnElement[float]:
        """Return the database's own clock: those of machines differ."""
        if self.is_shared:
            return cast(func.extract("epoch", func.clock_timestamp()), Float)
        # One machine, and SQLite before 3.42 knows no fractions of a second.
        return literal(time.time())


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
