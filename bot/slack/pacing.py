"""When the next call may go: below Slack's limits, so that 429 is the exception."""


class Pace:
    """The slots of one channel's posts.

    Slack allows one message per second and channel
    (https://docs.slack.dev/apis/web-api/rate-limits, read 2026-11). Times are seconds
    of any clock that only goes forward.
    """

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

    def hold(self, now_s: float, pause_s: float) -> None:
        """Allow nothing for as long as Slack asked for, to the second."""
        self._free_at_s = now_s + pause_s
