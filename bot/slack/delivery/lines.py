"""Replies as lines: completed lines are posted as messages of their own."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby, zip_longest

import structlog

from bot.chunking import BlockChunker, Chunk, MarkdownState, joined
from bot.slack.api.refusals import GONE_ERRORS, MISSING, GoneError
from bot.slack.api.web import RefusedError
from bot.slack.delivery.outlet import ReplyOutlet
from bot.slack.delivery.page import Rest
from bot.slack.delivery.pages import opening_behind
from bot.slack.delivery.poster import Post, Source
from bot.slack.text.limits import (
    MAX_BLOCKS,
    MAX_MARKDOWN_CHARS,
    MAX_MESSAGE_CHARS,
    MAX_PLAIN_CHARS,
    MAX_TABLE_ROWS,
    MAX_TABLES,
    MAX_TEXT_CHARS,
    estimated_blocks,
    has_table,
    longest_table_rows,
    trimmed,
)
from bot.slack.text.markup import escaped
from bot.slack.text.shown import shown

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A chunk that waits."""

    chunk: Chunk
    source: str
    """The model's own words in it."""
    is_plain: bool = False
    """To be posted without blocks."""

    @property
    def is_blank(self) -> bool:
        return self.chunk.text.isspace()


def _is_too_long(text: str, *, is_plain: bool) -> bool:
    if is_plain:
        return len(escaped(text)) > MAX_TEXT_CHARS
    return len(text) > MAX_MARKDOWN_CHARS


def _divided(
    pieces: list[_Piece], chunker: BlockChunker, *, is_plain: bool
) -> Iterator[_Piece]:
    """Yield the text of pieces as smaller ones, each with the model's words in it."""
    text = joined(piece.chunk for piece in pieces)
    source = "".join(piece.source for piece in pieces)
    # The seams between the pieces may have left more than the model's words.
    lead_chars = max(0, text.find(source))
    chunks = (*chunker.push(text), *chunker.finish())
    for chunk, following in zip_longest(chunks, chunks[1:]):
        chars = max(0, len(chunk.body) - lead_chars) if following else len(source)
        lead_chars = max(0, lead_chars - len(chunk.body))
        yield _Piece(chunk, source[:chars], is_plain)
        source = source[chars:]


def _newlines(text: str) -> int:
    return text.count("\n")


def _remark(sentence: str) -> _Piece:
    return _Piece(Chunk(f"\n_{sentence}_\n"), "")


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
        self._waiting: deque[_Piece] = deque()
        self._taken: list[_Piece] = []
        self._behind = ""
        """What is in Slack already, until something goes on with it."""
        self._lead_chars = 0
        """What comes next is not the model's for so long."""
        self._has_ended = self._has_given_up = False

    def add(self, text: str) -> None:
        """Take the next lines, or the next part of a line."""
        if self._behind and text:
            lead = opening_behind(self._behind, text)
            self._behind, self._lead_chars = "", len(lead)
            text = lead + text
        self._release(self._chunker.push(text))

    def go_on(self, rest: Rest) -> None:
        """Take what another writer left: what is open there is opened again."""
        self._behind = rest.behind
        for part in rest.parts:
            if part.remark:
                self.remark(part.remark)
            else:
                self.add(part.source)

    def remark(self, sentence: str) -> None:
        """Take the bot's own word."""
        self._behind = ""
        self._release(self._chunker.finish())
        self._chunker = BlockChunker(MAX_MESSAGE_CHARS)
        self._waiting.append(_remark(sentence))
        self._go_on()

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
        return is_free and any(not piece.is_blank for piece in self._waiting)

    def take(self) -> Post:
        """Return the next message: as many of the waiting lines as fit in it."""
        source = ""
        while self._waiting[0].is_blank:
            source += self._waiting.popleft().source
        is_plain = self._waiting[0].is_plain
        limit_chars = MAX_PLAIN_CHARS if is_plain else MAX_MESSAGE_CHARS
        chars = tables = blocks = 0
        state = MarkdownState()
        while self._waiting and self._waiting[0].is_plain == is_plain:
            chunk = self._waiting[0].chunk
            chars += len(chunk.text)
            is_first = not self._taken
            blocks += estimated_blocks(chunk.text if is_first else chunk.body, state)
            # Behind its own beginning, a table's repeated header is left out.
            tables += has_table(chunk.body if self._taken else chunk.text)
            is_over = chars > limit_chars or tables > MAX_TABLES or blocks > MAX_BLOCKS
            if self._taken and is_over:
                break
            self._taken.append(self._waiting.popleft())
        while longest_table_rows(text := self._shown()) > MAX_TABLE_ROWS:
            self._take_fewer_rows()
        while _is_too_long(text, is_plain=is_plain):
            self._take_less()
            text = self._shown()
        source += "".join(piece.source for piece in self._taken)
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
        self._divide(partial(BlockChunker, MAX_PLAIN_CHARS), is_plain=True)
        self._go_on()

    def lost(self) -> None:
        """Go on behind what was taken last, and say that it may be missing."""
        self._taken = []
        self._waiting.appendleft(_remark(MISSING))
        self._go_on()

    def _take_less(self) -> None:
        """Let some of what was taken wait again: made harmless, it grew too long."""
        if len(self._taken) > 1:
            self._waiting.appendleft(self._taken.pop())
            return
        piece = self._taken[0]
        smaller = partial(BlockChunker, len(piece.chunk.text) // 2)
        self._divide(smaller, is_plain=piece.is_plain)
        self._taken = [self._waiting.popleft()]

    def _take_fewer_rows(self) -> None:
        """Let what is too long for a table wait again, its header repeated."""
        is_plain = self._taken[0].is_plain
        by_lines = partial(BlockChunker, MAX_TABLE_ROWS - 1, length=_newlines)
        self._divide(by_lines, is_plain=is_plain)
        self._taken = [self._waiting.popleft()]

    def _divide(self, chunker: Callable[[], BlockChunker], *, is_plain: bool) -> None:
        """Let what was taken last wait again, in smaller pieces."""
        runs = groupby(self._taken, lambda piece: bool(piece.source))
        pieces = [
            piece
            for _, run in runs
            for piece in _divided(list(run), chunker(), is_plain=is_plain)
        ]
        self._waiting.extendleft(reversed(pieces))
        self._taken = []

    def _release(self, chunks: tuple[Chunk, ...]) -> None:
        if self._has_given_up:
            return
        for chunk in chunks:
            lead_chars = min(self._lead_chars, len(chunk.body))
            self._lead_chars -= lead_chars
            self._waiting.append(_Piece(chunk, chunk.body[lead_chars:]))
        self._go_on()

    def _go_on(self) -> None:
        if self.has_text:
            self._ready(self)
        elif self._has_ended and not self._taken:
            self._done()

    def _shown(self) -> str:
        text = joined(piece.chunk for piece in self._taken)
        quiet = shown(text, self.outlet.known, shows_all_links=self._shows_all_links)
        return trimmed(quiet)
