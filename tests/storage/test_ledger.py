"""What turns cost, and how the queue is, on both databases."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.ledger import Census, Failure
from bot.conversation.turn import Ending, Outcome, Speaker, Spent
from bot.storage import tables
from bot.storage.database import transaction
from bot.storage.ledger import SqlLedger
from bot.storage.memory import SqlMemory
from bot.storage.turns import SqlTurns
from tests.twins import THREAD, asked


async def spend(
    engine: AsyncEngine,
    person: str,
    at_s: float,
    tokens: int,
    outcome: Outcome = "done",
) -> None:
    """Let a turn of a person end at a time, in a thread of its own."""
    turns = SqlTurns(engine)
    turn = asked(thread=f"{person}-{at_s}")
    question = replace(turn.question, speaker=Speaker(person))
    await turns.add(replace(turn, question=question))
    await turns.claim(turn.question.thread)
    await turns.finish(turn.id, Ending(outcome, spent=Spent(tokens - 1, 1), error="E"))
    table = tables.turn
    async with transaction(engine) as connection:
        await connection.execute(
            update(table).where(table.c.id == turn.id).values(ended_s=at_s)
        )


async def test_tokens_are_summed_by_person_and_time(engine: AsyncEngine) -> None:
    for person, at_s, tokens in (("ana", 1, 10), ("ana", 2, 20), ("ben", 3, 40)):
        await spend(engine, person, at_s, tokens)
    ledger = SqlLedger(engine)

    assert await ledger.spent(0) == 70
    assert await ledger.spent(2) == 60
    assert await ledger.spent(0, "ana") == 30
    assert await ledger.spent(2, "ana") == 20
    assert await ledger.spent(0, "chie") == 0


async def test_a_sum_is_reached_counting_from_the_newest_turn(
    engine: AsyncEngine,
) -> None:
    for who, at_s, cost in (
        *(("ana", 1, 10), ("ben", 2, 30)),
        *(("ana", 3, 20), ("ben", 4, 40)),
    ):
        await spend(engine, who, at_s, cost)
    ledger = SqlLedger(engine)

    by_all = {1: 4.0, 40: 4.0, 41: 3.0, 100: 1.0, 101: None}
    assert {sum_: await ledger.reached_s(sum_, 1) for sum_ in by_all} == by_all
    by_ana = {20: 3.0, 21: 1.0, 31: None}
    assert {sum_: await ledger.reached_s(sum_, 1, "ana") for sum_ in by_ana} == by_ana
    assert await ledger.reached_s(1, 1, "chie") is None


async def test_what_was_spent_before_is_not_reached(engine: AsyncEngine) -> None:
    await spend(engine, "ana", 1, 100)

    assert await SqlLedger(engine).reached_s(1, 2, "ana") is None


async def test_a_turn_that_is_answered_again_keeps_counting(
    engine: AsyncEngine,
) -> None:
    turns = SqlTurns(engine)
    await turns.add(asked())
    for _ in range(2):
        await turns.claim(THREAD)
        await turns.finish(asked().id, Ending("done", spent=Spent(7, 3)))
        async with transaction(engine) as connection:
            await connection.execute(update(tables.turn).values(state="waiting"))

    assert await SqlLedger(engine).spent(time.time() - 60, "ana") == 20


async def test_what_was_spent_is_known_though_the_thread_is_forgotten(
    engine: AsyncEngine,
) -> None:
    await spend(engine, "ana", 1, 10)
    await SqlMemory(engine).forget(asked(thread="ana-1").question.thread)

    assert await SqlLedger(engine).spent(0, "ana") == 10


async def test_a_census_counts_what_is_open_and_names_the_last_failure(
    engine: AsyncEngine,
) -> None:
    turns, ledger = SqlTurns(engine), SqlLedger(engine)
    assert await ledger.census() == Census(0, 0)
    await spend(engine, "ana", 5, 1, "failed")
    await spend(engine, "ana", 3, 1, "failed")
    await spend(engine, "ana", 9, 1)
    for position in "123":
        await turns.add(asked(position, position))
    await turns.claim(THREAD)

    assert await ledger.census() == Census(1, 2, Failure("E", 5))


@pytest.mark.parametrize("person", ["", " and speaker = 'a'"])
async def test_a_sum_looks_into_an_index_alone(
    sqlite: AsyncEngine, person: str
) -> None:
    query = (
        "explain query plan select sum(prompt_tokens + answer_tokens)"
        " over (order by ended_s desc) from turn where ended_s >= 1"
    )
    async with transaction(sqlite) as connection:
        plan = (await connection.execute(text(query + person))).all()

    index = "turn_spent_by_person (speaker=? AND ended_s>?)"
    expected = index if person else "turn_spent (ended_s>?)"
    assert f"SEARCH turn USING COVERING INDEX {expected}" in {r.detail for r in plan}


async def test_the_last_failure_is_found_by_its_index(sqlite: AsyncEngine) -> None:
    query = (
        "explain query plan select error, ended_s from turn"
        " where state = 'failed' order by ended_s desc limit 1"
    )
    async with transaction(sqlite) as connection:
        plan = (await connection.execute(text(query))).all()

    assert [row.detail for row in plan] == ["SCAN turn USING INDEX turn_failed"]
