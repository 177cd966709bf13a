"""What people want of turns, as both databases keep it."""

from dataclasses import asdict

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.record import Note
from bot.conversation.turn import Ending, Turn
from bot.storage import tables
from bot.storage.database import transaction
from bot.storage.demands import SqlDemands
from bot.storage.memory import SqlMemory
from bot.storage.notes import SqlNotes, whole
from bot.storage.turns import SqlTurns
from tests.storage.rows import noted
from tests.twins import THREAD, asked


class Stage:
    """The turns of one process, and what people want of them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.turns, self.demands = SqlTurns(engine), SqlDemands(engine)

    async def begun(self, position: str = "1") -> Turn:
        await self.turns.add(asked("why", position))
        turn = await self.turns.claim(THREAD)
        assert turn is not None
        return turn

    async def ended(self, position: str = "1", ending: Ending | None = None) -> Turn:
        turn = await self.begun(position)
        assert await self.turns.finish(turn.id, ending or Ending("done"))
        return turn

    async def claimed(self) -> Turn:
        turn = await self.turns.claim(THREAD)
        assert turn is not None
        return turn


@pytest.fixture
def stage(engine: AsyncEngine) -> Stage:
    return Stage(engine)


async def test_the_running_turn_hears_of_a_stop_and_what_waits_ends(
    stage: Stage,
) -> None:
    turn = await stage.begun("1")
    await stage.turns.add(asked("why", "2"))
    await stage.turns.add(asked("why", "1", thread="other"))
    await stage.turns.queue(asked("why", "2").id)

    halted = await stage.demands.stop(THREAD)

    assert halted.running == (turn.id,)
    assert [(t.question.position, t.is_queued) for t in halted.waiting] == [("2", True)]
    assert await stage.turns.renew() == {turn.id: "stop"}
    assert await stage.turns.finish(turn.id, Ending("stopped"))
    assert await stage.turns.claim(THREAD) is None
    assert await stage.turns.claim(asked(thread="other").question.thread) is not None


async def test_a_stop_outlives_its_process(stage: Stage, engine: AsyncEngine) -> None:
    turn = await stage.begun()
    await stage.demands.stop(THREAD)

    assert (await stage.demands.stop(THREAD)).running == (turn.id,)
    await stage.turns.hand_over(turn.id)
    again = await SqlTurns(engine).claim(THREAD)
    assert again is not None
    assert again.demand == "stop"


async def test_a_question_that_changed_while_it_ran_is_answered_anew(
    stage: Stage,
) -> None:
    turn = await stage.begun()

    assert await stage.demands.revise(THREAD, "1") == turn.id
    assert await stage.turns.renew() == {turn.id: "edit"}
    await stage.turns.finish(turn.id, Ending("stopped"))
    again = await stage.claimed()
    assert (again.attempts, again.since_attempt, again.demand) == (2, 2, "")


async def test_an_interrupted_answer_to_a_changed_question_is_resumed(
    stage: Stage,
) -> None:
    turn = await stage.ended()
    await stage.demands.revise(THREAD, "1")
    await stage.claimed()
    await stage.turns.hand_over(turn.id)

    again = await stage.claimed()

    assert (again.attempts, again.since_attempt) == (3, 2)


async def test_only_the_newest_ended_question_is_answered_anew(stage: Stage) -> None:
    old = await stage.ended("1")
    new = await stage.ended("2")

    assert await stage.demands.revise(THREAD, "1") is None
    assert await stage.demands.reopen(old.id, anew=True) is None
    assert await stage.demands.revise(THREAD, "2") == new.id
    assert await stage.demands.revise(THREAD, "2") == new.id
    assert await stage.demands.revise(THREAD, "3") is None


async def test_a_deleted_question_takes_its_reply_with_it_once(stage: Stage) -> None:
    turn = await stage.ended()

    assert await stage.demands.withdraw(THREAD, "1") == turn.id
    again = await stage.claimed()
    assert (again.demand, again.since_attempt) == ("remove", 2)
    assert await stage.turns.renew() == {turn.id: ""}
    await stage.turns.finish(turn.id, Ending("stopped"))
    assert await stage.turns.claim(THREAD) is None


async def test_a_removal_that_was_interrupted_is_done_again(stage: Stage) -> None:
    turn = await stage.ended()
    await stage.demands.withdraw(THREAD, "1")
    await stage.claimed()
    await stage.turns.hand_over(turn.id)

    again = await stage.claimed()

    assert (again.demand, again.is_resumed) == ("remove", False)


async def test_a_deletion_while_a_reply_runs_removes_it_when_it_has_ended(
    stage: Stage,
) -> None:
    turn = await stage.begun()
    await stage.demands.withdraw(THREAD, "1")
    assert await stage.turns.renew() == {turn.id: "delete"}
    await stage.turns.finish(turn.id, Ending("stopped"))

    assert (await stage.claimed()).demand == "remove"


async def test_a_question_that_was_never_begun_has_no_reply(stage: Stage) -> None:
    await stage.turns.add(asked())

    assert await stage.demands.withdraw(THREAD, "1") is None


async def test_words_that_are_gone_are_not_answered_anew(
    stage: Stage, engine: AsyncEngine
) -> None:
    turn = await stage.ended()
    await SqlMemory(engine).forget(THREAD)

    assert await stage.demands.reopen(turn.id, anew=True) is None
    assert await stage.demands.revise(THREAD, "1") is None


async def test_only_what_is_cut_can_be_gone_on_with(stage: Stage) -> None:
    turn = await stage.ended(ending=Ending("failed", "interrupted"))

    assert await stage.demands.reopen(turn.id, anew=False) == THREAD
    again = await stage.claimed()
    assert (again.is_resumed, again.interruptions) == (True, 0)
    await stage.turns.finish(turn.id, Ending("done"))
    assert await stage.demands.reopen(turn.id, anew=False) is None


async def test_a_text_kept_while_its_turn_ended_does_not_pass_for_the_rest(
    stage: Stage, engine: AsyncEngine
) -> None:
    """Two transactions of PostgreSQL at the same time do not see each other."""
    turn = await stage.ended(ending=Ending("done", "length"))
    kept = asdict(whole(turn.id, "one", "length"))
    async with transaction(engine) as connection:
        await connection.execute(insert(tables.reply_message).values(kept))

    assert await stage.demands.reopen(turn.id, anew=False) == THREAD

    assert (await SqlNotes(engine, "me").of(turn.id)).whole is None


async def test_the_last_opinion_of_a_person_counts(
    stage: Stage, engine: AsyncEngine
) -> None:
    turn = await stage.ended()
    for opinion in ("good", "bad"):
        assert await stage.demands.rate(turn.id, "ana", opinion)
    assert not await stage.demands.rate(asked(position="9").id, "ana", "bad")

    async with transaction(engine) as connection:
        rows = (await connection.execute(select(tables.feedback))).all()
    assert [(row.person, row.value) for row in rows] == [("ana", "bad")]


async def test_a_message_leads_to_the_turn_whose_reply_it_is(
    stage: Stage, engine: AsyncEngine
) -> None:
    turn = await stage.ended()
    await noted(engine, Note(turn.id, 0, "1.5", "x"))

    assert await stage.demands.replied("1.5", THREAD) == turn.id
    assert await stage.demands.replied("1.5", "elsewhere") is None
    assert await stage.demands.replied("1.6", THREAD) is None


async def test_a_stop_comes_before_a_changed_question_and_may_be_repeated(
    stage: Stage,
) -> None:
    turn = await stage.begun()
    await stage.demands.revise(THREAD, "1")

    halted = [await stage.demands.stop(THREAD) for _ in range(2)]

    assert [h.running for h in halted] == [(turn.id,), (turn.id,)]
    await stage.turns.finish(turn.id, Ending("stopped"))
    assert await stage.turns.claim(THREAD) is None


async def test_a_question_that_changed_while_its_reply_was_handed_over_is_anew(
    stage: Stage,
) -> None:
    turn = await stage.begun()
    await stage.turns.hand_over(turn.id)

    assert await stage.demands.revise(THREAD, "1") == turn.id
    assert not (await stage.claimed()).is_resumed


async def test_an_attempt_is_the_latest_until_another_one_is_begun(
    stage: Stage,
) -> None:
    turn = await stage.ended()
    assert await stage.demands.reopen(turn.id, anew=True)
    assert await stage.demands.is_latest(turn.id, 1)
    await stage.claimed()
    assert not await stage.demands.is_latest(turn.id, 1)
    assert await stage.demands.is_latest(turn.id, 2)


async def test_a_turn_waits_until_it_is_begun_and_runs_until_it_ends(
    stage: Stage,
) -> None:
    demands = stage.demands
    await stage.turns.add(asked("why", "1"))
    assert await demands.waits(asked("why", "1").id)
    turn = await stage.claimed()
    assert not await demands.waits(turn.id)
    assert await demands.runs(turn.id)
    await stage.turns.finish(turn.id, Ending("done"))
    assert not await demands.runs(turn.id)
    assert not await demands.waits(asked("why", "9").id)
    assert not await demands.runs(asked("why", "9").id)
