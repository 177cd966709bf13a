"""Where a sentence ends that comes in fragments."""

import re
from collections.abc import Callable
from typing import Final

Find = Callable[[str], re.Match[str] | None]
"""Finds the first mark in a fragment."""

CONTEXT_CHARS: Final = 32
"""How far before a full stop the word stands that may be an abbreviation."""
ABBREVIATIONS: Final = re.compile(
    r"al|approx|art|capt|cf|ch|col|cpl|dept|dr|eds?|eq|esp|est|etc|ex|figs?|gen|gov|hon"
    r"|inc|jr|lt|ltd|maj|messrs|mr|mrs|ms|mt|mx|nos?|op|pp?|prof|ref|rep|rev|sec|sen"
    r"|sgt|sr|st|tab|v|viz|vol|vs"
)
"""Words whose full stop ends no sentence, lower case."""
_TRAILERS: Final = "\"'”’)]*_"
"""What may stand between a terminator and the white space behind it."""
_TOKEN: Final = re.compile(
    r"[\n。！？｡．「」『』（）【】`]|(?:\A|(?<=[.!?…\"'”’)\]*_]))[ \t\r]"
)
_FIND_LINE_MARK: Final = re.compile(r"\n").search
_FIND_CODE_MARK: Final = re.compile(r"[\n`]").search
FIND_MARK: Final[Find] = re.compile(r"[\n。！？｡．「」『』（）【】`.!?…]").search
_FIND_MARK_OR_SPACE: Final = re.compile(
    r"[\n。！？｡．「」『』（）【】`.!?… \t\r]"
).search
_TERMINATORS: Final = frozenset(".!?…")
_WORD_CHAR: Final = re.compile(r"[^\W_]")
_DEPTHS: Final = dict.fromkeys("「『（【", 1) | dict.fromkeys("」』）】", -1)
_ENDS: Final = frozenset("。！？｡．")
_SPACES: Final = frozenset(" \t\r")
_BEFORE_SPACES: Final = frozenset([*_TERMINATORS, *_TRAILERS])
_ROW_BEGINNINGS: Final = frozenset(["", "|", " ", "\t"])


class SentenceEnd:
    """What must be known of a sentence to see where it ends.

    The sentence so far is handed in as its parts; only what is new is looked at.
    """

    def __init__(self) -> None:
        """Begin a line of prose."""
        self.is_whole_line = False
        """Whether only a newline ends this: code, or a row of a table."""
        self._depth = 0
        self._is_code = False
        self._is_worded = False
        self._is_in_prose = False
        self._seen_parts = self._seen_chars = 0

    def begin_line(self, *, is_whole: bool) -> None:
        """Forget what was open on the last line."""
        self.is_whole_line = is_whole
        self._depth, self._is_code = 0, False
        self._is_worded, self._seen_parts = False, 0
        self._is_in_prose = False

    def begin_sentence(self) -> None:
        """Go on behind the end of a sentence."""
        self._is_worded, self._seen_parts = False, 0

    def find_mark(self, last: str) -> Find:
        """Return what finds, in the next fragment, where the sentence may end.

        A fragment without may be added to the parts unseen. `last` is the last
        character so far.
        """
        if self.is_whole_line:
            return _FIND_LINE_MARK
        if self._is_code:
            return _FIND_CODE_MARK
        return _FIND_MARK_OR_SPACE if last in _BEFORE_SPACES else FIND_MARK

    def find(self, parts: list[str], fragment: str, at: int, head: str) -> int:
        """Return where the sentence, or its line, ends in a fragment from `at`, or -1.

        `head` is what has left of the line already.
        """
        if self.is_whole_line:
            return fragment.find("\n", at) + 1 or -1
        self._seen_chars = at
        match = _TOKEN.search(fragment, at)
        while match is not None:
            end = match.end()
            mark = fragment[end - 1]
            if mark == "\n":
                return end
            if mark in _ENDS:
                is_end = not self._depth and not self._is_code
            elif mark in _SPACES:
                is_end = self._ends_latin(parts, fragment, at, end - 1, head)
            else:
                is_end = False
                self._nest(mark)
            if is_end and self._has_word(parts, fragment, at, end - 1):
                if not self._is_in_prose and self._is_in_row(parts, fragment, at, head):
                    return fragment.find("\n", end) + 1 or -1
                return end - (mark in _SPACES)
            match = _TOKEN.search(fragment, end)
        return -1

    def _nest(self, mark: str) -> None:
        """Read a bracket, or what begins and ends code."""
        if mark == "`":
            self._is_code = not self._is_code
        elif not self._is_code:
            self._depth = max(self._depth + _DEPTHS[mark], 0)

    def _ends_latin(
        self, parts: list[str], fragment: str, at: int, end: int, head: str
    ) -> bool:
        """Say whether a sentence ends before the white space at `end`."""
        if self._is_code:
            return False
        before = fragment[max(at, end - CONTEXT_CHARS) : end]
        if parts and len(before) < CONTEXT_CHARS:
            before = (self._tail(parts) + before)[-CONTEXT_CHARS:]
        if not _ends_latin(before, is_behind=bool(head)):
            return False
        self._is_worded = self._is_worded or _WORD_CHAR.search(before) is not None
        return True

    def _has_word(self, parts: list[str], fragment: str, at: int, end: int) -> bool:
        """Say whether there is more than marks up to here; look at nothing twice."""
        if self._is_worded:
            return True
        last = fragment[end - 1 : end] if end > at else "".join(parts[-1:])[-1:]
        self._is_worded = last.isalnum()
        if not self._is_worded:
            fresh = "".join(parts[self._seen_parts :])
            fresh += fragment[self._seen_chars : end]
            self._seen_parts, self._seen_chars = len(parts), end
            self._is_worded = _WORD_CHAR.search(fresh) is not None
        return self._is_worded

    def _tail(self, parts: list[str]) -> str:
        tail = "".join(parts[-CONTEXT_CHARS:])
        if len(tail) >= CONTEXT_CHARS or len(parts) <= CONTEXT_CHARS:
            return tail
        return self._tail_behind_empty(parts)

    def _tail_behind_empty(self, parts: list[str]) -> str:
        tail = ""
        count = 0
        for part in reversed(parts):
            tail = part[-CONTEXT_CHARS:] + tail
            count += 1
            if len(tail) >= CONTEXT_CHARS:
                break
        # Many are empty: not to go through them again keeps the cost linear.
        parts[-count:] = filter(None, parts[-count:])
        self._seen_parts = 0
        return tail

    def _is_in_row(self, parts: list[str], fragment: str, at: int, head: str) -> bool:
        """Say whether the line is the row of a table, which only its newline ends."""
        line = head or (parts[0] if parts else fragment[at : at + CONTEXT_CHARS])
        if line[:1] in _ROW_BEGINNINGS:
            line = head or "".join([*parts, fragment[at : at + CONTEXT_CHARS]])
            self.is_whole_line = is_row(line)
        self._is_in_prose = not self.is_whole_line
        return self.is_whole_line


def is_row(line: str) -> bool:
    """Say whether a line looks like a row of a table."""
    return "|" in line and line[:CONTEXT_CHARS].lstrip().startswith("|")


def _ends_latin(text: str, *, is_behind: bool) -> bool:
    """Say whether white space behind the end of a sentence so far would end it."""
    text = text.rstrip(_TRAILERS)
    before = text[:-1]
    if text[-1:] not in _TERMINATORS:
        return False
    if text[-1] != "." or before[-1:] in _TERMINATORS:
        return True
    word = before[before.rfind(" ") + 1 :]
    if len(word) > 1 and word.isalpha():
        return not ABBREVIATIONS.fullmatch(word.lower())
    bare = word.strip("\"'“”‘’([*_").lower()
    is_alone = not before[: len(before) - len(word)].strip(" \t>*_-+")
    is_number = bare.isdigit() and not is_behind and is_alone
    is_initial = len(bare) == 1 and bare.isalpha() and bare != "i"
    return not (is_number or is_initial or ABBREVIATIONS.fullmatch(bare) or "." in bare)
