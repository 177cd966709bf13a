"""Fenced code blocks, as CommonMark reads them line by line.

Source: https://spec.commonmark.org/0.31.2/#fenced-code-blocks
"""

import re
from dataclasses import dataclass

_OPENER = re.compile(r"([ \t]*)(`{3,}|~{3,})([^\r\n]*)")
_MAX_CLOSER_INDENT = 3
"""How much deeper than its opener a closing line may stand."""


@dataclass(frozen=True, slots=True)
class Fence:
    """An open fence: how to close it and how to open it again."""

    indent: str
    marker: str
    """The run of backticks or tildes, as long as the opener's."""
    info: str
    """What stands behind the run, usually the language."""

    @property
    def opener(self) -> str:
        """Return the line that opens the fence again, newline included."""
        return f"{self.indent}{self.marker}{self.info}\n"

    @property
    def closer(self) -> str:
        """Return the line that closes the fence, without a newline."""
        return self.indent + self.marker

    def is_closed_by(self, line: str) -> bool:
        """Say whether a whole line ends this block: same character, run as long."""
        text = line.strip(" \t\r\n")
        depth = len(line) - len(line.lstrip(" \t"))
        return (
            len(text) >= len(self.marker)
            and text == self.marker[0] * len(text)
            and depth <= len(self.indent) + _MAX_CLOSER_INDENT
        )


def opened_fence(line: str) -> Fence | None:
    """Return the fence that a whole line opens, or None.

    Any indent counts, because fences in list items stand deep. A backtick behind
    backticks makes the line inline code.
    """
    match = _OPENER.match(line)
    if match is None:
        return None
    indent, marker, info = match.groups()
    if marker[0] == "`" and "`" in info:
        return None
    return Fence(indent, marker, info)
