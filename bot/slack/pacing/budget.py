"""What the whole workspace may call: one budget per method, shared by all replies."""

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import MappingProxyType
from typing import Literal

from bot.slack.pacing.pacing import CALM_S, Pace
from bot.slack.pacing.sharing import Sharing

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
_CALLS: Mapping[Mode, tuple[str, ...]] = MappingProxyType(
    {"lines": (), "edits": (UPDATE,), "stream": (START, APPEND, STOP)}
)
"""What a reply in a mode calls, beside what every reply does."""


class Budget:
    """The paces of one workspace."""

    def __init__(
        self,
        interval_s: float,
        clock: Callable[[], float],
        burst: int = BURST,
        sharing: Sharing | None = None,
    ) -> None:
        """Post into one channel every `interval_s`, a few at once after a rest.

        `clock` returns seconds and never goes back. Without an interval nothing is
        paced: who sets 0 has no limits to keep. Other processes that call with the same
        token are reckoned with through `sharing`.
        """
        self._interval_s = interval_s
        self._burst = burst
        self._clock = clock
        self._sharing = sharing if interval_s else None
        self._channels: dict[str, Pace] = {}
        factor = 1 if interval_s else 0
        self._tiers = {
            method: self._pace(method, tier_s * factor, calls)
            for method, (tier_s, calls) in TIERS.items()
        }
        self._running: Counter[Mode] = Counter()
        self._used: set[Mode] = set()
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
    def serving(self, channel: str) -> Generator[None]:
        """Be ready for a reply that may post into a channel at any time."""
        self._channel(channel)
        modes = [method for mode in self._used for method in _CALLS[mode]]
        with self._wanting(POST, _key(channel), STATUS, *modes):
            yield

    @contextmanager
    def running(self, mode: Mode) -> Generator[None]:
        """Count a reply that draws from the budget of a mode."""
        self._running[mode] += 1
        # The next reply wants it at once.
        self._used.add(mode)
        try:
            with self._wanting(*_CALLS[mode]):
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
            with self._wanting(REACT, UNREACT):
                yield
        finally:
            self._reactions -= 1

    def _has_room(self, mode: Mode) -> bool:
        method = _GROWING[mode]
        interval_s, _ = TIERS[method]
        # Other processes may have replies of the mode too.
        pause_s = max(interval_s * (self._running[mode] + 1), self.wait_s(method))
        return pause_s <= MAX_PAUSE_S

    def _wanting(self, *keys: str) -> AbstractContextManager[None]:
        return self._sharing.wanting(*keys) if self._sharing else nullcontext()

    def _channel(self, channel: str) -> Pace:
        if channel not in self._channels:
            pace = self._pace(_key(channel), self._interval_s, self._burst)
            self._channels[channel] = pace
        return self._channels[channel]

    def _pace(self, key: str, interval_s: float, burst: int) -> Pace:
        if self._sharing is None:
            return Pace(interval_s, burst)
        return self._sharing.stock(key, interval_s, burst)


def _key(channel: str) -> str:
    """Return what the pace of posts into a channel is called among processes."""
    return f"{POST} {channel}"
