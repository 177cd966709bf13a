"""Which messages are folded, and which summaries stay."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.fold import (
    MAX_FOLD_TOKENS,
    VERBATIM,
    Entry,
    Limits,
    Recollection,
    due,
    kept_generations,
    newest_within,
)
from tests.long import examples
from tests.twins import said

LIMITS = Limits(high=100, low=40, summary=10)


def entries(*tokens: int, pinned: int = -1) -> tuple[Entry, ...]:
    return tuple(
        Entry(number, replace(said("x"), is_pinned=number == pinned), count)
        for number, count in enumerate(tokens)
    )


def ids(chosen: tuple[Entry, ...]) -> list[int]:
    return [entry.id for entry in chosen]


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ((), []),
        ((50, 50), []),
        ((30, 30, 40), []),
        ((30, 30, 30, 11), [0, 1]),
        ((61, 20, 20), [0]),
        ((10, 20, 500, 10), [0, 1]),
        ((500, 500), []),
        ((101, 1, 1), [0]),
    ],
)
def test_above_the_high_mark_the_oldest_go_down_to_the_low_mark(
    tokens: tuple[int, ...], expected: list[int]
) -> None:
    assert ids(due(Recollection(entries=entries(*tokens)), LIMITS)) == expected


def test_a_pinned_message_is_never_folded_and_not_counted() -> None:
    buffer = entries(90, 50, 30, 20, pinned=0)
    assert due(Recollection(entries=buffer), LIMITS) == ()

    buffer = entries(90, 50, 31, 20, pinned=0)
    assert ids(due(Recollection(entries=buffer), LIMITS)) == [1]


def test_one_fold_takes_only_so_much() -> None:
    half = MAX_FOLD_TOKENS // 2
    buffer = entries(half, half, half, half, half)

    assert ids(due(Recollection(entries=buffer), LIMITS)) == [0, 1]


def test_a_message_that_is_too_much_for_one_fold_is_folded_alone() -> None:
    buffer = entries(2 * MAX_FOLD_TOKENS, 50, 50, 50)

    assert ids(due(Recollection(entries=buffer), LIMITS)) == [0]


@pytest.mark.parametrize(
    ("budget", "limits"),
    [
        (200, Limits(115, 47, 64)),
        (2_000, Limits(1530, 630, 200)),
        (8_000, Limits(6120, 2520, 800)),
        (100_000, Limits(83_300, 34_300, 2_000)),
    ],
)
def test_the_limits_grow_with_the_budget(budget: int, limits: Limits) -> None:
    assert Limits.of(budget) == limits


@pytest.mark.parametrize(
    ("room", "expected"), [(-1, []), (0, []), (3, [2]), (5, [1, 2]), (99, [0, 1, 2])]
)
def test_the_newest_that_fit_are_an_unbroken_tail(
    room: int, expected: list[int]
) -> None:
    assert ids(newest_within(entries(9, 2, 3), room)) == expected


def test_nothing_behind_a_message_that_does_not_fit_is_given() -> None:
    assert ids(newest_within(entries(1, 50, 3), 10)) == [2]


def test_the_newest_summaries_are_kept_and_ever_fewer_of_the_older() -> None:
    assert sorted(kept_generations(4)) == [1, 2, 3, 4]
    assert sorted(kept_generations(21)) == [8, 12, 14, 16, 18, 19, 20, 21]
    assert len(kept_generations(10_000)) <= 28


def test_no_summary_is_wanted_that_was_not_kept_before() -> None:
    for newest in range(2, 300):
        assert kept_generations(newest) - {newest} <= kept_generations(newest - 1)


@settings(max_examples=examples(60, 5000))
@given(st.lists(st.integers(4, 7000), max_size=40), st.integers(200, 50_000))
def test_a_fold_keeps_the_newest_and_goes_on_until_there_is_room(
    tokens: list[int], budget: int
) -> None:
    limits = Limits.of(budget)
    left = entries(*tokens)
    folds = 0
    while chosen := due(Recollection(entries=left), limits):
        assert chosen == left[: len(chosen)]
        assert len(left) - len(chosen) >= VERBATIM
        assert len(chosen) == 1 or sum(e.tokens for e in chosen) <= MAX_FOLD_TOKENS
        left = left[len(chosen) :]
        folds += 1

    assert sum(e.tokens for e in left) <= limits.high or len(left) <= VERBATIM
    assert folds <= len(tokens)
