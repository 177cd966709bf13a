"""A bell that may be rung before anybody listens."""

from collections.abc import Callable

from bot.conversation.turn import ThreadId


class Alarm:
    """Keeps the threads that need folding until there is somebody to fold them."""

    def __init__(self) -> None:
        self._woken: set[ThreadId] = set()
        self._listener: Callable[[ThreadId], None] | None = None

    def wake(self, thread: ThreadId) -> None:
        """Tell of a thread; never waits."""
        if self._listener is None:
            self._woken.add(thread)
        else:
            self._listener(thread)

    def listen(self, listener: Callable[[ThreadId], None]) -> None:
        """Let `listener` hear of every thread, of those told before at once."""
        self._listener = listener
        while self._woken:
            listener(self._woken.pop())
