"""As how many blocks a Markdown text counts."""

import pytest

from bot.playground.text.expansion import expanded_blocks
from bot.playground.text.translation import translate

ALL_KINDS = "# h\na\nb\n\n- c\n- d\n\n> e\n\n```\nf\n\ng\n```\n|h|\n|-|\n|i|\n\n---\n"


@pytest.mark.parametrize(
    ("markdown", "count"),
    [
        ("", 0),
        ("a\nb", 1),
        ("a\n\nb", 2),
        ("# a\nb", 2),
        ("- a\n- b\n\n  c\n\n  - d", 1),
        ("- a\n* b", 2),
        ("a\n---\n", 1),
        ("[a]: https://x.test\n", 0),
        (ALL_KINDS, 7),
    ],
)
def test_each_outermost_block_counts_once(markdown: str, count: int) -> None:
    assert expanded_blocks(markdown) == count


def test_no_fewer_blocks_are_counted_than_stored() -> None:
    assert len(translate(ALL_KINDS).blocks) <= expanded_blocks(ALL_KINDS)
