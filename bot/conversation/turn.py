"""The nouns of a conversation.

A *thread* is one conversation; a *turn* is one message of a person that must be
answered, and a *reply* is its answer. The model writes *fragments*, which become
*lines*; a *chunk* is what is delivered at once, by a *delivery*.
"""

from dataclasses import dataclass
from typing import Literal, NewType

ThreadId = NewType("ThreadId", str)
"""One conversation, as opaque text: `slack:T1:C123:1712.0001`."""

TurnId = NewType("TurnId", str)
"""One message that must be answered; the same for every redelivery of it."""

Role = Literal["person", "bot"]

Outcome = Literal["done", "failed", "stopped"]
"""How a turn ended: with a reply, with none but perhaps an apology, by a person."""

Cut = Literal["", "length", "break", "interrupted"]
"""Why a reply is not whole: empty if it is, else it can be gone on with."""

Demand = Literal["", "stop", "edit", "delete", "remove"]
"""What people want of a turn: that it goes on, that it ends, that its changed question
is answered instead, or that all of it disappears; `remove` is that being done."""

MAX_INTERRUPTIONS = 3
"""A turn whose process died so often is not tried again: it may be the reason."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who wrote a message."""

    id: str
    name: str = ""
    """As people see it; empty until somebody looked it up."""


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody said in a thread."""

    thread: ThreadId
    position: str
    """Sorts the messages of one thread as text; a reply has its question's."""
    role: Role
    speaker: Speaker
    text: str
    """As the edge received it, until a `Reader` has made it legible."""
    files: tuple[str, ...] = ()
    """Names of the files that came with it."""
    is_overheard: bool = False
    """Said in the bot's presence, but not to it."""
    is_pinned: bool = False
    """To be remembered word for word, however long the thread becomes."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that carries a reply or a part of it, as people see it."""

    id: str
    """Where it was delivered."""
    position: str
    """Of its reply, as far as the message itself tells; else its own."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message that must be answered, with all that its reply needs."""

    id: TurnId
    question: Message
    address: str
    """Where the reply goes; written and read by the edge it came from."""
    attempts: int = 0
    """How often answering it was begun, this time included."""
    since_attempt: int = 1
    """The first attempt whose words count; what earlier ones wrote is to be removed."""
    interruptions: int = 0
    """How many attempts ended with their process, since a person last asked for one."""

    demand: Demand = ""
    """What people wanted of it before it was begun."""
    is_queued: bool = False
    """People were shown that it waits for another one."""

    @property
    def is_resumed(self) -> bool:
        """Say whether an earlier attempt may have written a part of the reply."""
        return self.attempts > self.since_attempt

    @property
    def is_anew(self) -> bool:
        """Say whether this attempt begins a reply that replaces an older one."""
        return self.attempts == self.since_attempt > 1

    @property
    def is_given_up(self) -> bool:
        """Say whether it was interrupted too often to be tried again."""
        return self.interruptions >= MAX_INTERRUPTIONS


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens that an answer cost."""

    prompt_tokens: int = 0
    answer_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Return all of them."""
        return self.prompt_tokens + self.answer_tokens

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.prompt_tokens + other.prompt_tokens,
            self.answer_tokens + other.answer_tokens,
        )


NOTHING = Spent()


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt at a turn ended."""

    outcome: Outcome
    cut: Cut = ""
    spent: Spent = NOTHING
    error: str = ""
    """What went wrong, as a name without words of anybody; empty if nothing did."""
