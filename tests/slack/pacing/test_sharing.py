"""Several processes with one token: together they keep to what one may call."""

import asyncio
import random
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chunking import Chunk
from bot.playground.webapi.limits import Limits
from bot.playground.workspace.identity import BOT_ID
from bot.slack.delivery.delivery import SlackDelivery
from bot.slack.delivery.services import Services
from bot.slack.pacing.budget import (
    APPEND,
    BURST,
    POST,
    START,
    STATUS,
    TIERS,
    UPDATE,
    Budget,
)
from bot.slack.pacing.pacing import Holds
from bot.slack.pacing.sharing import ROUND_S, shared
from tests.long import examples
from tests.slack.stage import Stage, staged
from tests.slack.timeline import Timeline
from tests.slack.virtual import LATENCY_S, virtually

INTERVAL_S = 1.1
HEALTHY_S = 0.02
"""How long a way to the database takes at most where a round trip ends before a post
does."""

Reply = tuple[float, float, list[float]]
"""When a reply begins behind the one before, when its model begins, and the pauses
between its lines."""


async def no_wait(wait_s: Callable[[], float]) -> None:
    """Wait for as long as one is told."""
    while left_s := wait_s():  # noqa: ASYNC110 - a time
        await asyncio.sleep(left_s)


async def post(budget: Budget, channel: str = "C1") -> float:
    """Post when that may be; return when it was."""
    await no_wait(lambda: budget.wait_s(POST, channel))
    budget.spend(POST, channel)
    now_s = asyncio.get_running_loop().time()
    await asyncio.sleep(LATENCY_S)
    return now_s


async def process(line: Timeline, replies: list[Reply]) -> list[float]:
    """Reply in one channel as a process of its own; return when it posted."""
    posted_s: list[float] = []
    clock = asyncio.get_running_loop().time
    async with shared(line, Holds(), clock) as sharing:
        budget = Budget(INTERVAL_S, clock, sharing=sharing)
        for rest_s, thinking_s, pauses_s in replies:
            await asyncio.sleep(rest_s)
            with budget.serving("C1"):
                await asyncio.sleep(thinking_s)
                for pause_s in pauses_s:
                    await asyncio.sleep(pause_s)
                    posted_s.append(await post(budget))
    return posted_s


def together(
    plans: list[list[Reply]], latency_s: Callable[[], float]
) -> list[list[float]]:
    """Return when each of some processes posted."""

    async def play() -> list[list[float]]:
        line = Timeline(latency_s)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(process(line, plan)) for plan in plans]
        return [task.result() for task in tasks]

    return virtually(play())


def excess_s(posted_s: list[float], burst: int = BURST) -> float:
    """Return by how much calls came too early for `burst` and one per interval."""
    at_s = sorted(posted_s)
    early_s = (
        (count - burst) * INTERVAL_S - (at_s[first + count - 1] - at_s[first])
        for first in range(len(at_s))
        for count in range(burst + 1, len(at_s) - first + 1)
    )
    return max(early_s, default=0.0)


SHORT = st.floats(0, 0.3)
PAUSES = st.just(0.0) | SHORT | st.floats(0, 4)
REPLIES = st.tuples(
    st.just(0.0) | st.floats(0, 5),
    st.floats(0.1, 1) | st.floats(0.1, 10),
    st.lists(PAUSES, max_size=6),
)


@settings(max_examples=examples(25, 2_000))
@given(
    st.lists(st.lists(REPLIES, max_size=4), min_size=1, max_size=5),
    st.floats(0, HEALTHY_S),
    st.randoms(use_true_random=False),
)
def test_no_time_holds_more_posts_of_all_than_one_process_would_make(
    plans: list[list[Reply]], latency_s: float, chance: random.Random
) -> None:
    posted_s = together(plans, lambda: chance.uniform(0, latency_s))

    assert excess_s([at_s for own in posted_s for at_s in own]) <= 1e-3


def test_who_has_much_to_say_takes_turns() -> None:
    posted_s = together([[(0, 0.5, [0.0] * 12)]] * 3, lambda: 0.005)

    # In one process the last of them would go after 36 less 3 intervals.
    assert max(map(max, posted_s)) <= 0.5 + 35 * INTERVAL_S
    assert max(map(max, posted_s)) - min(map(max, posted_s)) <= 2.1 * INTERVAL_S


def test_who_has_nothing_to_say_yet_costs_the_others_little() -> None:
    thinking: list[Reply] = [(0, 60, [])]

    own_s, *_ = together([[(0.3, 0.5, [0.0] * 30)], thinking, thinking], lambda: 0.005)

    assert own_s[-1] - own_s[0] <= 30 * INTERVAL_S


def test_the_first_line_waits_for_nobody_where_no_one_speaks() -> None:
    thinking: list[Reply] = [(0, 8, [])]
    speaking: list[Reply] = [(3, 1.2, [0.0])]

    _, own_s = together([thinking, speaking], lambda: 0.005)

    assert own_s == [4.2]


@pytest.mark.parametrize("trouble", ["down", "mute"])
def test_no_line_waits_for_a_database(trouble: str) -> None:
    """Whether it fails or never answers: all goes as in a process that is alone."""
    pauses_s = [0, 0.2, 0, 0, 5, 0, 1, 0.05]

    async def play() -> tuple[list[float], list[float]]:
        clock = asyncio.get_running_loop().time
        latency_s = 10_000 if trouble == "mute" else 0.01
        line = Timeline(lambda: latency_s, is_down=trouble == "down")
        async with shared(line, Holds(), clock) as sharing:
            both = Budget(INTERVAL_S, clock, sharing=sharing), Budget(INTERVAL_S, clock)
            told: tuple[list[float], list[float]] = ([], [])
            for budget, posted_s in zip(both, told, strict=True):
                begun_s = clock()
                with budget.serving("C1"):
                    for pause_s in pauses_s:
                        await asyncio.sleep(pause_s)
                        posted_s.append(await post(budget) - begun_s)
        return told

    with_it, without = virtually(play())
    # Who waits at all waits no shorter than a claim takes.
    assert with_it == pytest.approx(without, abs=0.06)


def test_what_went_without_a_slot_is_claimed_when_the_database_is_back() -> None:
    async def play() -> None:
        clock = asyncio.get_running_loop().time
        line = Timeline(is_down=True)
        async with shared(line, Holds(), clock) as sharing:
            budget = Budget(INTERVAL_S, clock, sharing=sharing)
            with budget.serving("C1"):
                for _ in range(20):
                    await post(budget)
                line.is_down = False
                await asyncio.sleep(2)
                _, due_s = await due(line, f"{POST} C1")
                # No more than a bucket: what went longer ago is nobody's concern.
                assert INTERVAL_S < due_s < 3 * BURST * INTERVAL_S

    virtually(play())


async def due(line: Timeline, key: str) -> tuple[float, float]:
    """Return the time, and in how long all of a key that is claimed will be over."""
    standing = await line.claim(())
    return asyncio.get_running_loop().time(), standing.due_s.get(key, 0.0)


def test_nothing_is_asked_while_no_reply_is_open() -> None:
    async def play() -> None:
        clock = asyncio.get_running_loop().time
        line = Timeline()
        async with shared(line, Holds(), clock) as sharing:
            budget = Budget(INTERVAL_S, clock, sharing=sharing)
            await asyncio.sleep(100)
            assert line.asked == 0
            with budget.serving("C1"), budget.running("stream"), budget.reacting():
                await asyncio.sleep(10)
            await asyncio.sleep(1)
            asked = line.asked
            await asyncio.sleep(100)
            # A claim is two ways.
            assert 2 * 10 <= line.asked <= 2 * 10 * 6
            assert line.asked == asked

    virtually(play())


def test_a_failing_database_is_left_alone_when_no_reply_is_open() -> None:
    async def play() -> None:
        clock = asyncio.get_running_loop().time
        line = Timeline(is_down=True)
        async with shared(line, Holds(), clock) as sharing:
            budget = Budget(INTERVAL_S, clock, sharing=sharing)
            with budget.serving("C1"):
                await post(budget)
            await asyncio.sleep(5)
            asked = line.asked
            await asyncio.sleep(100)
            assert line.asked == asked

    virtually(play())


@pytest.mark.parametrize("method", [UPDATE, APPEND])
def test_a_tier_is_kept_by_all_together(method: str) -> None:
    interval_s, burst = TIERS[method]

    async def play() -> list[float]:
        clock = asyncio.get_running_loop().time
        line, called_s = Timeline(lambda: 0.005), []

        async def call() -> None:
            async with shared(line, Holds(), clock) as sharing:
                budget = Budget(INTERVAL_S, clock, sharing=sharing)
                with budget.serving("C1"), budget.running(mode):
                    await asyncio.sleep(0.5)
                    while clock() < 60:
                        await no_wait(lambda: budget.wait_s(method))
                        budget.spend(method)
                        called_s.append(clock())
                        await asyncio.sleep(LATENCY_S)

        mode = "edits" if method == UPDATE else "stream"
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(call())
        return called_s

    called_s = sorted(virtually(play()))
    for first, at_s in enumerate(called_s):
        for count, later_s in enumerate(called_s[first:]):
            assert later_s - at_s >= (count + 1 - burst) * interval_s - 1e-3
    assert len(called_s) >= 0.95 * (60 / interval_s + burst / 2)


def test_a_429_of_one_process_holds_the_others_within_a_second() -> None:
    async def play() -> None:
        clock = asyncio.get_running_loop().time
        line = Timeline(lambda: 0.01)
        one, other = Holds(), Holds()
        async with (
            shared(line, one, clock) as first,
            shared(line, other, clock) as second,
        ):
            budgets = [
                Budget(INTERVAL_S, clock, sharing=sharing)
                for sharing in (first, second)
            ]
            with ExitStack() as replies:
                for budget in budgets:
                    replies.enter_context(budget.serving("C1"))
                await asyncio.sleep(3)
                one.hold(UPDATE, "", clock(), 30)
                one.hold(POST, "C1", clock(), 20)
                ends_s = clock() + 20
                await asyncio.sleep(ROUND_S + 0.05)
                assert other.wait_s(UPDATE, "", clock()) > 28
                assert other.wait_s(POST, "C1", clock()) > 18
                assert other.wait_s(POST, "C2", clock()) == 0
                # A second channel: then it is the workspace.
                other.hold(POST, "C2", clock(), 10)
                await asyncio.sleep(ROUND_S + 0.05)
                assert one.wait_s(POST, "C3", clock()) > 8
                # Whoever comes when the pause is over does not come at once.
                await asyncio.sleep(ends_s - clock())
                waits = [budget.wait_s(POST, "C1") for budget in budgets]
                assert max(waits) >= 0.7 * INTERVAL_S

    virtually(play())


def test_behind_a_429_a_channel_has_no_bursts_in_any_process() -> None:
    async def play() -> list[float]:
        clock = asyncio.get_running_loop().time
        line, posted_s = Timeline(lambda: 0.005), []

        async def reply(holds: Holds) -> None:
            async with shared(line, holds, clock) as sharing:
                budget = Budget(INTERVAL_S, clock, sharing=sharing)
                with budget.serving("C1"):
                    await asyncio.sleep(10)
                    for _ in range(4):
                        await no_wait(lambda: holds.wait_s(POST, "C1", clock()))
                        posted_s.append(await post(budget))

        many = [Holds() for _ in range(3)]
        async with asyncio.TaskGroup() as group:
            for holds in many:
                group.create_task(reply(holds))
            await asyncio.sleep(2)
            many[0].hold(POST, "C1", clock(), 8.1)
        return posted_s

    posted_s = virtually(play())
    assert len(posted_s) == 12
    assert min(posted_s) >= 10.1
    assert excess_s(posted_s, burst=1) <= 0.3 * INTERVAL_S


@pytest.mark.parametrize("way_s", [0.001, 0.02, 0.1, 0.2, 0.4, 1.0])
def test_a_line_behind_a_429_is_posted_however_slow_the_database_is(
    way_s: float,
) -> None:
    async def play() -> list[float]:
        clock = asyncio.get_running_loop().time
        holds = Holds()
        async with shared(Timeline(lambda: way_s), holds, clock) as sharing:
            budget = Budget(INTERVAL_S, clock, sharing=sharing)
            with budget.serving("C1"):
                await asyncio.sleep(10)
                holds.hold(POST, "C1", clock(), 1.0)
                budget.calm("C1")
                await no_wait(lambda: holds.wait_s(POST, "C1", clock()))
                return [await post(budget) for _ in range(20)]

    posted_s = virtually(play())
    # What went without a slot is claimed afterwards, at the expense of the next.
    pauses_s = INTERVAL_S if way_s <= HEALTHY_S else 2.5 * (INTERVAL_S + way_s)
    assert posted_s[-1] - posted_s[0] <= 20 * pauses_s
    assert posted_s[0] <= 12 + 2 * way_s + INTERVAL_S
    if way_s <= HEALTHY_S:
        assert excess_s(posted_s, burst=1) <= 0.3 * INTERVAL_S


@pytest.mark.parametrize("mode", ["lines", "edits", "stream"])
def test_three_processes_deliver_in_one_channel_without_a_429(mode: Any) -> None:
    """The playground's limits are those that Slack publishes."""
    text = [f"line {number}\n" for number in range(25)]

    async def play(stage: Stage) -> None:
        line = Timeline(lambda: 0.005)
        turns = [stage.ask() for _ in range(6)]

        async def run(own: int) -> None:
            slack = stage.slack.beside()
            async with shared(line, slack.holds, asyncio.get_running_loop().time) as s:
                budget = Budget(INTERVAL_S, asyncio.get_running_loop().time, sharing=s)
                services = Services(cast("Any", slack), BOT_ID, stage.notes, budget)
                async with SlackDelivery(services, lambda _: mode) as delivery:
                    for turn in turns[own::3]:
                        async with delivery.open(turn) as outlet:
                            await asyncio.sleep(1)
                            for piece in text:
                                outlet.send(Chunk(piece))
                                await asyncio.sleep(0.2)

        async with asyncio.TaskGroup() as group:
            for own in range(3):
                group.create_task(run(own))
        assert {call.result for call in stage.slack.calls} == {"ok"}
        for turn in turns:
            assert "\n".join(stage.shows(turn)).split() == "".join(text).split()
        assert stage.calls(STATUS)
        assert bool(stage.calls(START)) is (mode == "stream")

    staged(play, limits=Limits())
