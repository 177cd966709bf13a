"""Turns in SQL: stored once, claimed oldest first, in the state they are in."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.ports import StoreError
from bot.conversation.record import Note
from bot.conversation.turn import Ending, Spent
from bot.conversation.turnstore import Accepted
from bot.storage import leasing, tables
from bot.storage.database import ConflictError, transaction
from bot.storage.memory import SqlMemory
from bot.storage.notes import SqlNotes, whole
from bot.storage.turns import SqlTurns
from tests.storage.plans import plan
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


async def test_the_first_turn_of_a_thread_can_be_begun_as_it_is_stored(
    engine: AsyncEngine,
) -> None:
    one, other = SqlTurns(engine, "one"), SqlTurns(engine, "other")
    turn = asked("a\0b", "1")
    clean = replace(turn, question=replace(turn.question, text="a\ufffdb"))

    accepted = await one.begin(turn)

    assert accepted == Accepted(is_new=True, begun=replace(clean, attempts=1))
    assert await other.claim(THREAD) is None
    assert await one.renew() == {turn.id: ""}
    assert await one.begin(turn) == Accepted(is_new=False)
    assert await one.begin(asked("next", "2")) == Accepted(is_new=True)
    assert await one.begin(asked(thread="other")) != Accepted(is_new=True)
    assert await one.finish(turn.id, Ending("done"))
    following = await other.claim(THREAD)
    assert following is not None
    assert following.question.text == "next"
    (first, _) = (await SqlMemory(engine).load(THREAD)).entries
    assert first.message == clean.question


async def test_nothing_is_begun_before_a_turn_that_waits(turns: SqlTurns) -> None:
    await turns.add(asked("1", "1"))

    assert await turns.begin(asked("2", "2")) == Accepted(is_new=True)


async def test_of_turns_begun_at_the_same_time_one_runs_and_none_is_lost(
    engine: AsyncEngine,
) -> None:
    owners = [SqlTurns(engine, name) for name in "abcde"]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(turns.begin(asked(turns.owner, str(number))))
            for number, turns in enumerate(owners)
        ]

    accepted = [task.result() for task in tasks]
    assert all(each.is_new for each in accepted)
    assert len([each for each in accepted if each.begun is not None]) == 1


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
        await turns.finish(turn.id, Ending("done"))

    assert claimed == ["1", "2", "3"]


async def test_a_thread_never_has_two_running_turns(
    turns: SqlTurns, engine: AsyncEngine
) -> None:
    for position in "12":
        await turns.add(asked(position, position))
    await turns.claim(THREAD)

    assert await SqlTurns(engine).claim(THREAD) is None
    with pytest.raises(ConflictError):
        async with transaction(engine) as connection:
            await connection.execute(update(tables.turn).values(state="running"))


async def test_a_dead_processes_turn_waits_again_and_an_ended_one_does_not(
    sqlite: AsyncEngine,
) -> None:
    turns = SqlTurns(sqlite)
    for position in "12":
        await turns.add(asked(position, position))
    await turns.add(asked("other", thread="other"))
    first = await turns.claim(THREAD)
    assert first is not None
    await turns.finish(first.id, Ending("failed"))
    await turns.claim(THREAD)

    threads = await turns.resume()

    again = await turns.claim(THREAD)
    assert sorted(threads) == ["other", THREAD]
    assert again is not None
    assert (again.question.text, again.attempts, again.interruptions) == ("2", 2, 1)


async def test_a_thread_without_work_is_not_resumed(turns: SqlTurns) -> None:
    await turns.add(asked())
    await turns.claim(THREAD)
    await turns.finish(asked().id, Ending("done"))

    assert await turns.resume() == ()
    assert not await turns.add(asked())


async def test_an_unknown_state_is_refused(
    turns: SqlTurns, engine: AsyncEngine
) -> None:
    await turns.add(asked())

    with pytest.raises(StoreError):
        async with transaction(engine) as connection:
            await connection.execute(update(tables.turn).values(state="lost"))


async def test_a_claim_looks_into_the_index_alone(sqlite: AsyncEngine) -> None:
    steps = await plan(sqlite, leasing.CLAIM["sqlite"])

    assert "SCAN" not in " ".join(steps)
    assert "SEARCH turn USING INDEX turn_open (thread=? AND state=?)" in steps


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


async def expire(engine: AsyncEngine) -> None:
    """Let all leases run out."""
    async with transaction(engine) as connection:
        await connection.execute(update(tables.turn).values(lease_until_s=0.0))


async def stored(engine: AsyncEngine) -> Any:
    """Return the only turn's row."""
    async with transaction(engine) as connection:
        return (await connection.execute(select(tables.turn))).one()


async def test_a_lease_that_ran_out_is_taken_over_and_counts_as_an_interruption(
    engine: AsyncEngine,
) -> None:
    dead, alive = SqlTurns(engine), SqlTurns(engine)
    for position in "12":
        await dead.add(asked(position, position))
    await dead.claim(THREAD)

    before = await alive.claim(THREAD)
    await expire(engine)
    taken = await alive.claim(THREAD)

    assert before is None
    assert taken is not None
    assert (taken.question.text, taken.attempts, taken.interruptions) == ("1", 2, 1)
    assert await dead.renew() == {}
    assert not await dead.finish(taken.id, Ending("done"))
    assert await alive.renew() == {taken.id: ""}


async def test_a_lease_that_nobody_took_is_renewed_late(engine: AsyncEngine) -> None:
    turns = SqlTurns(engine)
    await turns.add(asked())
    await turns.claim(THREAD)
    await expire(engine)

    assert await turns.renew() == {asked().id: ""}
    assert await SqlTurns(engine).claim(THREAD) is None


async def test_what_is_handed_over_waits_and_was_not_interrupted(
    engine: AsyncEngine,
) -> None:
    turns = SqlTurns(engine)
    await turns.add(asked())
    await turns.claim(THREAD)
    await turns.hand_over(asked().id)

    again = await SqlTurns(engine).claim(THREAD)

    assert again is not None
    assert (again.attempts, again.interruptions) == (2, 0)


async def test_orphans_are_threads_with_work_that_nobody_does(
    postgresql: AsyncEngine,
) -> None:
    turns, dead = SqlTurns(postgresql), SqlTurns(postgresql)
    for thread in ("idle", "busy", "dead"):
        await turns.add(asked(thread=thread))
    await turns.add(asked(position="2", thread="busy"))
    for thread in ("dead", "busy"):
        await dead.claim(asked(thread=thread).question.thread)
        if thread == "dead":
            await expire(postgresql)

    assert sorted(await turns.orphans()) == ["dead", "idle"]
    assert sorted(await turns.resume()) == ["dead", "idle"]


async def test_no_file_of_one_process_has_orphans(sqlite: AsyncEngine) -> None:
    turns = SqlTurns(sqlite)
    await turns.add(asked())

    assert await turns.orphans() == ()
    assert not turns.is_shared


async def test_processes_that_claim_at_once_share_no_turn(
    postgresql: AsyncEngine,
) -> None:
    processes = [SqlTurns(postgresql) for _ in range(4)]
    for position in "123456":
        await processes[0].add(asked(position, position))
    claimed: list[str] = []

    async def work(turns: SqlTurns) -> None:
        for _ in range(20):
            turn = await turns.claim(THREAD)
            if turn is not None:
                claimed.append(turn.question.text)
                await turns.finish(turn.id, Ending("done"))

    async with asyncio.TaskGroup() as group:
        for turns in processes:
            group.create_task(work(turns))

    assert claimed == list("123456")


async def test_an_ending_is_stored_and_its_cost_added_up(engine: AsyncEngine) -> None:
    turns = SqlTurns(engine)
    await turns.add(asked())
    await turns.claim(THREAD)
    await turns.hand_over(asked().id)
    await turns.claim(THREAD)

    await turns.finish(asked().id, Ending("failed", "break", Spent(10, 2), "Oops"))

    row = await stored(engine)
    assert (row.state, row.cut, row.error) == ("failed", "break", "Oops")
    assert (row.prompt_tokens, row.answer_tokens) == (10, 2)


async def test_all_of_a_replys_text_is_kept_only_until_its_end(
    engine: AsyncEngine,
) -> None:
    turns = SqlTurns(engine, "me")
    notes = SqlNotes(engine, "me")
    await turns.add(asked())
    await turns.claim(THREAD)
    await notes.write([whole(asked().id, "one\n", ""), Note(asked().id, 0, "1.1", "o")])

    await turns.finish(asked().id, Ending("done"))

    assert (await notes.of(asked().id)).whole is None
    assert len((await notes.of(asked().id)).notes) == 1


async def test_all_of_a_replys_text_is_not_kept_when_it_is_written_behind_the_end(
    engine: AsyncEngine,
) -> None:
    """The journal may be slower; who had the reply gone on with would get nothing."""
    turns = SqlTurns(engine, "me")
    notes = SqlNotes(engine, "me")
    await turns.add(asked())
    await turns.claim(THREAD)
    await turns.finish(asked().id, Ending("done", "length"))

    await notes.write([whole(asked().id, "one\n", ""), Note(asked().id, 0, "1.1", "o")])

    assert (await notes.of(asked().id)).whole is None
    assert len((await notes.of(asked().id)).notes) == 1


async def test_a_turn_is_shown_to_wait_only_while_it_does(engine: AsyncEngine) -> None:
    turns = SqlTurns(engine)
    await turns.add(asked())
    assert await turns.queue(asked().id)

    turn = await turns.claim(THREAD)

    assert turn is not None
    assert turn.is_queued
    assert not await turns.queue(asked().id)


async def test_who_did_not_hear_of_its_claim_may_claim_again(
    engine: AsyncEngine,
) -> None:
    """The answer was lost on its way: nobody else would begin the turn."""
    turns = SqlTurns(engine)
    await turns.add(asked())
    await turns.claim(THREAD)

    again = await turns.claim(THREAD)

    assert again is not None
    assert (again.attempts, again.interruptions) == (2, 0)
