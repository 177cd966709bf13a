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
_SURE_ENDS: Final = frozenset(_JAPANESE + "!?…")
JAPANESE_ENDS: Final = frozenset(_JAPANESE)
SPACES: Final = frozenset(" \t\r")
_ENDING: Final = rf"[{re.escape(_TRAILERS)}]*+(?:(?=[ \t\r])()|\Z())"
"""The rest of a Latin end: white space follows, or may follow in the next fragment."""
BEFORE_SPACE, BEFORE_FRAGMENT, NEWLINE, JAPANESE = range(1, 5)
"""Where the place is that was found: the `lastindex` of its match."""
Find = Callable[..., re.Match[str] | None]
"""Finds the next place where a sentence or its line may end in a fragment, if any.

The place is the end of the match.
"""
FIND_END: Final[Find] = re.compile(
    rf"[\n{_JAPANESE}{_TERMINATORS}]"
    rf"(?:(?<=[{_TERMINATORS}]){_ENDING}|(?<=\n)()|(?<=[{_JAPANESE}])())"
).search
FIND_LINE_END: Final[Find] = re.compile(r"\n(?:(?!)()()|())").search
"""For code and the rows of tables."""
_GO_ON: Final[Find] = re.compile(rf"(?!\Z){_ENDING}").match
_NOWHERE: Final[Find] = re.compile(r"(?!\Z)").match


def find_end_behind_mark(fragment: str) -> re.Match[str] | None:
    """Find an end in the fragment behind a terminator: something in any."""
    return _GO_ON(fragment) or FIND_END(fragment) or _NOWHERE(fragment)


_NESTING: Final = re.compile(r"[「」『』（）【】`]")
_NO_NESTING: Final = "[^「」『』（）【】`]*+"
_CLOSED: Final = re.compile(
    rf"{_NO_NESTING}(?:(?:「{_NO_NESTING}」|『{_NO_NESTING}』|（{_NO_NESTING}）"
    rf"|【{_NO_NESTING}】|`[^`]*+`){_NO_NESTING})*+\Z"
)
"""A piece that opens nothing that it does not close, at a glance."""
_DEPTHS: Final = dict.fromkeys("「『（【", 1) | dict.fromkeys("」』）】", -1)
_WORD_CHAR: Final = re.compile(r"[^\W_]")


class SentenceEnd:
    """What must be known of a sentence to see where it ends.

    It is handed in in pieces, each up to where it may end.
    """

    def __init__(self) -> None:
        """Begin a line."""
        self.is_begun = False
        """Whether a sentence has ended before, in this line."""
        self._before = ""
        self._is_worded = self._is_code = False
        self._depth = 0
        self._is_plain = True
        """Whether no bracket and no code is open."""

    def begin_line(self) -> None:
        """Forget what was open on the last line."""
        self.is_begun = False
        if self._before or not self._is_plain:
            self._before, self._is_worded = "", False
            self._depth, self._is_code, self._is_plain = 0, False, True

    def is_behind(self, piece: str) -> bool:
        """Say whether the sentence ends behind its next piece.

        That ends with a Japanese terminator, or white space follows.
        """
        is_closed = "`" not in piece if piece.isascii() else _CLOSED.match(piece)
        if not is_closed or not self._is_plain:
            self._nest(piece)
        elif piece[-2:-1].isalnum() and (
            piece[-1] in _SURE_ENDS or _ends_word(piece, self._before)
        ):
            # Most sentences: no more state is needed to see that they end, or changes.
            self.is_begun = True
            if self._before:
                self._before, self._is_worded = "", False
            return True
        return self._is_behind_rest(piece)

    def _is_behind_rest(self, piece: str) -> bool:
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
        self._is_plain = not (depth or is_code)


def is_row(line: str) -> bool:
    """Say whether a line looks like a row of a table."""
    return "|" in line and line[:CONTEXT_CHARS].lstrip().startswith("|")


def _ends_word(piece: str, before: str) -> bool:
    """Say whether a full stop stands behind what is surely no abbreviation."""
    start = piece.rfind(" ") + 1
    if piece[-1] != "." or (before and not start):
        return False
    word = piece[start:-1]
    return len(word) > 1 and word.isalpha() and word.lower() not in ABBREVIATIONS


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
