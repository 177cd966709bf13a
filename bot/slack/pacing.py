"""When the next call may go: below Slack's limits, so that 429 is the exception.

Pure: times are seconds of any clock that only goes forward.
"""

PER_CHANNEL = frozenset({"chat.postMessage"})
"""Methods that Slack also limits by channel
(https://docs.slack.dev/apis/web-api/rate-limits, read 2026-11)."""


class Pace:
    """The slots of one channel's posts: Slack allows about one message per second."""

    def __init__(self, interval_s: float) -> None:
        """Allow a call every `interval_s`, the first at once."""
        self._interval_s = interval_s
        self._free_at_s = float("-inf")

    def wait_s(self, now_s: float) -> float:
        """Return how long to wait for the next slot; 0 if it is free."""
        return max(0.0, self._free_at_s - now_s)

    def spend(self, now_s: float) -> None:
        """Take the slot that is free now."""
        self._free_at_s = now_s + self._interval_s


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


class Allowance:
    """Calls of one method: a few at once, then one per interval.

    In any time of `t_s` at most `burst + t_s / interval_s` calls are made.
    """

    def __init__(self, burst: int, interval_s: float) -> None:
        """Allow `burst` calls at once after a rest."""
        self._interval_s = interval_s
        self._leeway_s = (burst - 1) * interval_s
        self._due_s = float("-inf")

    def take(self, now_s: float) -> float:
        """Take the next slot and return how long to wait for it; 0 if it is free."""
        due_s = max(self._due_s, now_s)
        self._due_s = due_s + self._interval_s
        return max(0.0, due_s - self._leeway_s - now_s)
