"""A place where messages stand."""

from dataclasses import dataclass
from typing import Literal

ChannelKind = Literal["channel", "group", "mpim", "im"]


@dataclass(frozen=True, slots=True)
class Channel:
    """A place where messages stand."""

    id: str
    name: str
    kind: ChannelKind
    members: frozenset[str]
    """User ids, the bot's included where it was invited."""
    is_archived: bool = False
    """It can be read, and nobody can write there."""
