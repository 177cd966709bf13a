"""The outside world on one page: what the core asks of its edges."""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from bot.chunking import Chunk
from bot.conversation.prompt import Prompt
from bot.conversation.turn import (
    Cut,
    Message,
    Spent,
    Turn,
)


class SetupError(Exception):
    """Linefeed cannot start; the message is one sentence for whoever runs it."""


class ModelError(Exception):
    """The model gave no answer, or not all of it."""

    def __init__(
        self, sentence: str, *, is_break: bool = False, is_cut: bool = False
    ) -> None:
        """Keep the one sentence that the person may read; it quotes no provider.

        `is_break` says that the answer had begun and broke: to ask again may help. One
        that `is_cut` reached the model's limit of length.
        """
        super().__init__(sentence)
        self.sentence = sentence
        self.is_break = is_break
        self.is_cut = is_cut


class DeliveryError(Exception):
    """The reply cannot reach its place any more: the channel is gone, say."""


class StoppedError(DeliveryError):
    """A person stopped the reply where it appears."""


class LostError(DeliveryError):
    """The turn is another process's now: nothing more may be done for it here."""


class StoreError(Exception):
    """The database did not take or give what was asked; nothing was changed."""


class SummaryError(Exception):
    """No summary was written that may be kept; the message says why, not what."""


class ChatModel(Protocol):
    """A language model."""

    def stream(
        self, prompt: Prompt, report: Callable[[Spent], None] = ...
    ) -> AsyncGenerator[str]:
        """Yield the answer in fragments, never empty; close it to cancel.

        `report` is told at most once what it cost, where the provider says so.

        Raises:
            ModelError: before the first fragment or behind any later one.
        """
        ...


@dataclass(frozen=True, slots=True)
class Briefing:
    """Who answers, and what it is told to be."""

    instructions: str
    """The system prompt."""
    model: ChatModel


class Briefings(Protocol):
    """Who answers where."""

    def of(self, turn: Turn) -> Briefing:
        """Return what a turn is answered with."""
        ...


class TokenMeter(Protocol):
    """Compares estimates with what a provider counts."""

    def observe(self, estimated_tokens: int, counted_tokens: int) -> None:
        """Take note of both for one prompt."""
        ...


class Outlet(Protocol):
    """The open end of a delivery, for one reply."""

    def send(self, chunk: Chunk) -> None:
        """Hand over the next piece of the model's text; never waits.

        That is whole lines, or a part of a long paragraph, which the next piece goes
        on with. The bodies concatenate to the text.

        Raises:
            DeliveryError: if an earlier one could not be delivered for good.
            StoppedError: if a person wants no more of it.
        """
        ...

    def remark(self, sentence: str) -> None:
        """Say something that is the bot's own word, set apart; else as `send`."""
        ...

    def heard(self, messages: Iterable[Message]) -> None:
        """Tell what people said, legible: whom and what the reply may name.

        To be called before the first `send`, once; without it nobody spoke.
        """
        ...

    def whole(self, text: str, cut: Cut) -> None:
        """Tell that no more of the model's text will come, and all there is of it.

        So nothing has to be asked again if the process dies before it is delivered.
        """
        ...

    def offer(self, cut: Cut) -> None:
        """Let people say what they think of the reply, or have it given anew.

        One that is cut they can have gone on with.
        """
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a reply came before it was interrupted."""

    text: str = ""
    """The model's text so far, delivered or about to be."""
    is_whole: bool = False
    """The model had ended."""
    cut: Cut = ""


class Delivery(Protocol):
    """How replies reach people."""

    def open(self, turn: Turn) -> AbstractAsyncContextManager[Outlet]:
        """Begin the reply to a turn; leaving waits until all of it was delivered.

        What attempts before `turn.since_attempt` delivered is replaced or removed.

        Raises:
            DeliveryError: on leaving, if some of it could not be delivered for good.
            StoppedError: on leaving, if a person wanted no more of it.
        """
        ...

    async def resume(self, turn: Turn) -> Progress:
        """Find out how far the attempts since `turn.since_attempt` came.

        Asks where they were delivered to, so it is true after any crash. The next
        `open` goes on behind it, and delivers first what of it is missing.

        Raises:
            DeliveryError: if that cannot be found out.
        """
        ...

    async def remove(self, turn: Turn) -> None:
        """Take away all that was ever delivered of a turn.

        Raises:
            DeliveryError: if that is not possible.
        """
        ...

    def queue(self, turn: Turn) -> None:
        """Show that a turn waits for another one, until it is opened; never waits."""
        ...

    def unqueue(self, turn: Turn) -> None:
        """Show it no longer: the turn ended without being opened."""
        ...


class Reader(Protocol):
    """Turns what an edge received into what a person sees."""

    async def legible(self, message: Message) -> Message:
        """Return the message with names for ids and without its own markup.

        A mention of the bot itself is removed. Names that cannot be looked up stay
        ids; never raises.
        """
        ...


class Summarizer(Protocol):
    """Writes summaries; may be slow."""

    name: str
    """The model's, kept with what it writes."""

    async def summarize(
        self, previous: str, messages: Sequence[Message], limit_tokens: int
    ) -> str:
        """Return the whole new summary: of the previous one and of legible messages.

        Raises:
            SummaryError: if there is none that may be kept.
        """
        ...
