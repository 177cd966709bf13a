"""Waiting without polling."""

import asyncio

import pytest

from bot.playground.pulse import Pulse


async def test_everyone_whose_condition_holds_goes_on() -> None:
    pulse = Pulse()
    happened: list[int] = []

    async def happen() -> None:
        for n in range(3):
            happened.append(n)
            pulse.ring()
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for count in (1, 3, 3):
            group.create_task(
                pulse.until(lambda count=count: len(happened) >= count, 5)
            )
        group.create_task(happen())

    assert happened == [0, 1, 2]


async def test_waiting_ends_in_time() -> None:
    with pytest.raises(TimeoutError):
        await Pulse().until(lambda: False, 0)
