"""The open end of one reply: text comes in, and one writer at a time delivers it."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

import structlog

from bot.chunking import Chunk
from bot.conversation.ports import DeliveryError, LostError
from bot.conversation.turn import Cut, Message, Turn
from bot.slack.api.address import Address
from bot.slack.delivery.footing import Footing
from bot.slack.delivery.search import Unsure
from bot.slack.delivery.services import Doubt
from bot.slack.text.shown import NOBODY, known_from

log = structlog.stdlib.get_logger()


class Writer(Protocol):
    """Brings a reply into Slack in one of the modes; nothing here waits."""

    def add(self, text: str) -> None:
        """Take the next lines, or the next part of a line."""
        ...

    def remark(self, sentence: str) -> None:
        """Take the bot's own word, set apart from the reply's text."""
        ...

    def end(self) -> None:
        """Take note that nothing more will come; then settle the outlet."""
        ...

    def give_up(self) -> None:
        """Begin no further call."""
        ...


class ReplyOutlet:
    """The outlet of `conversation.ports`, for any writer."""

    late_until_s = 0.0
    """Until when, by the loop's time, an earlier attempt's calls may turn up."""

    def __init__(
        self,
        turn: Turn,
        first_seq: int,
        begin: Callable[["ReplyOutlet"], Writer],
        doubt: Doubt | None = None,
        whole: Callable[[str, Cut], None] = lambda _text, _cut: None,
    ) -> None:
        """Begin an empty reply; `begin` makes its writer when there is something."""
        self.turn = turn
        self.address = Address.load(turn.address)
        self.known = NOBODY
        self.messages: dict[str, None] = {}
        """The ts of what is in Slack of it, in order."""
        self.others: set[str] = set()
        """The ts of what else is ours there, and none of it."""
        self.is_in_place_of_another = False
        """Whether it begins in a message that stands there, and nothing is posted."""
        self.has_begun = False
        """Whether a call that adds to it was begun."""
        self.first = asyncio.Event()
        """Set when the first message is in Slack, or none will be."""
        self.footing = Footing()
        """How its messages stand."""
        self._whole = whole
        self._begin = begin
        self.unsure = Unsure(doubt or Doubt())
        """Whether Slack has trouble with what is posted."""
        self._seq = first_seq
        self._writer: Writer | None = None
        self._is_begun_at_once = self._has_ended = False
        self._settled = asyncio.Event()
        self._failure: DeliveryError | None = None

    def write_with(self, writer: Writer) -> None:
        """Let another writer deliver what comes from now on, the end included."""
        self._writer = writer
        if self._has_ended:
            writer.end()

    @property
    def is_lost(self) -> bool:
        """Say whether the turn is another process's: then nothing more is called."""
        return isinstance(self._failure, LostError)

    def resume(self, messages: Iterable[str], *, has_news: bool) -> None:
        """Count what an earlier attempt brought into Slack.

        With `has_news` it was not all: the writer begins with the rest, as soon as it
        is known whom that may name.
        """
        self.messages.update(dict.fromkeys(messages))
        if self.messages:
            self.first.set()
        self._is_begun_at_once = has_news
        self.known = known_from((self.turn.question,))

    def heard(self, messages: Iterable[Message]) -> None:
        """Learn what people said: whom and what the reply may name."""
        self.known = known_from(messages)
        if self._is_begun_at_once and self._failure is None:
            self._working()

    def send(self, chunk: Chunk) -> None:
        """Take the next piece of the model's text."""
        self._working().add(chunk.text)

    def remark(self, sentence: str) -> None:
        """Take the bot's own word."""
        self._working().remark(sentence)

    def whole(self, text: str, cut: Cut) -> None:
        """Take note of all of the model's text."""
        self._whole(text, cut)

    def offer(self, cut: Cut) -> None:
        """Take note that people may rate the reply, or have it given anew."""
        self.footing.offered = cut

    async def drained(self) -> None:
        """End the reply and wait until all of it is in Slack.

        Raises:
            DeliveryError: if something could not be delivered for good.
        """
        if self._is_begun_at_once and self._failure is None:
            self._working()
        self._has_ended = True
        if self._writer is None:
            self._settled.set()
        elif self._failure is None:
            self._writer.end()
        await self._settled.wait()
        if self._failure is not None:
            raise self._failure

    def next_seq(self) -> int:
        """Return the number of the next call that adds to the reply; ascending."""
        self.has_begun = True
        self._seq += 1
        return self._seq - 1

    def store(self, ts: str) -> None:
        """Count a message as part of the reply: it is in Slack."""
        if not self.messages:
            log.info("first line posted")
        self.messages.setdefault(ts)
        self.first.set()

    def settle(self) -> None:
        """Say that all there was to deliver is in Slack."""
        if self._has_ended:
            self._settled.set()

    def fail(self, failure: DeliveryError) -> None:
        """Give up: nothing more of this reply can be delivered."""
        if self._failure is None:
            self._failure = failure
        if self._writer is not None:
            self._writer.give_up()
        self._settled.set()
        self.first.set()

    def _working(self) -> Writer:
        if self._failure is not None:
            raise self._failure
        if self._writer is None:
            self._writer = self._begin(self)
        return self._writer
