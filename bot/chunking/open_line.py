"""The line that a chunker of sentences is in: what it is, and where it may end."""

from typing import Final

from bot.chunking.markdown import MarkdownState
from bot.chunking.sentence import Kind
from bot.chunking.sentence_end import (
    Find,
    SentenceEnd,
    find_end,
    find_line_end,
    is_row,
)

MAX_HEAD_CHARS: Final = 256
"""What is kept of a line that has left in part, to know what kind of line it is."""


class OpenLine:
    """Which kind of line is open, and what of it has left already.

    It is one half of `SentenceChunker`, which lets the sentences out and tells it where
    the line ends.
    """

    def __init__(self) -> None:
        """Begin a document."""
        self._head = ""
        """What has left of the line, or its beginning."""
        self._end = SentenceEnd()
        self._find: Find = find_end
        self._is_whole_line = False
        """Whether only a newline ends this: code, or a row of a table."""
        self._kind: Kind = "prose"
        self._state = MarkdownState()

    def _read_line(self, rest: str) -> bool:
        """Tell what kind of line ends, and whether it is the first of its block."""
        state, line = self._state, rest
        if self._head:
            line, self._head = self._head + rest, ""
        was_code = state.leaf == "fence"
        state.feed(line)
        leaf = state.leaf
        if was_code and leaf == "fence":
            return False
        is_whole = leaf == "fence" or leaf == "table"
        if not (is_whole or self._is_whole_line or "|" in line):
            self._begin_prose()
            return True
        self._begin_line(is_whole=is_whole)
        if was_code or leaf == "fence":
            self._kind = "code"
            return not was_code
        was_table = self._kind == "table"
        is_table = leaf == "table" or is_row(line)
        self._kind = "table" if is_table else "prose"
        return not (is_table and was_table)

    def _read_blank_line(self) -> None:
        """Read a blank line, outside of code and tables."""
        self._state.feed_blank()
        self._begin_prose()

    def _begin_prose(self) -> None:
        self._kind = "prose"
        self._find = find_end
        end = self._end
        end.is_begun = False
        if not end.is_fresh:
            end.begin_line()

    def _begin_line(self, *, is_whole: bool) -> None:
        self._is_whole_line = is_whole
        self._find = find_line_end if is_whole else find_end
        self._end.begin_line()
