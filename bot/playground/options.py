"""How the playground behaves: as Slack does, unless somebody wants otherwise."""

from dataclasses import dataclass, field
from pathlib import Path

from bot.playground.manifest import DEFAULT_SCOPES, DEFAULT_SUBSCRIPTIONS, Features
from bot.playground.model.stream import Pace
from bot.playground.socketmode.envelopes import REDELIVERY_S
from bot.playground.socketmode.sockets import WARNING_S
from bot.playground.webapi.limits import Limits
from bot.playground.workspace.state import STREAM_LIFE_S


@dataclass(frozen=True, slots=True)
class PlaygroundOptions:
    """How the playground behaves."""

    port: int = 0
    """0 picks a free one."""
    data: Path | None = None
    """The file that keeps the messages; None forgets them at the end."""
    limits: Limits = field(default_factory=Limits)
    latency_s: float = 0.0
    """How long each call of the Web API takes; it takes effect halfway."""
    redelivery_s: tuple[float, ...] = REDELIVERY_S
    """How long each try of an event waits for its acknowledgement."""
    warning_s: float = WARNING_S
    """How long after a warning a connection is closed."""
    pace: Pace = field(default_factory=Pace)
    scopes: frozenset[str] = DEFAULT_SCOPES
    subscriptions: frozenset[str] = DEFAULT_SUBSCRIPTIONS
    """The events that the app hears, by their names in a manifest."""
    features: Features = field(default_factory=Features)
    stream_life_s: float = STREAM_LIFE_S
    """When Slack ends a streaming message by itself."""
