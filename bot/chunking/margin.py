"""What a line is that begins at the margin, where one look tells: most lines.

Such a line stands in no list item; in a quote only as a paragraph that goes on lazily.

Source: https://spec.commonmark.org/0.31.2/
"""

import re
from typing import Final

SIMPLE: Final = re.compile(
    r"([^\W\d_]|\*{1,2}[^\W_]|[\"“‘(（「『])"
    r"|(\|)"
    r"|(\r?\n)"
    r"|([-+*]) (?=[^\W\d_]|\*{1,2}[^\W_])"
    r"|(#{1,6} )"
)
"""Its groups are the kinds, in their order; what it does not match needs more looks."""
TEXT, ROW, BLANK, ITEM, HEADING = range(1, 6)
