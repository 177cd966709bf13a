"""Which blocks are open, and how good the seams between lines are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chunking.markdown import MarkdownState
from bot.chunking.seam import Seam
from bot.chunking.syntax import MAX_DEPTH


def seams(*lines: str) -> list[str]:
    state = MarkdownState()
    return [state.feed(f"{line}\n").name for line in lines]


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["a", "b", "", "c"], ["BLOCK", "TEXT", "BLOCK", "BLOCK"]),
        (["- a", "  - b", "  - c", "- d"], ["BLOCK", "NESTED", "NESTED", "ITEM"]),
        (["- a", "", "  b", "", "c"], ["BLOCK", "NONE", "BLANK", "NONE", "BLOCK"]),
        (["- a", "lazy", "* b"], ["BLOCK", "LINE", "BLOCK"]),
        (["1. a", "2. b", "3) c"], ["BLOCK", "ITEM", "BLOCK"]),
        (["a", "2. b", "1. c"], ["BLOCK", "TEXT", "BLOCK"]),
        (["```", "x", "y", "```"], ["BLOCK", "NONE", "ROW", "NONE"]),
        (["| a |", "|---|", "| b |", "| c |"], ["BLOCK", "NONE", "NONE", "ROW"]),
        (["a", "==", "b"], ["BLOCK", "NONE", "BLOCK"]),
        (["> a", "b", "", "> c"], ["BLOCK", "LINE", "BLOCK", "BLOCK"]),
        (["<div>", "a", "", "b"], ["BLOCK", "LINE", "BLOCK", "BLOCK"]),
        (["    a", "", "    b", "c"], ["BLOCK", "NONE", "LINE", "BLOCK"]),
        (["$$", "- a", "$$", "b"], ["BLOCK", "NONE", "NONE", "LINE"]),
        (["[a]: /b", "==="], ["BLOCK", "BLOCK"]),
        (["- a", "# b", "c"], ["BLOCK", "BLOCK", "BLOCK"]),
        (["- a", "```", "x", "```", "b"], ["BLOCK", "BLOCK", "NONE", "NONE", "BLOCK"]),
        (["~~~", "```", "~~~~", "~~~"], ["BLOCK", "NONE", "NONE", "BLOCK"]),
        (["```", "```x", "``", "```"], ["BLOCK", "NONE", "ROW", "NONE"]),
        (["``` `", "a"], ["BLOCK", "TEXT"]),
        (["| a |", "|-|-|", "|---|"], ["BLOCK", "TEXT", "TEXT"]),
        (["- ```", "x", "- ```", "  x"], ["BLOCK", "BLOCK", "BLOCK", "NONE"]),
        (["| a |", "x", "| b |"], ["BLOCK", "TEXT", "TEXT"]),
        (["> a", "", "b"], ["BLOCK", "BLOCK", "BLOCK"]),
        (["> a", "- b", "**c**"], ["BLOCK", "BLOCK", "LINE"]),
    ],
)
def test_a_line_is_read_as_commonmark_reads_it(
    lines: list[str], names: list[str]
) -> None:
    assert seams(*lines) == names


@pytest.mark.parametrize("marker", ["> ", ">", "- ", "1. ", "- > "])
def test_what_is_too_deep_is_text(marker: str) -> None:
    state = MarkdownState()
    state.feed(f"{marker * MAX_DEPTH}x\n")
    assert state.is_too_deep is (len(marker.split()) > 1)
    state.feed(f"{marker * MAX_DEPTH * 2}x\n")

    assert state.is_too_deep
    assert len(state.containers) == MAX_DEPTH
    assert state.leaf == "paragraph"


def test_seams_are_ordered_from_best_to_worst() -> None:
    assert min(Seam.ROW, Seam.TEXT, Seam.BLOCK) is Seam.BLOCK


LINES = (
    "",
    "a",
    "- a",
    "  b",
    "> a",
    "# a",
    "```",
    "x",
    "| a |",
    "|---|",
    "<div>",
    "$$",
)


@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_rows_and_blank_lines_are_read_the_same_at_first_sight(
    lines: list[str],
) -> None:
    state, hasty = MarkdownState(), MarkdownState()
    for line in lines:
        seam = state.feed(f"{line}\n")
        if not line:
            assert hasty.feed_blank() == seam
        elif not hasty.feed_row(f"{line}\n"):
            assert hasty.feed(f"{line}\n") == seam
        assert vars(hasty) == vars(state)
