"""What people demand is done at once here, and asked of whoever runs the turn."""

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.conversation import demands
from bot.conversation.demands import Demands
from bot.conversation.lease import Leases
from bot.conversation.turn import Ending, ThreadId, Turn
from tests.turntwin import ListedTurns, TurnTable
from tests.twins import THREAD, asked


@dataclass
class Stage:
    """Two processes: people talk to the first one."""

    table: TurnTable = field(default_factory=TurnTable)
    woken: list[ThreadId] = field(default_factory=list[ThreadId])
    unqueued: list[Turn] = field(default_factory=list[Turn])

    def __post_init__(self) -> None:
        self.turns = ListedTurns(self.table, "a", is_shared=True)
        self.other = ListedTurns(self.table, "b", is_shared=True)
        self.leases = Leases(self.turns, self.table.clock)
        self.demands = Demands(
            self.turns, self.leases, self.woken.append, self.unqueued.append
        )

    async def begun(self, turns: ListedTurns, position: str = "1") -> Turn:
        await turns.add(asked(position=position))
        turn = await turns.claim(THREAD)
        assert turn is not None
        return turn


async def test_stopping_ends_the_running_turn_and_those_behind_it() -> None:
    stage = Stage()
    turn = await stage.begun(stage.turns)
    for position in "23":
        await stage.turns.add(asked(position=position))
    await stage.turns.queue(asked(position="3").id)
    with stage.leases.held(turn, 0) as halt:
        halted = await stage.demands.stop(THREAD)

    assert halt.demand == "stop"
    assert halted.running == (turn.id,)
    assert [t.question.position for t in stage.unqueued] == ["3"]
    assert list(stage.turns.ended.values()) == ["stopped", "stopped"]


async def test_a_stop_reaches_the_process_that_runs_the_turn() -> None:
    stage = Stage()
    turn = await stage.begun(stage.other)

    await stage.demands.stop(THREAD)

    assert await stage.other.renew() == {turn.id: "stop"}


async def test_a_changed_question_is_answered_anew_behind_the_running_reply() -> None:
    stage = Stage()
    turn = await stage.begun(stage.turns)
    with stage.leases.held(turn, 0) as halt:
        assert await stage.demands.revise(THREAD, "1")
    await stage.turns.finish(turn.id, Ending("stopped"))

    again = await stage.turns.claim(THREAD)

    assert halt.demand == "edit"
    assert again is not None
    assert (again.attempts, again.since_attempt, again.is_resumed) == (2, 2, False)


async def test_a_changed_question_of_an_ended_turn_wakes_its_thread() -> None:
    stage = Stage()
    turn = await stage.begun(stage.turns)
    await stage.turns.finish(turn.id, Ending("done"))

    assert await stage.demands.revise(THREAD, "1")
    assert stage.woken == [THREAD]


async def test_a_changed_question_with_a_newer_one_behind_it_stays_answered() -> None:
    stage = Stage()
    turn = await stage.begun(stage.turns)
    await stage.turns.finish(turn.id, Ending("done"))
    await stage.turns.add(asked(position="2"))

    assert not await stage.demands.revise(THREAD, "1")
    assert not await stage.demands.reopen(turn.id, anew=True)
    assert stage.woken == []


async def test_the_reply_to_a_deleted_question_is_to_be_removed() -> None:
    stage = Stage()
    turn = await stage.begun(stage.turns)
    await stage.turns.finish(turn.id, Ending("done"))

    assert await stage.demands.withdraw(THREAD, "1")
    again = await stage.turns.claim(THREAD)

    assert again is not None
    assert again.demand == "remove"
    assert stage.woken == [THREAD]


async def test_a_deletion_of_what_was_never_begun_leaves_nothing_to_remove() -> None:
    stage = Stage()
    await stage.turns.add(asked(position="1"))

    assert not await stage.demands.withdraw(THREAD, "1")
    assert not await stage.demands.withdraw(THREAD, "2")


async def test_only_a_cut_reply_is_gone_on_with() -> None:
    stage = Stage()
    turn = await stage.begun(stage.turns)
    await stage.turns.finish(turn.id, Ending("done", "length"))

    assert await stage.demands.reopen(turn.id, anew=False)
    again = await stage.turns.claim(THREAD)
    assert again is not None
    assert again.is_resumed
    await stage.turns.finish(turn.id, Ending("done"))
    assert not await stage.demands.reopen(turn.id, anew=False)


async def test_a_reply_whose_turn_is_about_to_end_is_gone_on_with() -> None:
    stage = Stage()
    turn = await stage.begun(stage.turns)

    async with asyncio.TaskGroup() as group:
        pressed = group.create_task(stage.demands.reopen(turn.id, anew=False))
        await asyncio.sleep(0)
        await stage.turns.finish(turn.id, Ending("done", "length"))

    assert pressed.result()


async def test_a_reply_that_runs_on_is_not_waited_for_forever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demands, "LOOK_S", 0)
    stage = Stage()
    turn = await stage.begun(stage.turns)

    assert not await stage.demands.reopen(turn.id, anew=False)


async def test_a_second_press_on_a_reply_that_is_given_anew_is_refused() -> None:
    stage = Stage()
    turn = await stage.begun(stage.turns)

    async with asyncio.TaskGroup() as group:
        pressed = group.create_task(stage.demands.reopen(turn.id, anew=True))
        await asyncio.sleep(0)
        await stage.turns.finish(turn.id, Ending("done"))

    assert not pressed.result()


async def test_each_person_has_one_opinion_of_a_reply() -> None:
    stage = Stage()
    turn = await stage.begun(stage.turns)

    assert await stage.demands.rate(turn.id, "ana", "good")
    assert await stage.demands.rate(turn.id, "ana", "bad")
    assert not await stage.demands.rate(asked(position="9").id, "ana", "bad")
    assert stage.table.opinions == {(turn.id, "ana"): "bad"}


async def test_one_turn_is_stopped_by_whom_asked_it_and_no_other() -> None:
    stage = Stage()
    turn = await stage.begun(stage.turns)
    await stage.turns.add(asked(position="2"))
    asker = turn.question.speaker.id
    with stage.leases.held(turn, 0) as halt:
        nothing = await stage.demands.stop_turn(turn.id, "somebody")
        assert halt.demand == ""
        halted = await stage.demands.stop_turn(turn.id, asker)

    assert nothing.is_nothing
    assert halted.running == (turn.id,)
    assert halt.demand == "stop"
    assert stage.turns.waiting == [asked(position="2").id]


async def test_what_was_begun_and_waits_is_stopped_by_whoever_goes_on() -> None:
    stage = Stage()
    turn = await stage.begun(stage.turns)
    await stage.turns.hand_over(turn.id)

    halted = await stage.demands.stop(THREAD)

    again = await stage.other.claim(THREAD)
    assert halted.running == (turn.id,)
    assert again is not None
    assert (again.demand, again.is_resumed) == ("stop", True)
