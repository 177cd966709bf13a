"""Lines for one message that grows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chunking import FinishedError, LineChunker
from tests.chunking.texts import anything, chunks_of
from tests.long import examples


def bodies(text: str, limit: int = 1000) -> list[str]:
    return [chunk.body for chunk in chunks_of(LineChunker(limit), [text])]


def test_every_line_is_a_chunk_in_code_lists_and_tables_too() -> None:
    text = "# a\n- b\n  - c\n```\nx\n\ny | z\n```\n"

    assert bodies(text) == [
        "# a\n",
        "- b\n",
        "  - c\n",
        "```\n",
        "x\n",
        "\ny | z\n",
        "```\n",
    ]


def test_a_table_begins_with_header_and_delimiter_row_at_once() -> None:
    assert bodies("| a |\n|---|\n| 1 |\n") == ["| a |\n|---|\n", "| 1 |\n"]


def test_what_was_no_header_leaves_with_the_next_line() -> None:
    chunker = LineChunker(100)

    assert chunker.push("a | b\n") == ()
    assert [chunk.body for chunk in chunker.push("c\n")] == ["a | b\n", "c\n"]


@settings(max_examples=examples(40, 2000), deadline=None)
@given(anything, st.integers(64, 400))
def test_a_completed_line_has_left_with_its_newline(text: str, limit: int) -> None:
    chunker = LineChunker(limit)
    out = ""

    for line in text.replace("|", "").split("\n")[:-1]:
        out += "".join(chunk.body for chunk in chunker.push(f"{line}\n"))

        assert out.rstrip().endswith(line.rstrip())


def test_idle_lets_whole_words_out_and_the_line_goes_on_behind_them() -> None:
    chunker = LineChunker(100)
    chunker.push("- some words and a beg")

    assert [chunk.body for chunk in chunker.idle()] == ["- some words and a "]
    assert chunker.idle() == ()
    assert [chunk.body for chunk in chunker.push("inning\n")] == ["beginning\n"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "- ", "``` py x", "| a b", "a | b c", "1. ", "$$ x", "word"),
        *("```\nx = 1 ", "a | b\nc d ", "**bold word", "`code and", "[a link", "\n \n"),
    ],
)
def test_idle_holds_what_may_yet_become_something_else(text: str) -> None:
    chunker = LineChunker(100)
    chunker.push(text)

    assert chunker.idle() == ()


@settings(max_examples=examples(40, 2000), deadline=None)
@given(anything, st.integers(64, 400), st.lists(st.booleans(), max_size=200))
def test_idle_loses_nothing(text: str, limit: int, pauses: list[bool]) -> None:
    chunker = LineChunker(limit)
    out = ""

    for char, is_idle in zip(text, [*pauses, *[False] * len(text)], strict=False):
        chunks = chunker.push(char) + (chunker.idle() if is_idle else ())
        out += "".join(chunk.body for chunk in chunks)

    assert out + "".join(chunk.body for chunk in chunker.finish()) == text


def test_idle_leaves_the_two_halves_of_a_line_end_together() -> None:
    chunker = LineChunker(100)
    chunker.push("some words here\r")

    assert [chunk.body for chunk in chunker.idle()] == ["some words "]
    assert [chunk.body for chunk in chunker.push("\n")] == ["here\r\n"]


def test_a_finished_text_is_never_idle() -> None:
    chunker = LineChunker(100)
    chunker.finish()

    with pytest.raises(FinishedError):
        chunker.idle()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("It is so. That is", ["It is so. "]),
        ("It is so. That is. All", ["It is so. That is. "]),
        ("- It is so. **That is. All", ["- It is so. "]),
        ("それは速い。とても", ["それは速い。"]),
        ("It is version 2.5 of Mr. X", []),
        ("some words that go on", []),
        ("some words that go on and on", ["some words that go on and "]),
    ],
)
def test_idle_waits_for_a_sentence_as_long_as_little_is_held(
    text: str, left: list[str]
) -> None:
    chunker = LineChunker(100)
    chunker.push(text)

    assert [chunk.body for chunk in chunker.idle(26)] == left


def test_idle_finds_the_sentence_behind_what_has_left() -> None:
    chunker = LineChunker(1000)
    chunker.push("One is so. Two is")
    chunker.idle(99)
    chunker.push(" so. Three")

    assert [chunk.body for chunk in chunker.idle(99)] == ["Two is so. "]


@settings(max_examples=examples(40, 2000), deadline=None)
@given(anything, st.integers(64, 400), st.lists(st.booleans(), max_size=200))
def test_idle_by_sentences_loses_nothing(
    text: str, limit: int, pauses: list[bool]
) -> None:
    chunker = LineChunker(limit)
    out = ""

    for char, is_idle in zip(text, [*pauses, *[False] * len(text)], strict=False):
        chunks = chunker.push(char) + (chunker.idle(9) if is_idle else ())
        out += "".join(chunk.body for chunk in chunks)

    assert out + "".join(chunk.body for chunk in chunker.finish()) == text
