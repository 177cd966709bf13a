"""What all three chunkers promise, for any text: properties."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.chunking import (
    BlockChunker,
    Chunk,
    FinishedError,
    LimitError,
    LineChunker,
    SentenceChunker,
    joined,
)
from tests.chunking.texts import (
    LENGTHS,
    LIMITS,
    Chunker,
    anything,
    chunks_of,
    documents,
    split_at,
)
from tests.long import examples

property_run = settings(max_examples=examples(40, 1500), deadline=None)

Make = Callable[..., Chunker]


def whole_blocks(limit: int, **options: Any) -> BlockChunker:
    return BlockChunker(limit, hold="whole", **options)


def joined_sentences(limit: int, **options: Any) -> SentenceChunker:
    return SentenceChunker(limit, shortest=20, **options)


MAKES = st.sampled_from(
    [LineChunker, BlockChunker, whole_blocks, SentenceChunker, joined_sentences]
)
ONE_OF_EACH = pytest.mark.parametrize(
    "make", [LineChunker, BlockChunker, SentenceChunker]
)


@property_run
@given(MAKES, anything, LIMITS, LENGTHS)
def test_the_bodies_are_the_text(
    make: Make, text: str, limit: int, length: Callable[[str], int]
) -> None:
    chunks = chunks_of(make(limit, length=length), [text])

    assert "".join(chunk.body for chunk in chunks) == text
    assert all(chunk.body for chunk in chunks)


@property_run
@given(MAKES, anything, LIMITS, LENGTHS, st.lists(st.integers(0), max_size=20))
def test_the_chunks_do_not_depend_on_the_fragments(
    make: Make,
    text: str,
    limit: int,
    length: Callable[[str], int],
    places: list[int],
) -> None:
    whole = chunks_of(make(limit, length=length), [text])

    assert chunks_of(make(limit, length=length), list(text)) == whole
    assert chunks_of(make(limit, length=length), split_at(text, places)) == whole


@property_run
@given(MAKES, anything, anything, LIMITS)
def test_what_has_left_never_changes(
    make: Make, beginning: str, rest: str, limit: int
) -> None:
    left = list(make(limit).push(beginning))

    assert chunks_of(make(limit), [beginning + rest])[: len(left)] == left


@property_run
@given(MAKES, anything, LIMITS, LENGTHS)
def test_no_chunk_is_over_the_limit(
    make: Make, text: str, limit: int, length: Callable[[str], int]
) -> None:
    chunks = chunks_of(make(limit, length=length), [text])

    assert max((length(chunk.text) for chunk in chunks), default=0) <= limit


@property_run
@given(MAKES, anything, LIMITS)
def test_what_is_pending_is_never_over_the_limit(
    make: Make, text: str, limit: int
) -> None:
    chunker = make(limit)
    pending = 0

    for char in text:
        pending += 1 - sum(len(chunk.body) for chunk in chunker.push(char))

        assert pending <= limit


@property_run
@given(MAKES, anything, LIMITS)
@example(BlockChunker, "  \0" + " " * 61 + "\n", 64)
def test_white_space_alone_is_a_chunk_only_if_long_or_last(
    make: Make, text: str, limit: int
) -> None:
    *before, _ = (*chunks_of(make(limit), [text]), None)

    for chunk in before[:-1]:
        assert not chunk.text.isspace() or len(chunk.text) >= limit // 2


@property_run
@given(st.sampled_from([BlockChunker, whole_blocks]), documents(), LIMITS)
@example(
    BlockChunker,
    "p word word word 漢字。 5*3 [x]\np word word two words two words\n> - word\n",
    64,
)
def test_a_chunk_chunked_again_is_itself(make: Make, text: str, limit: int) -> None:
    """Hold for blocks of Markdown; of any other text white space may part again.

    That is where a cut, or math without an end, left white space last in a chunk: read
    on its own it could lead what follows.
    """
    for chunk in chunks_of(make(limit), [text]):
        again = chunks_of(make(limit), [chunk.text])

        assert [one.text for one in again] == [chunk.text]


@property_run
@given(anything, LIMITS)
def test_a_line_chunked_again_is_itself(text: str, limit: int) -> None:
    """Hold for lines of any text; not for sentences.

    A line of code or of a table read on its own is prose, and may be several sentences.
    """
    for chunk in chunks_of(LineChunker(limit), [text]):
        again = chunks_of(LineChunker(limit), [chunk.text])

        assert again == [chunk]


@property_run
@given(MAKES, st.lists(st.sampled_from(["\r\n", "\r", "x", " ", "。"])), LIMITS)
def test_the_two_halves_of_a_line_end_stay_together(
    make: Make, parts: list[str], limit: int
) -> None:
    chunks = chunks_of(make(limit), ["x" * (limit % 997), *parts * 9])

    for one, other in pairwise(chunks):
        assert not (one.body.endswith("\r") and other.body.startswith("\n"))


@property_run
@given(MAKES, anything)
def test_the_seams_leave_no_trace_in_the_joined_text(make: Make, text: str) -> None:
    chunks = chunks_of(make(64), [text])
    bare = [Chunk(c.body, c.prefix.rpartition("\n\n")[2], c.suffix) for c in chunks]
    closing = chunks[-1].suffix if chunks else ""

    assert joined(bare) == text + closing


@ONE_OF_EACH
def test_a_limit_without_room_is_refused(make: Make) -> None:
    with pytest.raises(LimitError, match="at least 64"):
        make(63)


@ONE_OF_EACH
def test_nothing_comes_of_nothing(make: Make) -> None:
    assert chunks_of(make(64), ["", ""]) == []


@ONE_OF_EACH
@pytest.mark.parametrize("fragment", ["", "x", "\n"])
def test_a_finished_text_takes_no_more(make: Make, fragment: str) -> None:
    chunker = make(64)
    chunker.finish()

    with pytest.raises(FinishedError):
        chunker.push(fragment)
    with pytest.raises(FinishedError):
        chunker.finish()


def test_the_readmes_examples_are_true() -> None:
    def bodies(chunks: tuple[Chunk, ...]) -> list[str]:
        return [chunk.body for chunk in chunks]

    lines = LineChunker(4_000)
    assert bodies(lines.push("One li")) == []
    assert bodies(lines.push("ne.\n- two")) == ["One line.\n"]
    assert bodies(lines.finish()) == ["- two"]
    blocks = whole_blocks(4_000)
    assert bodies(blocks.push("- a\n- b\n\n```py\nx = 1\n")) == ["- a\n- b\n"]
    assert blocks.finish() == (Chunk("\n```py\nx = 1\n", suffix="```"),)
    said = SentenceChunker(250).push("はい。Mr. Fox is here. ")
    assert bodies(said) == ["はい。", "Mr. Fox is here."]
