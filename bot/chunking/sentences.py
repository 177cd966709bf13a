"""Chunks to be spoken, or shown where a paragraph runs long: every sentence at once."""

import re
from typing import Final

from bot.chunking import cut
from bot.chunking.errors import FinishedError
from bot.chunking.limit import Length, checked, fitting_chars
from bot.chunking.markdown import MarkdownState
from bot.chunking.sentence import Kind, Sentence, new_sentence
from bot.chunking.sentence_end import (
    IS_OPEN,
    SPACES,
    Find,
    SentenceEnd,
    ends_plainly,
    find_end,
    find_end_behind_mark,
    find_line_end,
    is_row,
)

MIN_SHARE: Final = 4
"""A cut takes at least this part of what could be cut off: the rest is read again."""
MAX_HEAD_CHARS: Final = 256
"""What is kept of a line that has left in part, to know what kind of line it is."""

MAX_GLANCE_CHARS: Final = 400
"""What is pending is looked at as a whole, again and again, up to this length."""


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
        self._seen: list[str] = []
        """What of it stands before places where it might have ended."""
        self._head = ""
        self._end = SentenceEnd()
        self._find: Find = find_end
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
        # A function that an instance holds is called faster behind a local name.
        length = self._length
        room = self._room - length(fragment)
        if room < 0:
            return self._push_over(fragment)
        self._room = room
        if self._is_whole_line and "\n" not in fragment:
            self._parts.append(fragment)
            return ()
        find = self._find
        match = find(fragment)
        if match is None:
            self._parts.append(fragment)
            return ()
        at = match.end()
        if match.lastindex or not (
            at == len(fragment) or find_end(fragment, at) is None
        ):
            return tuple(self._take(fragment, match))
        # Most fragments have one place at most where a sentence may end.
        sentence = self._end_at(fragment[:at])
        rest = fragment[at:]
        if not (self._parts or self._seen):
            self._room -= length(rest)
        self._parts.append(rest)
        return () if sentence is None else (sentence,)

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
        rest = "".join([*self._seen, *self._parts])
        self._seen.clear()
        sentence = self._ended_line(rest) if rest else None
        if sentence is not None:
            chunks.append(sentence)
        elif self._white:
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
                chunks += self._take(fitting, self._find(fitting))
                at += count
            elif not self._ends_before(fragment[at], chunks):
                self._cut(chunks)

    def _ends_before(self, char: str, chunks: list[Sentence]) -> bool:
        """Let out the sentence if it fits only just, and the next character ends it."""
        if self._find is not find_end_behind_mark or char not in SPACES:
            return False
        ended = self._take("", find_end_behind_mark(char))
        chunks += ended
        return bool(ended)

    def _take(self, fragment: str, match: re.Match[str] | None) -> list[Sentence]:
        """Take a fragment that there was room for; return the sentences it ends.

        The first may end behind the match.
        """
        chunks: list[Sentence] = []
        at, left, size = 0, -1, len(fragment)
        while match is not None and match.lastindex is None:
            end = match.end()
            sentence = self._end_at(fragment[at:end])
            at = end
            if sentence is not None:
                chunks.append(sentence)
            if not (self._parts or self._seen):
                left = at
            match = self._find(fragment, at) if at < size else None
        if match is not None:
            is_open = match.lastindex == IS_OPEN
            self._find = find_end_behind_mark if is_open else find_end
        self._parts.append(fragment[at:])
        if left >= 0:
            self._room -= self._length(fragment[left:])
        return chunks

    def _end_at(self, piece: str) -> Sentence | None:
        """Take a piece behind which a sentence may end; return it if it leaves.

        Then nothing is pending, nor behind a line of white space.
        """
        if self._find is find_end_behind_mark:
            self._find = find_end
        parts = self._parts
        parts.append(piece)
        text = "".join(parts)
        if text[-1] == "\n":
            return self._ended_line(text)
        end, is_end = self._end, None
        if end.is_fresh and len(text) <= MAX_GLANCE_CHARS:
            is_end = ends_plainly(text, self._head)
        if is_end is None:
            is_end = self._is_end(text)
        if not is_end:
            return None
        end.is_begun = True
        return self._ended(text)

    def _is_end(self, text: str) -> bool:
        """Say whether the sentence ends behind this text; if not, note it."""
        self._parts.clear()
        if self._end.is_behind(text):
            if not is_row(self._head or "".join([*self._seen, text])):
                return True
            self._begin_line(is_whole=True)
        self._seen.append(text)
        return False

    def _ended(self, text: str) -> Sentence | None:
        """Return the sentence that ends with this text, or hold it if it is short."""
        self._parts.clear()
        if self._seen:
            text = "".join([*self._seen, text])
            self._seen.clear()
        shortest = self._shortest
        if shortest and self._length(text.strip()) < shortest:
            self._seen.append(text)
            return None
        head = self._head
        if len(head) < MAX_HEAD_CHARS:
            self._head = head + text
        if self._white:
            text, self._white = self._white + text, ""
        self._room = self._limit
        return new_sentence(Sentence, (text, "", "", "prose", True))

    def _ended_line(self, line: str) -> Sentence | None:
        """Return what is left of a line that ends; hold white space."""
        self._parts.clear()
        if self._seen:
            line = "".join([*self._seen, line])
            self._seen.clear()
        is_first = self._read_line(line)
        self._room = self._limit
        if line.isspace():
            self._white += line
            self._room -= self._length(self._white)
            return None
        if self._white:
            line, self._white = self._white + line, ""
        return new_sentence(Sentence, (line, "", "", self._kind, is_first))

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
            self._kind = "prose"
            end = self._end
            end.is_begun = False
            if not end.is_fresh:
                end.begin_line()
            return True
        self._begin_line(is_whole=is_whole)
        if was_code or leaf == "fence":
            self._kind = "code"
            return not was_code
        was_table = self._kind == "table"
        is_table = leaf == "table" or is_row(line)
        self._kind = "table" if is_table else "prose"
        return not (is_table and was_table)

    def _begin_line(self, *, is_whole: bool) -> None:
        self._is_whole_line = is_whole
        self._find = find_line_end if is_whole else find_end
        self._end.begin_line()

    def _cut(self, chunks: list[Sentence]) -> None:
        white = self._white
        text = "".join([white, *self._seen, *self._parts])
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
        if at > len(white):
            self._head = (self._head + text[len(white) : at])[:MAX_HEAD_CHARS]
        self._parts.clear()
        self._seen.clear()
        self._white, self._room = "", self._limit
        is_whole = self._state.leaf in ("fence", "table") or is_row(self._head)
        self._begin_line(is_whole=is_whole)
        self._end.is_begun = self._head != ""
        self._consume(text[at:], chunks)
