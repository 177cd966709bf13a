"""How good a place is to cut a text, best first."""

from enum import IntEnum


class Seam(IntEnum):
    """What a cut before a line would part."""

    BLOCK = 0
    """Nothing: a block begins that stands in no other."""
    ITEM = 1
    """Two items of a list that stands in no other block."""
    ROW = 2
    """Two rows of a table, or two lines of code."""
    NESTED = 3
    """Two items of a list inside another block."""
    BLANK = 4
    """Two blocks inside another, at the blank line between them."""
    LINE = 5
    """Two lines of a block that has no better place."""
    TEXT = 6
    """Two lines of one paragraph; a sentence may end elsewhere."""
    NONE = 7
    """What must stay together: a table's header and its delimiter row, say."""
