"""What people ask for is done beside the queue, and none of it ends the others."""

import asyncio

from bot.slack.controls.errands import MAX_WAITING, Errands


async def test_what_fails_ends_no_other() -> None:
    errands = Errands()
    done = asyncio.Event()

    async def fail() -> None:
        raise ValueError("broken")

    async def succeed() -> None:
        done.set()

    for _ in range(10):
        errands.add(fail)
    errands.add(succeed)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(errands.run())
        await done.wait()
        running.cancel()


async def test_more_than_anybody_waits_for_are_dropped() -> None:
    errands = Errands()
    done: list[int] = []
    last = asyncio.Event()

    async def note(number: int) -> None:
        done.append(number)
        if number == MAX_WAITING - 1:
            last.set()

    for number in range(MAX_WAITING + 10):
        errands.add(lambda number=number: note(number))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(errands.run())
        await last.wait()
        running.cancel()

    assert done == list(range(MAX_WAITING))
