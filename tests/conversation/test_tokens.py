"""The estimate of tokens, and texts cut down to it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.tokens import TokenBudget, estimate_tokens, shorten
from tests.long import examples

texts = st.text(st.characters(codec=None), max_size=400)


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 4), ("a", 5), ("abcd", 5), ("abcde", 6), ("日本語", 7)]
)
def test_four_ascii_characters_or_another_one_make_a_token(
    text: str, tokens: int
) -> None:
    assert estimate_tokens(text) == tokens


def test_a_text_over_budget_keeps_its_beginning_and_its_end() -> None:
    short = shorten("first " + "x" * 1000 + " last", 60)

    assert short.startswith("first x")
    assert short.endswith("x last")
    assert "[… 1011 characters in all, the middle is left out …]" in short


def test_a_text_within_the_budget_stays_as_it_is() -> None:
    assert shorten("abcd", 5) == "abcd"


def test_a_budget_without_room_leaves_the_mark_alone() -> None:
    assert shorten("x" * 100, 1).startswith("\n[… 100 characters")


@settings(max_examples=examples(60, 5000), deadline=None)
@given(texts.map(lambda text: text * 5), st.integers(30, 600))
def test_a_shortened_text_is_within_the_budget(text: str, budget_tokens: int) -> None:
    assert estimate_tokens(shorten(text, budget_tokens)) <= budget_tokens


def test_a_budget_follows_what_the_provider_counts() -> None:
    budget = TokenBudget(1000)

    budget.observe(500, 600)
    assert budget.tokens == 961
    for _ in range(50):
        budget.observe(500, 600)

    assert budget.tokens == 833


@pytest.mark.parametrize(
    ("instructions", "tokens"),
    [([], 1000), (["x" * 384, "x"], 900), (["x" * 9999], 500)],
)
def test_instructions_take_their_part_of_a_budget(
    instructions: list[str], tokens: int
) -> None:
    assert TokenBudget(1000, instructions).tokens == tokens


@pytest.mark.parametrize(("counted", "tokens"), [(10_000, 500), (1, 2000)])
def test_a_budget_believes_no_count_that_is_far_off(counted: int, tokens: int) -> None:
    budget = TokenBudget(1000)

    for _ in range(100):
        budget.observe(1000, counted)

    assert abs(budget.tokens - tokens) <= 1


@pytest.mark.parametrize(("estimated", "counted"), [(99, 198), (500, 0)])
def test_a_budget_ignores_short_prompts_and_missing_counts(
    estimated: int, counted: int
) -> None:
    budget = TokenBudget(1000)

    budget.observe(estimated, counted)

    assert budget.tokens == 1000
