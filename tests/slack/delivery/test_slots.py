"""When a call of a growing message may go."""

import asyncio

import pytest

from bot.slack.delivery.page import Page, Part
from bot.slack.delivery.slots import Slots
from bot.slack.pacing.budget import RESERVE, TIERS, UPDATE
from tests.slack.stage import Stage, staged


def page(*, is_whole: bool = False) -> Page:
    found = Page()
    found.add(Part("one\n", "one\n"), "")
    found.is_whole = is_whole
    return found


async def took_s(stage: Stage, slots: Slots, of: Page) -> float:
    """Take a slot; return how long that took."""
    before_s = stage.now_s
    await slots.take(UPDATE, of)
    return stage.now_s - before_s


def spend(stage: Stage, left: int) -> None:
    """Let only so many calls be left that may go at once."""
    for _ in range(TIERS[UPDATE][1] - left):
        stage.budget.spend(UPDATE)


def test_in_an_idle_workspace_nobody_waits() -> None:
    async def play(stage: Stage) -> None:
        slots = Slots(stage.services, "C0DEV", "edits")
        with stage.budget.running("edits"):
            waits = [await took_s(stage, slots, page()) for _ in range(10)]

        assert waits == [0] * 10

    staged(play)


def test_the_last_calls_are_kept_for_last_states() -> None:
    async def play(stage: Stage) -> None:
        spend(stage, left=RESERVE)
        slots = Slots(stage.services, "C0DEV", "edits")

        assert await took_s(stage, slots, page(is_whole=True)) == 0
        assert await took_s(stage, slots, page()) > TIERS[UPDATE][0]

    staged(play)


def test_a_page_that_ends_meanwhile_waits_no_longer() -> None:
    async def play(stage: Stage) -> None:
        spend(stage, left=RESERVE)
        stage.budget.spend(UPDATE)
        growing = page()

        def end() -> None:
            growing.is_whole = True

        asyncio.get_running_loop().call_later(0.5, end)
        slots = Slots(stage.services, "C0DEV", "edits")

        assert await took_s(stage, slots, growing) == pytest.approx(0.6, abs=0.11)

    staged(play)


def test_what_slack_holds_is_waited_for() -> None:
    async def play(stage: Stage) -> None:
        stage.slack.holds.hold(UPDATE, "", stage.now_s, 7)
        slots = Slots(stage.services, "C0DEV", "edits")

        assert await took_s(stage, slots, page(is_whole=True)) == pytest.approx(7)

    staged(play)


def test_many_replies_share_what_comes_in() -> None:
    async def play(stage: Stage) -> None:
        counts = dict.fromkeys("abcd", 0)

        async def edit(name: str) -> None:
            slots = Slots(stage.services, "C0DEV", "edits")
            with stage.budget.running("edits"):
                while stage.now_s < 300:
                    await slots.take(UPDATE, page())
                    counts[name] += 1
                    await asyncio.sleep(0.06)

        async with asyncio.TaskGroup() as group:
            for name in counts:
                group.create_task(edit(name))

        interval_s, burst = TIERS[UPDATE]
        assert sum(counts.values()) <= burst + 300 / interval_s + 1
        assert max(counts.values()) <= 1.2 * min(counts.values())

    staged(play)
