"""When the next call may go: below Slack's limits, so that 429 is the exception.

Pure: times are seconds of any clock that only goes forward.
"""

PER_CHANNEL = frozenset({"chat.postMessage"})
"""Methods that Slack also limits by channel
(https://docs.slack.dev/apis/web-api/rate-limits, read 2026-11)."""

_ROUNDING_S = 1e-6
"""What floats make of no wait at all: some clocks could not even show its end."""


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
        return wait_s if wait_s > _ROUNDING_S else 0.0

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
            until_s = self._until_s.get((method, where), now_s)
            self._until_s[method, where] = max(until_s, now_s + pause_s)
