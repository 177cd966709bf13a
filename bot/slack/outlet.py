"""The end of one reply that is still to be posted: chunks in, messages out."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bot.chunking import BlockChunker, Chunk, joined
from bot.conversation.ports import DeliveryError
from bot.conversation.turn import Turn
from bot.slack import markup
from bot.slack.address import Address

MAX_MESSAGE_CHARS = 11_000
"""Slack's limit for the markdown of a message is 12,000 characters
(https://docs.slack.dev/reference/block-kit/blocks/markdown-block, read 2026-11)."""
MAX_TABLES = 1
"""Slack refuses a message with two
(https://docs.slack.dev/reference/block-kit/blocks/table-block, read 2026-11)."""
MAX_PLAIN_CHARS = 3_000
"""Slack advises 4,000; escaping makes a text longer
(https://docs.slack.dev/reference/methods/chat.postMessage, read 2026-11)."""
SEQ_PER_ATTEMPT = 1_000_000
"""Attempts at one turn share no number: a reply has fewer messages than this."""


@dataclass(frozen=True, slots=True)
class Post:
    """One message to be posted."""

    seq: int
    """Its number within the turn, ascending."""
    text: str
    is_plain: bool
    """Without blocks, because Slack refused it with them."""


class LinesOutlet:
    """Collects the lines of one reply until there is a slot to post them."""

    def __init__(self, turn: Turn, ready: Callable[["LinesOutlet"], None]) -> None:
        """Begin an empty reply; `ready` is called whenever there is text to post."""
        self.turn = turn
        self.address = Address.load(turn.address)
        self.has_posted = False
        self._ready = ready
        self._seq = (turn.attempts - 1) * SEQ_PER_ATTEMPT
        self._waiting: deque[tuple[Chunk, bool]] = deque()
        self._taken: list[tuple[Chunk, bool]] = []
        self._settled = asyncio.Event()
        self._settled.set()
        self._failure: DeliveryError | None = None

    def send(self, chunk: Chunk) -> None:
        """Take the next chunk of the reply."""
        if self._failure is not None:
            raise self._failure
        self._waiting.append((chunk, False))
        if self.has_text:
            self._settled.clear()
            self._ready(self)

    @property
    def has_text(self) -> bool:
        """Say whether something waits that a message could show."""
        return any(not chunk.text.isspace() for chunk, _ in self._waiting)

    async def drained(self) -> None:
        """Wait until everything was posted.

        Raises:
            DeliveryError: if something could not be.
        """
        await self._settled.wait()
        if self._failure is not None:
            raise self._failure

    def take(self) -> Post:
        """Return the next message: as many of the waiting lines as fit in it.

        To be called where `has_text`, and answered by `stored`, `give_back`, `simplify`
        or `fail`.
        """
        while self._waiting[0][0].text.isspace():
            self._waiting.popleft()
        is_plain = self._waiting[0][1]
        limit_chars = MAX_PLAIN_CHARS if is_plain else MAX_MESSAGE_CHARS
        chars = tables = 0
        while self._waiting and self._waiting[0][1] == is_plain:
            chunk, _ = self._waiting[0]
            chars += len(chunk.text)
            # Behind its own beginning, a table's repeated header is left out.
            tables += markup.has_table(chunk.body if self._taken else chunk.text)
            if self._taken and (chars > limit_chars or tables > MAX_TABLES):
                break
            self._taken.append(self._waiting.popleft())
        text = markup.shown(joined(chunk for chunk, _ in self._taken))
        return Post(self._seq, text, is_plain)

    def stored(self) -> None:
        """Go on behind the message that was taken last: it is in Slack."""
        self.has_posted = True
        self._taken = []
        self._seq += 1
        if not self.has_text:
            self._settled.set()

    def give_back(self) -> None:
        """Let what was taken last wait again: it is not in Slack."""
        self._waiting.extendleft(reversed(self._taken))
        self._taken = []

    def simplify(self) -> None:
        """Let what was taken last wait again, in plain pieces without blocks."""
        chunker = BlockChunker(MAX_PLAIN_CHARS)
        text = joined(chunk for chunk, _ in self._taken)
        pieces = (*chunker.push(text), *chunker.finish())
        self._waiting.extendleft((piece, True) for piece in reversed(pieces))
        self._taken = []

    def fail(self, reason: str) -> None:
        """Give up: nothing of this reply can be posted any more."""
        self._failure = DeliveryError(reason)
        self._waiting.clear()
        self._taken = []
        self._settled.set()
