"""No minute holds more calls than were allowed."""

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.allowance import Allowance
from bot.slack.history import BURST, INTERVAL_S

TIER_3_CALLS = 50
"""Per minute: https://docs.slack.dev/apis/web-api/rate-limits, read 2026-11."""


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
