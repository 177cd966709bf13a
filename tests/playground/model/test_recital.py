"""What the offline model answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.model.recital import (
    CONTINUE_MARK,
    MAX_COUNT,
    MAX_SUMMARY_CHARS,
    ModelMessage,
    recite,
)


def asked(*texts: str) -> list[ModelMessage]:
    """Make a talk in which user and assistant take turns, the user first."""
    roles = ("user", "assistant")
    return [ModelMessage(roles[i % 2], text) for i, text in enumerate(texts)]


def test_the_model_is_honest_about_itself() -> None:
    answer = recite(asked("[ana] How tall is Mount Fuji?"))

    assert answer.startswith(
        "I am the offline model: I recite samples, I do not think."
    )
    assert "“How tall is Mount Fuji?”" in answer
    assert "no earlier message" in answer


def test_the_thread_is_seen_to_be_remembered() -> None:
    answer = recite(asked("[ana] Where is my umbrella?", "I do not know.", "Hm."))

    assert "2 earlier messages" in answer
    assert "first, ana asked: “Where is my umbrella?”" in answer


@pytest.mark.parametrize("question", ["what did I say first?", "何を覚えていますか？"])
def test_what_was_said_first_can_be_asked(question: str) -> None:
    answer = recite(asked("blue", "Fine.", question))

    said = "I was given 2 earlier messages of this thread"
    assert answer == f"{said}; first, it began with: “blue”."


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("[ben] show me a nested list", "- **Dry goods**\n  - Flour"),
        ("a LIST please", "1. You write"),
        ("show me a table", "|:----|"),
        ("write some python", "```python\n"),
        ("code?", "````markdown\n"),
        ("code!", "~~~text\n"),
        ("a haiku", "newline falls"),
        ("tell me a story", "fragments"),
        ("日本語で話して", "「速さ」"),
        ("俳句", "newline falls"),
        ("長い文章", "## 11. The end"),
    ],
)
def test_samples_come_on_request(question: str, part: str) -> None:
    assert part in recite(asked(question))


def test_a_word_inside_a_word_asks_for_nothing() -> None:
    assert recite(asked("stable codec listen")).startswith("I am the offline model")


def test_the_long_answer_is_long_and_varied() -> None:
    answer = recite(asked("a long answer"))

    assert len(answer) > 12_000
    assert answer.count("\n") >= 295


@given(st.text(min_size=1))
def test_echo_returns_everything_behind_it_exactly(text: str) -> None:
    assert recite(asked(f"echo:\n{text}")) == text


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("[ana] <@U0LINEFEED> echo hello", "hello"),
        ("please echo: a\n b", "a\n b"),
        ("ECHO\n```py\n  x = 1\n```\n", "```py\n  x = 1\n```\n"),
    ],
)
def test_echo_may_be_asked_for_in_several_ways(question: str, answer: str) -> None:
    assert recite(asked(question)) == answer


def test_an_echo_of_nothing_is_the_introduction() -> None:
    assert recite(asked("echo")).startswith("I am the offline model")


@pytest.mark.parametrize(
    "question", ["count to 3", "[ana] Count up to 3!", "3まで数えて"]
)
def test_counting_takes_a_line_per_number(question: str) -> None:
    assert recite(asked(question)) == "1\n2\n3"


def test_counting_is_bounded() -> None:
    assert recite(asked("count to 999999")).count("\n") == MAX_COUNT - 1


@pytest.mark.parametrize("question", ["a table", "hello", "what did I say first?"])
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_a_beginning_is_continued_exactly(question: str, share: float) -> None:
    talk = asked("blue", "Fine.", question)
    whole = recite(talk)
    beginning = whole[: int(len(whole) * share)]
    order = ModelMessage("user", f"Go on.\n{CONTINUE_MARK}\n{beginning}")
    same = ModelMessage("user", f"{question}\n\n{CONTINUE_MARK}\n{beginning}")

    rest = whole[len(beginning) :]
    begun = ModelMessage("assistant", beginning)
    go_on = "It broke off. Go on exactly behind its last character; repeat nothing."
    assert recite([*talk, begun]) == rest
    assert recite([*talk, begun, ModelMessage("user", go_on)]) == rest
    assert recite([*talk[:-1], same]) == rest
    if beginning:
        assert recite([*talk, order]) == rest


def test_a_strange_beginning_is_not_continued() -> None:
    answer = recite([*asked("a table"), ModelMessage("assistant", "Once upon")])

    assert "That beginning is not mine" in answer


def test_a_memory_is_bounded_and_names_the_speakers() -> None:
    system = ModelMessage("system", "You maintain the memory of one chat thread.")
    talk = asked("[ana] My cat is called Miso.", "A fine name.", "purr " * 50)

    answer = recite([system, *talk * 20])

    assert answer.startswith("- ana: My cat is called Miso.\n- Linefeed: A fine name.")
    assert "- someone: purr" in answer
    assert len(answer) <= MAX_SUMMARY_CHARS


def test_a_person_can_ask_for_a_summary() -> None:
    assert recite(asked("[ana] hi", "ho", "a summary")) == "- ana: hi\n- Linefeed: ho"
    assert recite(asked("summarize")) == "Nothing was said yet."


def test_a_summary_in_the_instructions_is_no_request_for_one() -> None:
    system = ModelMessage("system", "You are helpful. Summary so far: ana likes tea.")

    assert recite([system, *asked("count to 2")]) == "1\n2"


def test_a_prompt_without_talk_is_answered_too() -> None:
    assert recite([]).startswith("I am the offline model")
