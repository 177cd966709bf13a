"""Turns in SQL: stored once, claimed oldest first."""

import time
from dataclasses import asdict, dataclass
from itertools import islice

from sqlalchemy import RowMapping, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.turn import Message, Outcome, Speaker, ThreadId, Turn, TurnId
from bot.storage import tables
from bot.storage.database import transaction, uninterrupted
from bot.storage.memory import remember
from bot.storage.upsert import insert

MAX_LATEST = 1000


@dataclass(frozen=True, slots=True)
class Note:
    """A part of a reply that is in its place."""

    turn: TurnId
    seq: int
    """Of the call that brought it, ascending within the turn."""
    message: str
    """The id of the message that carries it; a message that grows carries several."""
    text: str
    """The model's own words in it; the texts of a turn join to what people have."""


class SqlTurns:
    """The turn store of `conversation.ports`, and the table behind `Journal`."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Use a database that `database.opened` gave."""
        self._engine = engine

    @uninterrupted
    async def add(self, turn: Turn) -> bool:
        """Store a waiting turn and its question in one transaction."""
        question = turn.question
        row = insert(self._engine, tables.turn).values(
            id=turn.id,
            thread=question.thread,
            position=question.position,
            state="waiting",
            speaker=question.speaker.id,
            text=question.text,
            files=list(question.files),
            address=turn.address,
            attempts=0,
            accepted_s=time.time(),
        )
        async with transaction(self._engine) as connection:
            stored = await connection.execute(row.on_conflict_do_nothing())
            if stored.rowcount:
                await remember(connection, question)
        return bool(stored.rowcount)

    @uninterrupted
    async def resume(self) -> tuple[ThreadId, ...]:
        """Let the turns of a dead process wait again; return threads with work."""
        turn = tables.turn
        async with transaction(self._engine) as connection:
            await connection.execute(
                update(turn).where(turn.c.state == "running").values(state="waiting")
            )
            threads = await connection.scalars(
                select(turn.c.thread).where(turn.c.state == "waiting").distinct()
            )
            return tuple(map(ThreadId, threads))

    @uninterrupted
    async def claim(self, thread: ThreadId) -> Turn | None:
        """Mark the oldest waiting turn of a thread as running."""
        turn = tables.turn
        oldest = (
            select(turn.c.id)
            .where(turn.c.thread == thread, turn.c.state == "waiting")
            .order_by(turn.c.position)
            .limit(1)
            .scalar_subquery()
        )
        claimed = (
            update(turn)
            .where(turn.c.id == oldest)
            .values(state="running", attempts=turn.c.attempts + 1)
            .returning(*turn.c)
        )
        async with transaction(self._engine) as connection:
            row = (await connection.execute(claimed)).mappings().one_or_none()
        return None if row is None else _turn(row)

    @uninterrupted
    async def finish(self, turn: TurnId, outcome: Outcome) -> None:
        """Mark a turn as ended."""
        async with transaction(self._engine) as connection:
            await connection.execute(
                update(tables.turn)
                .where(tables.turn.c.id == turn)
                .values(state=outcome, ended_s=time.time())
            )

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

    @uninterrupted
    async def note_messages(self, notes: list[Note]) -> None:
        """Store which message carries which part of a reply."""
        row = insert(self._engine, tables.reply_message).values(
            turn=bindparam("turn"),
            seq=bindparam("seq"),
            message=bindparam("message"),
            text=bindparam("text"),
        )
        async with transaction(self._engine) as connection:
            await connection.execute(
                row.on_conflict_do_nothing(),
                [asdict(each) for each in notes],
            )


def _turn(row: RowMapping) -> Turn:
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
    )
