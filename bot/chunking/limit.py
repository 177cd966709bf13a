"""How long a chunk may be, and in which unit."""

import sys
from collections.abc import Callable
from typing import Final

from bot.chunking.errors import LimitError

Length = Callable[[str], int]
"""Measures a text; the length of two texts together is the sum of theirs."""

UNLIMITED: Final = sys.maxsize
MIN_LIMIT: Final = 64
"""In any unit: room for a short reopened fence around something to read."""


def utf8_bytes(text: str) -> int:
    """Return how many bytes a text takes in UTF-8; half a surrogate pair three."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def utf16_units(text: str) -> int:
    """Return how many units a text takes in UTF-16, as JavaScript counts."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def checked(limit: int) -> int:
    """Return the limit.

    Raises:
        LimitError: if it is under `MIN_LIMIT`.
    """
    if limit < MIN_LIMIT:
        raise LimitError(f"a chunk needs a limit of at least {MIN_LIMIT}")
    return limit


def fitting_chars(text: str, room: int, length: Length, start: int = 0) -> int:
    """Return how many characters from `start` fit into `room` units."""
    low, high = 0, min(len(text) - start, max(room, 0))
    if length(text[start : start + high]) <= room:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if length(text[start : start + middle]) <= room:
            low = middle
        else:
            high = middle - 1
    return low
