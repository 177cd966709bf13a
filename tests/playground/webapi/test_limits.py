"""How often an app may call."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.webapi.limits import (
    CHANNEL_RATES,
    RATES,
    UNLIMITED,
    Limits,
    Rate,
    RateLimiter,
)
from tests.long import examples


class Seconds:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def take(seconds: Seconds) -> Callable[[str, str], int]:
    return RateLimiter(Limits(), seconds).take


def test_a_channel_takes_three_posts_at_once_and_then_one_a_second(
    seconds: Seconds, take: Callable[[str, str], int]
) -> None:
    assert [take("chat.postMessage", "C1") for _ in range(3)] == [0] * 3
    assert take("chat.postMessage", "C1") == 1
    assert take("chat.postMessage", "C2") == 0

    seconds.now_s = 0.9
    assert take("chat.postMessage", "C1") == 1

    seconds.now_s = 1.0
    assert take("chat.postMessage", "C1") == 0


@pytest.mark.parametrize(
    ("method", "calls"), [("conversations.replies", 50), ("users.info", 100)]
)
def test_a_tier_counts_the_whole_workspace_and_rounds_the_wait_up(
    seconds: Seconds, take: Callable[[str, str], int], method: str, calls: int
) -> None:
    assert [take(method, f"C{n}") for n in range(calls)] == [0] * calls
    assert take(method, "C1") == (2 if calls == 50 else 1)

    seconds.now_s = 60 / calls
    assert take(method, "C1") == 0


def test_a_refused_call_does_not_lengthen_the_wait(
    seconds: Seconds, take: Callable[[str, str], int]
) -> None:
    take("chat.postMessage", "C1")
    for _ in range(5):
        take("chat.postMessage", "C1")

    seconds.now_s = 1.0
    assert take("chat.postMessage", "C1") == 0


def test_how_long_a_burst_is_may_be_chosen(seconds: Seconds) -> None:
    limits = Limits(channel_rates={"chat.postMessage": Rate(1, 1, 1)})
    take = RateLimiter(limits, seconds).take

    assert [take("chat.postMessage", "C1") for _ in range(2)] == [0, 1]


def test_without_limits_everything_is_allowed(seconds: Seconds) -> None:
    take = RateLimiter(UNLIMITED, seconds).take

    assert [take("chat.postMessage", "C1") for _ in range(5)] == [0] * 5


def test_a_workspace_takes_three_hundred_posts_a_minute(
    seconds: Seconds, take: Callable[[str, str], int]
) -> None:
    assert [take("chat.postMessage", f"C{n}") for n in range(300)] == [0] * 300
    assert take("chat.postMessage", "C300") == 1

    seconds.now_s = 0.2
    assert take("chat.postMessage", "C300") == 0


def test_a_post_refused_by_the_workspace_leaves_its_channel_free(
    seconds: Seconds, take: Callable[[str, str], int]
) -> None:
    for n in range(300):
        take("chat.postMessage", f"C{n}")
    take("chat.postMessage", "C300")

    seconds.now_s = 0.2
    assert take("chat.postMessage", "C300") == 0


def test_a_post_refused_by_its_channel_is_not_counted_in_the_workspace(
    take: Callable[[str, str], int],
) -> None:
    for _ in range(300):
        take("chat.postMessage", "C0")

    others = [take("chat.postMessage", f"C{n}") for n in range(3, 300)]
    assert others == [0] * 297


CALLS = st.lists(
    st.tuples(
        st.floats(0, 90),
        st.sampled_from(("chat.postMessage", "chat.startStream", "chat.update")),
        st.sampled_from(("C1", "C2", "C3")),
    ),
    max_size=200,
)


@settings(max_examples=examples(60, 2_000), deadline=None)
@given(CALLS, st.booleans())
def test_no_more_calls_pass_than_burst_and_rate_allow(
    calls: list[tuple[float, str, str]], is_hasty: bool
) -> None:
    seconds = Seconds()
    take = RateLimiter(Limits(), seconds).take
    passed: dict[tuple[str, str], list[float]] = {}
    for pause_s, method, channel in calls:
        seconds.now_s += pause_s / 60 if is_hasty else pause_s
        if take(method, channel) == 0:
            passed.setdefault((method, ""), []).append(seconds.now_s)
            passed.setdefault((method, channel), []).append(seconds.now_s)

    for (method, channel), times_s in passed.items():
        rate = CHANNEL_RATES.get(method) if channel else RATES[method]
        if rate:
            assert all(
                count <= allowed(rate, times_s[start + count - 1] - times_s[start])
                for start in range(len(times_s))
                for count in range(1, len(times_s) - start + 1)
            )


def allowed(rate: Rate, within_s: float) -> float:
    return rate.burst + within_s * rate.calls / rate.per_s + 0.001


@settings(max_examples=examples(60, 2_000), deadline=None)
@given(CALLS, st.sampled_from(sorted(RATES)))
def test_who_waits_as_told_is_let_through(
    calls: list[tuple[float, str, str]], method: str
) -> None:
    seconds = Seconds()
    take = RateLimiter(Limits(), seconds).take
    for _ in range(RATES[method].burst):
        take(method, "C1")
    for pause_s, _, channel in calls:
        seconds.now_s += pause_s / 300
        wait_s = take(method, channel)
        if wait_s:
            seconds.now_s += wait_s
            assert take(method, channel) == 0
