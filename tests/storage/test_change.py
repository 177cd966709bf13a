"""What was said is changed everywhere: messages, summaries, turns, files."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.fold import Fold
from bot.conversation.memory import BOT
from bot.conversation.record import Note
from bot.conversation.turn import Delivered, ThreadId
from bot.storage import database, tables
from bot.storage import sqlite as sqlite_file
from bot.storage.database import transaction
from bot.storage.memory import SqlMemory
from bot.storage.notes import whole
from bot.storage.retention import SqlArchive
from bot.storage.turns import SqlTurns
from tests.long import examples
from tests.storage.rows import noted
from tests.storage.test_memory import folded
from tests.twins import THREAD, asked, said

SECRET = "the old words"
OWN_WORDS = "what the bot said"


async def everything(engine: AsyncEngine) -> str:
    """Return all that is in all tables."""
    async with transaction(engine) as connection:
        found = [
            (await connection.execute(select(table))).all()
            for table in tables.metadata.sorted_tables
        ]
    return str(found)


async def keep(engine: AsyncEngine, *positions: str, state: str = "done") -> None:
    """Store turns with secret questions, and a summary of them."""
    turns, memory = SqlTurns(engine), SqlMemory(engine)
    for position in positions:
        turn = asked(f"{SECRET} {position}", position)
        await turns.add(turn)
        await noted(engine, Note(turn.id, 0, "m", OWN_WORDS))
    async with transaction(engine) as connection:
        await connection.execute(update(tables.turn).values(state=state))
    assert await memory.commit(folded(await memory.load(THREAD), *positions))


async def state(engine: AsyncEngine) -> str:
    async with transaction(engine) as connection:
        return str(await connection.scalar(select(tables.turn.c.state)))


async def test_an_edit_leaves_the_old_words_nowhere(engine: AsyncEngine) -> None:
    await keep(engine, "1")

    assert await SqlMemory(engine).edit(said("new", "1"))

    rows = await everything(engine)
    assert SECRET not in rows
    assert rows.count("'new'") == 2


async def test_a_waiting_question_is_answered_as_it_was_edited(
    engine: AsyncEngine,
) -> None:
    turns = SqlTurns(engine)
    await turns.add(asked("old"))

    await SqlMemory(engine).edit(said("new"))

    turn = await turns.claim(THREAD)
    assert turn is not None
    assert turn.question.text == "new"


@pytest.mark.parametrize(
    ("before", "after"),
    [("waiting", "stopped"), ("running", "running"), ("done", "done")],
)
async def test_a_deletion_leaves_the_words_nowhere(
    engine: AsyncEngine, before: str, after: str
) -> None:
    await keep(engine, "1", state=before)

    assert await SqlMemory(engine).delete(THREAD, "1", "person")

    assert SECRET not in await everything(engine)
    assert await state(engine) == after
    assert await SqlTurns(engine).claim(THREAD) is None


@pytest.mark.parametrize("is_edited", [False, True])
async def test_a_changed_replys_old_words_leave_the_journal_too(
    engine: AsyncEngine, *, is_edited: bool
) -> None:
    await keep(engine, "1", "2")
    memory = SqlMemory(engine)
    reply = replace(said(OWN_WORDS, "1"), role="bot", speaker=BOT)
    await memory.add(reply)

    if is_edited:
        assert await memory.edit(replace(reply, text="new"))
    else:
        assert await memory.delete(THREAD, "1", "bot")

    rows = await everything(engine)
    assert rows.count(OWN_WORDS) == 1
    assert f"{SECRET} 1" in rows


async def test_the_journal_of_a_running_turn_is_not_forgotten(
    engine: AsyncEngine,
) -> None:
    """After a crash the answer goes on behind its words."""
    await keep(engine, "1", state="running")

    await SqlMemory(engine).forget(THREAD)

    assert OWN_WORDS in await everything(engine)


async def test_forgetting_leaves_no_words(engine: AsyncEngine) -> None:
    await keep(engine, "1", "2")

    await SqlMemory(engine).forget(THREAD)

    rows = await everything(engine)
    assert SECRET not in rows
    assert OWN_WORDS not in rows
    assert not await SqlTurns(engine).add(asked(position="1"))


async def test_a_question_that_waits_is_not_forgotten(engine: AsyncEngine) -> None:
    await keep(engine, "1", state="waiting")

    await SqlMemory(engine).forget(THREAD)

    turn = await SqlTurns(engine).claim(THREAD)
    found = await SqlMemory(engine).load(THREAD)
    assert turn is not None
    assert turn.question.text == f"{SECRET} 1"
    assert (found.summary.text, len(found.entries)) == ("", 1)


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("linefeed.db*")))


words = st.lists(st.integers(1, 6000), min_size=1, max_size=25)


@settings(
    max_examples=examples(10, 200),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(words, st.data())
async def test_changed_words_leave_the_file_too(
    sqlite: AsyncEngine, tmp_path: Path, lengths: list[int], data: st.DataObject
) -> None:
    """Whatever their length, beside whatever others, in the buffer or in a summary."""
    memory = SqlMemory(sqlite)
    async with transaction(sqlite) as connection:
        await connection.execute(text("delete from thread"))
    marks = [f"mark{number:02}mark" for number in range(len(lengths))]
    for number, (mark, length) in enumerate(zip(marks, lengths, strict=True)):
        await memory.add(said((mark * length)[:length] + mark, f"{number:03}"))
    found = await memory.load(THREAD)
    ids = tuple(entry.id for entry in found.entries[: len(marks) // 2])
    text_ = " ".join(marks[: len(ids)])
    if ids:
        assert await memory.commit(Fold(THREAD, 0, 1, ids, text_, 1, "m"))

    order = data.draw(st.permutations(range(len(marks))))
    gone = order[: len(order) // 2]
    for number in gone:
        if data.draw(st.booleans()):
            await memory.edit(said("new", f"{number:03}"))
        else:
            await memory.delete(THREAD, f"{number:03}", "person")
    left = bytes_of(tmp_path)
    await memory.forget(THREAD)

    assert [n for n in gone if marks[n].encode() in left] == []
    assert b"mark" not in bytes_of(tmp_path)


async def test_a_reader_beside_the_bot_delays_that_only(
    sqlite: AsyncEngine, tmp_path: Path
) -> None:
    memory = SqlMemory(sqlite)
    await memory.add(said(SECRET, "1"))

    reader = sqlite_file.engine(tmp_path / database.FILE_NAME)
    async with reader.connect() as connection:
        await connection.execute(text("begin"))
        await connection.execute(text("select * from message"))
        assert await memory.delete(THREAD, "1", "person")
    await reader.dispose()
    assert SECRET.encode() in bytes_of(tmp_path)
    await SqlArchive(sqlite).sweep(0)

    assert SECRET.encode() not in bytes_of(tmp_path)


async def reply_in_parts(engine: AsyncEngine, *parts: str) -> None:
    """Store a turn whose reply went out in so many messages, m0 the first."""
    turns, memory = SqlTurns(engine), SqlMemory(engine)
    turn = asked("why", "1")
    await turns.add(turn)
    notes = [Note(turn.id, seq, f"m{seq}", words) for seq, words in enumerate(parts)]
    await noted(engine, *notes)
    whole = "".join(parts)
    await memory.add(replace(turn.question, role="bot", speaker=BOT, text=whole))


def part(message: str) -> Delivered:
    """Return a message that does not tell what it is a part of."""
    return Delivered(message, message)


async def replied(engine: AsyncEngine) -> list[str]:
    entries = (await SqlMemory(engine).load(THREAD)).entries
    return [e.message.text for e in entries if e.message.role == "bot"]


@pytest.mark.parametrize("state", ["running", "done"])
@pytest.mark.parametrize(
    ("gone", "left"),
    [
        (["m0"], ["Again.\nAgain.\nEnd."]),
        (["m1"], [f"{OWN_WORDS}.\nAgain.\nEnd."]),
        (["m2", "m1"], [f"{OWN_WORDS}.\nEnd."]),
        (["m3", "m0", "m1", "m2"], []),
    ],
)
async def test_one_message_of_a_reply_is_taken_out_of_it(
    engine: AsyncEngine, state: str, gone: list[str], left: list[str]
) -> None:
    await reply_in_parts(engine, f"{OWN_WORDS}.\n", "Again.\n", "Again.\n", "End.")
    async with transaction(engine) as connection:
        await connection.execute(update(tables.turn).values(state=state))

    for message in gone:
        assert await SqlMemory(engine).retract(THREAD, part(message))

    assert await replied(engine) == left
    rows = await everything(engine)
    assert (OWN_WORDS in rows) is ("m0" not in gone)


async def test_a_message_that_is_retracted_twice_is_taken_out_once(
    engine: AsyncEngine,
) -> None:
    await reply_in_parts(engine, "One.\n", "One.\n")
    memory = SqlMemory(engine)

    assert await memory.retract(THREAD, part("m0"))
    version = (await memory.load(THREAD)).version
    assert not await memory.retract(THREAD, part("m0"))

    assert await replied(engine) == ["One.\n"]
    assert (await memory.load(THREAD)).version == version


async def test_a_summary_of_a_retracted_message_is_rebuilt(
    engine: AsyncEngine,
) -> None:
    await reply_in_parts(engine, f"{OWN_WORDS}.\n", "End.")
    memory = SqlMemory(engine)
    assert await memory.commit(folded(await memory.load(THREAD), "1"))

    assert await memory.retract(THREAD, part("m0"))

    assert (await memory.load(THREAD)).summary.gen == 0
    assert OWN_WORDS not in await everything(engine)


async def test_a_message_of_another_thread_is_not_retracted(
    engine: AsyncEngine,
) -> None:
    await reply_in_parts(engine, "One.")
    await SqlMemory(engine).add(said("x", thread="another"))

    assert not await SqlMemory(engine).retract(ThreadId("another"), part("m0"))
    assert not await SqlMemory(engine).retract(ThreadId("unknown"), part("m0"))
    assert await replied(engine) == ["One."]


async def test_a_reply_that_is_not_remembered_yet_keeps_its_parts(
    engine: AsyncEngine,
) -> None:
    turn = asked("why", "1")
    await SqlTurns(engine).add(turn)
    await noted(engine, Note(turn.id, 0, "m0", OWN_WORDS))

    assert not await SqlMemory(engine).retract(THREAD, part("m0"))
    assert OWN_WORDS in await everything(engine)


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        # What the message tells of itself: its question's place, or only its own.
        (Delivered("1.5", "1", "One."), ["\nTwo."]),
        (Delivered("1.5", "1.5", "One."), ["\nTwo."]),
        (Delivered("1.5", "1", "Shown otherwise."), []),
        (Delivered("1.5", "1", ""), []),
        (Delivered("1.5", "1.5", "Shown otherwise."), ["One.\nTwo."]),
        (Delivered("1.5", "1.5", ""), ["One.\nTwo."]),
    ],
)
async def test_a_reply_that_was_read_from_its_thread_loses_what_is_deleted(
    engine: AsyncEngine, gone: Delivered, left: list[str]
) -> None:
    memory = SqlMemory(engine)
    read = replace(said("One.\nTwo.", "1"), role="bot", speaker=BOT)
    await memory.add_all([said("why", "1"), read])

    assert await memory.retract(THREAD, gone) is (left != ["One.\nTwo."])

    assert await replied(engine) == left


async def test_of_replies_with_the_same_words_none_is_taken_for_the_other(
    engine: AsyncEngine,
) -> None:
    memory = SqlMemory(engine)
    yes = replace(said("Yes.", "1"), role="bot", speaker=BOT)
    await memory.add_all([yes, replace(yes, position="2")])

    assert not await memory.retract(THREAD, Delivered("2.5", "2.5", "Yes."))
    assert await memory.retract(THREAD, Delivered("2.6", "2", "Yes."))

    assert await replied(engine) == ["Yes."]


async def test_what_is_noted_of_a_whole_reply_is_no_part_of_it(
    engine: AsyncEngine,
) -> None:
    """It is there until the reply's end, which may be a moment behind its last line."""
    await reply_in_parts(engine, "One.\n", "Two.")
    await noted(engine, whole(asked("why", "1").id, "One.\nTwo.", ""))

    assert await SqlMemory(engine).retract(THREAD, part("m0"))

    assert await replied(engine) == ["Two."]
