"""Replies as lines: completed lines are posted as messages of their own."""

from collections import deque
from collections.abc import Callable

import structlog

from bot.chunking import BlockChunker, Chunk, joined
from bot.slack.limits import (
    MAX_BLOCKS,
    MAX_MARKDOWN_CHARS,
    MAX_MESSAGE_CHARS,
    MAX_PLAIN_CHARS,
    MAX_TABLES,
    estimated_blocks,
    has_table,
    trimmed,
)
from bot.slack.outlet import ReplyOutlet
from bot.slack.poster import Post, Source
from bot.slack.refusals import GONE_ERRORS, MISSING, GoneError
from bot.slack.shown import shown
from bot.slack.web import RefusedError

log = structlog.stdlib.get_logger()


class LinesWriter:
    """Collects the lines of one reply until there is a slot to post them."""

    def __init__(
        self,
        outlet: ReplyOutlet,
        ready: Callable[[Source], None],
        *,
        done: Callable[[], None] | None = None,
        shows_all_links: bool = False,
    ) -> None:
        """Write for `outlet`; `ready` is called whenever there is text to post.

        `done` is called when all is in Slack that came before the end; it settles the
        outlet unless told otherwise.
        """
        self.outlet = outlet
        self._ready = ready
        self._done = done or outlet.settle
        self._shows_all_links = shows_all_links
        self._chunker = BlockChunker(MAX_MESSAGE_CHARS)
        self._waiting: deque[tuple[Chunk, bool]] = deque()
        """Chunks, and whether they are to be posted without blocks."""
        self._taken: list[tuple[Chunk, bool]] = []
        self._has_ended = self._has_given_up = False

    def add(self, text: str) -> None:
        """Take the next lines, or the next part of a line."""
        self._release(self._chunker.push(text))

    def remark(self, sentence: str) -> None:
        """Take the bot's own word."""
        self._release(self._chunker.finish())
        self._chunker = BlockChunker(MAX_MESSAGE_CHARS)
        self._release((Chunk(f"\n_{sentence}_\n"),))

    def end(self) -> None:
        """Take note that nothing more will come."""
        if not self._has_ended:
            self._has_ended = True
            self._release(self._chunker.finish())

    def give_up(self) -> None:
        """Post nothing more."""
        self._has_given_up = True
        self._waiting.clear()
        self._taken = []

    @property
    def has_text(self) -> bool:
        """Say whether something waits that a message could show."""
        is_free = not self._taken
        return is_free and any(not chunk.text.isspace() for chunk, _ in self._waiting)

    def take(self) -> Post:
        """Return the next message: as many of the waiting lines as fit in it."""
        passed: list[Chunk] = []
        while self._waiting[0][0].text.isspace():
            passed.append(self._waiting.popleft()[0])
        is_plain = self._waiting[0][1]
        limit_chars = MAX_PLAIN_CHARS if is_plain else MAX_MESSAGE_CHARS
        chars = tables = blocks = 0
        while self._waiting and self._waiting[0][1] == is_plain:
            chunk, _ = self._waiting[0]
            chars += len(chunk.text)
            blocks += estimated_blocks(chunk.text)
            # Behind its own beginning, a table's repeated header is left out.
            tables += has_table(chunk.body if self._taken else chunk.text)
            is_over = chars > limit_chars or tables > MAX_TABLES or blocks > MAX_BLOCKS
            if self._taken and is_over:
                break
            self._taken.append(self._waiting.popleft())
        while len(text := self._shown()) > MAX_MARKDOWN_CHARS:
            self._take_less()
        source = "".join(chunk.body for chunk in passed)
        source += "".join(chunk.body for chunk, _ in self._taken)
        return Post(self.outlet.next_seq(), text, source, is_plain)

    def stored(self, ts: str) -> None:
        """Go on behind the message that was taken last: it is in Slack."""
        self._taken = []
        self.outlet.store(ts)
        self._go_on()

    def give_back(self) -> None:
        """Let what was taken last wait again: it is not in Slack."""
        self._waiting.extendleft(reversed(self._taken))
        self._taken = []
        self._go_on()

    def refused(self, post: Post, error: RefusedError) -> None:
        """Try what was taken last in plain pieces, unless nothing would help."""
        if error.error in GONE_ERRORS or post.is_plain:
            self.outlet.fail(GoneError(error.error))
            return
        log.warning("Slack refused the form of a message", error=error.error)
        self._divide(MAX_PLAIN_CHARS, is_plain=True)
        self._go_on()

    def lost(self) -> None:
        """Go on behind what was taken last, and say that it may be missing."""
        self._taken = []
        self._waiting.appendleft((Chunk(f"\n_{MISSING}_\n"), False))
        self._go_on()

    def _take_less(self) -> None:
        """Let some of what was taken wait again: made harmless, it grew too long."""
        if len(self._taken) > 1:
            self._waiting.appendleft(self._taken.pop())
            return
        chunk, is_plain = self._taken[0]
        self._divide(len(chunk.text) // 2, is_plain=is_plain)
        self._taken = [self._waiting.popleft()]

    def _divide(self, limit_chars: int, *, is_plain: bool) -> None:
        """Let what was taken last wait again, in smaller pieces."""
        chunker = BlockChunker(limit_chars)
        text = joined(chunk for chunk, _ in self._taken)
        pieces = (*chunker.push(text), *chunker.finish())
        self._waiting.extendleft((piece, is_plain) for piece in reversed(pieces))
        self._taken = []

    def _release(self, chunks: tuple[Chunk, ...]) -> None:
        if self._has_given_up:
            return
        self._waiting.extend((chunk, False) for chunk in chunks)
        self._go_on()

    def _go_on(self) -> None:
        if self.has_text:
            self._ready(self)
        elif self._has_ended and not self._taken:
            self._done()

    def _shown(self) -> str:
        text = joined(chunk for chunk, _ in self._taken)
        quiet = shown(text, self.outlet.known, shows_all_links=self._shows_all_links)
        return trimmed(quiet)
