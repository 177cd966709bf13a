"""When the next call may go: below Slack's limits, so that 429 is the exception.

Pure: times are seconds of any clock that only goes forward.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

PER_CHANNEL = frozenset({"chat.postMessage"})
"""Methods that Slack also limits by channel
(https://docs.slack.dev/apis/web-api/rate-limits, read 2026-11)."""

CALM_S = 600.0
"""How long a channel has no bursts after a 429."""
ROUNDING_S = 1e-6
"""What floats make of no wait at all: some clocks could not even show its end."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Some slots of a key, one interval after the other, for one process alone."""

    key: str
    """A method, or a method and a channel with a space between them."""
    length_s: float
    """As many intervals as there are slots."""
    leeway_s: float
    """How long before its time a slot may be used: the burst behind the first call."""
    within_s: float
    """They are claimed only if the first one may be used so soon."""


class Standing(Protocol):
    """What became of claims, and how it stands with all processes.

    Everything is by key, in seconds from now.
    """

    @property
    def begins_s(self) -> Mapping[str, float]:
        """The time of the first slot of each claim that was granted."""
        ...

    @property
    def due_s(self) -> Mapping[str, float]:
        """The end of all that is claimed; what is over may be left out."""
        ...

    @property
    def held_s(self) -> Mapping[str, float]:
        """For how long Slack wants a key left alone, where it does."""
        ...


class SharedPace(Protocol):
    """The paces of a workspace, kept in one place for all processes that call it.

    A key's slots have times of their own, each an interval behind the one before,
    whoever claims them. None is earlier than half of its leeway from now, so that there
    is time to use it, and none can be used while the key is held.
    """

    async def claim(self, claims: Sequence[Claim]) -> Standing:
        """Claim slots, one claim for each key; say how it stands, also without claims.

        Raises:
            StoreError: if that is not possible now; nothing was claimed.
        """
        ...

    async def hold(self, key: str, pause_s: float) -> None:
        """Let all processes leave a key alone, at least for so long.

        Raises:
            StoreError: if that is not possible now.
        """
        ...


class Pace:
    """A token bucket: a few calls at once after a rest, then one per interval.

    In any time of `t_s` at most `burst + t_s / interval_s` calls are made.
    """

    def __init__(self, interval_s: float, burst: int = 1) -> None:
        """Allow `burst` calls at once, and one more every `interval_s`."""
        self._interval_s = interval_s
        self._burst = burst
        self._due_s = float("-inf")
        self._calm_until_s = float("-inf")

    def wait_s(self, now_s: float, reserve: int = 0) -> float:
        """Return how long until a call may go that leaves `reserve` free ones; or 0."""
        kept_s = min(reserve, self._burst - 1) * self._interval_s
        wait_s = self._due_s - self._leeway_s(now_s) + kept_s - now_s
        return wait_s if wait_s > ROUNDING_S else 0.0

    def spend(self, now_s: float) -> None:
        """Count a call that goes now."""
        self._due_s = max(self._due_s, now_s) + self._interval_s

    def calm(self, until_s: float) -> None:
        """Allow no bursts for a while: Slack did not like one."""
        self._calm_until_s = max(self._calm_until_s, until_s)

    def slowness_s(self, now_s: float, sharers: int) -> float:
        """Return how long a caller should rest between calls, so that the rest lasts.

        0 while the bucket is more than a quarter full; near its end each of the
        `sharers` gets an equal part of what comes in.
        """
        spare_s = min(now_s - self._due_s, 0.0) + self._leeway_s(now_s)
        quarter_s = self._burst * self._interval_s / 4
        lack = max(0.0, 1 - spare_s / quarter_s) if quarter_s else 0.0
        return self._interval_s * sharers * min(lack, 1.0)

    def _leeway_s(self, now_s: float) -> float:
        is_calm = now_s < self._calm_until_s
        return 0.0 if is_calm else (self._burst - 1) * self._interval_s


class Holds:
    """What Slack told us to leave alone for a while, with a 429.

    It holds the method for the whole workspace. A method that Slack limits by channel
    is held in that channel only, unless another channel is held already.
    """

    def __init__(self) -> None:
        self._until_s: dict[tuple[str, str], float] = {}
        """By method and channel; an empty channel stands for all."""
        self._tell: Callable[[str, str, float], None] | None = None

    def wait_s(self, method: str, channel: str, now_s: float) -> float:
        """Return how long a call has to wait; 0 if it may go."""
        held = (self._until_s.get((method, place), now_s) for place in ("", channel))
        return max(0.0, *(until_s - now_s for until_s in held))

    def hold(self, method: str, channel: str, now_s: float, pause_s: float) -> None:
        """Allow nothing for as long as Slack asked for, to the second."""
        self._until_s = {
            key: until_s for key, until_s in self._until_s.items() if until_s > now_s
        }
        place = channel if method in PER_CHANNEL else ""
        others = {where for what, where in self._until_s if what == method} - {place}
        for where in {place, "" if others else place}:
            self.learn(method, where, now_s + pause_s)
            if self._tell is not None:
                self._tell(method, where, now_s + pause_s)

    def learn(self, method: str, channel: str, until_s: float) -> None:
        """Allow nothing until then, as another process was told; "" is all channels."""
        known_s = self._until_s.get((method, channel), until_s)
        self._until_s[method, channel] = max(known_s, until_s)

    def until_s(self, method: str, channel: str) -> float:
        """Return until when exactly this is held."""
        return self._until_s.get((method, channel), float("-inf"))

    def listen(self, tell: Callable[[str, str, float], None]) -> None:
        """Tell the method, the channel and the end of what Slack holds from now on."""
        self._tell = tell
