"""Replies that begin as lines and, once they grow long, go on in messages that grow."""

from collections.abc import Callable
from typing import Final

from bot.chunking import MarkdownState, lines_of
from bot.slack.growing import GrowingWriter
from bot.slack.limits import begins_block
from bot.slack.lines import LinesWriter
from bot.slack.outlet import ReplyOutlet

LONG_LINES: Final = 12
LONG_CHARS: Final = 1_500
"""From either on a reply is long. A short one reads and notifies like a person's
messages; a long one would flood its place with them."""


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

    def add(self, text: str) -> None:
        """Take the next lines, or the next part of a line."""
        for line in lines_of(text):
            if self._growing is None and self._may_part_before(line):
                self._part()
            (self._growing or self._lines).add(line)

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
        """Say whether the reply is long, and a block begins that stands alone."""
        is_long = self._line_count >= LONG_LINES or self._chars >= LONG_CHARS
        is_whole = not self._line
        self._line += text
        self._chars += len(text)
        if not text.endswith("\n"):
            return False
        was_heading = self._state.is_heading
        seam = self._state.feed(self._line)
        self._line = ""
        self._line_count += not text.isspace()
        return is_long and is_whole and not was_heading and begins_block(seam, text)

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
