"""What is recorded of a reply while it is delivered, so that another may go on."""

from dataclasses import dataclass

from bot.conversation.turn import Cut, TurnId


@dataclass(frozen=True, slots=True)
class Note:
    """A part of a reply that is in its place, or on its way there."""

    turn: TurnId
    seq: int
    """Of the call that brings it, ascending within the turn."""
    message: str
    """The id of the message that carries it; a message that grows carries several.
    Empty while it is unknown what became of the call."""
    text: str
    """The model's own words in it; the texts of a turn join to what people have."""


@dataclass(frozen=True, slots=True)
class Record:
    """All notes on one turn, of every attempt."""

    notes: tuple[Note, ...] = ()
    """By seq."""
    whole: str | None = None
    """All of the newest reply's text, if the model had ended."""
    cut: Cut = ""
    """Why that is not a whole answer."""
