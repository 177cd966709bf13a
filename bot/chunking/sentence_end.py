"""Where a sentence ends that comes in fragments."""

import re
from collections.abc import Callable
from typing import Final

CONTEXT_CHARS: Final = 32
"""How far before a full stop the word stands that may be an abbreviation."""
_ABBREVIATIONS: Final = (
    "al approx art capt cf ch col cpl dept dr ed eds eq esp est etc ex fig figs gen gov"
    " hon inc jr lt ltd maj messrs mr mrs ms mt mx no nos op p pp prof ref rep rev sec"
    " sen sgt sr st tab v viz vol vs"
)
ABBREVIATIONS: Final = frozenset(_ABBREVIATIONS.split())
"""Words whose full stop ends no sentence, lower case."""
_TRAILERS: Final = "\"'”’)]*_"
"""What may stand between a terminator and the white space behind it."""
_TERMINATORS: Final = ".!?…"
_JAPANESE: Final = "。！？｡．"
_TERMINATOR_SET: Final = frozenset(_TERMINATORS)
JAPANESE_ENDS: Final = frozenset(_JAPANESE)
SPACES: Final = frozenset(" \t\r")
BEFORE_SPACES: Final = frozenset(_TERMINATORS + _TRAILERS)
_BEFORE_SPACE: Final = rf"[{re.escape(_TRAILERS)}]*+(?=[ \t\r]|\Z)"
_END: Final = rf"[\n{_JAPANESE}{_TERMINATORS}](?:(?<=[\n{_JAPANESE}])|{_BEFORE_SPACE})"
Find = Callable[..., re.Match[str] | None]
"""Finds the next place where a sentence or its line may end in a fragment, if any.

The place is the end of the match. White space stands there, the next fragment may bring
it, or the match is a newline or a Japanese terminator.
"""
FIND_END: Final[Find] = re.compile(_END).search
FIND_END_OR_SPACE: Final[Find] = re.compile(
    rf"\A(?!\Z){_BEFORE_SPACE}|{_END}|\A(?!\Z)"
).search
"""For the fragment behind a terminator; finds something in any."""
FIND_LINE_END: Final[Find] = re.compile(r"\n").search
"""For code and the rows of tables."""
_NESTING: Final = re.compile(r"[「」『』（）【】`]")
_DEPTHS: Final = dict.fromkeys("「『（【", 1) | dict.fromkeys("」』）】", -1)
_WORD_CHAR: Final = re.compile(r"[^\W_]")


class SentenceEnd:
    """What must be known of a sentence to see where it ends.

    It is handed in in pieces, each up to where it may end.
    """

    def __init__(self) -> None:
        """Begin a line."""
        self._depth = 0
        self._is_code = False
        self._is_worded = False
        self._before = ""

    def begin_line(self) -> None:
        """Forget what was open on the last line."""
        self._depth, self._is_code = 0, False
        self._is_worded, self._before = False, ""

    def is_behind(self, piece: str, *, is_begun: bool) -> bool:
        """Say whether the sentence ends behind its next piece.

        That ends with a Japanese terminator, or white space follows. `is_begun` says
        that something of the line has left before this sentence.
        """
        if "`" in piece or not piece.isascii():
            for mark in _NESTING.findall(piece):
                self._nest(mark)
        before = self._before + piece
        is_worded = self._is_worded or _WORD_CHAR.search(piece) is not None
        is_end = is_worded and not self._is_code and self._ends(before, is_begun)
        self._is_worded = is_worded and not is_end
        self._before = "" if is_end else before[-CONTEXT_CHARS:]
        return is_end

    def _ends(self, text: str, is_begun: bool) -> bool:
        if text[-1] in JAPANESE_ENDS:
            return not self._depth
        return _ends_latin(text, is_begun)

    def _nest(self, mark: str) -> None:
        """Read a bracket, or what begins and ends code."""
        if mark == "`":
            self._is_code = not self._is_code
        elif not self._is_code:
            self._depth = max(self._depth + _DEPTHS[mark], 0)


def is_row(line: str) -> bool:
    """Say whether a line looks like a row of a table."""
    return "|" in line and line[:CONTEXT_CHARS].lstrip().startswith("|")


def _ends_latin(text: str, is_begun: bool) -> bool:
    """Say whether white space behind the end of a sentence so far would end it."""
    text = text[-CONTEXT_CHARS:].rstrip(_TRAILERS)
    if text[-1:] != ".":
        return text[-1:] in _TERMINATOR_SET
    word = text[text.rfind(" ") + 1 : -1]
    if len(word) > 1 and word.isalpha():
        return word.lower() not in ABBREVIATIONS
    if text[-2:-1] in _TERMINATOR_SET:
        return True
    bare = word.strip("\"'“”‘’([*_").lower()
    is_alone = not text[: -1 - len(word)].strip(" \t>*_-+")
    is_number = bare.isdigit() and not is_begun and is_alone
    is_initial = len(bare) == 1 and bare.isalpha() and bare != "i"
    return not (is_number or is_initial or bare in ABBREVIATIONS or "." in bare)
