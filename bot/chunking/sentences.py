"""Chunks to be spoken, or shown where a paragraph runs long: every sentence at once."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from bot.chunking import cut
from bot.chunking.chunk import Chunk, setter
from bot.chunking.errors import FinishedError
from bot.chunking.limit import Length, checked, fitting_chars
from bot.chunking.markdown import MarkdownState
from bot.chunking.sentence_end import (
    BEFORE_SPACES,
    FIND_END,
    FIND_END_OR_SPACE,
    FIND_LINE_END,
    JAPANESE_ENDS,
    SPACES,
    SentenceEnd,
    is_row,
)

Kind = Literal["prose", "code", "table"]

MIN_SHARE: Final = 4
"""A cut takes at least this part of what could be cut off: the rest is read again."""
MAX_HEAD_CHARS: Final = 256
"""What is kept of a line that has left in part, to know what kind of line it is."""


@dataclass(frozen=True, slots=True, init=False)
class Sentence(Chunk):
    """One sentence, or a line of what is not prose."""

    kind: Kind = "prose"
    is_first: bool = True
    """Whether it begins its code block or table."""

    def __init__(
        self, body: str, kind: Kind = "prose", *, is_first: bool = True
    ) -> None:
        """Hold a sentence: with nothing around it."""
        _set_body(self, body)
        _set_prefix(self, "")
        _set_suffix(self, "")
        _set_kind(self, kind)
        _set_is_first(self, is_first)


_set_body: Final = setter(Chunk, "body")
_set_prefix: Final = setter(Chunk, "prefix")
_set_suffix: Final = setter(Chunk, "suffix")
_set_kind: Final = setter(Sentence, "kind")
_set_is_first: Final = setter(Sentence, "is_first")


class SentenceChunker:
    """Let each sentence out as soon as it is known to have ended.

    A Japanese sentence ends with its terminator, outside of brackets; a Latin one with
    the white space behind it; any with its line. Abbreviations, initials, decimals and
    the numbers of lists end none, and code spans are whole. Of code and tables each
    line is a chunk, told apart by its kind. White space, and terminators alone, lead
    the chunk behind them. A sentence over the limit is cut at a clause, else a word.

    Short sentences are not joined: to wait for the next one is what this must not do,
    and what happens to come in the same push would make the chunks depend on the
    fragments. Who wants fewer may join what one push returns.
    """

    def __init__(self, limit: int, *, length: Length = len) -> None:
        """Start an empty text; no chunk will be longer than `limit`.

        Raises:
            LimitError: if the limit is under `MIN_LIMIT`.
        """
        self._limit = checked(limit)
        self._length = length
        self._room = limit
        """What still fits; negative behind the end, so that no fragment does."""
        self._white = ""
        self._seen: list[str] = []
        """What of the sentence stands before places where it might have ended."""
        self._parts: list[str] = []
        self._head = ""
        self._end = SentenceEnd()
        self._find = FIND_END
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
        match = None
        if room >= 0:
            if not self._is_whole_line or "\n" in fragment:
                match = find(fragment)
            if match is None:
                self._room = room
                self._parts.append(fragment)
                return ()
        if self._finished:
            raise FinishedError("push after finish")
        chunks: list[Sentence] = []
        if match is None:
            self._consume(fragment, chunks)
        else:
            self._take(fragment, match, chunks)
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
        if any(self._parts) or any(self._seen):
            self._end_line(chunks)
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
                self._take(fitting, self._find(fitting), chunks)
                at += count
            elif not self._ends_before(fragment[at], chunks):
                self._cut(chunks)

    def _ends_before(self, char: str, chunks: list[Sentence]) -> bool:
        """Let out the sentence if it fits only just, and the next character ends it."""
        if self._is_whole_line or char not in SPACES:
            return False
        return self._end_sentence(chunks)

    def _take(
        self, text: str, match: re.Match[str] | None, chunks: list[Sentence]
    ) -> None:
        """Take a text that fits; let out the sentences that end in it."""
        start = left = 0
        if not self._is_whole_line:
            self._find = FIND_END
        while match is not None:
            end = match.end()
            mark = text[end - 1 : end]
            if mark == "\n":
                self._parts.append(text[start:end])
                self._end_line(chunks)
                start = left = end
            elif mark in JAPANESE_ENDS or text[end : end + 1] in SPACES:
                self._parts.append(text[start:end])
                start = end
                if self._end_sentence(chunks):
                    left = end
            match = self._find(text, end) if end < len(text) else None
        self._parts.append(text[start:])
        if left < len(text):
            self._room -= self._length(text[left:])
        if not self._is_whole_line and text[-1] in BEFORE_SPACES:
            self._find = FIND_END_OR_SPACE

    def _end_sentence(self, chunks: list[Sentence]) -> bool:
        """Let out the sentence if it ends here, where it may."""
        head = self._head
        text = "".join(self._parts)
        self._parts = []
        if not self._end.is_behind(text, is_begun=bool(head)):
            self._seen.append(text)
            return False
        if self._seen:
            text = "".join([*self._seen, text])
        if is_row(head or text):
            self._begin_line(is_whole=True)
            self._seen = [text]
            return False
        chunks.append(Sentence(self._white + text))
        if len(head) < MAX_HEAD_CHARS:
            self._head = (head + text)[:MAX_HEAD_CHARS]
        self._restart()
        return True

    def _end_line(self, chunks: list[Sentence]) -> None:
        line = "".join(self._parts)
        if self._seen:
            line = "".join([*self._seen, line])
        head, self._head = self._head, ""
        state = self._state
        before = state.leaf
        state.feed(head + line if head else line)
        after = state.leaf
        if before != "fence" or after != "fence":
            self._begin_line(is_whole=after == "fence" or after == "table")
        kind, self._kind = self._kind, "prose"
        is_first = True
        if after == "fence" or before == "fence":
            self._kind, is_first = "code", before != "fence"
        elif after == "table" or is_row(head or line):
            self._kind, is_first = "table", kind != "table"
        if line.isspace():
            self._white += line
            self._parts, self._seen = [], []
            self._room = self._limit - self._length(self._white)
            return
        chunks.append(Sentence(self._white + line, self._kind, is_first=is_first))
        self._restart()

    def _begin_line(self, *, is_whole: bool) -> None:
        self._is_whole_line = is_whole
        self._find = FIND_LINE_END if is_whole else FIND_END
        self._end.begin_line()

    def _restart(self) -> None:
        self._parts, self._seen, self._white = [], [], ""
        self._room = self._limit

    def _cut(self, chunks: list[Sentence]) -> None:
        text = "".join([self._white, *self._seen, *self._parts])
        blank = len(text) - len(text.lstrip())
        high = fitting_chars(text, self._limit, self._length)
        kind: Kind = "code" if self._state.leaf == "fence" else "prose"
        if blank > high // 2:
            at = min(blank, high)
            at -= at > 1 and text[at - 1] == "\r"
        else:
            low = max(blank, high // MIN_SHARE)
            at = cut.place(text, low, high, is_code=kind == "code", is_spoken=True)
        chunks.append(Sentence(text[:at], kind, is_first=kind == "prose"))
        if at > len(self._white):
            self._head = (self._head + text[len(self._white) : at])[:MAX_HEAD_CHARS]
        self._restart()
        self._begin_line(is_whole=self._state.leaf in ("fence", "table"))
        self._consume(text[at:], chunks)
