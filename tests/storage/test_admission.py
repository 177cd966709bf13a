"""A full queue: what comes on top is known, but never answered."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.turn import Ending, Speaker, Turn
from bot.conversation.turnstore import Caps, Crowd, FullError
from bot.storage import admission, tables
from bot.storage.database import transaction
from bot.storage.demands import SqlDemands
from bot.storage.memory import SqlMemory
from bot.storage.retention import SqlArchive
from bot.storage.turns import SqlTurns
from tests.storage.plans import plan
from tests.twins import THREAD, asked


async def refused(turns: SqlTurns, turn: Turn) -> Crowd:
    """Return why a turn is one too many."""
    with pytest.raises(FullError) as caught:
        await turns.add(turn)
    return caught.value.crowd


async def test_so_many_turns_may_wait_in_a_thread_beside_the_running_one(
    engine: AsyncEngine,
) -> None:
    turns = SqlTurns(engine, caps=Caps(waiting=2))
    await turns.add(asked("1", "1"))
    await turns.claim(THREAD)
    for position in "23":
        assert await turns.add(asked(position, position))

    assert await refused(turns, asked("4", "4")) == "thread"
    assert await turns.add(asked("elsewhere", "4", thread="other"))


async def test_what_is_one_too_many_is_not_begun(engine: AsyncEngine) -> None:
    turns = SqlTurns(engine, caps=Caps(open=1))
    await turns.begin(asked("first", "1"))
    with pytest.raises(FullError):
        await turns.begin(asked("second", "1", thread="other"))

    assert set(await turns.renew()) == {asked("first", "1").id}
    async with transaction(engine) as connection:
        table = tables.turn
        rows = select(table.c.state, table.c.attempts).order_by(table.c.attempts)
        assert (await connection.execute(rows)).all() == [
            ("stopped", 0),
            ("running", 1),
        ]


async def test_what_is_one_too_many_is_neither_answered_nor_remembered(
    engine: AsyncEngine,
) -> None:
    turns = SqlTurns(engine, caps=Caps(waiting=1))
    await turns.add(asked("first", "1"))
    await refused(turns, asked("secret", "2"))

    # Delivered again, when there is room.
    first = await turns.claim(THREAD)
    assert not await turns.add(asked("secret", "2"))

    assert first is not None
    await turns.finish(first.id, Ending("done"))
    assert await turns.claim(THREAD) is None
    entries = (await SqlMemory(engine).load(THREAD)).entries
    assert [entry.message.text for entry in entries] == ["first"]
    async with transaction(engine) as connection:
        rows = await connection.execute(
            select(tables.turn.c.text, tables.turn.c.error).order_by("position")
        )
        assert [tuple(row) for row in rows] == [("first", ""), ("", "QueueFull")]


async def test_a_turn_is_known_before_it_is_one_too_many(engine: AsyncEngine) -> None:
    turns = SqlTurns(engine, caps=Caps(waiting=1))
    await turns.add(asked("first", "1"))

    assert not await turns.add(asked("first", "1"))


async def test_a_person_may_have_so_many_turns_in_all_threads(
    engine: AsyncEngine,
) -> None:
    turns = SqlTurns(engine, caps=Caps(open=2))
    await turns.add(asked(thread="a"))
    await turns.claim(asked(thread="a").question.thread)
    await turns.add(asked(thread="b"))

    assert await refused(turns, asked(thread="c")) == "person"
    other = asked(thread="d")
    by_ben = replace(other.question, speaker=Speaker("ben"))
    assert await turns.add(replace(other, question=by_ben))
    await turns.finish(asked(thread="a").id, Ending("done"))
    assert await turns.add(asked(thread="e"))


async def test_without_caps_any_number_may_wait(engine: AsyncEngine) -> None:
    turns = SqlTurns(engine)

    assert all([await turns.add(asked("x", f"{n:02}")) for n in range(30)])


async def test_the_last_answered_turn_stays_the_newest(engine: AsyncEngine) -> None:
    turns = SqlTurns(engine, caps=Caps(waiting=1))
    await turns.add(asked("first", "1"))
    await refused(turns, asked("second", "2"))
    first = await turns.claim(THREAD)
    assert first is not None
    await turns.finish(first.id, Ending("done"))

    demands = SqlDemands(engine)
    assert await demands.reopen(asked("second", "2").id, anew=True) is None
    assert await demands.reopen(first.id, anew=True) == THREAD


async def test_what_was_refused_is_deleted_with_age(engine: AsyncEngine) -> None:
    turns = SqlTurns(engine, caps=Caps(open=1))
    await turns.add(asked(thread="a"))
    await refused(turns, asked(thread="b"))

    assert await SqlArchive(engine).sweep(float("inf")) == 1
    async with transaction(engine) as connection:
        assert list(await connection.scalars(select(tables.turn.c.thread))) == ["a"]


async def test_many_at_once_do_not_wait_beyond_the_cap_in_one_process(
    sqlite: AsyncEngine,
) -> None:
    turns = SqlTurns(sqlite, caps=Caps(waiting=5))

    async def add(number: int) -> None:
        try:
            await turns.add(asked("x", f"{number:02}"))
        except FullError:
            full.append(number)

    full = list[int]()
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(add(number))

    assert len(full) == 15


async def test_the_count_looks_into_indexes_alone(sqlite: AsyncEngine) -> None:
    steps = await plan(sqlite, admission._STORE["sqlite"])

    assert "SCAN" not in " ".join(steps)
    # Whether one of the thread is open, how many wait there, and those of the person.
    assert "SEARCH turn_1 USING INDEX turn_open (thread=? AND state=?)" in steps
    assert "SEARCH turn_2 USING INDEX turn_open (thread=? AND state=?)" in steps
    assert "SEARCH turn_2 USING INDEX turn_open_of_person (speaker=?)" in steps
