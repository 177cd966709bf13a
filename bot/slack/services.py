"""What every writer of replies shares."""

from dataclasses import dataclass, field
from typing import Protocol

from bot.conversation.turn import TurnId
from bot.slack.budget import Budget
from bot.slack.web import Web


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


class Journal(Protocol):
    """Keeps which message carries which part of a reply."""

    def note(self, turn: TurnId, seq: int, message: str, text: str) -> None:
        """Record that a message now carries the next part of a reply; must not wait."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """The workspace as the bot writes into it."""

    web: Web
    bot_id: str
    journal: Journal
    budget: Budget
    doubt: Doubt = field(default_factory=Doubt)
    shows_all_links: bool = False
    """Whether links to anywhere, with anything in them, stay links."""
