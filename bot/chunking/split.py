"""Where a full chunk is cut, and what closes and opens again what the cut parts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.chunking import cut
from bot.chunking.limit import Length, fitting_chars
from bot.chunking.markdown import MarkdownState
from bot.chunking.resumption import closing, reopening, reopening_leaf
from bot.chunking.seam import Seam

MIN_SHARE: Final = 4
"""A cut takes at least this part of what could be cut off: the rest is read again."""
MAX_PREFIX_SHARE: Final = 2
"""What would take a larger part of the limit to open again stays closed."""


@dataclass(frozen=True, slots=True)
class Held:
    """What stands in a chunk so far."""

    prefix: str
    lines: list[str]
    seams: list[Seam]
    rest: str
    """The beginning of a line that has not ended; may be empty."""
    rest_seam: Seam


@dataclass(frozen=True, slots=True)
class Split:
    """A cut: where, what closes the first part, what opens the second."""

    at: int
    suffix: str
    prefix: str


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines of a text with their endings, the last one perhaps without."""
    start = 0
    while (newline := text.find("\n", start)) >= 0:
        yield text[start : newline + 1]
        start = newline + 1
    if start < len(text):
        yield text[start:]


def state_behind(text: str) -> MarkdownState:
    """Return what is open behind a text."""
    state = MarkdownState()
    for line in lines_of(text):
        state.feed(line)
    return state


def suffix_of(state: MarkdownState, body: str) -> str:
    """Return what closes what is open behind a body."""
    line = closing(state)
    return line if not line or body.endswith("\n") else f"\n{line}"


def split(held: Held, limit: int, length: Length) -> Split:
    """Return the best cut that leaves both parts within the limit."""
    text = "".join(held.lines) + held.rest
    room = limit - length(held.prefix)
    reserve = 0
    while True:
        at = _place(held, text, fitting_chars(text, room - reserve, length))
        before = held.prefix + text[:at]
        state = state_behind(before)
        suffix = suffix_of(state, text[:at])
        if length(text[:at]) + length(suffix) <= room:
            return Split(at, suffix, _prefix(state, before, text[at:], limit, length))
        reserve = length(suffix)


def _prefix(
    state: MarkdownState, before: str, rest: str, limit: int, length: Length
) -> str:
    beginning = before.rpartition("\n")[2]
    is_within_line = bool(beginning)
    prefix = reopening(state, rest, is_within_line=is_within_line)
    if length(prefix) > limit // MAX_PREFIX_SHARE:
        prefix = reopening_leaf(state, is_within_line=is_within_line)
    if state.leaf == "fence" and state.fence is not None:
        lead = state.fence.lead
        if is_within_line and _is_inside(beginning, lead):
            prefix = prefix.removesuffix(lead) + beginning
    return prefix if length(prefix) <= limit // MAX_PREFIX_SHARE else ""


def _is_inside(beginning: str, lead: str) -> bool:
    """Say whether no code stands yet on a line: it must not be indented anew."""
    return len(beginning) <= len(lead) and not beginning.strip(" >")


def _place(held: Held, text: str, high: int) -> int:
    white = 0 if held.prefix else len(text) - len(text.lstrip())
    if white > high // 2:
        return _white_place(text, min(white, high))
    low = max(white, high // MIN_SHARE)
    lines = [*held.lines, held.rest]
    seams = [*held.seams, held.rest_seam]
    best, best_at, paragraph = Seam.TEXT, 0, 0
    start = 0
    for index, seam in enumerate(seams):
        if start >= high:
            break
        if seam is not Seam.TEXT:
            paragraph = start
        if start > low and seam <= best and seam < Seam.TEXT:
            best, best_at = seam, _before_blank(lines, index, start, seam)
        start += len(lines[index])
    if best_at:
        return best_at
    state = state_behind(held.prefix + text[:paragraph])
    is_code = state.leaf in ("fence", "html", "code") or bool(state.math)
    low, high = max(low - paragraph, 0), high - paragraph
    return paragraph + cut.place(text[paragraph:], low, high, is_code=is_code)


def _before_blank(lines: list[str], index: int, start: int, seam: Seam) -> int:
    """Return the start of a line, or of the blank ones before it if no list goes on."""
    while seam <= Seam.ITEM and index > 1 and lines[index - 1].isspace():
        index -= 1
        start -= len(lines[index])
    return start


def _white_place(text: str, at: int) -> int:
    """Return `at`, but leave the two halves of a line end together."""
    return at - 1 if at > 1 and text[at - 1] == "\r" else at
