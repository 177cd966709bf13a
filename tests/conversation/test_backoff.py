"""When a thread is left alone after failures."""

from bot.conversation import backoff
from bot.conversation.backoff import Backoff
from bot.conversation.turn import ThreadId
from tests.twins import THREAD


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def pause_s(clock: Clock, trouble: Backoff) -> float:
    """Return how long the pause is, in steps of half a minute."""
    begun_s = clock.now_s
    while trouble.is_paused(THREAD):
        clock.now_s += 30
    return clock.now_s - begun_s


def test_the_third_failure_pauses_a_minute_and_each_one_doubles_it() -> None:
    clock = Clock()
    trouble = Backoff(clock)
    pauses = []
    for _ in range(12):
        trouble.failed(THREAD)
        pauses.append(pause_s(clock, trouble) / 60)

    assert pauses == [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_a_success_begins_anew() -> None:
    trouble = Backoff(Clock())
    for _ in range(2):
        trouble.failed(THREAD)
    trouble.succeeded(THREAD)
    for _ in range(2):
        trouble.failed(THREAD)

    assert not trouble.is_paused(THREAD)


def test_threads_are_apart_and_the_one_that_failed_first_is_forgotten() -> None:
    trouble = Backoff(Clock())
    for _ in range(3):
        trouble.failed(THREAD)
    others = [ThreadId(f"thread {number}") for number in range(backoff.MAX_THREADS)]
    for other in others[1:]:
        trouble.failed(other)
    assert trouble.is_paused(THREAD)
    assert not trouble.is_paused(others[1])

    trouble.failed(others[0])

    assert not trouble.is_paused(THREAD)
