"""Notes that are taken at once and written behind."""

import asyncio
from collections.abc import Iterable

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.ports import StoreError
from bot.conversation.record import Note
from bot.storage import journal
from bot.storage.notes import Dropped, SqlNotes
from bot.storage.turns import SqlTurns
from tests.twins import THREAD, asked

TURN = asked().id


class RecordingNotes(SqlNotes):
    """Keeps what is noted, or fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.notes: list[Note | Dropped] = []

    async def write(self, entries: Iterable[Note | Dropped]) -> None:
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise StoreError("disk full")
        self.notes += entries


async def steps(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_is_noted_can_be_read_at_once(engine: AsyncEngine) -> None:
    turns = SqlTurns(engine, "me")
    await turns.add(asked())
    await turns.claim(THREAD)

    async with journal.running(SqlNotes(engine, "me")) as notes:
        notes.intend(TURN, 0, "one\n")
        notes.note(TURN, 0, "1.1", "one\n")
        notes.intend(TURN, 1, "two\n")
        notes.drop(TURN, 1)
        notes.whole(TURN, "one\ntwo\n", "length")
        record = await notes.of(TURN)
        await notes.forget(TURN, "1.1")
        left = await notes.of(TURN)

    assert record.notes == (Note(TURN, 0, "1.1", "one\n"),)
    assert (record.whole, record.cut) == ("one\ntwo\n", "length")
    assert left.notes == ()


async def test_notes_are_written_in_order_while_the_journal_runs() -> None:
    kept = RecordingNotes()
    async with journal.running(kept) as notes:
        for seq in range(3):
            notes.note(TURN, seq, "m", "")
            await steps(seq)
        await steps()
        written = list(kept.notes)

    assert written == [Note(TURN, seq, "m", "") for seq in range(3)]


async def test_a_note_taken_at_the_very_end_is_written() -> None:
    kept = RecordingNotes()
    async with journal.running(kept) as notes:
        await steps()
        notes.note(TURN, 0, "m", "")

    assert kept.notes == [Note(TURN, 0, "m", "")]


async def test_notes_in_the_middle_of_a_write_at_the_end_are_not_lost() -> None:
    kept = RecordingNotes()
    async with journal.running(kept) as notes:
        notes.note(TURN, 0, "m", "")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        notes.note(TURN, 1, "m", "")

    assert kept.notes == [Note(TURN, 0, "m", ""), Note(TURN, 1, "m", "")]


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "PAUSE_S", 0)


@pytest.mark.usefixtures("_hurried")
async def test_a_failing_database_costs_no_note_and_no_order() -> None:
    kept = RecordingNotes(failures=3)
    async with journal.running(kept) as notes:
        for seq in range(3):
            notes.note(TURN, seq, "m", "")
            await steps(2)

    assert kept.notes == [Note(TURN, seq, "m", "") for seq in range(3)]


@pytest.mark.usefixtures("_hurried")
async def test_notes_that_no_database_takes_do_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal, "PATIENCE_S", 0)
    kept = RecordingNotes(failures=1)
    async with journal.running(kept) as notes:
        notes.note(TURN, 0, "lost", "")
        await steps()
        notes.note(TURN, 1, "kept", "")

    assert kept.notes == [Note(TURN, 1, "kept", "")]


async def test_leaving_does_not_wait_for_a_database_that_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal, "CLOSE_S", 0)
    async with journal.running(RecordingNotes(failures=9)) as notes:
        notes.note(TURN, 0, "lost", "")
        await steps()


async def test_a_full_journal_drops_notes_and_never_waits() -> None:
    kept = RecordingNotes()

    async with journal.running(kept) as notes:
        for seq in range(journal.MAX_WAITING + 2):
            notes.note(TURN, seq, "m", "")

    assert len(kept.notes) == journal.MAX_WAITING


async def test_notes_are_written_though_the_bot_ends_with_an_error() -> None:
    kept = RecordingNotes()
    with pytest.RaisesGroup(ZeroDivisionError):
        async with journal.running(kept) as notes:
            notes.note(TURN, 0, "m", "")
            raise ZeroDivisionError

    assert kept.notes == [Note(TURN, 0, "m", "")]
