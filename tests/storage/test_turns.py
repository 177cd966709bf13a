"""Turns in SQL: stored once, claimed oldest first, in the state they are in."""

from dataclasses import replace

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.ports import StoreError
from bot.conversation.turn import TurnId
from bot.storage import tables
from bot.storage.database import transaction
from bot.storage.memory import SqlMemory
from bot.storage.turns import Note, SqlTurns
from tests.twins import THREAD, asked


@pytest.fixture
def turns(engine: AsyncEngine) -> SqlTurns:
    return SqlTurns(engine)


async def test_a_turn_is_stored_once_and_comes_back_whole(turns: SqlTurns) -> None:
    turn = asked("なぜ 🎉", "1712.0001")
    turn = replace(turn, question=replace(turn.question, files=("a.pdf", "b\n.png")))

    added = [await turns.add(turn), await turns.add(turn)]

    assert added == [True, False]
    assert await turns.claim(THREAD) == replace(turn, attempts=1)


@pytest.mark.parametrize("text", ["a\0b", "a\ud83db"])
async def test_what_no_database_can_store_is_replaced(
    turns: SqlTurns, text: str
) -> None:
    await turns.add(asked(text))

    turn = await turns.claim(THREAD)

    assert turn is not None
    assert turn.question.text == "a\ufffdb"


async def test_the_question_is_remembered_with_its_turn(
    turns: SqlTurns, engine: AsyncEngine
) -> None:
    await turns.add(asked("why", "1"))

    (entry,) = (await SqlMemory(engine).load(THREAD)).entries
    assert entry.message == asked("why", "1").question


async def test_the_oldest_waiting_turn_of_the_thread_is_claimed(
    turns: SqlTurns,
) -> None:
    for position in "312":
        await turns.add(asked(position, position))
    await turns.add(asked("other", "0", thread="other"))

    claimed = []
    while (turn := await turns.claim(THREAD)) is not None:
        claimed.append(turn.question.text)
        await turns.finish(turn.id, "done")

    assert claimed == ["1", "2", "3"]


async def test_a_thread_never_has_two_running_turns(turns: SqlTurns) -> None:
    for position in "12":
        await turns.add(asked(position, position))
    await turns.claim(THREAD)

    with pytest.raises(StoreError, match="IntegrityError"):
        await turns.claim(THREAD)


async def test_a_dead_processes_turn_waits_again_and_an_ended_one_does_not(
    turns: SqlTurns,
) -> None:
    for position in "12":
        await turns.add(asked(position, position))
    await turns.add(asked("other", thread="other"))
    first = await turns.claim(THREAD)
    assert first is not None
    await turns.finish(first.id, "failed")
    await turns.claim(THREAD)

    threads = await turns.resume()

    again = await turns.claim(THREAD)
    assert sorted(threads) == ["other", THREAD]
    assert again is not None
    assert (again.question.text, again.attempts) == ("2", 2)


async def test_a_thread_without_work_is_not_resumed(turns: SqlTurns) -> None:
    await turns.add(asked())
    await turns.claim(THREAD)
    await turns.finish(asked().id, "done")

    assert await turns.resume() == ()
    assert not await turns.add(asked())


async def test_a_note_is_kept_once_per_part(
    turns: SqlTurns, engine: AsyncEngine
) -> None:
    await turns.add(asked())

    first, second = (Note(asked().id, seq, "1.1", f"line {seq}\n") for seq in (0, 1))
    await turns.note_messages([first, second])
    await turns.note_messages([Note(asked().id, 1, "9.9", "again")])

    async with transaction(engine) as connection:
        table = tables.reply_message
        rows = await connection.execute(select(table))
        assert [Note(*row) for row in rows.all()] == [first, second]


async def test_a_note_on_no_turn_is_refused(turns: SqlTurns) -> None:
    with pytest.raises(StoreError):
        await turns.note_messages([Note(TurnId("nobody's"), 0, "1.1", "")])


async def test_an_unknown_state_is_refused(
    turns: SqlTurns, engine: AsyncEngine
) -> None:
    await turns.add(asked())

    with pytest.raises(StoreError):
        async with transaction(engine) as connection:
            await connection.execute(update(tables.turn).values(state="lost"))


async def test_a_claim_looks_into_the_index_alone(sqlite: AsyncEngine) -> None:
    query = (
        "explain query plan select id from turn"
        " where thread = 'a' and state = 'waiting' order by position limit 1"
    )
    async with transaction(sqlite) as connection:
        plan = (await connection.execute(text(query))).all()

    assert [row.detail for row in plan] == [
        "SEARCH turn USING INDEX turn_waiting (thread=?)"
    ]


async def _accept(turns: SqlTurns, engine: AsyncEngine, *said: tuple[str, str]) -> None:
    """Store turns (thread, position), each accepted one second after the other."""
    for second, (thread, position) in enumerate(said):
        turn = asked("why", position, thread=thread)
        await turns.add(replace(turn, address=turn.id))
        async with transaction(engine) as connection:
            await connection.execute(
                update(tables.turn)
                .where(tables.turn.c.id == turn.id)
                .values(accepted_s=float(second))
            )


async def test_recent_threads_are_named_by_their_first_turn_newest_thread_first(
    turns: SqlTurns, engine: AsyncEngine
) -> None:
    said = ("a", "1"), ("b", "2"), ("c", "3"), ("c", "4"), ("b", "5")
    await _accept(turns, engine, *said)

    assert await turns.recent(0, 9) == ("b/2", "c/3", "a/1")
    assert await turns.recent(0, 2) == ("b/2", "c/3")


async def test_a_thread_is_recent_by_its_newest_turn(
    turns: SqlTurns, engine: AsyncEngine
) -> None:
    await _accept(turns, engine, ("a", "1"), ("b", "2"), ("a", "3"))

    assert await turns.recent(2, 9) == ("a/1",)
    assert await turns.recent(3, 9) == ()


async def test_recent_threads_are_found_without_reading_all_turns(
    sqlite: AsyncEngine,
) -> None:
    query = (
        "explain query plan select thread from turn order by accepted_s desc limit 9"
    )
    async with transaction(sqlite) as connection:
        plan = (await connection.execute(text(query))).all()

    # No sort behind the scan: the limit ends it.
    assert [row.detail for row in plan] == ["SCAN turn USING INDEX turn_accepted"]
