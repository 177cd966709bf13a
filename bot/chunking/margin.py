"""What a line is that begins at the margin, where one look tells: most lines.

Such a line stands in no list item; in a quote only as a paragraph that goes on lazily.

Source: https://spec.commonmark.org/0.31.2/
"""

import re
from typing import Final

_KINDS: Final = re.compile(
    r"([^\W\d_]|\*{1,2}[^\W_]|[\"“‘(（「『])"
    r"|(\|)"
    r"|(\r?\n)"
    r"|([-+*]) (?=[^\W\d_]|\*{1,2}[^\W_])"
    r"|(#{1,6} )"
    r"|(`{3}|~{3})"
)
"""Its groups are the kinds, in their order; what it does not match needs more looks."""
NONE, TEXT, ROW, BLANK, ITEM, HEADING, FENCE = range(7)
_FIRST_CHARS: Final = {"|": ROW, "\n": BLANK}


def kind_of(line: str) -> int:
    """Return the kind of a line that begins at the margin, `NONE` if it is not simple.

    For most lines the first character tells, sooner than the pattern does.
    """
    first = line[:1]
    if first.isalpha():
        return TEXT
    if first in _FIRST_CHARS:
        return _FIRST_CHARS[first]
    match = _KINDS.match(line)
    return NONE if match is None else match.lastindex or NONE
