"""Slots of a channel and what Slack holds, on a clock that only goes forward."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.history import BURST, INTERVAL_S
from bot.slack.pacing import Allowance, Holds, Pace

SECONDS = st.integers(0, 10_000).map(lambda ms: ms / 1_000)
ROUNDING_S = 1e-9
POST = "chat.postMessage"
TIER_3_CALLS = 50
"""Per minute: https://docs.slack.dev/apis/web-api/rate-limits, read 2026-11."""


@given(st.floats(0, 10), st.lists(SECONDS))
def test_no_two_slots_are_closer_than_the_interval(
    interval_s: float, pauses_s: list[float]
) -> None:
    pace = Pace(interval_s)
    now_s = 0.0
    spent_s: list[float] = []

    for pause_s in pauses_s:
        now_s += pause_s
        now_s += pace.wait_s(now_s)
        pace.spend(now_s)
        spent_s.append(now_s)

    gaps_s = [later - earlier for earlier, later in pairwise(spent_s)]
    assert all(gap_s >= interval_s - ROUNDING_S for gap_s in gaps_s)


@given(st.floats(0, 1e6), st.floats(0, 3600), st.sampled_from(("chat.update", POST)))
def test_a_hold_lasts_as_long_as_slack_asked_for(
    now_s: float, pause_s: float, method: str
) -> None:
    holds = Holds()

    holds.hold(method, "C1", now_s, pause_s)

    assert holds.wait_s(method, "C1", now_s) == pytest.approx(pause_s, abs=ROUNDING_S)
    assert holds.wait_s(method, "C1", now_s + pause_s) == pytest.approx(0)
    assert holds.wait_s("users.info", "C1", now_s) == 0


def test_a_method_is_held_in_all_channels() -> None:
    holds = Holds()
    holds.hold("chat.update", "C1", 0, 5)

    assert holds.wait_s("chat.update", "C2", 1) == 4


def test_the_first_held_post_holds_its_channel_and_the_second_holds_all() -> None:
    holds = Holds()
    holds.hold(POST, "C1", 0, 5)
    assert [holds.wait_s(POST, channel, 1) for channel in ("C1", "C2")] == [4, 0]

    holds.hold(POST, "C1", 2, 5)
    assert holds.wait_s(POST, "C2", 3) == 0

    holds.hold(POST, "C2", 4, 6)
    assert [holds.wait_s(POST, channel, 5) for channel in ("C1", "C2", "C3")] == [5] * 3


def test_a_short_hold_does_not_end_a_long_one() -> None:
    holds = Holds()
    holds.hold("chat.update", "", 0, 60)
    holds.hold("chat.update", "", 1, 1)

    assert holds.wait_s("chat.update", "", 2) == 58


def test_a_hold_that_is_over_is_no_first_one() -> None:
    holds = Holds()
    holds.hold(POST, "C1", 0, 5)
    holds.hold(POST, "C2", 5, 5)

    assert holds.wait_s(POST, "C3", 6) == 0


def test_the_first_slot_is_free() -> None:
    assert Pace(1.1).wait_s(0) == 0


def test_a_burst_is_free_and_the_rest_keeps_its_distance() -> None:
    allowance = Allowance(burst=3, interval_s=2)

    assert [allowance.take(100) for _ in range(5)] == [0, 0, 0, 2, 4]


def test_a_rest_gives_the_burst_back() -> None:
    allowance = Allowance(burst=2, interval_s=2)
    for _ in range(3):
        allowance.take(0)

    assert [allowance.take(50) for _ in range(3)] == [0, 0, 2]


@given(st.lists(st.floats(0, 30), max_size=200))
def test_no_minute_holds_more_than_the_tier_allows(pauses_s: list[float]) -> None:
    allowance = Allowance(BURST, INTERVAL_S)
    now_s, called_s = 0.0, []
    for pause_s in pauses_s:
        now_s += pause_s / 30
        now_s += allowance.take(now_s)
        called_s.append(now_s)

    for begun_s in called_s:
        in_minute = sum(begun_s <= at_s < begun_s + 60 for at_s in called_s)
        assert in_minute <= TIER_3_CALLS
