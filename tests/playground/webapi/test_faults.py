"""Which calls a fault happens to, and how often."""

from collections import deque

import pytest

from bot.playground.answer import Answer
from bot.playground.webapi.faults import Fault, refusal, take_fault

HONEST = Answer({"ok": True})


def test_the_first_fault_that_fits_is_taken_as_often_as_it_says() -> None:
    other, twice, any_of_them = Fault("a", 501), Fault("b", 502, times=2), Fault("*")
    faults = deque([other, twice, any_of_them])

    taken = [take_fault(faults, "b") for _ in range(4)]

    assert [fault and fault.status for fault in taken] == [502, 502, 500, None]
    assert list(faults) == [other]


def test_a_fault_without_end_stays() -> None:
    faults = deque([Fault("*", times=None)])

    assert all(take_fault(faults, "a") for _ in range(10))


@pytest.mark.parametrize(
    ("fault", "is_effective", "status"),
    [
        (Fault("a", 503), False, 503),
        (Fault("a", 503, is_executed=True), True, 503),
        (Fault("a", kind="cut_before"), False, 0),
        (Fault("a", kind="cut_after"), True, 0),
        (Fault("a", kind="hang"), False, 0),
        (Fault("a", kind="late"), True, 200),
        (Fault("a", kind="held"), True, 200),
        (Fault("a", kind="stored_late"), False, 0),
    ],
)
def test_a_fault_says_whether_the_call_counts(
    fault: Fault, status: int, *, is_effective: bool
) -> None:
    assert fault.is_effective is is_effective
    assert fault.answer(HONEST if is_effective else None).status == status


@pytest.mark.parametrize(
    ("fault", "there_s", "back_s"),
    [
        (Fault("a", delay_s=2), 0, 2),
        (Fault("a", kind="late", delay_s=2), 0, 2),
        (Fault("a", kind="held", delay_s=2), 2, 0),
        (Fault("a", kind="stored_late", delay_s=2), 0, 0),
    ],
)
def test_a_delay_is_felt_before_or_after_the_call(
    fault: Fault, there_s: float, back_s: float
) -> None:
    assert (fault.delay_before_s, fault.delay_after_s) == (there_s, back_s)


def test_a_refusal_is_an_answer_like_any_other() -> None:
    fault = refusal("chat.update", "edit_window_closed")

    answer = fault.answer(None)

    assert (answer.status, answer.body["error"]) == (200, "edit_window_closed")
    assert not fault.is_effective
