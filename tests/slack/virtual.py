"""A loop whose time jumps to the next thing that is due, and Slack without a wire."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.playground.webapi.limits import Limits, RateLimiter
from bot.playground.webapi.methods import BOT_TOKEN, Methods
from bot.playground.workspace.seed import new_workspace
from bot.playground.workspace.state import Workspace
from bot.slack.web import NoAnswerError, RefusedError

START_S = 1_760_000_000.0
"""The workspace's Unix time when the loop's is 0."""

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting, moves the time on."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "nothing will ever happen"
        self.now_s += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop for code that does no I/O; what waits for ever fails at once."""

    def __init__(self) -> None:
        self._clock = _JumpingSelector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now_s


def virtually(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, in no time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


class WirelessSlack:
    """The playground's Web API, called directly, on the running loop's clock."""

    def __init__(self, limits: Limits) -> None:
        loop = asyncio.get_running_loop()
        self.clock = lambda: START_S + loop.time()
        self.workspace: Workspace = new_workspace(self.clock)
        limiter = RateLimiter(limits, loop.time)
        self._methods = Methods(self.workspace, limiter, dict)
        self._loop = loop
        self.calls: list[tuple[float, str, dict[str, Any]]] = []
        """When (s), which method, with what."""
        self.refusals: dict[str, str] = {}
        """Errors by channel; an empty one means no answer."""
        self.outages = 0
        """How many calls get no answer from now on."""

    async def read(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(0.05)
        self.calls.append((self._loop.time(), method, arguments))
        if self.outages:
            self.outages -= 1
            raise NoAnswerError("out")
        error = self.refusals.get(arguments.get("channel", ""))
        if error is not None:
            raise RefusedError(error) if error else NoAnswerError("silence")
        answer = self._methods.call(method, dict(arguments), BOT_TOKEN)
        if not answer.body["ok"]:
            wait = answer.headers.get("Retry-After")
            raise RefusedError(answer.body["error"], float(wait) if wait else None)
        return answer.body

    def called(self, method: str) -> list[str]:
        """Return the channels of a method's calls, in order."""
        return [a.get("channel", "") for _, name, a in self.calls if name == method]

    def busiest_minute(self, method: str) -> int:
        """Return the most calls of a method in any 60 s."""
        times = [at for at, name, _ in self.calls if name == method]
        return max(sum(at <= t < at + 60 for t in times) for at in times)
