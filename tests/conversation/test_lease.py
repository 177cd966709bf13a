"""Turns belong to a process while it renews them in time, and not a call longer."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from bot.conversation import lease
from bot.conversation.lease import Leases
from bot.conversation.ports import LostError
from bot.conversation.turn import Ending, Turn
from bot.conversation.turnstore import LEASE_S
from tests.turntwin import ListedTurns, TurnTable
from tests.twins import THREAD, asked

SURE_S = LEASE_S - lease.MARGIN_S


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "HEARTBEAT_S", 0)


class Stage:
    """One process of two; the clock is the test's."""

    def __init__(self, *, is_shared: bool = True) -> None:
        self.table = TurnTable()
        self.turns = ListedTurns(self.table, "a", is_shared=is_shared)
        self.other = ListedTurns(self.table, "b", is_shared=is_shared)
        self.leases = Leases(self.turns, self.table.clock)

    async def begin(self) -> Turn:
        await self.turns.add(asked())
        turn = await self.turns.claim(THREAD)
        assert turn is not None
        return turn

    @asynccontextmanager
    async def renewing(self) -> AsyncGenerator[None]:
        async with asyncio.TaskGroup() as group:
            renewing = group.create_task(self.leases.run())
            yield
            renewing.cancel()


async def steps(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_fresh_lease_lets_a_call_go_without_a_pause() -> None:
    stage = Stage()
    turn = await stage.begin()

    with stage.leases.held(turn, stage.leases.now_s()):
        call = stage.leases.assured(turn.id)
        with pytest.raises(StopIteration):
            call.send(None)


async def test_no_call_goes_behind_the_end_of_a_lease_until_it_is_renewed() -> None:
    stage = Stage()
    turn = await stage.begin()
    with stage.leases.held(turn, stage.leases.now_s()):
        stage.table.clock.now_s = SURE_S
        async with asyncio.TaskGroup() as group:
            call = group.create_task(stage.leases.assured(turn.id))
            await steps()
            was_held = not call.done()
            async with stage.renewing():
                await steps()

    assert (was_held, call.done()) == (True, True)


async def test_a_lease_counts_from_before_its_claim() -> None:
    stage = Stage()
    turn = await stage.begin()
    stage.table.clock.now_s = 3.0
    with stage.leases.held(turn, since_s=0.0):
        stage.table.clock.now_s = SURE_S
        async with asyncio.TaskGroup() as group:
            call = group.create_task(stage.leases.assured(turn.id))
            await steps()
            assert not call.done()
            call.cancel()


async def test_a_turn_that_another_process_took_is_lost_for_every_call() -> None:
    stage = Stage()
    turn = await stage.begin()
    with stage.leases.held(turn, stage.leases.now_s()) as halt:
        stage.table.clock.now_s = LEASE_S + 1
        assert await stage.other.claim(THREAD) is not None
        async with asyncio.TaskGroup() as group:
            call = group.create_task(_lost(stage.leases, turn))
            await steps()
            async with stage.renewing():
                await steps()

    assert (call.result(), halt.is_lost) == (True, True)


async def test_a_lease_that_nobody_wanted_is_renewed_late_too() -> None:
    stage = Stage()
    turn = await stage.begin()
    with stage.leases.held(turn, stage.leases.now_s()) as halt:
        stage.table.clock.now_s = 10 * LEASE_S
        async with stage.renewing():
            await stage.leases.assured(turn.id)

    assert not halt.is_lost


async def test_a_turn_that_ended_here_lets_no_call_go() -> None:
    stage = Stage()
    turn = await stage.begin()
    with stage.leases.held(turn, stage.leases.now_s()):
        pass

    assert await _lost(stage.leases, turn)


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_turn_whose_end_is_stored_counts_as_taken_by_nobody(
    *, is_told: bool
) -> None:
    stage = Stage()
    turn = await stage.begin()
    with stage.leases.held(turn, stage.leases.now_s()) as halt:
        if is_told:
            stage.leases.end(turn.id)
        await stage.turns.finish(turn.id, Ending("done"))
        async with stage.renewing():
            await steps()

    assert halt.is_lost != is_told


async def test_what_people_demand_elsewhere_comes_with_the_renewal() -> None:
    stage = Stage()
    turn = await stage.begin()
    with stage.leases.held(turn, stage.leases.now_s()) as halt:
        await stage.other.stop(THREAD)
        async with stage.renewing():
            await steps()

    assert halt.demand == "stop"


async def test_what_people_demand_here_needs_no_database() -> None:
    stage = Stage()
    turn = await stage.begin()
    with stage.leases.held(turn, stage.leases.now_s()) as halt:
        assert stage.leases.order(turn.id, "edit")

    assert halt.demand == "edit"
    assert not stage.leases.order(turn.id, "stop")


async def test_a_turn_claimed_while_others_are_renewed_is_not_lost() -> None:
    stage = Stage()
    turn = await stage.begin()
    with stage.leases.held(turn, stage.leases.now_s()):
        async with stage.renewing():
            await stage.turns.add(asked(thread="other"))
            late = await stage.turns.claim(asked(thread="other").question.thread)
            assert late is not None
            await asyncio.sleep(0)
            with stage.leases.held(late, stage.leases.now_s()) as halt:
                await steps()

    assert not halt.is_lost


async def test_renewing_survives_a_failing_database() -> None:
    stage = Stage()
    turn = await stage.begin()
    stage.turns.failing_renewals = 3
    with stage.leases.held(turn, stage.leases.now_s()):
        stage.table.clock.now_s = SURE_S
        async with stage.renewing():
            await stage.leases.assured(turn.id)


async def test_where_one_process_has_the_database_every_call_may_go() -> None:
    stage = Stage(is_shared=False)
    turn = await stage.begin()
    stage.table.clock.now_s = 10 * LEASE_S

    await stage.leases.assured(turn.id)
    await stage.leases.run()


def test_the_clock_goes_on() -> None:
    assert lease.boot_time_s() <= lease.boot_time_s()


async def _lost(leases: Leases, turn: Turn) -> bool:
    try:
        await leases.assured(turn.id)
    except LostError:
        return True
    return False
