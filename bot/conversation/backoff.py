"""How long to leave a thread alone whose folds keep failing."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.conversation.turn import ThreadId

FREE_FAILURES = 3
"""So many may follow each other before a pause."""
FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 3_600.0
MAX_THREADS = 1_000
"""The one that failed first is forgotten where more fail; it is tried again then."""


@dataclass(frozen=True, slots=True)
class _Trouble:
    failures: int
    until_s: float


class Backoff:
    """Counts failures in a row, per thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the time in seconds from `clock`."""
        self._clock = clock
        self._troubles: dict[ThreadId, _Trouble] = {}

    def is_paused(self, thread: ThreadId) -> bool:
        """Say whether it is too early to try again."""
        trouble = self._troubles.get(thread)
        return trouble is not None and self._clock() < trouble.until_s

    def failed(self, thread: ThreadId) -> None:
        """Count a failure: from the third on, pause 1 minute, 2, 4 … up to 60."""
        before = self._troubles.pop(thread, None)
        failures = 1 if before is None else before.failures + 1
        over = failures - FREE_FAILURES
        # The exponent is bounded too: it counts on for as long as the model is away.
        pause_s = FIRST_PAUSE_S * 2 ** min(over, 10) if over >= 0 else 0.0
        until_s = self._clock() + min(pause_s, LONGEST_PAUSE_S)
        self._troubles[thread] = _Trouble(failures, until_s)
        if len(self._troubles) > MAX_THREADS:
            del self._troubles[next(iter(self._troubles))]

    def succeeded(self, thread: ThreadId) -> None:
        """Begin anew."""
        self._troubles.pop(thread, None)
