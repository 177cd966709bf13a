"""Fenced code blocks, as CommonMark reads them line by line.

Source: https://spec.commonmark.org/0.31.2/#fenced-code-blocks
"""

import re
from dataclasses import dataclass

_OPENER = re.compile(r"(`{3,}|~{3,})([^\r\n]*)")
MAX_INFO_CHARS = 100
"""A longer info string is not repeated where a fence is opened again."""
MAX_MARKER_CHARS = 16
"""A longer run is read as text: it could not be repeated in a short chunk."""


@dataclass(frozen=True, slots=True)
class Fence:
    """An open fence: how to close it and how to open it again."""

    lead: str
    """What stands before it on the line, markers of list items as spaces."""
    marker: str
    """The run of backticks or tildes, as long as the opener's."""
    info: str
    """What stands behind the run, usually the language."""

    @property
    def opener(self) -> str:
        """Return the line that opens the fence again, newline included."""
        info = self.info if len(self.info) <= MAX_INFO_CHARS else ""
        return f"{self.lead}{self.marker}{info}\n"

    @property
    def closer(self) -> str:
        """Return the line that closes the fence, without a newline."""
        return self.lead + self.marker

    def is_closed_by(self, text: str) -> bool:
        """Say whether a line, indent left out, ends this block: a run as long."""
        run = text.rstrip(" \t\r\n")
        marker = self.marker
        return run.startswith(marker) and run == marker[0] * len(run)


def opened_fence(text: str, lead: str = "") -> Fence | None:
    """Return the fence that a line opens, or None; `text` begins behind the indent.

    A backtick behind backticks makes the line inline code.
    """
    match = _OPENER.match(text)
    if match is None:
        return None
    marker, info = match.groups()
    if len(marker) > MAX_MARKER_CHARS or (marker[0] == "`" and "`" in info):
        return None
    return Fence(lead, marker, info)
