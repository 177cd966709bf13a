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
_NESTING: Final = re.compile(r"[「」『』（）【】`]")
_DEPTHS: Final = dict.fromkeys("「『（【", 1) | dict.fromkeys("」』）】", -1)
_WORD_CHAR: Final = re.compile(r"[^\W_]")
_TERMINATOR: Final = f"[{_TERMINATORS}]"
_NO_NESTING: Final = "[^「」『』（）【】`]*+"
_NESTED: Final = "|".join(
    f"{a}{_NO_NESTING}{b}" for a, b in ("「」", "『』", "（）", "【】")
)
_OPEN: Final = re.compile(
    rf"{_NO_NESTING}(?:(?:{_NESTED}|`[^`]*+`){_NO_NESTING})*+"
    rf"(?:\Z()|[「『（【]{_NO_NESTING}\Z()|`[^`]*+\Z())"
).match
_CLOSED, _IN_BRACKETS, _IN_CODE = range(1, 4)
_TRAILING: Final = rf"[{re.escape(_TRAILERS)}]*+"
_PLACE: Final = (
    rf"[\n{_JAPANESE}{_TERMINATORS}]"
    rf"(?:(?<=\n)\n*+|(?<=[{_JAPANESE}])|{_TRAILING}(?:(?=[ \t\r])|\Z()))"
)
Find = Callable[..., re.Match[str] | None]
"""Finds where a sentence or its line may end next, in a fragment from a place on.

That is behind the match, unless `lastindex` is set: then it is yet to be seen.
"""
IS_OPEN: Final = 1
"""The `lastindex` of a match that ends a fragment with a terminator."""
find_end: Final[Find] = re.compile(_PLACE).search
"""For prose; blank lines are found with the line before them."""
find_end_behind_mark: Final[Find] = re.compile(
    rf"(?:\A|[{_TERMINATORS}]){_TRAILING}(?:(?=[ \t\r])|\Z())|[\n{_JAPANESE}]|\Z()"
).search
"""For the fragment behind a terminator: it always finds something."""
find_line_end: Final[Find] = re.compile("\n").search
"""For code and the rows of tables."""


class SentenceEnd:
    """What must be known of a sentence to see where it ends.

    It is handed in in pieces, each up to where it may end.
    """

    def __init__(self) -> None:
        """Begin a line."""
        self.is_begun: bool = False
        """Whether a sentence has ended before, in this line."""
        self.is_fresh: bool = True
        """Whether nothing of a sentence was handed in, and nothing is open."""
        self._before = ""
        self._is_worded = self._is_code = False
        self._depth = 0

    def begin_line(self) -> None:
        """Forget what was open on the last line."""
        self.is_begun = False
        if not self.is_fresh:
            self.is_fresh, self._before = True, ""
            self._is_worded, self._depth, self._is_code = False, 0, False

    def is_behind(self, piece: str) -> bool:
        """Say whether the sentence ends behind its next piece.

        That ends with a Japanese terminator, or white space follows.
        """
        if not piece.isascii() or "`" in piece:
            self._nest(piece)
        text = self._before + piece
        is_worded = self._is_worded or _WORD_CHAR.search(piece) is not None
        is_end = is_worded and not self._is_code
        if is_end and text[-1] in JAPANESE_ENDS:
            is_end = not self._depth
        elif is_end:
            is_end = _ends_latin(text, is_begun=self.is_begun)
        self._is_worded = is_worded and not is_end
        self._before = "" if is_end else text[-CONTEXT_CHARS:]
        self.is_begun |= is_end
        self.is_fresh = is_end and not (self._depth or self._is_code)
        return is_end

    def _nest(self, piece: str) -> None:
        """Read the brackets, and what begins and ends code."""
        depth, is_code = self._depth, self._is_code
        for mark in _NESTING.findall(piece):
            if mark == "`":
                is_code = not is_code
            elif not is_code:
                depth = max(depth + _DEPTHS[mark], 0)
        self._depth, self._is_code = depth, is_code


def is_row(line: str) -> bool:
    """Say whether a line looks like a row of a table."""
    return "|" in line and line[:CONTEXT_CHARS].lstrip().startswith("|")


def ends_plainly(text: str, head: str) -> bool | None:
    """Say whether a sentence ends behind a text, where one may; None if in doubt.

    It has just begun, and `head` is what has left of its line.
    """
    may_nest = not text.isascii() or "`" in text
    if may_nest and _NESTING.search(text) is not None:
        nesting = _OPEN(text)
        place = 0 if nesting is None else nesting.lastindex
        if place != _CLOSED:
            is_inside = place == _IN_CODE or (
                place == _IN_BRACKETS and text[-1] in JAPANESE_ENDS
            )
            return False if is_inside else None
    if "|" in text and not head:
        return None
    if text[-1] != ".":
        return True if text[-2:-1].isalnum() else None
    word = text[text.rfind(" ") + 1 : -1]
    if len(word) > 1 and word.isalpha():
        return word.lower() not in ABBREVIATIONS
    if word[-1:] == "`" and word[1:-1].isalnum():
        return True
    return False if word[-2:-1] == "." and word[-1].isalnum() else None


def _ends_latin(text: str, *, is_begun: bool) -> bool:
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
