"""One message of a reply that grows: what it should hold, and what Slack has of it."""

from dataclasses import dataclass, field
from typing import Final

from bot.chunking import Length
from bot.slack.text.limits import MAX_BLOCKS, MAX_MESSAGE_CHARS, trimmed

NEARLY_FULL: Final = 0.7
"""From this part of a limit on, a message ends with the next block."""
MAX_CLOSING: Final = 200
"""Room for what closes a message."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the reply: as the model wrote it, and as people see it."""

    source: str
    text: str
    remark: str = ""
    """The sentence, where it is the bot's own word."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A message as it should look now."""

    count: int
    """How many parts of its page it holds."""
    text: str
    """All of it, what is open closed."""
    added: str
    """The text behind what was delivered last, for a message that is appended to."""
    closing: str
    """What closes it, behind that."""
    source: str
    """The model's text behind what was delivered last."""
    is_last: bool
    """Nothing more will come."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What is not in Slack yet."""

    behind: str
    """What it goes on with, as far as that tells what is open there."""
    parts: tuple[Part, ...] = ()

    @property
    def source(self) -> str:
        """Return the model's words in it."""
        return "".join(part.source for part in self.parts)


@dataclass(eq=False, slots=True)
class Page:
    """One message: what it should hold, and how much of that is in Slack."""

    limit: int = MAX_MESSAGE_CHARS
    length: Length = len
    lead: str = ""
    """What is opened again at its beginning."""
    parts: list[Part] = field(default_factory=list[Part])
    tail: str = ""
    """What closes it now, behind its last part."""
    is_whole: bool = False
    """No part will be added."""
    delivered: int = 0
    """How many parts are in Slack."""
    is_delivered: bool = False
    """Its last state is in Slack."""
    size: int = 0
    """Of its parts, as `length` measures it."""
    blocks: int = 0
    tables: int = 0
    rows: int = 0
    """Of the table that is open, its header included."""

    @property
    def has_text(self) -> bool:
        """Say whether there is anything that a message could show."""
        return any(not part.text.isspace() for part in self.parts)

    @property
    def has_news(self) -> bool:
        """Say whether Slack's state is not the newest that is worth a call."""
        if self.is_delivered:
            return False
        fresh = self.parts[self.delivered :]
        return self.is_whole or any(not part.text.isspace() for part in fresh)

    @property
    def room(self) -> int:
        """Return how much more it may hold."""
        return self.limit - MAX_CLOSING - self.length(self.lead) - self.size

    @property
    def is_nearly_full(self) -> bool:
        """Say whether it should end where a block does."""
        is_long = self.room < (1 - NEARLY_FULL) * self.limit
        return is_long or self.blocks >= NEARLY_FULL * MAX_BLOCKS

    def add(self, part: Part, tail: str) -> None:
        """Add a part; `tail` closes what is open behind it."""
        self.parts.append(part)
        self.tail = tail
        self.size += self.length(part.text)

    def shown(self) -> str:
        """Return what is in Slack of it."""
        return self.lead + "".join(part.text for part in self.parts[: self.delivered])

    def snapshot(self) -> Snapshot:
        """Return its newest state."""
        fresh = self.parts[self.delivered :]
        added = "".join(part.text for part in fresh)
        text = self.lead + "".join(part.text for part in self.parts)
        if not self.delivered:
            added = trimmed(f"{self.lead}{added}|")[:-1]
        is_open_line = bool(self.tail) and not text.endswith("\n")
        closing = "\n" * is_open_line + self.tail
        return Snapshot(
            count=len(self.parts),
            text=trimmed(text + closing),
            added=added,
            closing=closing,
            source="".join(part.source for part in fresh),
            is_last=self.is_whole,
        )

    def deliver_all(self) -> None:
        """End it as it is: all of it is in Slack."""
        self.delivered = len(self.parts)
        self.is_whole = self.is_delivered = True

    def deliver(self, snapshot: Snapshot, *, is_open: bool = False) -> None:
        """Count a state as being in Slack; `is_open` if it must still be ended."""
        self.delivered = snapshot.count
        self.is_delivered = snapshot.is_last and not is_open
