"""Notes on replies: what is settled, what is under way, and whose they are."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.record import Note, Record
from bot.storage import database
from bot.storage.notes import Dropped, SqlNotes, whole
from bot.storage.turns import SqlTurns
from tests.long import examples
from tests.twins import THREAD, asked

TURN = asked().id


@pytest.fixture
async def notes(engine: AsyncEngine) -> SqlNotes:
    turns = SqlTurns(engine, "me")
    await turns.add(asked())
    await turns.claim(THREAD)
    return SqlNotes(engine, "me")


async def test_a_part_is_under_way_until_it_is_in_its_place(notes: SqlNotes) -> None:
    await notes.write([Note(TURN, 0, "", "one\n")])
    before = await notes.of(TURN)
    await notes.write([Note(TURN, 0, "1.1", "one\n")])

    assert before.notes == (Note(TURN, 0, "", "one\n"),)
    assert (await notes.of(TURN)).notes == (Note(TURN, 0, "1.1", "one\n"),)


async def test_a_call_that_brought_nothing_leaves_nothing(notes: SqlNotes) -> None:
    await notes.write([Note(TURN, 0, "", "one\n")])
    await notes.write([Dropped(TURN, 0)])

    assert (await notes.of(TURN)).notes == ()


async def test_what_is_in_its_place_settles_what_was_under_way_before(
    notes: SqlNotes,
) -> None:
    await notes.write([Note(TURN, 0, "1.1", "a"), Note(TURN, 1, "", "b")])
    await notes.write([Note(TURN, 2, "", "bc"), Note(TURN, 2, "1.1", "bc")])

    record = await notes.of(TURN)
    assert [note.text for note in record.notes] == ["a", "bc"]


async def test_messages_of_other_turns_are_told_from_a_turns_own(
    engine: AsyncEngine, notes: SqlNotes
) -> None:
    other = asked(thread="other")
    turns = SqlTurns(engine, "me")
    await turns.add(other)
    await turns.claim(other.question.thread)
    await notes.write([Note(TURN, 0, "1.1", "a"), Note(other.id, 0, "1.2", "b")])

    assert await notes.others(TURN, ["1.1", "1.2", "1.3"]) == {"1.2"}
    assert await notes.others(TURN, []) == frozenset()


async def test_the_whole_text_stands_beside_the_parts(notes: SqlNotes) -> None:
    await notes.write([whole(TURN, "a\0b", "break"), Note(TURN, 0, "1.1", "a")])

    record = await notes.of(TURN)
    assert (record.whole, record.cut) == ("a\ufffdb", "break")
    assert [note.seq for note in record.notes] == [0]


async def test_who_lost_a_turn_notes_nothing_on_it_any_more(
    notes: SqlNotes, engine: AsyncEngine
) -> None:
    zombie = SqlNotes(engine, "somebody else")

    await zombie.write([Note(TURN, 0, "1.1", "late")])

    assert (await notes.of(TURN)).notes == ()


async def test_a_note_on_no_turn_is_kept_nowhere(notes: SqlNotes) -> None:
    nobodys = asked(position="9").id

    await notes.write([Note(nobodys, 0, "1.1", "")])

    assert (await notes.of(nobodys)).notes == ()


calls = st.lists(
    st.tuples(st.text("abc\n", max_size=3), st.sampled_from(["in", "lost", "open"])),
    max_size=8,
)


@settings(max_examples=examples(15, 300))
@given(calls, st.data())
async def test_parts_join_to_what_people_have_however_they_are_written(
    calls: list[tuple[str, str]], data: st.DataObject
) -> None:
    """A call that brings nothing gives its part to the next one, as writers do."""
    entries: list[Note | Dropped] = []
    text = pending = ""
    for seq, (part, fate) in enumerate(calls):
        pending += part
        entries.append(Note(TURN, seq, "", pending))
        if fate == "in":
            entries.append(Note(TURN, seq, "1.1", pending))
            text, pending = text + pending, ""
        elif fate == "lost":
            entries.append(Dropped(TURN, seq))
    with TemporaryDirectory() as folder:
        record = await written(Path(folder), entries, data)

    assert "".join(note.text for note in record.notes if note.message) == text


async def written(
    folder: Path, entries: list[Note | Dropped], data: st.DataObject
) -> Record:
    """Write entries in batches of any size; return what is recorded then."""
    async with database.opened(folder) as engine:
        turns, notes = SqlTurns(engine, "me"), SqlNotes(engine, "me")
        await turns.add(asked())
        await turns.claim(THREAD)
        while entries:
            size = data.draw(st.integers(1, len(entries)))
            await notes.write(entries[:size])
            del entries[:size]
        return await notes.of(TURN)
