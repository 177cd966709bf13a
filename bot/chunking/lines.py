"""Chunks for one message that grows: every completed line at once."""

import re
from itertools import accumulate
from typing import Final

from typing_extensions import override

from bot.chunking import cut
from bot.chunking.chunk import Chunk
from bot.chunking.errors import FinishedError
from bot.chunking.inline import InlineState
from bot.chunking.intake import LineIntake
from bot.chunking.limit import UNLIMITED, Length, fitting_chars
from bot.chunking.markdown import MarkdownState
from bot.chunking.open_line import MAX_HEAD_CHARS
from bot.chunking.sentences import SentenceChunker

MIN_SHARE: Final = 4
"""A cut takes at least this part of what could be cut off: the rest is read again."""
_TEXT: Final = re.compile(r"[ \t]*(?:(?:[-+*]|\d{1,9}[.)]|#{1,6}|>)[ \t]+)*[^\W\d_]")
"""The beginning of a line that is surely text, behind markers or not."""


class LineChunker(LineIntake):
    """Let each line out in the push that brings its newline.

    Only what may be the header of a table waits for the line behind it, and white
    space leads the line behind it. A line over the limit is cut at the best place. The
    bodies are meant to be appended to each other: no chunk has a prefix or suffix.
    """

    def __init__(self, limit: int, *, length: Length = len) -> None:
        """Start an empty text; no chunk will be longer than `limit`.

        Raises:
            LimitError: if the limit is under `MIN_LIMIT`.
        """
        super().__init__(limit, length)
        self._white: list[str] = []
        self._row = ""
        self._head = ""
        self._state = MarkdownState()

    def idle(self, max_held_chars: int = 0) -> tuple[Chunk, ...]:
        """Return what may leave of a line whose rest is long in coming.

        That is whole words; with `max_held_chars` whole sentences, and words only where
        there is no end of a sentence in more than so many characters. Nothing that may
        yet be a table, code or a marker, nor where something inline is open. What
        follows goes on behind it.

        Raises:
            FinishedError: after `finish`.
        """
        if self._finished:
            raise FinishedError("idle after finish")
        line = "".join(self._line)
        is_text = self._state.leaf in ("", "paragraph") and not self._row
        known = self._head + line
        if not is_text or "|" in known or not _TEXT.match(known):
            return ()
        at = _sentence_end(self._head, line) if max_held_chars else 0
        if not at and len(line) > max_held_chars:
            at = _free_end(line)
        if not at:
            return ()
        self._line = []
        chunks = [self._leave(line[:at])]
        self._head = known[: len(self._head) + at][:MAX_HEAD_CHARS]
        self._consume(line[at:], chunks)
        return tuple(chunks)

    @override
    def _end_text(self, chunks: list[Chunk]) -> None:
        if any(self._line):
            self._end_line(chunks)
        if self._white or self._row:
            chunks.append(self._leave(self._row))

    @override
    def _end_line(self, chunks: list[Chunk]) -> None:
        line = "".join(self._line)
        self._line.clear()
        head, state = self._head, self._state
        if head:
            self._head = ""
        state.feed(head + line if head else line)
        if self._row:
            if state.leaf == "table":
                chunks.append(self._leave(self._row + line))
                return
            chunks.append(self._leave(self._row))
            self._room -= self._length(line)
        if line.isspace():
            self._white.append(line)
        elif "|" in line and state.leaf == "paragraph" and not head:
            self._row = line
        else:
            if self._white:
                line = "".join([*self._white, line])
                self._white.clear()
            self._room = self._limit
            chunks.append(Chunk(line))

    def _leave(self, text: str) -> Chunk:
        """Return a text behind the white space that leads it."""
        if self._white:
            text = "".join(self._white) + text
            self._white = []
        self._row, self._room = "", self._limit
        return Chunk(text)

    @override
    def _cut(self, chunks: list[Chunk]) -> None:
        line = "".join(self._line)
        self._line = []
        if self._row:
            chunks.append(self._leave(self._row))
            self._consume(line, chunks)
            return
        white = "".join(self._white)
        text = white + line
        blank = len(text) - len(text.lstrip())
        high = fitting_chars(text, self._limit, self._length)
        if blank > high // 2:
            at = min(blank, high)
            at -= at > 1 and text[at - 1] == "\r"
        else:
            low = max(blank, high // MIN_SHARE)
            is_code = self._state.leaf == "fence"
            at = cut.place(text, low, high, is_code=is_code)
        self._white = []
        chunks.append(self._leave(text[:at]))
        if at > len(white):
            self._head = (self._head + text[len(white) : at])[:MAX_HEAD_CHARS]
        self._consume(text[at:], chunks)


def _free_end(line: str) -> int:
    """Return where the last word ends behind which nothing inline is open, or 0.

    The first half of a line end waits for the second.
    """
    for at in cut.word_ends(line):
        if line[at - 1] != "\r" and not _is_open(line[:at]):
            return at
    return 0


def _sentence_end(head: str, line: str) -> int:
    """Return where the last sentence ends behind which nothing inline is open, or 0.

    The spaces behind it are its own; `head` is what has left of the line.
    """
    sentences = SentenceChunker(UNLIMITED).push(head + line)
    for end in reversed([*accumulate(len(s.body) for s in sentences)]):
        at = end - len(head)
        if at > 0 and not _is_open(line[:at]):
            return len(line) - len(line[at:].lstrip(" \t"))
    return 0


def _is_open(text: str) -> bool:
    state = InlineState()
    state.feed(text)
    return state.is_open
