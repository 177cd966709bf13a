"""How a reply's messages stand in Slack, and what is to stand below the last one."""

from dataclasses import dataclass, field

from bot.conversation.turn import Cut


@dataclass(frozen=True, slots=True)
class LastState:
    """One message in its last state."""

    ts: str
    text: str
    """Its Markdown."""
    seq: int
    """Of the call that its mark names."""
    is_plain: bool = False
    """Without blocks, so that none can be added."""


@dataclass(eq=False, slots=True)
class Footing:
    """What one attempt at a reply brought into Slack."""

    last: LastState | None = None
    """The last message; None if it is not known how that stands."""
    written: set[str] = field(default_factory=set[str])
    """The ts of all messages that were brought into a state."""
    offered: Cut | None = None
    """Why the reply is not whole, once it is offered to people's judgement."""

    def stand(self, state: LastState) -> None:
        """Take note of the state that a message was brought into."""
        self.written.add(state.ts)
        if self.last is None or state.ts >= self.last.ts:
            self.last = state

    def doubt(self) -> None:
        """Take note that nobody knows how the last message stands."""
        self.last = None
