"""What the app's manifest declares; a test holds it against the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.playground.workspace.channel import ChannelKind

DEFAULT_SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "mpim:history",
        "mpim:read",
        "reactions:read",
        "reactions:write",
        "users:read",
    }
)

DEFAULT_SUBSCRIPTIONS = frozenset(
    {
        "app_home_opened",
        "app_mention",
        "message.channels",
        "message.groups",
        "message.im",
        "message.mpim",
        "reaction_added",
    }
)

PLURALS: Mapping[ChannelKind, str] = MappingProxyType(
    {"channel": "channels", "group": "groups", "mpim": "mpim", "im": "im"}
)
"""What scopes and subscriptions call the channels of a kind."""


@dataclass(frozen=True, slots=True)
class Features:
    """What the manifest declares beside its scopes and events."""

    commands: frozenset[str] = frozenset({"/linefeed"})
    """With their slashes."""
    is_interactive: bool = True
    """Interactivity is on: buttons and modals reach the app."""
    has_home_tab: bool = True
