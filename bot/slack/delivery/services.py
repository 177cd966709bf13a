"""What every writer of replies shares."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Final, Protocol

from bot.conversation.record import Record
from bot.conversation.turn import Cut, Turn, TurnId
from bot.slack.api.web import Web
from bot.slack.pacing.budget import Budget

UNKNOWN: Final = "?"
"""Noted in place of a message's ts where nobody will ever know whether it arrived."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """How a message is looked for of which it is unknown whether it arrived."""

    pause_s: float = 2.0
    """Before each look."""
    patience_s: float = 900.0
    """How long to go on looking while Slack does not answer."""
    unsure_s: float = 90.0
    """How long Slack may answer the same call with a trouble of its own: longer, and
    it is what it was given."""
    late_s: float = 15.0
    """How late a call may take effect that a process made before it died."""


class Journal(Protocol):
    """Keeps which message carries which part of a reply; only `async` methods wait."""

    def intend(self, turn: TurnId, seq: int, text: str) -> None:
        """Record that a call is about to bring the next part of a reply."""
        ...

    def note(self, turn: TurnId, seq: int, message: str, text: str) -> None:
        """Record that a message now carries the next part of a reply.

        Whatever was intended before is settled with it, or part of it.
        """
        ...

    def drop(self, turn: TurnId, seq: int) -> None:
        """Record that a call brought nothing: its part goes with another one."""
        ...

    def whole(self, turn: TurnId, text: str, cut: Cut) -> None:
        """Record all of a reply's text before all of it is delivered."""
        ...

    async def of(self, turn: TurnId) -> Record:
        """Return what is recorded of a turn."""
        ...

    async def forget(self, turn: TurnId, message: str) -> None:
        """Delete what is recorded of a message that is gone."""
        ...

    async def others(self, turn: TurnId, messages: Collection[str]) -> frozenset[str]:
        """Return which of some messages are recorded under other turns."""
        ...


async def nobody_asks(_: TurnId) -> None:
    """Take every turn for ours."""


async def nobody_begins(_: TurnId) -> bool:
    """Take every turn that waited for one that waits yet."""
    return True


async def nobody_answers_again(_: TurnId, __: int) -> bool:
    """Take every attempt for the last one."""
    return True


async def nobody_answers_after(_: Turn) -> bool:
    """Take every reply for the last word."""
    return True


@dataclass(frozen=True, slots=True)
class Services:
    """The workspace as the bot writes into it."""

    web: Web
    bot_id: str
    journal: Journal
    budget: Budget
    doubt: Doubt = field(default_factory=Doubt)
    assured: Callable[[TurnId], Awaitable[None]] = nobody_asks
    """Returns when a turn is surely this process's: to be awaited before each call.

    It raises `LostError` if it is not, and returns at once while its lease is fresh.
    """
    stands: Callable[[Turn], Awaitable[bool | None]] = nobody_answers_after
    """Says whether an attempt's reply is the last word in its thread; None if the
    attempt has not ended yet."""
    is_latest: Callable[[TurnId, int], Awaitable[bool]] = nobody_answers_again
    """Says whether no other attempt at a turn was begun behind this one."""
    waits: Callable[[TurnId], Awaitable[bool]] = nobody_begins
    """Says whether a turn that was seen to wait was neither begun nor ended."""
    has_controls: bool = False
    """Whether replies have buttons."""
    shows_all_links: bool = False
    """Whether links to anywhere, with anything in them, stay links."""
