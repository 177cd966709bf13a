"""Chunks to be spoken, or shown where a paragraph runs long: every sentence at once."""

import re
from typing import Final

from bot.chunking import cut
from bot.chunking.errors import FinishedError
from bot.chunking.limit import Length, checked, fitting_chars
from bot.chunking.open_line import MAX_HEAD_CHARS, OpenLine
from bot.chunking.sentence import Kind, Sentence, new_sentence
from bot.chunking.sentence_end import (
    IS_OPEN,
    SPACES,
    ends_plainly,
    find_end,
    find_end_behind_mark,
    find_line_end,
    is_row,
)

MIN_SHARE: Final = 4
"""A cut takes at least this part of what could be cut off: the rest is read again."""
MAX_GLANCE_CHARS: Final = 400
"""What is pending is looked at as a whole, again and again, up to this length."""


class SentenceChunker(OpenLine):
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
        super().__init__()
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
        if self._is_whole_line:
            if "\n" in fragment:
                return self._push_row(fragment)
            self._parts.append(fragment)
            return ()
        find = self._find
        match = find(fragment)
        if match is None:
            self._parts.append(fragment)
            return ()
        if match.lastindex:
            is_open = match.lastindex == IS_OPEN
            self._find = find_end_behind_mark if is_open else find_end
            self._parts.append(fragment)
            return ()
        at = match.end()
        sentence = self._end_at(fragment[:at])
        rest = fragment[at:]
        if rest:
            return self._push_rest(rest, sentence)
        return () if sentence is None else (sentence,)

    def _push_row(self, fragment: str) -> tuple[Sentence, ...]:
        """Take a fragment with the end of a line that only a newline ends."""
        parts = self._parts
        at = fragment.find("\n") + 1
        line, rest = "".join(parts) + fragment[:at], fragment[at:]
        is_held = self._head or self._seen or self._white or line.isspace()
        if is_held or not self._state.feed_row(line):
            return self._push_rest(rest, self._ended_line(line))
        length = self._length
        self._room = self._limit - length(rest)
        parts.clear()
        sentence = new_sentence(Sentence, (line, "", "", self._kind, False))
        if "\n" in rest:
            return (sentence, *self._take(rest, find_line_end(rest)))
        parts.append(rest)
        return (sentence,)

    def _push_rest(self, rest: str, sentence: Sentence | None) -> tuple[Sentence, ...]:
        """Take what a fragment holds behind the first place to end a sentence."""
        if sentence is not None or not (self._parts or self._seen):
            length = self._length
            self._room -= length(rest)
        find = self._find
        match = find(rest)
        if match is None:
            self._parts.append(rest)
            return () if sentence is None else (sentence,)
        chunks = self._take(rest, match)
        if sentence is not None:
            chunks.insert(0, sentence)
        return tuple(chunks)

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
            find = self._find
            match = find(fragment, at) if at < size else None
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
        parts = self._parts
        parts.append(piece)
        text = "".join(parts)
        if text[-1] == "\n":
            return self._ended_line(text)
        self._find = find_end
        end, is_end = self._end, None
        if end.is_fresh and len(text) <= MAX_GLANCE_CHARS:
            is_end = ends_plainly(text, self._head)
        if is_end is None:
            is_end = self._is_end(text)
        if not is_end:
            return None
        end.is_begun = True
        parts.clear()
        if self._seen or self._shortest:
            return self._joined(text)
        head = self._head
        if len(head) < MAX_HEAD_CHARS:
            self._head = head + text
        if self._white:
            text, self._white = self._white + text, ""
        self._room = self._limit
        return new_sentence(Sentence, (text, "", "", "prose", True))

    def _is_end(self, text: str) -> bool:
        """Say whether the sentence ends behind this text; if not, note it."""
        self._parts.clear()
        if self._end.is_behind(text):
            if not is_row(self._head or "".join([*self._seen, text])):
                return True
            self._begin_line(is_whole=True)
        self._seen.append(text)
        return False

    def _joined(self, text: str) -> Sentence | None:
        """Return a sentence behind what is held before it; if it is short, hold it."""
        text = "".join([*self._seen, text])
        self._seen.clear()
        if self._length(text.strip()) < self._shortest:
            self._seen.append(text)
            return None
        if len(self._head) < MAX_HEAD_CHARS:
            self._head += text
        text, self._white, self._room = self._white + text, "", self._limit
        return new_sentence(Sentence, (text, "", "", "prose", True))

    def _ended_line(self, line: str) -> Sentence | None:
        """Return what is left of a line that ends; hold white space.

        Blank lines may stand behind it.
        """
        self._parts.clear()
        if line[-2:] == "\n\n":
            size = len(line.rstrip("\n")) + 1
            sentence = self._ended_line(line[:size])
            for _ in range(len(line) - size):
                self._ended_line("\n")
            return sentence
        if self._seen:
            line = "".join([*self._seen, line])
            self._seen.clear()
        if line == "\n" and not (self._head or self._is_whole_line):
            self._read_blank_line()
        else:
            is_first = self._read_line(line)
            if not line.isspace():
                self._room = self._limit
                line, self._white = self._white + line, ""
                return new_sentence(Sentence, (line, "", "", self._kind, is_first))
        white = self._white = self._white + line
        self._room = self._limit - self._length(white)
        return None

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
