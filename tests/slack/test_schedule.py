"""The words of a schedule, and what they mean call by call."""

import pytest
from hypothesis import given, settings

from tests.long import examples
from tests.slack.schedule import FORM_ERRORS, OK, Outcome, Schedule, fault_schedules


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("ok", OK),
        ("refused:no_text", Outcome("refused", "no_text")),
        ("429", Outcome("429")),
        ("429:3", Outcome("429", seconds=3)),
        ("lost before", Outcome("lost before")),
        ("late store:0.5", Outcome("late store", seconds=0.5)),
    ],
)
def test_a_word_says_what_happens(word: str, outcome: Outcome) -> None:
    assert Outcome.read(word) == outcome
    assert str(outcome) == word


def test_what_is_no_word_is_refused() -> None:
    with pytest.raises(ValueError, match="lost"):
        Outcome.read("lost")


def test_each_call_takes_the_next_word_and_in_the_end_all_is_well() -> None:
    schedule = Schedule(["lost before", "slow:2"])

    taken = [str(schedule.take("chat.update", 0.0)) for _ in range(3)]

    assert taken == ["lost before", "slow:2", "ok"]


def test_a_method_may_have_words_of_its_own() -> None:
    schedule = Schedule(["429:1"], {"chat.update": ["lost after"]})
    methods = ("chat.update", "chat.postMessage", "chat.update")

    taken = [str(schedule.take(method, 0.0)) for method in methods]

    assert taken == ["lost after", "429:1", "ok"]


def test_an_outage_takes_every_call_until_it_is_over() -> None:
    schedule = Schedule(["outage:60", "429:1"])

    kinds = [schedule.take("chat.update", at_s).kind for at_s in (0.0, 59.0, 60.0)]

    assert kinds == ["outage", "outage", "429"]


def test_only_a_new_message_is_stored_late() -> None:
    schedule = Schedule(["late store:1"] * 2)

    kinds = [
        schedule.take(method, 0.0).kind
        for method in ("chat.update", "chat.startStream")
    ]

    assert kinds == ["lost before", "late store"]


def test_a_method_is_refused_only_with_errors_that_it_has() -> None:
    schedule = Schedule(["refused:block_mismatch"] * 2, errors=FORM_ERRORS)

    kinds = [
        schedule.take(method, 0.0).kind
        for method in ("conversations.replies", "chat.update")
    ]

    assert kinds == ["ok", "refused"]


@settings(max_examples=examples(50, 500))
@given(fault_schedules(errors=FORM_ERRORS, max_calls=5))
def test_what_is_drawn_can_be_printed_and_played_again(schedule: Schedule) -> None:
    words = repr(schedule).removeprefix("Schedule(").removesuffix(")")

    again = Schedule(
        (word.strip(" '") for word in words.strip("[]").split(",") if word),
        errors=FORM_ERRORS,
    )

    # Later than any outage.
    times_s = [100.0 * number for number in range(6)]
    calls = [(schedule.take("chat.update", at_s)) for at_s in times_s]
    assert calls == [again.take("chat.update", at_s) for at_s in times_s]
    assert calls[-1] == OK
