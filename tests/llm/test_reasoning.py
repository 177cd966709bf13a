"""Reasoning is kept from people, however it is split."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.llm.reasoning import ReasoningFilter
from tests.long import examples


def visible(*fragments: str) -> str:
    reasoning = ReasoningFilter()
    return "".join([*map(reasoning.push, fragments), reasoning.finish()])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello", "hello"),
        ("<think>secret</think>hello", "hello"),
        (" \n<think>secret</think>\n\nhello", "\n\nhello"),
        ("<think>a</think>\n<think>b</think>hello", "hello"),
        ("hello <think>text</think>", "hello <think>text</think>"),
        ("<think>never closed", ""),
        ("<think></thin</think>x", "x"),
        ("<thin", "<thin"),
        ("<thinking>x", "<thinking>x"),
        ("  ", "  "),
        ("", ""),
    ],
)
def test_people_read_the_answer_without_a_leading_reasoning(
    text: str, shown: str
) -> None:
    assert visible(text) == shown
    assert visible(*text) == shown


def test_an_answer_is_not_held() -> None:
    reasoning = ReasoningFilter()

    shown = [reasoning.push(part) for part in ("<think>a</think>H", "i", "<think>")]

    assert shown == ["H", "i", "<think>"]


parts = st.sampled_from(["<think>", "</think>", "<", "/th", "ink>", "a", " ", "\n"])


@settings(max_examples=examples(80, 5000), deadline=None)
@given(st.lists(parts, max_size=12))
def test_any_split_shows_the_same(fragments: list[str]) -> None:
    whole = "".join(fragments)

    assert visible(*fragments) == visible(whole) == visible(*whole)


@settings(max_examples=examples(80, 5000), deadline=None)
@given(st.lists(parts, max_size=12).map("".join), st.lists(parts).map("".join))
def test_reasoning_never_shows(secret: str, answer: str) -> None:
    thought = f"SECRET{secret}".replace("</think>", "")

    assert "SECRET" not in visible(*f"<think>{thought}</think>{answer}")
