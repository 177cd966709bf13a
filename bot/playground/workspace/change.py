"""One thing that happened to the workspace."""

from dataclasses import dataclass
from typing import Literal

from bot.playground.workspace.channel import Channel
from bot.playground.workspace.message import Message, Status

ReactionKind = Literal["reacted", "unreacted"]
PlaceKind = Literal["joined", "left", "archived", "unarchived"]
MessageKind = Literal["added", "changed", "deleted"]
ChangeKind = Literal[MessageKind, ReactionKind, PlaceKind, "status", "ephemeral"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to the workspace, told to every listener in order."""

    kind: ChangeKind
    message: Message | None = None
    """The message as it is now; for `deleted`, as it was.

    Of `ephemeral`, None if it is gone.
    """
    previous: Message | None = None
    """For `changed` and `ephemeral`: the message as it was, if it was there."""
    status: Status | None = None
    channel: Channel | None = None
    """The place as it is now, if it is the place that changed."""
    user: str = ""
    """Who reacted, joined, left or archived."""
    actor: str = ""
    """Who brought or removed `user`, if not themselves."""
    emoji: str = ""
