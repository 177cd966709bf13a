"""The offline model's memory of a thread."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.tokens import estimate_tokens
from bot.llm.summarizer import RULES, _prompt
from bot.playground.model.recital import ModelMessage, recite
from bot.playground.model.summary import kept
from tests.long import examples
from tests.twins import said

ROLES = {"system": "system", "person": "user", "bot": "assistant"}


def remembered(previous: str, *texts: str, limit_tokens: int = 200) -> str:
    """Return what the model makes of the bot's own prompt."""
    prompt = _prompt(previous, [said(text) for text in texts], limit_tokens)
    return recite([ModelMessage(ROLES[m.role], m.text) for m in prompt.messages])


def test_the_memory_names_who_said_what_and_keeps_the_markers() -> None:
    text = "the launch code is ZEBRA-17, and tea is cold and green and bitter"

    memory = remembered("", text, "at 9:30\nthen")

    assert memory == (
        "- ana: the launch code is ZEBRA-17, and tea is…\n"
        "- ana: at 9:30 then\nKept: ZEBRA-17 9 30"
    )


def test_the_memory_goes_on() -> None:
    memory = remembered(remembered("", "one is 1"), "two is 2")

    assert memory == "- ana: one is 1\n- ana: two is 2\nKept: 1 2"


def test_other_data_is_no_memory() -> None:
    assert kept(RULES, "hello") is None


@pytest.mark.parametrize("limit_tokens", [64, 200])
def test_the_oldest_words_go_first_and_the_markers_stay(limit_tokens: int) -> None:
    memory = ""
    for number in range(30):
        memory = remembered(
            memory, f"fact f{number} " + "x" * 80, limit_tokens=limit_tokens
        )

    assert memory.splitlines()[-1] == "Kept: " + " ".join(f"f{n}" for n in range(30))
    assert estimate_tokens(memory) <= limit_tokens


@settings(max_examples=examples(50, 2000))
@given(st.text(max_size=300), st.lists(st.text(max_size=200), max_size=6))
def test_the_memory_is_never_longer_than_asked(previous: str, texts: list[str]) -> None:
    assert estimate_tokens(remembered(previous, *texts, limit_tokens=64)) <= 64


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "[ana] recall zebra-17",
            "I was given:\n\n- Ana said ZEBRA-17.\n- and zebra-17",
        ),
        ("recall tea", "I was given nothing of tea."),
    ],
)
def test_a_word_of_the_whole_prompt_can_be_recalled(question: str, answer: str) -> None:
    messages = [
        ModelMessage("system", "Be brief.\nAna said ZEBRA-17."),
        ModelMessage("user", "and zebra-17"),
        ModelMessage("user", question),
    ]

    assert recite(messages) == answer
