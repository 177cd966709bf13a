"""Notes that are taken at once and written behind."""

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.ports import StoreError
from bot.storage import journal, tables
from bot.storage.database import transaction
from bot.storage.turns import Note, SqlTurns
from tests.twins import asked

TURN = asked().id


class RecordingTurns(SqlTurns):
    """Keeps what is noted, or fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.notes: list[Note] = []

    async def note_messages(self, notes: list[Note]) -> None:
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise StoreError("disk full")
        self.notes += notes


async def steps(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_notes_are_written_to_the_database(engine: AsyncEngine) -> None:
    turns = SqlTurns(engine)
    await turns.add(asked())

    async with journal.running(turns) as notes:
        notes.note(TURN, 0, "1.1", "one\n")
        notes.note(TURN, 1, "1.1", "two\n")

    async with transaction(engine) as connection:
        rows = await connection.execute(select(tables.reply_message))
        assert rows.all() == [
            (TURN, 0, "1.1", "one\n"),
            (TURN, 1, "1.1", "two\n"),
        ]


async def test_notes_are_written_in_order_while_the_journal_runs() -> None:
    turns = RecordingTurns()
    async with journal.running(turns) as notes:
        for seq in range(3):
            notes.note(TURN, seq, "m", "")
            await steps(seq)
        await steps()
        written = list(turns.notes)

    assert written == [Note(TURN, seq, "m", "") for seq in range(3)]


async def test_a_note_taken_at_the_very_end_is_written() -> None:
    turns = RecordingTurns()
    async with journal.running(turns) as notes:
        await steps()
        notes.note(TURN, 0, "m", "")

    assert turns.notes == [Note(TURN, 0, "m", "")]


async def test_notes_in_the_middle_of_a_write_at_the_end_are_not_lost() -> None:
    turns = RecordingTurns()
    async with journal.running(turns) as notes:
        notes.note(TURN, 0, "m", "")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        notes.note(TURN, 1, "m", "")

    assert turns.notes == [Note(TURN, 0, "m", ""), Note(TURN, 1, "m", "")]


async def test_a_failing_database_costs_its_notes_only() -> None:
    turns = RecordingTurns(failures=1)
    async with journal.running(turns) as notes:
        notes.note(TURN, 0, "lost", "")
        await steps()
        notes.note(TURN, 1, "kept", "")
        await steps()

    assert turns.notes == [Note(TURN, 1, "kept", "")]


async def test_a_full_journal_drops_notes_and_never_waits() -> None:
    turns = RecordingTurns()

    async with journal.running(turns) as notes:
        for seq in range(journal.MAX_WAITING + 2):
            notes.note(TURN, seq, "m", "")

    assert len(turns.notes) == journal.MAX_WAITING


async def test_notes_are_written_though_the_bot_ends_with_an_error() -> None:
    turns = RecordingTurns()
    with pytest.RaisesGroup(ZeroDivisionError):
        async with journal.running(turns) as notes:
            notes.note(TURN, 0, "m", "")
            raise ZeroDivisionError

    assert turns.notes == [Note(TURN, 0, "m", "")]
