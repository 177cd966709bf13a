"""Memory in SQL: messages, the summaries they went into, and who spoke."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Float,
    Integer,
    RowMapping,
    Text,
    and_,
    bindparam,
    cast,
    func,
    null,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.fold import (
    Entry,
    Fold,
    Recollection,
    Summary,
)
from bot.conversation.tokens import estimate_tokens
from bot.conversation.turn import Delivered, Message, Role, Speaker, ThreadId
from bot.storage import tables
from bot.storage.change import blank, drop, retract, rewrite
from bot.storage.database import (
    executed,
    scrub,
    transacted,
    transaction,
    uninterrupted,
)
from bot.storage.summary import StaleError, keep
from bot.storage.upsert import INSERTS

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
        quick, values = _ADD_IF_FRESH[self._engine.dialect.name], _values(message)
        if not await executed(
            self._engine, lambda c: c.execute(quick, values).rowcount
        ):
            # The thread is new or was not used lately, or the message is known.
            await transacted(self._engine, lambda c: remember(c, message))

    @uninterrupted
    async def add_all(self, messages: Sequence[Message]) -> None:
        """Store messages once, in one transaction."""

        def store(connection: Connection) -> None:
            used: set[ThreadId] = set()
            for message in messages:
                remember(connection, message, is_fresh=message.thread in used)
                used.add(message.thread)

        await transacted(self._engine, store)

    @uninterrupted
    async def load(self, thread: ThreadId) -> Recollection:
        """Return what the memory of a thread holds, by one statement."""
        rows = await executed(
            self._engine,
            lambda c: c.execute(_LOAD, {"thread": thread}).mappings().all(),
        )
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
                await keep(connection, fold)
        except StaleError:
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
    async def retract(self, thread: ThreadId, gone: Delivered) -> bool:
        """Take one delivered message's words out of its reply."""
        async with transaction(self._engine) as connection:
            is_known = await retract(connection, thread, gone)
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


def use(connection: Connection, thread: ThreadId) -> None:
    """Store that a thread is used, so that it is not deleted for its age."""
    now_s = time.time()
    times = {"now_s": now_s, "fresh_s": now_s - LAST_USED_STEP_S}
    connection.execute(_USE[connection.dialect.name], {"thread": thread, **times})


def remember(
    connection: Connection, message: Message, *, is_fresh: bool = False
) -> None:
    """Store a message, unless it is stored already, and that its thread is used.

    Where that was stored within `LAST_USED_STEP_S` it need not be again.
    """
    values = _values(message)
    if not is_fresh:
        connection.execute(_USE[connection.dialect.name], values)
    connection.execute(_ADD[connection.dialect.name], values)


def _values(message: Message) -> dict[str, Any]:
    now_s = time.time()
    return {
        "thread": message.thread,
        "position": message.position,
        "role": message.role,
        "speaker": message.speaker.id,
        "name": message.speaker.name,
        "text": message.text,
        "files": list(message.files),
        "is_overheard": message.is_overheard,
        "is_pinned": message.is_pinned,
        "tokens": estimate_tokens(message.text),
        "now_s": now_s,
        "fresh_s": now_s - LAST_USED_STEP_S,
    }


# What is executed for every turn is built once: that takes longer than to execute it.
_ADDED = tuple(
    bindparam(name, type_=tables.message.c[name].type)
    for name in (
        *("thread", "position", "role", "speaker", "name", "text", "files"),
        *("is_overheard", "is_pinned", "tokens"),
    )
)
_FRESH = (
    select(tables.thread.c.id)
    .where(tables.thread.c.id == bindparam("thread", type_=Text))
    .where(tables.thread.c.last_used_s >= bindparam("fresh_s", type_=Float))
)
_ADD = {
    dialect: inserted(tables.message)
    .values({parameter.key: parameter for parameter in _ADDED})
    .on_conflict_do_nothing()
    for dialect, inserted in INSERTS.items()
}
_ADD_IF_FRESH = {
    dialect: inserted(tables.message)
    .from_select(
        [parameter.key for parameter in _ADDED],
        select(*_ADDED).where(_FRESH.exists()),
    )
    .on_conflict_do_nothing()
    for dialect, inserted in INSERTS.items()
}
_NOW_S = bindparam("now_s", type_=Float)
_USE = {
    dialect: inserted(tables.thread)
    .values(id=bindparam("thread", type_=Text), version=0, last_used_s=_NOW_S)
    .on_conflict_do_update(
        index_elements=["id"],
        set_={"last_used_s": _NOW_S},
        where=tables.thread.c.last_used_s < bindparam("fresh_s", type_=Float),
    )
    for dialect, inserted in INSERTS.items()
}

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
