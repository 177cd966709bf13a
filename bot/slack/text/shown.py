"""What people see of a model's text: the one rule for every way into Slack.

`shown` says it for a whole text, `Shown` for one that is still being written. The text
stays as it is, but:

- it mentions nobody who did not take part in the thread, in code neither;
- images become links: Slack shows none, and nothing is to be fetched;
- addresses that may carry data to hosts that nobody named become code: `weblink`;
- emphasis beside full-width characters gets zero width spaces: `emphasis`.

What is in fences and code spans stays as it is, mentions aside. Indented code, which
Slack does not document, is prose but for emphasis.
"""

import copy
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.chunking.fence import MAX_MARKER_CHARS
from bot.chunking.markdown import MarkdownState
from bot.conversation.turn import Message
from bot.slack.text.calling import (
    MAX_TAIL_CHARS,
    WORD_JOINER,
    is_parted,
    is_target_awaited,
    quiet,
    quiet_target,
)
from bot.slack.text.prose import ProseLine, is_special
from bot.slack.text.weblink import Policy, hosts_in

MAX_HEAD_CHARS: Final = 256
"""What is kept of a line that comes in parts, to know what kind of line it is."""
_LONG_MARKER: Final = re.compile(rf"`{{{MAX_MARKER_CHARS},}}|~{{{MAX_MARKER_CHARS},}}")
_PLAIN: Final = str.maketrans("<$\\", "xxx")
_SEAMS: Final = ("![", "``")
_FENCE_CHARS: Final = " \t\r\n>`~"
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Known:
    """What people brought into a thread themselves."""

    people: frozenset[str]
    """The ids of those who took part."""
    hosts: frozenset[str]
    """What they named, lower case, in ASCII."""


NOBODY: Final = Known(frozenset(), frozenset())


def known_from(messages: Iterable[Message]) -> Known:
    """Return what the people in a thread brought into it; messages are legible.

    What the bot said counts for nothing, nor does it make somebody take part to be
    mentioned.
    """
    said = [message for message in messages if message.role == "person"]
    return Known(
        frozenset(message.speaker.id for message in said),
        frozenset(host for message in said for host in hosts_in(message.text)),
    )


def shown(text: str, known: Known = NOBODY, *, shows_all_links: bool = False) -> str:
    """Return what people see of a model's text; blank lines at its ends included."""
    return Shown(known, shows_all_links=shows_all_links).line(text)


class Shown:
    """Shows one reply, piece by piece; what has been shown never changes."""

    def __init__(self, known: Known, *, shows_all_links: bool = False) -> None:
        """Begin a reply to people who brought in what is `known`."""
        self._people = known.people
        self._policy = Policy(known.hosts, shows_all_links)
        self._state = MarkdownState()
        self._head = ""
        self._tail = ""
        """The end of what is shown of the current line, empty at its beginning."""
        self._leaf: str | None = None
        """What the current line stands in, None while that is open."""
        self._is_unclear = False
        """Whether fences may be elsewhere than they seem: then nothing is code."""
        self._open_ticks: set[int] = set()
        self._is_target_awaited = False

    def line(self, text: str) -> str:
        """Return what is shown of whole lines, or of the beginning of one.

        The next call goes on behind it. Where a line is parted does not matter as long
        as that is outside of links, code spans and emphasis; a part that ends inside of
        one mentions nobody either.
        """
        return "".join(map(self._part, _LINE.findall(text)))

    def _part(self, text: str) -> str:
        is_whole = text.endswith(("\n", "\r"))
        if is_whole and not self._head and not is_special(text):
            # Most lines.
            _feed(self._state, text)
            if text.isspace():
                self._open_ticks.clear()
            late, self._is_target_awaited = self._is_target_awaited, False
            return quiet_target(text) if late else text
        leaf = self._read(text, is_whole=is_whole)
        rewritten = quiet(self._rewritten(text, leaf), self._people)
        if self._is_target_awaited and not self._tail:
            rewritten = quiet_target(rewritten)
        if self._tail and _is_seam_open(self._tail, rewritten):
            rewritten = WORD_JOINER + rewritten
        self._end_part(text, rewritten, is_whole=is_whole)
        return rewritten

    def _read(self, text: str, *, is_whole: bool) -> str:
        """Read the line so far; return the leaf of the document that it stands in.

        That is settled with the first part that is not blank.
        """
        head = self._head + text
        was_fence = self._state.leaf == "fence"
        if is_whole:
            _feed(self._state, head)
        if self._leaf is not None or head.isspace():
            return self._leaf or self._state.leaf
        state = self._state
        if not is_whole:
            state = copy.deepcopy(state)
            _feed(state, head)
        is_fence = was_fence and not head.strip(_FENCE_CHARS)
        leaf = "fence" if is_fence else state.leaf
        self._is_unclear |= state.is_too_deep or _LONG_MARKER.search(head) is not None
        self._leaf = "code" if self._is_unclear else leaf
        return self._leaf

    def _rewritten(self, text: str, leaf: str) -> str:
        if leaf == "fence" or (text.isspace() and not self._tail):
            self._open_ticks.clear()
            return text
        if not is_special(text):
            return text
        before, is_sure = self._tail[-1:], leaf != "code"
        line = ProseLine(text, before, self._policy, self._open_ticks, is_sure=is_sure)
        rewritten = line.rewritten()
        self._open_ticks = line.open_ticks
        return rewritten

    def _end_part(self, text: str, rewritten: str, *, is_whole: bool) -> None:
        tail = (self._tail + rewritten)[-MAX_TAIL_CHARS:]
        if not is_whole:
            self._head = (self._head + text)[:MAX_HEAD_CHARS]
            self._tail = tail
            return
        self._is_target_awaited = is_target_awaited(tail)
        self._head = self._tail = ""
        self._leaf = None


def _feed(state: MarkdownState, line: str) -> None:
    """Read a line as Slack does: it knows neither HTML nor math."""
    if "<" in line or "$" in line or "\\" in line:
        line = line.translate(_PLAIN)
    state.feed(line)


def _is_seam_open(before: str, text: str) -> bool:
    """Say whether something must not go on from one part of a line to the next."""
    seam = before[-1:] + text[:1]
    return seam in _SEAMS or is_parted(before, text)
