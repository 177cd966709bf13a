"""Replies that begin as lines and, once they grow long, go on in messages that grow."""

from collections.abc import Callable
from typing import Final

from bot.chunking import MarkdownState, Seam, lines_of
from bot.slack.delivery.growing import GrowingWriter
from bot.slack.delivery.lines import LinesWriter
from bot.slack.delivery.outlet import ReplyOutlet
from bot.slack.delivery.page import Rest

LONG_LINES: Final = 12
LONG_CHARS: Final = 1_500
"""From either on a reply is long. A short one reads and notifies like a person's
messages; a long one would flood its place with them."""
VERY_LONG: Final = 2
"""So many times as long it may also part within a list or a paragraph."""

_PARTING: Final = {Seam.ITEM, Seam.TEXT}


class AutoWriter:
    """Hands a reply's beginning to lines, and what follows to a message that grows."""

    def __init__(
        self,
        outlet: ReplyOutlet,
        begin: Callable[[Callable[[], None]], LinesWriter],
        grow: Callable[[], GrowingWriter | None],
    ) -> None:
        """Write for `outlet`; `begin` makes the lines and is told what to call then.

        `grow` makes the other writer, or none while the workspace has no room for it.
        """
        self._outlet = outlet
        self._lines = begin(self._go_on)
        self._grow = grow
        self._growing: GrowingWriter | None = None
        self._state = MarkdownState()
        self._line = ""
        self._line_count = self._chars = 0

    def go_on(self, rest: Rest) -> None:
        """Go on as lines with what another attempt left."""
        self._may_part_before(rest.behind)
        self._lines.go_on(Rest(rest.behind))
        for part in rest.parts:
            self.add(part.source)

    def add(self, text: str) -> None:
        """Take the next lines, or the next part of a line."""
        if self._growing is None and self._may_part_before(text):
            self._part()
        (self._growing or self._lines).add(text)

    def remark(self, sentence: str) -> None:
        """Take the bot's own word."""
        self._state, self._line = MarkdownState(), ""
        (self._growing or self._lines).remark(sentence)

    def end(self) -> None:
        """Take note that nothing more will come."""
        (self._growing or self._lines).end()

    def give_up(self) -> None:
        """Begin no further call."""
        self._lines.give_up()
        if self._growing is not None:
            self._growing.give_up()

    def _may_part_before(self, text: str) -> bool:
        """Say whether the reply is long, and its first line begins what may part.

        A block of the top level may, but for what follows a heading; an item of a list
        as well once it is twice as long, and then a line of a paragraph.
        """
        length = max(self._line_count / LONG_LINES, self._chars / LONG_CHARS)
        seams: list[Seam] = []
        was_heading = False
        for line in lines_of(text):
            is_whole = not self._line
            self._line += line
            self._chars += len(line)
            if line.endswith("\n"):
                was_heading = was_heading or (not seams and self._state.is_heading)
                seam = self._state.feed(self._line)
                self._line = ""
                self._line_count += not line.isspace()
                if is_whole and not line.isspace():
                    seams.append(seam)
            else:
                seams.append(Seam.NONE)
        if not seams or was_heading:
            return False
        parts = seams[0] is Seam.BLOCK and length >= 1
        return parts or (seams[0] in _PARTING and length >= VERY_LONG)

    def _part(self) -> None:
        self._growing = self._grow()
        if self._growing is not None:
            self._lines.end()

    def _go_on(self) -> None:
        """Begin what follows the lines: all of them are in Slack."""
        if self._growing is None:
            self._outlet.settle()
        else:
            self._growing.start()
