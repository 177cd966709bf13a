"""A reply that grows, as one message after the other: nothing shown ever moves.

Text is only added. A message that is nearly full ends where a block of Markdown ends;
one that is full ends before the next line, what is open there closed, and opened again
at the beginning of the next message.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bot.chunking import Length, MarkdownState, closing, lines_of, reopening
from bot.slack.limits import (
    MAX_BLOCKS,
    MAX_MESSAGE_CHARS,
    MAX_TABLES,
    begins_block,
    has_table,
    trimmed,
)
from bot.slack.shown import NOBODY, Known, Shown, shown

NEARLY_FULL: Final = 0.7
"""From this part of a limit on, a message ends with the next block."""
MAX_CLOSING: Final = 200
"""Room for what closes a message."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the reply: as the model wrote it, and as people see it."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A message as it should look now."""

    count: int
    """How many parts of its page it holds."""
    text: str
    """All of it, what is open closed."""
    added: str
    """The text behind what was delivered last, for a message that is appended to."""
    closing: str
    """What closes it, behind that."""
    source: str
    """The model's text behind what was delivered last."""
    is_last: bool
    """Nothing more will come."""


@dataclass(eq=False, slots=True)
class Page:
    """One message: what it should hold, and how much of that is in Slack."""

    limit: int = MAX_MESSAGE_CHARS
    length: Length = len
    lead: str = ""
    """What is opened again at its beginning."""
    parts: list[Part] = field(default_factory=list[Part])
    tail: str = ""
    """What closes it now, behind its last part."""
    is_whole: bool = False
    """No part will be added."""
    delivered: int = 0
    """How many parts are in Slack."""
    is_delivered: bool = False
    """Its last state is in Slack."""
    size: int = 0
    """Of its parts, as `length` measures it."""
    blocks: int = 0
    tables: int = 0

    @property
    def has_text(self) -> bool:
        """Say whether there is anything that a message could show."""
        return any(not part.text.isspace() for part in self.parts)

    @property
    def has_news(self) -> bool:
        """Say whether Slack's state is not the newest that is worth a call."""
        if self.is_delivered:
            return False
        fresh = self.parts[self.delivered :]
        return self.is_whole or any(not part.text.isspace() for part in fresh)

    @property
    def room(self) -> int:
        """Return how much more it may hold."""
        return self.limit - MAX_CLOSING - self.length(self.lead) - self.size

    @property
    def is_nearly_full(self) -> bool:
        """Say whether it should end where a block does."""
        is_long = self.room < (1 - NEARLY_FULL) * self.limit
        return is_long or self.blocks >= NEARLY_FULL * MAX_BLOCKS

    def add(self, part: Part, tail: str) -> None:
        """Add a part; `tail` closes what is open behind it."""
        self.parts.append(part)
        self.tail = tail
        self.size += self.length(part.text)

    def snapshot(self) -> Snapshot:
        """Return its newest state."""
        fresh = self.parts[self.delivered :]
        added = "".join(part.text for part in fresh)
        text = self.lead + "".join(part.text for part in self.parts)
        if not self.delivered:
            added = trimmed(f"{self.lead}{added}|")[:-1]
        is_open_line = bool(self.tail) and not text.endswith("\n")
        closing = "\n" * is_open_line + self.tail
        return Snapshot(
            count=len(self.parts),
            text=trimmed(text + closing),
            added=added,
            closing=closing,
            source="".join(part.source for part in fresh),
            is_last=self.is_whole,
        )

    def deliver(self, snapshot: Snapshot, *, is_open: bool = False) -> None:
        """Count a state as being in Slack; `is_open` if it must still be ended."""
        self.delivered = snapshot.count
        self.is_delivered = snapshot.is_last and not is_open


class Pages:
    """Lays the lines of one reply out on messages, as they come."""

    def __init__(
        self,
        known: Callable[[], Known] = lambda: NOBODY,
        *,
        limit: int = MAX_MESSAGE_CHARS,
        length: Length = len,
        shows_all_links: bool = False,
    ) -> None:
        """Begin an empty reply; `known` is asked for at its first line.

        A message holds at most `limit`, as `length` measures it.
        """
        self._limit = limit
        self._length = length
        self._known = known
        self._shown: Shown | None = None
        self._shows_all_links = shows_all_links
        self._state = MarkdownState()
        self._line = ""
        """The beginning of the line that has not ended."""
        self._pages = [Page(limit, length)]

    @property
    def current(self) -> Page:
        """Return the first page that is not wholly in Slack, or the last one."""
        while len(self._pages) > 1 and self._pages[0].is_delivered:
            del self._pages[0]
        return self._pages[0]

    def add(self, text: str) -> None:
        """Add the next lines, or the next part of a line."""
        is_table = has_table(text)
        for line in lines_of(text):
            self._add_line(line, begins_table=is_table and not line.isspace())
            is_table = is_table and line.isspace()

    def remark(self, sentence: str) -> None:
        """Add the bot's own word, behind what is open."""
        page = self._end_line()
        closer = f"\n{page.tail}" if page.tail else ""
        page.add(Part("", f"{closer}\n\n_{sentence}_\n\n"), "")
        page.blocks += 1
        self._state, self._line = MarkdownState(), ""
        self._shown = None

    def end(self) -> None:
        """Let the last page end: nothing more will come."""
        self._end_line().is_whole = True

    def turn(self) -> None:
        """Let what follows, if anything does, begin a new message wherever that is."""
        page = self._pages[-1]
        if page.parts and not page.is_whole:
            self._turn("text")

    def emptied(self) -> "Pages":
        """Return pages for the same reader with nothing on them."""
        return Pages(
            self._known,
            limit=self._limit,
            length=self._length,
            shows_all_links=self._shows_all_links,
        )

    def rest(self) -> str:
        """Return what is not in Slack, with what is open there opened again.

        The pages are done with behind this.
        """
        page = self.current
        state = MarkdownState()
        known = page.lead + "".join(map(_said, page.parts[: page.delivered]))
        for line in lines_of(known):
            state.feed(line)
        parts = page.parts[page.delivered :]
        parts += [part for page in self._pages[1:] for part in page.parts]
        text = "".join(map(_said, parts))
        if not page.delivered:
            return page.lead + text
        is_within = bool(known) and not known.endswith("\n")
        return reopening(state, text, is_within_line=is_within) + text

    def _add_line(self, text: str, *, begins_table: bool) -> None:
        if self._has_no_room(text, begins_table=begins_table):
            self._turn(text)
        page = self._pages[-1]
        is_beginning, was_heading = not self._line, self._state.is_heading
        self._line += text
        if text.endswith("\n"):
            seam = self._state.feed(self._line)
            if is_beginning and begins_block(seam, text):
                if page.is_nearly_full and not was_heading:
                    page = self._begin_page("")
                page.blocks += 1
            self._line = ""
        page.tables += begins_table
        if self._shown is None:
            self._shown = Shown(self._known(), shows_all_links=self._shows_all_links)
        page.add(Part(text, self._shown.line(text)), closing(self._state))

    def _has_no_room(self, text: str, *, begins_table: bool) -> bool:
        page = self._pages[-1]
        if not page.has_text:
            return False
        is_full = page.room < page.length(text) or page.blocks >= MAX_BLOCKS
        return is_full or (begins_table and page.tables >= MAX_TABLES)

    def _turn(self, text: str) -> None:
        """Begin a page before a text, which goes on with what is open."""
        opened = reopening(self._state, text, is_within_line=bool(self._line))
        self._begin_page(opened)

    def _end_line(self) -> Page:
        """Take the line that has begun for a whole one; return the last page."""
        page = self._pages[-1]
        if self._line:
            self._state.feed(self._line)
            self._line = ""
            page.tail = closing(self._state)
        return page

    def _begin_page(self, opened: str) -> Page:
        self._pages[-1].is_whole = True
        self._pages.append(
            Page(self._limit, self._length, shown(opened, self._known()))
        )
        return self._pages[-1]


def _said(part: Part) -> str:
    """Return what a part says; a remark was not said by the model."""
    return part.source or part.text
