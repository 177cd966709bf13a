"""The best place to cut a line, or several of one paragraph, that are too long."""

import re
from collections.abc import Iterator
from typing import Final

import regex

from bot.chunking.inline import SPECIAL

_CODE = r"(`+)(?!`)(?:.*?(?<!`)\1(?!`)|.*)"
_LINK = r"!?\[[^\[\]\n]*(?:\](?:\([^()\n]*(?:\)|\Z))?|\Z)"
_ANGLE = r"<[^<>\s][^<>\n]*(?:>|\Z)"
_ADDRESS = r"https?://[^\s<>]+"
_ATOM: Final = re.compile(f"{_CODE}|{_LINK}|{_ANGLE}|{_ADDRESS}", re.DOTALL)
"""What no cut should stand in, also if its end is yet to come."""
_EMPHASIS: Final = re.compile(
    r"(?<![*_~\w])(\*{1,3}|_{1,3}|~~)(?=\S).{1,300}?(?<=\S)\1", re.DOTALL
)
"""Longer emphasis is cut, so that the search stays short."""
_SENTENCE: Final = re.compile(r"[。！？｡．][」』）】]*|[.!?…][\"')\]*_]*\s+|\n")
_CLAUSE: Final = re.compile(r"[、，；][」』）】]*|[,;:][\"')\]*_]*\s+")
_WORD: Final = re.compile(r"\s+|[、，]|[,;](?=\s)")
_GRAPHEME: Final = regex.compile(r"\X")
_BLOCK_LIKE: Final = re.compile(
    r"\s|`{3}|~{3}|[`~]{1,2}\Z|<(?!https?:|mailto:)(?:[A-Za-z/!?]|\Z)|>|[|=:]"
    r"|#{1,6}(?:\s|\Z)|[*+-](?:\s|\Z)|(?:[*_-] *){3}|\$\$|\$?\Z|\\(?:\[|\Z)"
    r"|\[[^\]]*(?:\]:|\Z)|\d{1,9}(?:[.)]|\Z)"
)
"""What could begin a block if a text began there, or be inside one grapheme."""
_CODE_LIKE: Final = re.compile(r"[\s`~$\\]|\Z")
NEAR_CHARS: Final = 1_000
"""A word that ends so near is better than a sentence that ends further off."""
NEAR_ASCII_CHARS: Final = 8
"""Between two printable characters of ASCII is a boundary without a look at others."""
_FREE, _EMPHASISED, _ATOMIC = range(3)


def word_ends(text: str) -> Iterator[int]:
    """Yield where words end outside of links, code spans and entities, last first."""
    inside = _inside(text, len(text))
    for match in reversed(list(_WORD.finditer(text))):
        if inside[match.end()] == _FREE:
            yield match.end()


def place(
    text: str, low: int, high: int, *, is_code: bool = False, is_spoken: bool = False
) -> int:
    """Return where to cut, above `low` and at most `high`.

    That is behind the last sentence, else the last word, that stands in no link, code
    span, entity or emphasis; else in emphasis; else the last boundary of graphemes
    outside; else inside; else `high`. What follows the cut begins no block, as long as
    another place is left, and surrogate pairs and line ends stay whole. Spoken text
    is cut at a clause before it is cut at a word.
    """
    inside = _inside("" if is_code else text, len(text))
    unsafe = _CODE_LIKE if is_code else _BLOCK_LIKE
    better = _CLAUSE if is_spoken else _SENTENCE
    patterns = (_WORD,) if is_code else (better, _WORD)
    for places, worst in _tries(text, low, high, patterns):
        for at in reversed(places):
            is_within = low < at <= high and inside[at] <= worst
            if is_within and not unsafe.match(text, at):
                return at
    boundaries = _boundaries(text, low, high)
    return max((at for at in boundaries if low < at <= high), default=max(high, 1))


def _tries(
    text: str, low: int, high: int, patterns: tuple[re.Pattern[str], ...]
) -> Iterator[tuple[list[int], int]]:
    """Yield places, ascending, and what they may stand in at worst, best first."""
    for start in (max(low, high - NEAR_CHARS), low):
        for worst in (_FREE, _EMPHASISED):
            for pattern in patterns:
                yield [m.end() for m in pattern.finditer(text, start, high)], worst
    boundaries = _boundaries(text, low, high)
    yield boundaries, _EMPHASISED
    yield boundaries, _ATOMIC


def _boundaries(text: str, low: int, high: int) -> list[int]:
    """Return the boundaries of graphemes, ascending; only a plain one near the end."""
    last = min(high, len(text) - 1)
    for at in range(last, max(last - NEAR_ASCII_CHARS, low), -1):
        pair = text[at - 1 : at + 1]
        if not (pair.isascii() and pair.isprintable()):
            break
        if not _BLOCK_LIKE.match(text, at):
            return [at]
    starts = (m.start() for m in _GRAPHEME.finditer(text))
    return [at for at in starts if not _is_surrogate_pair(text, at)]


def _inside(text: str, length: int) -> bytearray:
    """Return for every place what it stands in."""
    inside = bytearray(length + 1)
    if SPECIAL.search(text) is None and "://" not in text:
        return inside
    for pattern, kind in ((_EMPHASIS, _EMPHASISED), (_ATOM, _ATOMIC)):
        for match in pattern.finditer(text):
            start, end = match.span()
            inside[start + 1 : end] = bytes([kind]) * (end - start - 1)
    return inside


def _is_surrogate_pair(text: str, at: int) -> bool:
    return (
        0 < at < len(text)
        and "\ud800" <= text[at - 1] <= "\udbff"
        and "\udc00" <= text[at] <= "\udfff"
    )
