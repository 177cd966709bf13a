"""Threads as a list, and all that is stored of one: what an administrator sees."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, Table, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.turn import ThreadId
from bot.storage import tables
from bot.storage.database import transaction, uninterrupted

Database = AsyncEngine
"""What `database.visited` and `database.opened` give."""
Row = dict[str, Any]
"""A row of a table, by column."""


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """What a list says of a thread."""

    id: ThreadId
    last_used_s: float
    """Unix time, an hour late at most."""
    messages: int
    """How many are not deleted, folded ones included."""
    summaries: int
    """How often it was folded, as far as that still counts."""
    turns: int
    tokens: int
    """What its answers cost."""


@dataclass(frozen=True, slots=True)
class ThreadRecord:
    """All that is stored of a thread."""

    thread: Row
    summaries: tuple[Row, ...]
    """Oldest first."""
    messages: tuple[Row, ...]
    """By position, deleted ones without words."""
    turns: tuple[Row, ...]
    """By position."""
    parts: tuple[Row, ...]
    """Which message carried which part of a turn's reply, in order."""

    @property
    def kept(self) -> tuple[Row, ...]:
        """Return the messages that are not deleted."""
        return tuple(m for m in self.messages if m["gen"] != tables.DELETED)

    @property
    def tokens(self) -> int:
        """Return what its answers cost."""
        return sum(turn["prompt_tokens"] + turn["answer_tokens"] for turn in self.turns)


class SqlThreads:
    """Reads threads of a database."""

    def __init__(self, engine: Database) -> None:
        """Read a database that is open."""
        self._engine = engine

    @uninterrupted
    async def newest(self, limit: int) -> tuple[ThreadLine, ...]:
        """Return the threads that were used last, the newest first.

        Raises:
            StoreError: if the database refuses.
        """
        thread, message = tables.thread, tables.message
        is_kept = message.c.gen.is_distinct_from(tables.DELETED)
        counts = (
            _count(message.c.thread, is_kept),
            func.coalesce(_newest_gen(), 0),
        )
        used = _turns_and_tokens()
        lines = (
            select(
                *(thread.c.id, thread.c.last_used_s, *counts),
                *(func.coalesce(column, 0) for column in (used.c.turns, used.c.tokens)),
            )
            .select_from(thread.outerjoin(used, used.c.thread == thread.c.id))
            .order_by(thread.c.last_used_s.desc(), thread.c.id)
            .limit(limit)
        )
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(lines)).all()
        return tuple(ThreadLine(ThreadId(id_), *counts) for id_, *counts in rows)

    @uninterrupted
    async def record(self, thread: ThreadId) -> ThreadRecord | None:
        """Return all that is stored of a thread; None if there is none of that id.

        Raises:
            StoreError: if the database refuses.
        """
        message, turn, part = tables.message, tables.turn, tables.reply_message
        summary = tables.summary
        async with transaction(self._engine) as connection:
            heads = await _rows(
                connection, select(tables.thread).where(tables.thread.c.id == thread)
            )
            if not heads:
                return None
            return ThreadRecord(
                thread=heads[0],
                summaries=await _of(thread, summary, connection, summary.c.gen),
                # A question stands before its reply.
                messages=await _of(
                    thread,
                    message,
                    connection,
                    message.c.position,
                    message.c.role.desc(),
                ),
                turns=await _of(thread, turn, connection, turn.c.position),
                parts=await _rows(
                    connection,
                    select(part)
                    .join_from(part, turn)
                    .where(turn.c.thread == thread)
                    .order_by(turn.c.position, part.c.seq),
                ),
            )


async def _of(
    thread: ThreadId,
    table: Table,
    connection: AsyncConnection,
    *order: ColumnElement[Any],
) -> tuple[Row, ...]:
    rows = select(table).where(table.c.thread == thread).order_by(*order)
    return await _rows(connection, rows)


async def _rows(connection: AsyncConnection, query: Select[Any]) -> tuple[Row, ...]:
    found = await connection.execute(query)
    return tuple(dict(row) for row in found.mappings())


def _count(owner: Any, *conditions: Any) -> Any:
    """Count the rows that belong to the thread of the outer query."""
    belongs = and_(owner == tables.thread.c.id, *conditions)
    return select(func.count()).where(belongs).scalar_subquery()


def _turns_and_tokens() -> Subquery:
    """Return both per thread, from the whole table read once."""
    turn = tables.turn
    tokens = func.sum(turn.c.prompt_tokens + turn.c.answer_tokens)
    return (
        select(turn.c.thread, func.count().label("turns"), tokens.label("tokens"))
        .group_by(turn.c.thread)
        .subquery()
    )


def _newest_gen() -> Any:
    summary = tables.summary
    newest = select(func.max(summary.c.gen)).where(
        summary.c.thread == tables.thread.c.id
    )
    return newest.scalar_subquery()
