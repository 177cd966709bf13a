"""Emphasis between full-width characters, made readable for Slack.

Japanese and Chinese put no space around `**「…」**`, and CommonMark does not read
marks as emphasis that stand between punctuation inside and a letter outside. Slack's
`markdown` blocks were seen to do likewise, to want ASCII punctuation or white space
outside, and to read U+200B as neither (the change log and the source of
slack-markdown-parser 2.7, https://pypi.org/project/slack-markdown-parser/, read
2026-11; Slack documents nothing). So it stands inside the marks where punctuation does,
which CommonMark itself reads as emphasis, and outside where a letter stands inside.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SPACE: Final = "\u200b"
"""Zero width space: no punctuation and, for CommonMark, no white space."""
_WIDE: Final = frozenset("WFH")


@dataclass(slots=True)
class Marks:
    """A run of `*` or `~` and the characters around it; empty at the line's edge."""

    at: int
    """Its place among the pieces of the line."""
    text: str
    before: str
    behind: str


def spaced(runs: Sequence[Marks | None]) -> dict[int, str]:
    """Return the runs that need a space, with it, by their places; None parts cells."""
    before: dict[int, str] = {}
    behind: dict[int, str] = {}
    for opener, closer in _pairs(runs):
        if SPACE in behind.get(opener.at - 1, ""):
            opener.before = SPACE
        if SPACE in before.get(closer.at + 1, ""):
            closer.behind = SPACE
        _space(opener.at, opener.before, opener.behind, before, behind)
        _space(closer.at, closer.behind, closer.before, behind, before)
    texts = {run.at: run.text for run in runs if run is not None}
    return {
        at: before.get(at, "") + texts[at] + behind.get(at, "")
        for at in before.keys() | behind.keys()
    }


def _space(
    at: int, outer: str, inner: str, outside: dict[int, str], inside: dict[int, str]
) -> None:
    """Note the space that one end of an emphasis needs, if it needs one."""
    if not outer or outer.isspace():
        return
    if is_mark(inner):
        is_free = outer.isascii() and is_mark(outer)
        is_touching = outer == SPACE or is_wide(outer) or is_wide(inner)
        if is_touching and not is_free:
            inside[at] = SPACE
    elif is_wide(outer) and inner != SPACE:
        outside[at] = SPACE


def _pairs(runs: Sequence[Marks | None]) -> list[tuple[Marks, Marks]]:
    """Return which runs belong together, the outer before the inner."""
    found: list[tuple[Marks, Marks]] = []
    waiting: list[Marks] = []
    heights: dict[str, list[int]] = {}
    for run in runs:
        if run is None:
            waiting, heights = [], {}
            continue
        places = heights.setdefault(run.text, [])
        while places and not _is_at(waiting, places[-1], run.text):
            places.pop()
        if places and run.before and not run.before.isspace():
            height = places.pop()
            found.append((waiting[height], run))
            del waiting[height:]
        elif run.behind and not run.behind.isspace():
            places.append(len(waiting))
            waiting.append(run)
    return sorted(found, key=lambda pair: pair[0].at)


def _is_at(waiting: Sequence[Marks], place: int, text: str) -> bool:
    return place < len(waiting) and waiting[place].text == text


def is_mark(char: str) -> bool:
    """Say whether CommonMark takes a character for punctuation."""
    return unicodedata.category(char)[0] in "PS"


def is_wide(char: str) -> bool:
    """Say whether a character is full-width, or a half-width kana."""
    return unicodedata.east_asian_width(char) in _WIDE
