"""What a model repeats when it goes on with an answer that broke off."""

MAX_CHARS = 400
"""A longer repetition is not looked for."""
MIN_CHARS = 8
"""Shorter ones may be chance, unless they are whole lines."""


class Overlap:
    """Drops the beginning of a continuation that repeats the end of the text so far.

    Of the ends of that text the longest is dropped that the continuation begins with.
    It has at least `MIN_CHARS` characters, or is whole lines, and holds a word. What
    the text itself says twice is not dropped: the continuation may go on with it.

    Only what may yet become a repetition is held.
    """

    def __init__(self, text: str) -> None:
        """Go on behind `text`."""
        self._ends = _telling_ends(text[-2 * MAX_CHARS :])
        """What may be repeated, the shortest first."""
        self._held = ""
        self._repeated_chars = 0

    def push(self, fragment: str) -> str:
        """Take the next characters; return what may be shown, perhaps nothing."""
        if not self._ends:
            return fragment
        self._held = held = self._held + fragment
        self._ends = [end for end in self._ends if end.startswith(held[: len(end)])]
        while self._ends and len(self._ends[0]) <= len(held):
            self._repeated_chars = len(self._ends.pop(0))
        return "" if self._ends else self.finish()

    def finish(self) -> str:
        """Return what was held because it might have become a longer repetition."""
        rest = self._held[self._repeated_chars :]
        self._held, self._ends, self._repeated_chars = "", [], 0
        return rest


def _telling_ends(text: str) -> list[str]:
    """Return the ends of a text whose repetition is no chance, the shortest first."""
    count = min(len(text), MAX_CHARS)
    borders = _borders(text[: -count - 1 : -1])
    return [
        text[-chars:]
        for chars in range(1, count + 1)
        if 2 * borders[chars] < chars and _is_telling(text[:-chars], text[-chars:])
    ]


def _is_telling(before: str, end: str) -> bool:
    is_lines = end.endswith("\n") and (not before or before.endswith("\n"))
    return (
        (is_lines or len(end) >= MIN_CHARS)
        and any(char.isalnum() for char in end)
        and not before.endswith(end)
    )


def _borders(text: str) -> list[int]:
    """Return, for each length, what that much of the text both begins and ends with.

    In characters, not counting all of it: half or more means that it repeats itself.
    """
    borders = [0, 0]
    border = 0
    for char in text[1:]:
        while border and char != text[border]:
            border = borders[border]
        border += char == text[border]
        borders.append(border)
    return borders
