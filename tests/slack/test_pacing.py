"""Slots of a channel, on a clock that only goes forward."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.pacing import Pace

SECONDS = st.integers(0, 10_000).map(lambda ms: ms / 1_000)
ROUNDING_S = 1e-9


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


@given(st.floats(0, 1e6), st.floats(0, 3600), SECONDS)
def test_a_hold_lasts_as_long_as_slack_asked_for(
    now_s: float, pause_s: float, interval_s: float
) -> None:
    pace = Pace(interval_s)
    pace.spend(now_s)

    pace.hold(now_s, pause_s)

    assert pace.wait_s(now_s) == pytest.approx(pause_s, abs=ROUNDING_S)
    assert pace.wait_s(now_s + pause_s) == 0


def test_the_first_slot_is_free() -> None:
    assert Pace(1.1).wait_s(0) == 0
