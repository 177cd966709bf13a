"""How often one method may be called while many calls are due."""


class Allowance:
    """Calls of one method: a few at once, then one per interval.

    In any time of `t_s` at most `burst + t_s / interval_s` calls are made. Times are
    seconds of any clock that only goes forward.
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
