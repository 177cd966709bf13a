"""How often an app may call."""

from collections.abc import Callable

import pytest

from bot.playground.limits import UNLIMITED, Limits, RateLimiter


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


def test_a_channel_takes_one_post_a_second(
    seconds: Seconds, take: Callable[[str, str], int]
) -> None:
    assert take("chat.postMessage", "C1") == 0
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


def test_without_limits_everything_is_allowed(seconds: Seconds) -> None:
    take = RateLimiter(UNLIMITED, seconds).take

    assert [take("chat.postMessage", "C1") for _ in range(5)] == [0] * 5
