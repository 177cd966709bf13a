"""A reply that grows, as one message after the other: nothing shown ever moves.

Text is only added. A message that is nearly full ends where a block of Markdown ends;
one that is full ends before the next line, what is open there closed, and opened again
at the beginning of the next message.
"""

from collections.abc import Callable, Iterator
from itertools import zip_longest

from bot.chunking import (
    Length,
    MarkdownState,
    closing,
    fitting_chars,
    lines_of,
    reopening,
)
from bot.slack.delivery.page import MAX_CLOSING, Page, Part, Rest
from bot.slack.text.limits import (
    MAX_BLOCKS,
    MAX_MESSAGE_CHARS,
    MAX_TABLE_ROWS,
    MAX_TABLES,
    begins_block,
    has_table,
)
from bot.slack.text.shown import NOBODY, Known, Shown, shown


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
        self._pages = [self._page("")]

    @property
    def current(self) -> Page:
        """Return the first page that is not wholly in Slack, or the last one."""
        while len(self._pages) > 1 and self._pages[0].is_delivered:
            del self._pages[0]
        return self._pages[0]

    def add(self, text: str) -> None:
        """Add the next lines, or the next part of a line."""
        lines = list(lines_of(text))
        for line, following in zip_longest(lines, lines[1:], fillvalue=""):
            begins_table = "|" in line and has_table(following)
            for part in self._fitting(line):
                self._add_line(part, begins_table=begins_table)

    def remark(self, sentence: str) -> None:
        """Add the bot's own word, behind what is open."""
        is_within_line = bool(self._line)
        page = self._end_line()
        if page.is_whole:
            page = self._begin_page("")
        closer = "\n" * is_within_line + page.tail if page.tail else ""
        page.add(Part("", f"{closer}\n\n_{sentence}_\n\n", sentence), "")
        page.blocks += 1
        self._state, self._line = MarkdownState(), ""
        self._shown = None

    def end(self) -> None:
        """Let the last page end: nothing more will come."""
        self._end_line().is_whole = True

    def turn(self) -> None:
        """Let the last page end here: what follows, if anything, begins another."""
        page = self._pages[-1]
        page.is_whole = page.is_whole or bool(page.parts)

    def rest(self) -> Rest:
        """Return what is not in Slack; the pages are done with behind this."""
        page = self.current
        parts = page.parts[page.delivered :]
        parts += [part for page in self._pages[1:] for part in page.parts]
        behind = page.lead + "".join(map(_said, page.parts[: page.delivered]))
        return Rest(behind, tuple(parts))

    def resumed(self) -> "Pages":
        """Return pages for the same reader that begin with what is not in Slack."""
        pages = Pages(
            self._known,
            limit=self._limit,
            length=self._length,
            shows_all_links=self._shows_all_links,
        )
        pages.go_on(self.rest())
        return pages

    def go_on(self, rest: Rest) -> None:
        """Begin with a new page behind what is in Slack."""
        self.recall("", rest.behind)
        self._pages[-1].deliver_all()
        for part in rest.parts:
            if part.remark:
                self.remark(part.remark)
            else:
                self.add(part.source)

    def recall(self, before: str, text: str) -> None:
        """Begin with a page that holds a text in Slack already, behind other ones."""
        self._shown = Shown(self._known(), shows_all_links=self._shows_all_links)
        self._shown.line(before)
        for line in lines_of(before):
            self._line += line
            if line.endswith("\n"):
                self._state.feed(self._line)
                self._line = ""
        lead = ""
        if before:
            lead = opening(self._state, text, is_within_line=bool(self._line))
        page = self._page(shown(lead, self._known()))
        self._pages = [page]
        for line in lines_of(text):
            is_table = has_table(line) and self._state.leaf != "fence"
            self._extend(page, line, self._shown, begins_table=is_table)
        page.delivered = len(page.parts)

    def _fitting(self, line: str) -> Iterator[str]:
        """Yield a line in parts that fit on a page."""
        room = (self._limit - MAX_CLOSING) // 2
        while self._length(line) > room:
            chars = fitting_chars(line, room, self._length)
            yield line[:chars]
            line = line[chars:]
        yield line

    def _add_line(self, text: str, *, begins_table: bool) -> None:
        page = self._pages[-1]
        begins_table = begins_table and self._state.leaf != "fence"
        if page.is_whole or self._has_no_room(text, begins_table=begins_table):
            page = self._turn(text)
        if self._shown is None:
            self._shown = Shown(self._known(), shows_all_links=self._shows_all_links)
        self._extend(page, text, self._shown, begins_table=begins_table, may_turn=True)

    def _extend(
        self,
        page: Page,
        text: str,
        view: Shown,
        *,
        begins_table: bool,
        may_turn: bool = False,
    ) -> None:
        """Add a line, or a part of one; a nearly full page may turn before it."""
        is_beginning, was_heading = not self._line, self._state.is_heading
        self._line += text
        if text.endswith("\n"):
            seam = self._state.feed(self._line)
            if is_beginning and begins_block(seam, text):
                if may_turn and page.is_nearly_full and not was_heading:
                    page = self._begin_page("")
                page.blocks += 1
            self._line = ""
            page.rows = page.rows + 1 if self._state.leaf == "table" else 0
        page.tables += begins_table
        page.add(Part(text, view.line(text)), closing(self._state))

    def _has_no_room(self, text: str, *, begins_table: bool) -> bool:
        page = self._pages[-1]
        if not page.has_text:
            return False
        is_full = page.room < page.length(text) or page.blocks >= MAX_BLOCKS
        is_table_full = page.rows >= MAX_TABLE_ROWS and "|" in text
        is_second_table = begins_table and page.tables >= MAX_TABLES
        return is_full or is_table_full or is_second_table

    def _turn(self, text: str) -> Page:
        """Begin a page before a text, which goes on with what is open."""
        lead = opening(self._state, text, is_within_line=bool(self._line))
        return self._begin_page(shown(lead, self._known()))

    def _end_line(self) -> Page:
        """Take the line that has begun for a whole one; return the last page."""
        page = self._pages[-1]
        if self._line:
            self._state.feed(self._line)
            self._line = ""
            if not page.is_whole:
                page.tail = closing(self._state)
        return page

    def _begin_page(self, lead: str) -> Page:
        self._pages[-1].is_whole = True
        self._pages.append(self._page(lead))
        return self._pages[-1]

    def _page(self, lead: str) -> Page:
        page = Page(self._limit, self._length, lead)
        page.tables = page.rows = int(has_table(lead))
        return page


def _said(part: Part) -> str:
    """Return what a part says; a remark was not said by the model."""
    return part.source or part.text


def opening_behind(before: str, text: str) -> str:
    """Return what opens again, before a text, what is open behind another one."""
    state = MarkdownState()
    for line in lines_of(before):
        state.feed(line)
    is_within_line = bool(before) and not before.endswith("\n")
    return opening(state, text, is_within_line=is_within_line)


def opening(state: MarkdownState, text: str, *, is_within_line: bool) -> str:
    """Return what opens again what a text goes on with."""
    first = text.partition("\n")[0]
    if not first.strip() and state.leaf != "fence" and not state.math:
        # A blank line ends a table.
        return ""
    return reopening(state, text, is_within_line=is_within_line)
