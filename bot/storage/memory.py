"""Memory in SQL: messages, the summaries they went into, and who spoke."""

import time
from collections.abc import Sequence

from sqlalchemy import (
    Integer,
    RowMapping,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.fold import (
    Entry,
    Fold,
    Recollection,
    Summary,
    kept_generations,
)
from bot.conversation.tokens import estimate_tokens
from bot.conversation.turn import Message, Role, Speaker, ThreadId
from bot.storage import tables
from bot.storage.change import blank, drop, retract, rewrite
from bot.storage.database import scrub, transaction, uninterrupted
from bot.storage.upsert import insert

LAST_USED_STEP_S = 3_600
"""A thread's last use is written again only after so long: nobody needs it exactly."""


class SqlMemory:
    """The memory store of `conversation.ports`."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Use a database that `database.opened` gave."""
        self._engine = engine

    @uninterrupted
    async def add(self, message: Message) -> None:
        """Store a message once."""
        async with transaction(self._engine) as connection:
            await remember(connection, message)

    @uninterrupted
    async def add_all(self, messages: Sequence[Message]) -> None:
        """Store messages once, in one transaction."""
        async with transaction(self._engine) as connection:
            for message in messages:
                await remember(connection, message)

    @uninterrupted
    async def load(self, thread: ThreadId) -> Recollection:
        """Return what the memory of a thread holds, by one statement."""
        async with transaction(self._engine) as connection:
            found = await connection.execute(_LOAD, {"thread": thread})
            rows = found.mappings().all()
        head = next((row for row in rows if row["id"] is None), None)
        if head is None:
            return Recollection()
        entries = (_entry(thread, row) for row in rows if row is not head)
        return Recollection(
            version=head["version"],
            summary=Summary(head["gen"] or 0, head["text"] or ""),
            entries=tuple(sorted(entries, key=_place)),
        )

    @uninterrupted
    async def commit(self, fold: Fold) -> bool:
        """Keep a summary and take its messages out of the buffer, or do nothing."""
        try:
            async with transaction(self._engine) as connection:
                await _commit(connection, fold)
        except _StaleError:
            return False
        return True

    async def edit(self, message: Message) -> bool:
        """Replace a message's text and files."""
        return await self._change(message)

    async def delete(self, thread: ThreadId, position: str, role: Role) -> bool:
        """Take a message's words away."""
        gone = Message(thread, position, role, Speaker(""), "")
        return await self._change(gone, is_gone=True)

    @uninterrupted
    async def _change(self, message: Message, *, is_gone: bool = False) -> bool:
        async with transaction(self._engine) as connection:
            change = drop if is_gone else rewrite
            is_known = await change(connection, message)
        if is_known:
            await scrub(self._engine)
        return is_known

    @uninterrupted
    async def retract(self, thread: ThreadId, message: str) -> bool:
        """Take one delivered message's words out of its reply."""
        async with transaction(self._engine) as connection:
            is_known = await retract(connection, thread, message)
        if is_known:
            await scrub(self._engine)
        return is_known

    @uninterrupted
    async def forget(self, thread: ThreadId) -> None:
        """Take away the words of a whole thread."""
        async with transaction(self._engine) as connection:
            await blank(connection, thread)
        await scrub(self._engine)

    @uninterrupted
    async def people(self, thread: ThreadId) -> frozenset[str]:
        """Return who spoke in a thread since the first message to the bot."""
        table = tables.message
        by_people = (table.c.thread == thread, table.c.role == "person")
        first = select(func.min(table.c.position)).where(
            *by_people, table.c.is_overheard.is_(False)
        )
        speakers = select(table.c.speaker).where(
            *by_people, table.c.position >= first.scalar_subquery()
        )
        async with transaction(self._engine) as connection:
            return frozenset(await connection.scalars(speakers.distinct()))


async def use(connection: AsyncConnection, thread: ThreadId) -> None:
    """Store that a thread is used, so that it is not deleted for its age."""
    now_s = time.time()
    row = insert(connection, tables.thread).values(
        id=thread, version=0, last_used_s=now_s
    )
    await connection.execute(
        row.on_conflict_do_update(
            index_elements=["id"],
            set_={"last_used_s": now_s},
            where=tables.thread.c.last_used_s < now_s - LAST_USED_STEP_S,
        )
    )


async def remember(connection: AsyncConnection, message: Message) -> None:
    """Store a message, unless it is stored already, and that its thread is used."""
    await use(connection, message.thread)
    row = insert(connection, tables.message).values(
        thread=message.thread,
        position=message.position,
        role=message.role,
        speaker=message.speaker.id,
        name=message.speaker.name,
        text=message.text,
        files=list(message.files),
        is_overheard=message.is_overheard,
        is_pinned=message.is_pinned,
        tokens=estimate_tokens(message.text),
    )
    await connection.execute(row.on_conflict_do_nothing())


class _StaleError(Exception):
    """Something changed since the fold began; the transaction is rolled back."""


async def _commit(connection: AsyncConnection, fold: Fold) -> None:
    thread, message, summary = tables.thread, tables.message, tables.summary
    # First, and everywhere: who changes a thread holds its row until the end.
    claimed = await connection.execute(
        update(thread)
        .where(thread.c.id == fold.thread, thread.c.version == fold.version)
        .values(version=thread.c.version + 1)
    )
    if claimed.rowcount != 1:
        raise _StaleError
    moved = await connection.execute(
        update(message)
        .where(message.c.id.in_(fold.ids), message.c.gen.is_(None))
        .where(message.c.thread == fold.thread)
        .values(gen=fold.gen)
    )
    if moved.rowcount != len(fold.ids):
        raise _StaleError
    await connection.execute(
        insert(connection, summary).values(
            thread=fold.thread,
            gen=fold.gen,
            text=fold.text,
            tokens=fold.tokens,
            model=fold.model,
            created_s=time.time(),
        )
    )
    await connection.execute(
        delete(summary).where(
            summary.c.thread == fold.thread,
            summary.c.gen.not_in(kept_generations(fold.gen)),
        )
    )


_OF_THREAD = bindparam("thread", type_=Text)
_NEWEST = (
    select(func.max(tables.summary.c.gen))
    .where(tables.summary.c.thread == _OF_THREAD)
    .scalar_subquery()
)
_SHOWN = tuple(
    tables.message.c[name]
    for name in (
        *("id", "position", "role", "speaker", "name"),
        *("files", "is_overheard", "is_pinned", "tokens"),
    )
)
# One statement sees one state of the database. The first part gives one row, whose
# columns of a message are null; the second gives the buffer.
_LOAD = union_all(
    select(
        tables.thread.c.version,
        tables.summary.c.gen,
        tables.summary.c.text,
        *(cast(null(), column.type).label(column.name) for column in _SHOWN),
    )
    .select_from(
        tables.thread.outerjoin(
            tables.summary,
            and_(
                tables.summary.c.thread == tables.thread.c.id,
                tables.summary.c.gen == _NEWEST,
            ),
        )
    )
    .where(tables.thread.c.id == _OF_THREAD),
    select(
        cast(null(), Integer),
        cast(null(), Integer),
        tables.message.c.text,
        *_SHOWN,
    ).where(tables.message.c.thread == _OF_THREAD, tables.message.c.gen.is_(None)),
)


def _entry(thread: ThreadId, row: RowMapping) -> Entry:
    message = Message(
        thread=thread,
        position=row["position"],
        role=row["role"],
        speaker=Speaker(row["speaker"], row["name"]),
        text=row["text"],
        files=tuple(row["files"]),
        is_overheard=row["is_overheard"],
        is_pinned=row["is_pinned"],
    )
    return Entry(row["id"], message, row["tokens"])


def _place(entry: Entry) -> tuple[str, bool]:
    """Sort a reply behind its question, whose position it has."""
    return entry.message.position, entry.message.role == "bot"
