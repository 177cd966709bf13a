"""How much of a message a text takes."""

import pytest

from bot.slack.text.limits import estimated_blocks, has_table, trimmed


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("", 0),
        ("\n \n", 0),
        ("one\ntwo\n", 1),
        ("one\n\ntwo\n", 2),
        ("# One\n\ntwo\n", 2),
        ("- one\n- two\n- three\n", 1),
        ("one\n\n```\n\ntwo\n\nthree\n\n```\n", 2),
        ("| a |\n|---|\n| 1 |\n\nBehind.\n", 2),
        ("one\n\n---\n\ntwo\n", 3),
    ],
)
def test_blocks_of_the_top_level_are_counted(text: str, blocks: int) -> None:
    assert estimated_blocks(text) == blocks


@pytest.mark.parametrize(
    ("text", "is_table"),
    [
        ("| a | b |\n|---|---|\n", True),
        ("a | b\n:-- | --:\n", True),
        ("a | b\r\n--- | ---\r\n", True),
        ("a | b\n", False),
        ("one\n---\n", False),
        ("|||\n", False),
    ],
)
def test_a_delimiter_row_may_be_a_table(text: str, *, is_table: bool) -> None:
    assert has_table(text) is is_table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n \t\n\r\n    code\n\n", "    code"),
        ("one\n\ntwo  ", "one\n\ntwo"),
        (" \n", ""),
    ],
)
def test_blank_lines_at_the_borders_are_not_shown(text: str, expected: str) -> None:
    assert trimmed(text) == expected
