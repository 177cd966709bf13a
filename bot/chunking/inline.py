"""Whether the lines of a paragraph so far could end here with nothing inline open.

Where one line cannot tell, the answer is "open": the paragraph is held a little longer
and nothing breaks.

Source: https://spec.commonmark.org/0.31.2/#phase-2-inline-structure
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

SPECIAL: Final = re.compile(r"[`*_~\[<]")
"""A line without these opens nothing."""
_TOKEN: Final = re.compile(r"\\.|`+|\*+|_+|~~+|[\[\]<]")
_TICKS: Final = re.compile(r"`+")
_TARGET: Final = re.compile(
    r"\(\s*(?:<[^<>\n]*>|[^\s<>()]*(?:\([^\s()]*\)[^\s()]*)*)"
    r"(?:\s+(?:\"[^\"\n\\]*\"|'[^'\n\\]*'|\([^()\n\\]*\)))?\s*\)"
)
_ANGLE: Final = re.compile(
    r"<(?:[A-Za-z][A-Za-z0-9+.-]{1,31}:[^<>\x00-\x20]*"
    r"|/?[A-Za-z][A-Za-z0-9-]*\s*/?|[\w.+-]+@[\w.-]+)>"
)
_MAYBE_TAG: Final = re.compile(r"<[A-Za-z/!?]")


@dataclass(slots=True)
class _Run:
    """A run of emphasis marks that may still open."""

    char: str
    count: int
    length: int
    is_both: bool


class InlineState:
    """Which inline constructs of a paragraph are open behind its lines so far."""

    def __init__(self) -> None:
        """Begin a paragraph."""
        self._code_ticks = 0
        self._runs: list[_Run] = []
        self._brackets: list[int] = []
        self._strikes = 0
        self._is_unclear = False

    @property
    def is_open(self) -> bool:
        """Say whether something may be open that a later line closes."""
        return bool(
            self._code_ticks
            or self._runs
            or self._brackets
            or self._is_unclear
            or self._strikes % 2
        )

    def feed(self, line: str) -> None:
        """Read the next line, its ending included."""
        at = 0
        while at < len(line) and not self._is_unclear:
            if self._code_ticks:
                at = self._end_code(line, at)
            elif (match := _TOKEN.search(line, at)) is not None:
                at = self._take(line, match)
            else:
                break

    def _end_code(self, line: str, at: int) -> int:
        for match in _TICKS.finditer(line, at):
            if len(match.group()) == self._code_ticks:
                self._code_ticks = 0
                return match.end()
        return len(line)

    def _take(self, line: str, match: re.Match[str]) -> int:
        token = match.group()
        match token[0]:
            case "`":
                self._code_ticks = len(token)
            case "*" | "_":
                self._emphasise(line, match)
            case "~":
                self._strikes += 1
            case "[":
                self._brackets.append(len(self._runs))
            case "]":
                return self._end_bracket(line, match.end())
            case "<":
                return self._enter_angle(line, match.start())
            case _:
                pass
        return match.end()

    def _end_bracket(self, line: str, end: int) -> int:
        if not self._brackets:
            return end
        height = self._brackets.pop()
        if not line.startswith("(", end):
            return end
        target = _TARGET.match(line, end)
        if target is None:
            self._is_unclear = True
            return end
        del self._runs[height:]
        return target.end()

    def _enter_angle(self, line: str, start: int) -> int:
        whole = _ANGLE.match(line, start)
        if whole is not None:
            return whole.end()
        self._is_unclear = _MAYBE_TAG.match(line, start) is not None
        return start + 1

    def _emphasise(self, line: str, match: re.Match[str]) -> None:
        before = line[match.start() - 1] if match.start() else "\n"
        behind = line[match.end()] if match.end() < len(line) else "\n"
        char = match.group()[0]
        is_left = _is_flanking(behind, before)
        is_right = _is_flanking(before, behind)
        can_open, can_close = is_left, is_right
        if char == "_":
            can_open = is_left and (not is_right or _is_mark(before))
            can_close = is_right and (not is_left or _is_mark(behind))
        count = length = len(match.group())
        run = _Run(char, count, length, can_open and can_close)
        while can_close and run.count and self._match(run):
            pass
        if can_open and run.count:
            self._runs.append(run)

    def _match(self, closer: _Run) -> bool:
        """Let a run close the nearest that it can; return whether there was one."""
        for at in range(len(self._runs) - 1, -1, -1):
            opener = self._runs[at]
            if opener.char != closer.char or _is_mismatch(opener, closer):
                continue
            # A link that begins between them would forbid it.
            self._is_unclear |= bool(self._brackets) and at < self._brackets[-1]
            used = 2 if min(opener.count, closer.count) > 1 else 1
            opener.count -= used
            closer.count -= used
            del self._runs[at + (opener.count > 0) :]
            return True
        return False


def _is_mismatch(opener: _Run, closer: _Run) -> bool:
    """Apply the rule of three: what both opens and closes pairs only so."""
    return (
        (opener.is_both or closer.is_both)
        and (opener.length + closer.length) % 3 == 0
        and not (opener.length % 3 == 0 and closer.length % 3 == 0)
    )


def _is_flanking(inner: str, outer: str) -> bool:
    if inner.isspace():
        return False
    return not _is_mark(inner) or outer.isspace() or _is_mark(outer)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"
