"""Memory in SQL: who said what, per thread."""

from sqlalchemy import RowMapping, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.tokens import estimate_tokens
from bot.conversation.turn import Message, Speaker, ThreadId
from bot.storage import tables
from bot.storage.database import transaction, uninterrupted
from bot.storage.upsert import insert


class SqlMemory:
    """The memory store of `conversation.ports`."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Use a database that `database.opened` gave."""
        self._engine = engine

    @uninterrupted
    async def add(self, message: Message) -> None:
        """Store a message once."""
        async with transaction(self._engine) as connection:
            await connection.execute(message_insert(self._engine, message))

    @uninterrupted
    async def newest(
        self, thread: ThreadId, before: str, budget_tokens: int
    ) -> tuple[tuple[Message, ...], int]:
        """Return the newest messages within the budget and how many do not fit."""
        table = tables.message
        # A reply has its question's position and sorts before it in this order.
        newest_first = (table.c.position.desc(), table.c.role)
        running = (
            select(
                table,
                func.sum(table.c.tokens).over(order_by=newest_first).label("used"),
            )
            .where(table.c.thread == thread, table.c.position < before)
            .subquery()
        )
        fitting = (
            select(running)
            .where(running.c.used <= budget_tokens)
            .order_by(running.c.used.desc())
        )
        count = (
            select(func.count())
            .select_from(table)
            .where(table.c.thread == thread, table.c.position < before)
        )
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(fitting)).mappings().all()
            in_all = await connection.scalar(count) or 0
        return tuple(map(_message, rows)), in_all - len(rows)

    @uninterrupted
    async def people(self, thread: ThreadId) -> frozenset[str]:
        """Return who spoke in a thread; what was said before the bot is not stored."""
        table = tables.message
        speakers = select(table.c.speaker).where(
            table.c.thread == thread, table.c.role == "person"
        )
        async with transaction(self._engine) as connection:
            return frozenset(await connection.scalars(speakers.distinct()))


def message_insert(
    engine: AsyncEngine, message: Message
) -> sqlite.Insert | postgresql.Insert:
    """Return the statement that stores a message, unless it is stored already."""
    row = insert(engine, tables.message).values(
        thread=message.thread,
        position=message.position,
        role=message.role,
        speaker=message.speaker.id,
        name=message.speaker.name,
        text=message.text,
        files=list(message.files),
        is_overheard=message.is_overheard,
        tokens=estimate_tokens(message.text),
    )
    return row.on_conflict_do_nothing()


def _message(row: RowMapping) -> Message:
    return Message(
        thread=ThreadId(row["thread"]),
        position=row["position"],
        role=row["role"],
        speaker=Speaker(row["speaker"], row["name"]),
        text=row["text"],
        files=tuple(row["files"]),
        is_overheard=row["is_overheard"],
    )
