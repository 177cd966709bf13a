"""What the whole workspace may call: one budget per method, shared by all replies."""

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Literal

from bot.slack.pacing import Pace

Mode = Literal["lines", "edits", "stream"]

POST = "chat.postMessage"
UPDATE = "chat.update"
START = "chat.startStream"
APPEND = "chat.appendStream"
STOP = "chat.stopStream"
DELETE = "chat.delete"
STATUS = "assistant.threads.setStatus"
REACT = "reactions.add"
UNREACT = "reactions.remove"

BURST = 3
"""Posts that may go at once into a channel that was at rest; Slack allows short bursts
without saying how long (https://docs.slack.dev/apis/web-api/rate-limits,
read 2026-11)."""
CALM_S = 600.0
"""How long a channel has no bursts after a 429."""
RESERVE = 2
"""Calls kept for the last state of a message, so that none ends late."""
MAX_PAUSE_S = 6.0
"""A reply that could make calls only more seldom than this is not begun."""

TIERS: Mapping[str, tuple[float, int]] = MappingProxyType(
    {
        POST: (0.25, 60),
        UPDATE: (1.2, 45),
        START: (3.0, 15),
        APPEND: (0.6, 90),
        STOP: (3.0, 15),
        DELETE: (1.2, 45),
        STATUS: (0.12, 500),
        REACT: (1.2, 45),
        UNREACT: (3.0, 15),
    }
)
"""Interval (s) and burst of each method, at or below Slack's tier 3 (50 calls a minute,
update, delete and react), 4 (100, append) and 2 (20, start, stop and unreact), for
posts "several hundred" (https://docs.slack.dev/apis/web-api/rate-limits,
read 2026-11), and for statuses 600 (their method's page, read 2026-11)."""

_GROWING: Mapping[Mode, str] = MappingProxyType({"edits": UPDATE, "stream": APPEND})


class Budget:
    """The paces of one workspace."""

    def __init__(
        self, interval_s: float, clock: Callable[[], float], burst: int = BURST
    ) -> None:
        """Post into one channel every `interval_s`, a few at once after a rest.

        `clock` returns seconds and never goes back. Without an interval nothing is
        paced: who sets 0 has no limits to keep.
        """
        self._interval_s = interval_s
        self._burst = burst
        self._clock = clock
        self._channels: dict[str, Pace] = {}
        factor = 1 if interval_s else 0
        self._tiers = {
            method: Pace(tier_s * factor, calls)
            for method, (tier_s, calls) in TIERS.items()
        }
        self._running: Counter[Mode] = Counter()
        self._reactions = 0

    def wait_s(self, method: str, channel: str = "", *, reserve: int = 0) -> float:
        """Return how long a call has to wait; 0 if it may go."""
        now_s = self._clock()
        wait_s = self._tiers[method].wait_s(now_s, reserve)
        if method == POST:
            wait_s = max(wait_s, self._channel(channel).wait_s(now_s, reserve))
        return wait_s

    def spend(self, method: str, channel: str = "") -> None:
        """Count a call that goes now."""
        self._tiers[method].spend(self._clock())
        if method == POST:
            self._channel(channel).spend(self._clock())

    def calm(self, channel: str) -> None:
        """Allow no bursts in a channel for a while: it had a 429."""
        self._channel(channel).calm(self._clock() + CALM_S)

    def rest_s(self, mode: Mode) -> float:
        """Return how long a growing reply should rest between two calls of its own."""
        pace = self._tiers[_GROWING[mode]]
        return pace.slowness_s(self._clock(), self._running[mode])

    def affordable(self, wanted: Mode) -> Mode:
        """Return the mode to begin a reply in: the wanted one, or the next one down."""
        if wanted == "stream" and self._has_room("stream") and not self.wait_s(START):
            return "stream"
        if wanted != "lines" and self._has_room("edits"):
            return "edits"
        return "lines"

    @contextmanager
    def running(self, mode: Mode) -> Generator[None]:
        """Count a reply that draws from the budget of a mode."""
        self._running[mode] += 1
        try:
            yield
        finally:
            self._running[mode] -= 1

    def reaction_wait_s(self) -> float:
        """Return how long until a reaction may come that can go again at any time."""
        interval_s, burst = TIERS[UNREACT]
        if self._interval_s and self._reactions >= burst:
            return interval_s
        return self.wait_s(UNREACT, reserve=self._reactions)

    @contextmanager
    def reacting(self) -> Generator[None]:
        """Count a reaction that is to be taken away again."""
        self._reactions += 1
        try:
            yield
        finally:
            self._reactions -= 1

    def _has_room(self, mode: Mode) -> bool:
        interval_s, _ = TIERS[_GROWING[mode]]
        return interval_s * (self._running[mode] + 1) <= MAX_PAUSE_S

    def _channel(self, channel: str) -> Pace:
        return self._channels.setdefault(channel, Pace(self._interval_s, self._burst))
