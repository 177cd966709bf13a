"""Chunks to be spoken, or shown where a paragraph runs long: every sentence at once."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from bot.chunking import cut
from bot.chunking.chunk import Chunk
from bot.chunking.errors import FinishedError
from bot.chunking.limit import Length, checked, fitting_chars
from bot.chunking.markdown import MarkdownState

Kind = Literal["prose", "code", "table"]

MIN_SHARE: Final = 4
"""A cut takes at least this part of what could be cut off: the rest is read again."""
CONTEXT_CHARS: Final = 32
"""How far before a full stop the word stands that may be an abbreviation."""
MAX_HEAD_CHARS: Final = 256
"""What is kept of a line that has left in part, to know what kind of line it is."""
ABBREVIATIONS: Final = re.compile(
    r"al|approx|art|capt|cf|ch|col|cpl|dept|dr|eds?|eq|esp|est|etc|ex|figs?|gen|gov|hon"
    r"|inc|jr|lt|ltd|maj|messrs|mr|mrs|ms|mt|mx|nos?|op|pp?|prof|ref|rep|rev|sec|sen"
    r"|sgt|sr|st|tab|v|viz|vol|vs"
)
"""Words whose full stop ends no sentence, lower case."""
_MARK: Final = re.compile(
    r"[\n。！？｡．「」『』（）【】`]|[.!?…][\"'”’)\]*_]*(?:[ \t\r]|\Z)"
)
_ENDING: Final = re.compile(r"[ \t\r\"'”’)\]*_.!?…]|\Z")
"""What behind a terminator may yet end the sentence."""
_TOKEN: Final = re.compile(
    r"[\n。！？｡．「」『』（）【】`]|(?<=[.!?…\"'”’)\]*_])[ \t\r]"
)
_TERMINATORS: Final = frozenset(".!?…")
_TRAILERS: Final = "\"'”’)]*_"
"""What may stand between a terminator and the white space behind it."""
_WORD_CHAR: Final = re.compile(r"[^\W_]")
_DEPTHS: Final = dict.fromkeys("「『（【", 1) | dict.fromkeys("」』）】", -1)
_ENDS: Final = frozenset("。！？｡．")
_SPACES: Final = frozenset(" \t\r")


@dataclass(frozen=True, slots=True)
class Sentence(Chunk):
    """One sentence, or a line of what is not prose."""

    kind: Kind = "prose"
    is_first: bool = True
    """Whether it begins its code block or table."""


class SentenceChunker:
    """Let each sentence out as soon as it is known to have ended.

    A Japanese sentence ends with its terminator, outside of brackets; a Latin one with
    the white space behind it; any with its line. Abbreviations, initials, decimals and
    the numbers of lists end none, and code spans are whole. Of code and tables each
    line is a chunk, told apart by its kind. White space, and terminators alone, lead
    the chunk behind them. A sentence over the limit is cut at a clause, else a word.
    """

    def __init__(self, limit: int, *, length: Length = len) -> None:
        """Start an empty text; no chunk will be longer than `limit`.

        Raises:
            LimitError: if the limit is under `MIN_LIMIT`.
        """
        self._limit = checked(limit)
        self._length = length
        self._room = limit
        self._white = ""
        self._parts: list[str] = []
        self._head = ""
        self._depth = 0
        self._ticks = 0
        self._is_watching = False
        self._kind: Kind = "prose"
        self._state = MarkdownState()
        self._finished = False

    def push(self, fragment: str) -> tuple[Sentence, ...]:
        """Take the next characters; return the sentences that they complete, in order.

        Raises:
            FinishedError: after `finish`.
        """
        is_ending = self._is_watching and _ENDING.match(fragment)
        if not is_ending and not _MARK.search(fragment):
            room = self._room - self._length(fragment)
            if room >= 0:
                self._room = room
                self._parts.append(fragment)
                self._is_watching = False
                return ()
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
            self._end_line(chunks)
        if self._white:
            chunks.append(Sentence(self._white))
        self._room = -1
        return tuple(chunks)

    def _consume(self, fragment: str, chunks: list[Sentence]) -> None:
        context = "".join(self._parts[-CONTEXT_CHARS:])
        if len(context) < CONTEXT_CHARS < len(self._parts):
            # Some of the last fragments were empty.
            context = "".join(self._parts)
        context = context[-CONTEXT_CHARS:]
        window = context + fragment
        at = len(context)
        while at < len(window):
            end, depth, ticks, is_end = self._scan(window, at)
            piece = window[at:end]
            room = self._room - self._length(piece)
            if room < 0:
                end = at + fitting_chars(piece, self._room, self._length)
                _, depth, ticks, _ = self._scan(window[:end], at)
            self._parts.append(window[at:end])
            self._depth, self._ticks = depth, ticks
            at = end
            if room < 0:
                self._cut(chunks)
                continue
            self._room = room
            if piece.endswith("\n"):
                self._end_line(chunks)
            elif is_end:
                self._end_sentence(chunks)
        self._is_watching = _is_terminated(window[-CONTEXT_CHARS:])

    def _scan(self, window: str, at: int) -> tuple[int, int, int, bool]:
        """Return where to stop, the depth of brackets, open ticks, if it ends there."""
        depth, ticks = self._depth, self._ticks
        if self._state.leaf in ("fence", "table"):
            newline = window.find("\n", at)
            return (
                (newline + 1, 0, 0, True)
                if newline >= 0
                else (len(window), 0, 0, False)
            )
        for match in _TOKEN.finditer(window, at):
            mark = match.group()
            if mark == "\n":
                return match.end(), 0, 0, True
            ticks ^= mark == "`"
            if ticks:
                continue
            depth = max(depth + _DEPTHS.get(mark, 0), 0)
            end = self._end_at(window, at, match.start(), depth)
            if end >= 0:
                return end, depth, ticks, True
        return len(window), depth, ticks, False

    def _end_at(self, window: str, at: int, mark: int, depth: int) -> int:
        """Return where the sentence ends at a terminator or white space, or -1."""
        is_space = window[mark] in _SPACES
        start = max(mark - CONTEXT_CHARS, 0 if self._parts else at)
        if is_space and not self._ends_latin(window[start:mark]):
            return -1
        if not is_space and (depth or window[mark] not in _ENDS):
            return -1
        end = mark if is_space else mark + 1
        is_worded = _WORD_CHAR.search(window, at, end) is not None
        if not is_worded and not _WORD_CHAR.search("".join(self._parts)):
            return -1
        if self._is_row(window[at : at + CONTEXT_CHARS]):
            return -1
        return end

    def _is_row(self, rest: str) -> bool:
        beginning = self._head or "".join([*self._parts, rest])
        return beginning[:CONTEXT_CHARS].lstrip().startswith("|")

    def _ends_latin(self, text: str) -> bool:
        """Say whether white space behind the end of a sentence so far would end it."""
        if not _is_terminated(text):
            return False
        text = text.rstrip(_TRAILERS)
        before = text[:-1]
        if text[-1] != "." or before[-1:] in _TERMINATORS:
            return True
        line = before.rpartition("\n")[2]
        word = line.split(" ")[-1]
        bare = word.strip("\"'“”‘’([*_").lower()
        is_alone = not line[: len(line) - len(word)].strip(" \t>*_-+")
        is_number = bare.isdigit() and not self._head and is_alone
        is_initial = len(bare) == 1 and bare.isalpha() and bare != "i"
        return not (
            is_number or is_initial or ABBREVIATIONS.fullmatch(bare) or "." in bare
        )

    def _end_sentence(self, chunks: list[Sentence]) -> None:
        text = "".join(self._parts)
        chunks.append(Sentence(self._white + text))
        self._head = (self._head + text)[:MAX_HEAD_CHARS]
        self._restart()

    def _end_line(self, chunks: list[Sentence]) -> None:
        line = "".join(self._parts)
        before, is_row = self._state.leaf, self._is_row("")
        self._state.feed(self._head + line)
        after, kind = self._state.leaf, self._kind
        self._kind = "prose"
        if "fence" in (before, after):
            self._kind = "code"
        elif after == "table" or is_row:
            self._kind = "table"
        self._head = ""
        if line.isspace():
            self._white += line
            self._parts = []
            self._depth = self._ticks = 0
            return
        is_first = self._kind == "prose" or self._kind != kind
        if self._kind == "code":
            is_first = before != "fence"
        chunks.append(Sentence(self._white + line, kind=self._kind, is_first=is_first))
        self._restart()
        self._depth = self._ticks = 0

    def _restart(self) -> None:
        self._parts, self._white, self._room = [], "", self._limit

    def _cut(self, chunks: list[Sentence]) -> None:
        text = self._white + "".join(self._parts)
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
        self._depth = self._ticks = 0
        self._consume(text[at:], chunks)


def _is_terminated(text: str) -> bool:
    """Say whether a Latin sentence ends here if white space follows."""
    return text.rstrip(_TRAILERS)[-1:] in _TERMINATORS
