"""Chunks to be spoken, or shown where a paragraph runs long: every sentence at once."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from bot.chunking import cut
from bot.chunking.chunk import Chunk
from bot.chunking.errors import FinishedError
from bot.chunking.limit import Length, checked, fitting_chars
from bot.chunking.markdown import MarkdownState
from bot.chunking.resumption import goes_on
from bot.chunking.sentence_end import (
    BEFORE_FRAGMENT,
    FIND_END,
    FIND_LINE_END,
    NEWLINE,
    SPACES,
    Find,
    SentenceEnd,
    find_end_behind_mark,
    is_row,
)

Kind = Literal["prose", "code", "table"]

MIN_SHARE: Final = 4
"""A cut takes at least this part of what could be cut off: the rest is read again."""
MAX_HEAD_CHARS: Final = 256
"""What is kept of a line that has left in part, to know what kind of line it is."""


@dataclass(slots=True, unsafe_hash=True)
class Sentence(Chunk):
    """One sentence, or a line of what is not prose."""

    kind: Final[Kind] = "prose"
    is_first: Final[bool] = True
    """Whether it begins its code block or table."""


class SentenceChunker:
    """Let each sentence out as soon as it is known to have ended.

    A Japanese sentence ends with its terminator, outside of brackets; a Latin one with
    the white space behind it; any with its line. Abbreviations, initials, decimals and
    the numbers of lists end none, and code spans are whole. Of code and tables each
    line is a chunk, told apart by its kind. White space, and terminators alone, lead
    the chunk behind them. A sentence over the limit is cut at a clause, else a word.

    A sentence shorter than `shortest` leads the next one of its line: speech is less
    chopped, but it waits for that end. For speech 10 characters serve Japanese, 20
    English. As it is, 0, nothing waits. A line ends all that it holds.
    """

    def __init__(self, limit: int, *, length: Length = len, shortest: int = 0) -> None:
        """Start an empty text; no chunk will be longer than `limit`.

        Raises:
            LimitError: if the limit is under `MIN_LIMIT`.
        """
        self._limit = checked(limit)
        self._length = length
        self._shortest = shortest
        self._room = limit
        """What still fits; negative behind the end, so that no fragment does."""
        self._white = ""
        self._parts: list[str] = []
        """The sentence so far, but for the white space that leads it."""
        self._seen_count = 0
        """How many of the parts stand before a place where it might have ended."""
        self._head = ""
        self._end = SentenceEnd()
        self._find: Find = FIND_END
        self._is_whole_line = False
        """Whether only a newline ends this: code, or a row of a table."""
        self._kind: Kind = "prose"
        self._state = MarkdownState()
        self._finished = False

    def push(self, fragment: str) -> tuple[Sentence, ...]:
        """Take the next characters; return the sentences that they complete, in order.

        Raises:
            FinishedError: after `finish`.
        """
        length, find = self._length, self._find
        room = self._room - length(fragment)
        if room < 0:
            return self._push_over(fragment)
        self._room = room
        if not self._is_whole_line or "\n" in fragment:
            match = find(fragment)
            if match is not None:
                chunks: list[Sentence] = []
                self._take(fragment, match, chunks)
                return tuple(chunks)
        self._parts.append(fragment)
        return ()

    def _push_over(self, fragment: str) -> tuple[Sentence, ...]:
        """Take a fragment that there is no room for."""
        if self._finished:
            raise FinishedError("push after finish")
        chunks: list[Sentence] = []
        self._consume(fragment, chunks)
        return tuple(chunks)

    def finish(self) -> tuple[Sentence, ...]:
        """End the text; return what was held.

        Raises:
            FinishedError: after `finish`.
        """
        if self._finished:
            raise FinishedError("finish after finish")
        self._finished = True
        chunks: list[Sentence] = []
        if any(self._parts):
            self._end_line("", chunks)
        if self._white:
            chunks.append(Sentence(self._white))
        self._room = -1
        return tuple(chunks)

    def _consume(self, fragment: str, chunks: list[Sentence]) -> None:
        """Take a fragment in parts that fit; cut where nothing more does."""
        at = 0
        while at < len(fragment):
            count = fitting_chars(fragment, self._room, self._length, at)
            if count:
                fitting = fragment[at : at + count]
                self._room -= self._length(fitting)
                self._take(fitting, self._find(fitting), chunks)
                at += count
            elif not self._ends_before(fragment[at], chunks):
                self._cut(chunks)

    def _ends_before(self, char: str, chunks: list[Sentence]) -> bool:
        """Let out the sentence if it fits only just, and the next character ends it."""
        if self._is_whole_line or char not in SPACES:
            return False
        return self._end_sentence("", chunks)

    def _take(
        self, text: str, match: re.Match[str] | None, chunks: list[Sentence]
    ) -> None:
        """Take a text that there was room for; let out the sentences it ends."""
        start, left, size = 0, -1, len(text)
        self._find = FIND_LINE_END if self._is_whole_line else FIND_END
        while match is not None:
            end, place = match.end(), match.lastindex
            if place == NEWLINE:
                self._end_line(text[start:end], chunks)
                start = left = end
            elif place is None or place == BEFORE_FRAGMENT:
                self._find = find_end_behind_mark if place else FIND_END
                break
            else:
                if self._end_sentence(text[start:end], chunks):
                    left = end
                start = end
            find = self._find
            match = find(text, end) if end < size else None
        if start < size:
            self._parts.append(text[start:])
        if 0 <= left < size:
            self._room -= self._length(text[left:])

    def _end_sentence(self, piece: str, chunks: list[Sentence]) -> bool:
        """Let out the sentence if it ends behind this piece, where it may."""
        parts, seen_count = self._parts, self._seen_count
        text = "".join(parts[seen_count:] if seen_count else parts) + piece
        if not self._end.is_behind(text):
            parts[seen_count:] = [text]
            self._seen_count = seen_count + 1
            return False
        if seen_count:
            text = "".join(parts[:seen_count]) + text
            self._seen_count = 0
        parts.clear()
        head = self._head
        if is_row(head or text):
            parts.append(text)
            self._begin_line(is_whole=True)
            return False
        if self._shortest and self._length(text.strip()) < self._shortest:
            parts.append(text)
            self._seen_count = 1
            return False
        if len(head) < MAX_HEAD_CHARS:
            self._head = head + text if head else text
        if self._white:
            text, self._white = self._white + text, ""
        chunks.append(Sentence(text))
        self._room = self._limit
        return True

    def _end_line(self, piece: str, chunks: list[Sentence]) -> None:
        parts, head, state = self._parts, self._head, self._state
        line = "".join(parts) + piece
        parts.clear()
        is_first = False
        if head or not goes_on(state, line):
            is_first = self._read_line(head + line if head else line)
        self._room = self._limit
        if line.isspace():
            length = self._length
            self._white += line
            self._room -= length(self._white)
            return
        if self._white:
            line, self._white = self._white + line, ""
        chunks.append(Sentence(line, "", "", self._kind, is_first))

    def _read_line(self, line: str) -> bool:
        """Tell what kind of line this is, and whether it is the first of its block."""
        state, kind = self._state, self._kind
        was_code = state.leaf == "fence"
        state.feed(line)
        leaf = state.leaf
        self._head, self._seen_count = "", 0
        if was_code and leaf == "fence":
            return False
        self._begin_line(is_whole=leaf == "fence" or leaf == "table")
        if was_code or leaf == "fence":
            self._kind = "code"
            return not was_code
        is_table = leaf == "table" or is_row(line)
        self._kind = "table" if is_table else "prose"
        return not is_table or kind != "table"

    def _begin_line(self, *, is_whole: bool) -> None:
        self._is_whole_line = is_whole
        self._find = FIND_LINE_END if is_whole else FIND_END
        self._end.begin_line()

    def _restart(self) -> None:
        self._parts, self._seen_count, self._white = [], 0, ""
        self._room = self._limit

    def _cut(self, chunks: list[Sentence]) -> None:
        text = "".join([self._white, *self._parts])
        blank = len(text) - len(text.lstrip())
        high = fitting_chars(text, self._limit, self._length)
        kind: Kind = "code" if self._state.leaf == "fence" else "prose"
        if blank > high // 2:
            at = min(blank, high)
            at -= at > 1 and text[at - 1] == "\r"
        else:
            low = max(blank, high // MIN_SHARE)
            at = cut.place(text, low, high, is_code=kind == "code", is_spoken=True)
        chunks.append(Sentence(text[:at], kind=kind, is_first=kind == "prose"))
        if at > len(self._white):
            self._head = (self._head + text[len(self._white) : at])[:MAX_HEAD_CHARS]
        self._restart()
        self._begin_line(is_whole=self._state.leaf in ("fence", "table"))
        self._end.is_begun = self._head != ""
        self._consume(text[at:], chunks)
