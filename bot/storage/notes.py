"""Which message carries which part of a reply, in SQL."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import get_args

from sqlalchemy import (
    ColumnElement,
    Integer,
    Text,
    bindparam,
    delete,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.record import Note, Record
from bot.conversation.turn import Cut, TurnId
from bot.storage import tables
from bot.storage.database import transaction, uninterrupted
from bot.storage.tables import Words
from bot.storage.upsert import insert

WHOLE_SEQ = -1
"""The number of the note that holds all of a reply whose delivery is not finished."""


_WHOLE = "whole:"
"""Such a note has no message, but stands in none's place; behind it is the cut."""


_CUTS: dict[str, Cut] = {_WHOLE + cut: cut for cut in get_args(Cut)}


def whole(turn: TurnId, text: str, cut: Cut) -> Note:
    """Return the note that holds all of a reply's text."""
    return Note(turn, WHOLE_SEQ, _WHOLE + cut, text)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A call brought nothing: its part goes with another one."""

    turn: TurnId
    seq: int


class SqlNotes:
    """Writes notes on the turns of one process, and reads those on any."""

    def __init__(self, engine: AsyncEngine, owner: str) -> None:
        """Write what `owner` notes, and only while no other process took its turns."""
        self._engine = engine
        self._owner = owner

    @uninterrupted
    async def write(self, entries: Iterable[Note | Dropped]) -> None:
        """Store what was noted, in its order, in one transaction.

        Behind a part that is in its place nothing before it is on its way any more.
        """
        kept: dict[tuple[TurnId, int], Note | Dropped] = {}
        settled: dict[TurnId, int] = {}
        for entry in entries:
            kept[entry.turn, entry.seq] = entry
            if isinstance(entry, Note) and entry.message:
                settled[entry.turn] = max(entry.seq, settled.get(entry.turn, -1))
        async with transaction(self._engine) as connection:
            await _clear(connection, settled, kept.values())
            await self._store(connection, settled, kept.values())

    @uninterrupted
    async def of(self, turn: TurnId) -> Record:
        """Return what is recorded of a turn."""
        part = tables.reply_message
        rows = select(part).where(part.c.turn == turn).order_by(part.c.seq)
        async with transaction(self._engine) as connection:
            found = (await connection.execute(rows)).mappings()
            notes = [Note(**row) for row in found]
        whole = next((note for note in notes if note.seq == WHOLE_SEQ), None)
        return Record(
            notes=tuple(note for note in notes if note is not whole),
            whole=None if whole is None else whole.text,
            cut="" if whole is None else _CUTS[whole.message],
        )

    @uninterrupted
    async def forget(self, turn: TurnId, message: str) -> None:
        """Delete the notes on a message that is gone."""
        part = tables.reply_message
        gone = delete(part).where(part.c.turn == turn, part.c.message == message)
        async with transaction(self._engine) as connection:
            await connection.execute(gone)

    @uninterrupted
    async def others(self, turn: TurnId, messages: Collection[str]) -> frozenset[str]:
        """Return which of some messages are recorded under other turns."""
        part = tables.reply_message
        rows = select(part.c.message).where(
            part.c.message.in_(messages), part.c.turn != turn
        )
        async with transaction(self._engine) as connection:
            return frozenset(await connection.scalars(rows))

    async def _store(
        self,
        connection: AsyncConnection,
        settled: dict[TurnId, int],
        entries: Iterable[Note | Dropped],
    ) -> None:
        rows = [
            asdict(entry)
            for entry in entries
            if isinstance(entry, Note)
            and (entry.message or entry.seq > settled.get(entry.turn, -1))
        ]
        if not rows:
            return
        values = select(
            bindparam("turn", type_=Text),
            bindparam("seq", type_=Integer),
            bindparam("message", type_=Text),
            bindparam("text", type_=Words),
        ).where(_is_owned_by(self._owner))
        row = insert(self._engine, tables.reply_message).from_select(
            ["turn", "seq", "message", "text"], values
        )
        await connection.execute(
            row.on_conflict_do_update(
                index_elements=["turn", "seq"],
                set_={"message": row.excluded.message, "text": row.excluded.text},
            ),
            rows,
        )


def _is_owned_by(owner: str) -> ColumnElement[bool]:
    """Say of a note whether its turn is its owner's to write on."""
    turn = tables.turn
    return (
        select(turn.c.id)
        .where(turn.c.id == bindparam("turn", type_=Text), turn.c.owner == owner)
        # The end of a turn, which forgets it, may come before this is written.
        .where(or_(bindparam("seq", type_=Integer) != WHOLE_SEQ, tables.is_open(turn)))
        .exists()
    )


async def _clear(
    connection: AsyncConnection,
    settled: dict[TurnId, int],
    entries: Iterable[Note | Dropped],
) -> None:
    part = tables.reply_message
    dropped = [asdict(entry) for entry in entries if isinstance(entry, Dropped)]
    if dropped:
        one = delete(part).where(
            part.c.turn == bindparam("turn"), part.c.seq == bindparam("seq")
        )
        await connection.execute(one, dropped)
    if settled:
        superseded = delete(part).where(
            part.c.turn == bindparam("turn"),
            part.c.seq < bindparam("before"),
            part.c.message == "",
        )
        await connection.execute(
            superseded, [{"turn": t, "before": seq} for t, seq in settled.items()]
        )
