"""One budget per method: what a workspace allows, and which mode it has room for."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from bot.slack.pacing.budget import (
    APPEND,
    DELETE,
    MAX_PAUSE_S,
    POST,
    REACT,
    RESERVE,
    START,
    STATUS,
    STOP,
    TIERS,
    UNREACT,
    UPDATE,
    Budget,
    Mode,
)
from bot.slack.pacing.pacing import CALM_S

INTERVAL_S = 1.1
SLACKS_TIERS = {
    POST: 300,
    UPDATE: 50,
    DELETE: 50,
    START: 20,
    APPEND: 100,
    STOP: 20,
    STATUS: 600,
    REACT: 50,
    UNREACT: 20,
}
"""Calls per minute: https://docs.slack.dev/apis/web-api/rate-limits, read 2026-11;
how many posts "several hundred" are is our choice."""


class Clock:
    """A clock that is set by hand."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> Budget:
    return Budget(INTERVAL_S, clock)


def calls_at_once(budget: Budget, method: str, channel: str = "C1") -> int:
    """Return how many calls may go without a pause."""
    count = 0
    while not budget.wait_s(method, channel):
        budget.spend(method, channel)
        count += 1
    return count


def test_a_few_posts_may_go_at_once_and_then_one_per_interval(
    budget: Budget, clock: Clock
) -> None:
    assert calls_at_once(budget, POST) == 3
    assert budget.wait_s(POST, "C1") == pytest.approx(INTERVAL_S)
    clock.now_s = 1000 * INTERVAL_S
    assert calls_at_once(budget, POST) == 3


def test_channels_do_not_wait_for_each_other(budget: Budget) -> None:
    calls_at_once(budget, POST, "C1")

    assert budget.wait_s(POST, "C2") == 0


def test_all_channels_together_keep_to_what_the_workspace_allows(
    budget: Budget,
) -> None:
    posted = sum(calls_at_once(budget, POST, f"C{n}") for n in range(100))

    assert posted == TIERS[POST][1]
    assert budget.wait_s(POST, "C999") == pytest.approx(TIERS[POST][0])


def test_after_a_429_a_channel_has_no_bursts_for_ten_minutes(
    budget: Budget, clock: Clock
) -> None:
    budget.calm("C1")
    assert calls_at_once(budget, POST, "C1") == 1
    assert calls_at_once(budget, POST, "C2") == 3
    clock.now_s = CALM_S - 1
    assert calls_at_once(budget, POST, "C1") == 1
    clock.now_s = CALM_S + 10
    assert calls_at_once(budget, POST, "C1") == 3


@pytest.mark.parametrize("method", [UPDATE, START, APPEND, STOP])
def test_a_method_has_one_budget_in_all_channels(budget: Budget, method: str) -> None:
    calls_at_once(budget, method, "C1")

    assert budget.wait_s(method, "C2") > 0


@pytest.mark.parametrize("method", TIERS)
def test_no_minute_behind_a_full_bucket_is_over_slacks_tier(
    clock: Clock, method: str
) -> None:
    # Slack's own bucket fills at the tier's rate: who spends it at once must not come
    # faster than that behind it.
    interval_s, burst = TIERS[method]

    assert burst <= SLACKS_TIERS[method]
    assert interval_s >= 60 / SLACKS_TIERS[method] or method == POST


def test_the_last_calls_are_kept_for_last_states(budget: Budget) -> None:
    count = 0
    while not budget.wait_s(UPDATE, reserve=RESERVE):
        budget.spend(UPDATE)
        count += 1

    assert count == TIERS[UPDATE][1] - RESERVE
    assert calls_at_once(budget, UPDATE) == RESERVE


def test_without_an_interval_nothing_is_paced(clock: Clock) -> None:
    budget = Budget(0, clock)
    for method in TIERS:
        for _ in range(200):
            budget.spend(method, "C1")

    assert [budget.wait_s(method, "C1") for method in TIERS] == [0] * len(TIERS)


@pytest.mark.parametrize("mode", ["edits", "stream"])
def test_replies_rest_the_longer_the_more_there_are(budget: Budget, mode: Mode) -> None:
    method = UPDATE if mode == "edits" else APPEND
    assert budget.rest_s(mode) == 0
    calls_at_once(budget, method)
    with budget.running(mode), budget.running(mode):
        two_s = budget.rest_s(mode)
        with budget.running(mode):
            assert budget.rest_s(mode) > two_s > 0


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("lines", "lines"), ("edits", "edits"), ("stream", "stream")],
)
def test_an_idle_workspace_has_room_for_what_is_wanted(
    budget: Budget, wanted: Mode, expected: Mode
) -> None:
    assert budget.affordable(wanted) == expected


@pytest.mark.parametrize(
    ("running", "wanted", "expected"),
    [("edits", "edits", "lines"), ("stream", "stream", "edits")],
)
def test_a_reply_that_would_get_a_call_in_six_seconds_is_the_last_one(
    budget: Budget, running: Mode, wanted: Mode, expected: Mode
) -> None:
    interval_s, _ = TIERS[UPDATE if running == "edits" else APPEND]
    room = int(MAX_PAUSE_S / interval_s)
    with ExitStack() as replies:
        for _ in range(room):
            assert budget.affordable(wanted) == wanted
            replies.enter_context(budget.running(running))
        assert budget.affordable(wanted) == expected

    assert budget.affordable(wanted) == wanted


def test_where_streams_and_edits_are_full_there_are_lines(budget: Budget) -> None:
    with ExitStack() as replies:
        for mode in ("edits", "stream"):
            for _ in range(20):
                replies.enter_context(budget.running(mode))

        assert budget.affordable("stream") == "lines"


def test_a_stream_that_could_not_start_now_is_an_edit(budget: Budget) -> None:
    calls_at_once(budget, START)

    assert budget.affordable("stream") == "edits"


def test_a_reply_that_fails_gives_its_room_back(budget: Budget) -> None:
    def fail(enter: Callable[[], None]) -> None:
        with budget.running("edits"):
            enter()

    for _ in range(20):
        with pytest.raises(ZeroDivisionError):
            fail(lambda: 1 // 0)

    assert budget.affordable("edits") == "edits"
