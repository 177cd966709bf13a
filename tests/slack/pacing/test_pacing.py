"""When calls may go and what Slack holds, on a clock that only goes forward."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.events.history import BURST, INTERVAL_S
from bot.slack.pacing.pacing import Holds, Pace

SECONDS = st.integers(0, 10_000).map(lambda ms: ms / 1_000)
ROUNDING_S = 1e-4
POST = "chat.postMessage"
TIER_3_CALLS = 50
"""Per minute: https://docs.slack.dev/apis/web-api/rate-limits, read 2026-11."""


def spent(pace: Pace, pauses_s: list[float], *, reserve: int = 0) -> list[float]:
    """Return when calls go that each come so long after the one before."""
    now_s = 0.0
    spent_s: list[float] = []
    for pause_s in pauses_s:
        now_s += pause_s
        now_s += pace.wait_s(now_s, reserve)
        pace.spend(now_s)
        spent_s.append(now_s)
    return spent_s


def most(spent_s: list[float], t_s: float) -> int:
    """Return the most calls in any time of `t_s`."""
    return max(sum(at <= each < at + t_s for each in spent_s) for at in spent_s)


@given(st.floats(0, 10), st.lists(SECONDS))
def test_no_two_slots_are_closer_than_the_interval(
    interval_s: float, pauses_s: list[float]
) -> None:
    spent_s = spent(Pace(interval_s), pauses_s)

    gaps_s = [later - earlier for earlier, later in pairwise(spent_s)]
    assert all(gap_s >= interval_s - ROUNDING_S for gap_s in gaps_s)


@given(
    st.floats(0.1, 10),
    st.integers(1, 20),
    st.integers(0, 5),
    st.lists(SECONDS | st.just(0.0), min_size=1, max_size=60),
    st.floats(0.1, 100),
)
def test_no_time_holds_more_calls_than_the_burst_and_what_came_in(
    interval_s: float, burst: int, reserve: int, pauses_s: list[float], t_s: float
) -> None:
    spent_s = spent(Pace(interval_s, burst), pauses_s, reserve=reserve)

    # The call at the very beginning of an interval is of the interval.
    assert most(spent_s, t_s) <= burst + t_s / interval_s + 1
    for first, each in enumerate(spent_s):
        later = spent_s[first:]
        assert all(
            at >= each + (count - burst) * interval_s - ROUNDING_S
            for count, at in enumerate(later)
        )


@given(st.floats(0.1, 10), st.integers(1, 9), st.lists(SECONDS, max_size=30))
def test_a_call_behind_its_wait_need_not_wait_again(
    interval_s: float, burst: int, pauses_s: list[float]
) -> None:
    pace = Pace(interval_s, burst)
    now_s = sum(pauses_s)
    spent(pace, pauses_s)

    wait_s = pace.wait_s(now_s)

    assert pace.wait_s(now_s + wait_s) == pytest.approx(0, abs=ROUNDING_S)


def test_a_burst_is_free_and_the_rest_keeps_its_distance() -> None:
    pace = Pace(2, burst=3)

    assert spent(pace, [100, 0, 0, 0, 0]) == [100, 100, 100, 102, 104]


def test_a_rest_gives_the_burst_back() -> None:
    pace = Pace(2, burst=2)
    spent(pace, [0, 0, 0])

    assert spent(pace, [50, 0, 0]) == [50, 50, 52]


def test_the_last_calls_of_a_burst_are_kept_for_who_needs_them() -> None:
    pace = Pace(2, burst=3)
    pace.spend(0)

    assert pace.wait_s(0, reserve=2) == 2
    assert pace.wait_s(0, reserve=1) == 0
    assert pace.wait_s(0) == 0


def test_without_a_burst_nothing_can_be_kept() -> None:
    assert Pace(2).wait_s(0, reserve=2) == 0


def test_a_calm_pace_has_no_bursts_until_it_is_over() -> None:
    pace = Pace(2, burst=3)

    pace.calm(10)

    assert spent(pace, [0] * 6) == [0, 2, 4, 6, 8, 10]
    assert spent(pace, [20, 0, 0, 0]) == [20, 20, 20, 22]


def test_calm_is_never_shortened() -> None:
    pace = Pace(2, burst=3)
    pace.calm(100)
    pace.calm(10)

    assert spent(pace, [20, 0]) == [20, 22]


def test_nobody_rests_while_there_is_plenty() -> None:
    pace = Pace(1, burst=8)
    for _ in range(5):
        pace.spend(0)

    assert pace.slowness_s(0, sharers=20) == 0


def test_at_the_end_of_the_burst_each_gets_an_equal_share() -> None:
    pace = Pace(1, burst=8)
    slowness_s = []
    for _ in range(10):
        pace.spend(0)
        slowness_s.append(pace.slowness_s(0, sharers=3))

    assert slowness_s == sorted(slowness_s)
    assert slowness_s[-1] == 3


def test_without_a_pace_nobody_rests() -> None:
    pace = Pace(0)
    pace.spend(0)

    assert (pace.wait_s(0), pace.slowness_s(0, sharers=9)) == (0, 0)


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


def test_what_another_process_was_told_holds_as_well() -> None:
    holds = Holds()
    told: list[tuple[str, str, float]] = []
    holds.listen(
        lambda method, channel, until_s: told.append((method, channel, until_s))
    )

    holds.learn(POST, "C1", 10)
    holds.learn(POST, "C1", 5)
    assert holds.wait_s(POST, "C1", 2) == 8
    assert told == []

    # It is the second channel: then it is the workspace.
    holds.hold(POST, "C2", 3, 6)
    assert sorted(told) == [(POST, "", 9), (POST, "C2", 9)]
    assert holds.wait_s(POST, "C3", 4) == 5
    assert holds.until_s(POST, "C1") == 10


def test_the_first_slot_is_free() -> None:
    assert Pace(1.1).wait_s(0) == 0


@given(st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_no_minute_holds_more_than_the_tier_allows(pauses_s: list[float]) -> None:
    spent_s = spent(Pace(INTERVAL_S, BURST), [pause_s / 30 for pause_s in pauses_s])

    assert most(spent_s, 60) <= TIER_3_CALLS
