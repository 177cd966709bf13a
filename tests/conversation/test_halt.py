"""A running turn is told to end, once, from outside."""

import asyncio

import pytest

from bot.conversation.halt import Halt


async def test_what_runs_is_cancelled_at_once_and_the_caller_goes_on() -> None:
    halt, is_over = Halt(), False
    async with asyncio.TaskGroup() as group:

        async def work() -> None:
            nonlocal is_over
            async with halt.scope():
                await asyncio.Event().wait()
            is_over = True
            # Not cancelled: it can still wait.
            await asyncio.sleep(0)

        group.create_task(work())
        await asyncio.sleep(0)
        halt.order("stop")

    assert (is_over, halt.demand) == (True, "stop")


async def test_what_was_demanded_before_ends_it_at_its_first_step() -> None:
    steps = 0
    async with Halt("stop").scope():
        for _ in range(100):
            await asyncio.sleep(0)
            steps += 1

    assert steps < 3


async def test_a_demand_behind_the_scope_changes_nothing_inside_it() -> None:
    halt = Halt()
    async with halt.scope():
        await asyncio.sleep(0)
    halt.order("edit")
    await asyncio.sleep(0)

    assert halt.demand == "edit"


async def test_the_first_demand_counts_but_a_deletion_always() -> None:
    halt = Halt()
    for demand in ("stop", "edit"):
        halt.order(demand)
    assert halt.demand == "stop"

    halt.order("delete")
    assert halt.demand == "delete"


async def test_a_lost_turn_ends_without_a_demand() -> None:
    halt = Halt()
    async with halt.scope():
        halt.lose()
        await asyncio.Event().wait()

    assert (halt.is_lost, halt.demand) == (True, "")


async def test_a_timeout_of_the_work_itself_is_no_halt() -> None:
    halt = Halt()
    with pytest.raises(TimeoutError):
        async with halt.scope():
            raise TimeoutError


async def test_the_callers_own_cancellation_goes_on() -> None:
    halt = Halt()

    async def work() -> None:
        async with halt.scope():
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        working = group.create_task(work())
        await asyncio.sleep(0)
        working.cancel()

    assert working.cancelled()
