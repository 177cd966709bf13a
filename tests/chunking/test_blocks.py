"""Chunks that can each stand alone: examples, then properties."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.chunking import BlockChunker, joined
from bot.chunking.blocks import MIN_LIMIT_CHARS
from bot.chunking.fence import opened_fence
from tests.chunking.texts import LIMITS, chunks_of, documents, markdown, split_at
from tests.long import examples

property_run = settings(max_examples=examples(150, 5000), deadline=None)

COMMONMARK = MarkdownIt("commonmark").enable("table")


def texts_of(text: str, limit_chars: int = 1000) -> list[str]:
    return [chunk.text for chunk in chunks_of([text], limit_chars)]


def code_of(text: str) -> str:
    """Return what stands in the fenced blocks, one behind the other."""
    return "".join(t.content for t in COMMONMARK.parse(text) if t.type == "fence")


def leaves_a_fence_open(text: str) -> bool:
    *_, last, _ = COMMONMARK.parse(f"{text}\n\nbehind")
    return last.content != "behind"


def test_every_line_is_a_chunk() -> None:
    assert texts_of("# a\n- b\n  - c\n") == ["# a\n", "- b\n", "  - c\n"]


def test_a_line_leaves_with_its_newline_and_not_before() -> None:
    chunker = BlockChunker(100)

    assert chunker.push("one line") == ()
    assert [chunk.text for chunk in chunker.push("\ntwo")] == ["one line\n"]
    assert [chunk.text for chunk in chunker.finish()] == ["two"]


def test_white_space_leads_the_chunk_behind_it() -> None:
    assert texts_of("\n\na\n \nb\n") == ["\n\na\n", " \nb\n"]


def test_white_space_at_the_end_is_a_chunk() -> None:
    assert texts_of("a\n\n") == ["a\n", "\n"]


def test_a_fenced_block_is_one_chunk() -> None:
    block = "\n```py\nx = 1\n\ny = 2\n```\n"

    assert texts_of(f"a\n{block}b\n") == ["a\n", block, "b\n"]


def test_a_fence_in_a_list_item_is_one_chunk() -> None:
    block = "  ```sh\n  ls\n  ```\n"

    assert texts_of(f"- a\n{block}") == ["- a\n", block]


def test_a_block_over_the_limit_is_cut_between_two_lines() -> None:
    lines = [f"line {number} of the code\n" for number in range(5)]

    first, second, third = texts_of("".join(["```py\n", *lines, "```\n"]), 64)

    assert first == "```py\n" + lines[0] + lines[1] + "```"
    assert second == "```py\n" + lines[2] + lines[3] + "```"
    assert third == "```py\n" + lines[4] + "```\n"


def test_a_code_line_over_the_limit_is_cut_within() -> None:
    chunks = chunks_of(["~~~\n" + "x" * 150 + "\n~~~\n"], 64)

    assert all(chunk.text.startswith("~~~\n") for chunk in chunks)
    assert all(chunk.suffix == "\n~~~" for chunk in chunks[:-1])


def test_an_open_fence_is_closed_at_the_end() -> None:
    assert texts_of("```py\nx = 1") == ["```py\nx = 1\n```"]
    assert texts_of("```py\nx = 1\n") == ["```py\nx = 1\n```"]


def test_a_fence_opened_by_the_very_end_is_closed_too() -> None:
    """Else the note behind it, that the model broke off, would become code."""
    assert texts_of("```py") == ["```py\n```"]


def test_a_closing_line_without_newline_needs_no_other() -> None:
    assert texts_of("```\nx\n```") == ["```\nx\n```"]


def test_a_line_too_long_to_repeat_opens_no_fence() -> None:
    opener = "```" + "x" * 20 + "\n"

    assert texts_of(f"{opener}a\n", 64) == [opener, "a\n"]


def test_blank_lines_that_leave_no_room_go_ahead_of_a_fence() -> None:
    blank, block = "\n" * 58, "```\nx\n```\n"

    assert texts_of(blank + block, 64) == [blank, block]


def test_a_long_line_is_cut_behind_a_space() -> None:
    assert texts_of("word " * 20, 64) == ["word " * 12, "word " * 8]


def test_a_long_line_without_spaces_is_cut_at_the_limit() -> None:
    assert [len(text) for text in texts_of("字" * 150, 64)] == [63, 63, 24]


def test_the_two_halves_of_a_line_end_stay_together() -> None:
    assert texts_of("x" * 63 + "\r\n" + "y", 64) == ["x" * 62, "x\r\n", "y"]


@pytest.mark.parametrize("start", range(50, 66))
def test_the_rest_of_a_cut_line_opens_no_fence(start: int) -> None:
    text = "x" * start + " ```py " + "y" * 20 + "\nnext\n"

    *_, last = texts_of(text, 64)

    assert last == "next\n"


@pytest.mark.parametrize("start", range(50, 66))
def test_the_rest_of_a_cut_code_line_closes_no_fence(start: int) -> None:
    text = "```\n" + "x" * start + " ```\nnext\n```\nbehind\n"

    *_, last = texts_of(text, 64)

    assert last == "behind\n"


def test_a_table_is_one_chunk() -> None:
    table = "\n| a | b |\n|---|---|\n| 1 | 2 |\n"

    assert texts_of(f"x\n{table}\ny\n") == ["x\n", table, "\ny\n"]
    assert texts_of(f"{table}```\nz\n```\n") == [table, "```\nz\n```\n"]


def test_a_table_leaves_with_the_line_that_ends_it() -> None:
    chunker = BlockChunker(100)

    assert chunker.push("| a |\n|---|\n| 1 |\n") == ()
    assert [chunk.text for chunk in chunker.push("\n")] == ["| a |\n|---|\n| 1 |\n"]


def test_a_table_over_the_limit_is_cut_between_two_rows() -> None:
    row = "| " + "x" * 26 + " |\n"

    assert texts_of(row * 5, 64) == [row * 2, row * 2, row]


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 64"):
        BlockChunker(MIN_LIMIT_CHARS - 1)


def test_nothing_comes_of_nothing() -> None:
    assert chunks_of(["", ""], 64) == ()


def test_a_finished_text_takes_no_more() -> None:
    chunker = BlockChunker(64)
    chunker.finish()

    with pytest.raises(RuntimeError):
        chunker.push("x")
    with pytest.raises(RuntimeError):
        chunker.finish()


@property_run
@given(markdown, LIMITS)
def test_the_bodies_are_the_text(text: str, limit_chars: int) -> None:
    chunks = chunks_of([text], limit_chars)

    assert "".join(chunk.body for chunk in chunks) == text
    assert all(chunk.body for chunk in chunks)


@property_run
@given(markdown, LIMITS, st.lists(st.integers(0), max_size=20))
def test_the_chunks_do_not_depend_on_the_fragments(
    text: str, limit_chars: int, places: list[int]
) -> None:
    whole = chunks_of([text], limit_chars)

    assert chunks_of(list(text), limit_chars) == whole
    assert chunks_of(split_at(text, places), limit_chars) == whole


@property_run
@given(markdown, markdown, LIMITS)
def test_what_has_left_never_changes(
    beginning: str, rest: str, limit_chars: int
) -> None:
    left = BlockChunker(limit_chars).push(beginning)

    assert chunks_of([beginning + rest], limit_chars)[: len(left)] == left


@property_run
@given(markdown, LIMITS)
def test_no_chunk_is_over_the_limit(text: str, limit_chars: int) -> None:
    chunks = chunks_of([text], limit_chars)

    assert max((len(chunk.text) for chunk in chunks), default=0) <= limit_chars


@property_run
@given(markdown, LIMITS)
@example("  \0" + " " * 61 + "\n", 64)
def test_white_space_alone_is_a_chunk_only_if_long_or_last(
    text: str, limit_chars: int
) -> None:
    *before, _ = (*chunks_of([text], limit_chars), None)

    for chunk in before[:-1]:
        assert not chunk.text.isspace() or len(chunk.text) >= limit_chars // 2 - 1


@property_run
@given(markdown, LIMITS)
def test_a_line_outside_code_has_left_with_its_newline(
    text: str, limit_chars: int
) -> None:
    plain = "".join(
        line for line in text.splitlines(keepends=True) if not opened_fence(line)
    ).translate(str.maketrans("", "", "`~|"))
    chunker = BlockChunker(limit_chars)
    out = ""

    for line in plain.split("\n")[:-1]:
        out += "".join(chunk.body for chunk in chunker.push(f"{line}\n"))

        assert out.rstrip().endswith(line.rstrip())


@property_run
@given(markdown)
def test_the_seams_leave_no_trace_in_the_joined_text(text: str) -> None:
    chunks = chunks_of([text], 64)
    closing = chunks[-1].suffix if chunks else ""

    assert joined(chunks) == text + closing


@property_run
@given(documents, st.integers(80, 400), st.integers(0))
@example("p\n```\nab\n```", 80, 0)
def test_each_chunk_alone_shows_its_code_as_code(
    text: str, limit_chars: int, place: int
) -> None:
    begun = text[: len(text) - place % 5]
    chunks = [chunk.text for chunk in chunks_of([begun], limit_chars)]

    assert not any(map(leaves_a_fence_open, chunks))
    assert "".join(map(code_of, chunks)) == code_of(
        begun if begun.endswith("\n") else f"{begun}\n"
    )


@property_run
@given(documents)
def test_a_block_that_fits_is_one_chunk(text: str) -> None:
    chunks = chunks_of([text], 11_000)

    assert not any(chunk.prefix or chunk.suffix for chunk in chunks)
    assert sum(code_of(chunk.text) != "" for chunk in chunks) == sum(
        token.type == "fence" and token.content != ""
        for token in COMMONMARK.parse(text)
    )
