"""Old threads go, every hour."""

import asyncio

import pytest

from bot.conversation.ports import StoreError
from bot.conversation.retention import Retention


class ListedArchive:
    """Keeps when it was asked to sweep before; fails the first time."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.swept: list[float] = []
        self.thrice = asyncio.Event()

    async def sweep(self, before_s: float) -> int:
        self.swept.append(before_s)
        if len(self.swept) == 3:
            self.thrice.set()
        if self.fails and len(self.swept) == 1:
            raise StoreError("locked")
        return len(self.swept)


@pytest.mark.parametrize(("days", "before_s"), [(2, 1_000_000 - 172_800), (0, 0)])
@pytest.mark.parametrize("fails", [False, True])
async def test_what_is_older_is_swept_again_and_again(
    days: float, before_s: float, *, fails: bool
) -> None:
    archive = ListedArchive(fails=fails)
    retention = Retention(archive, days, lambda: 1_000_000, pause_s=0)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(retention.run())
        await archive.thrice.wait()
        task.cancel()

    assert set(archive.swept) == {before_s}
