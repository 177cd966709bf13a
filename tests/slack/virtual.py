"""A loop whose time jumps to the next thing that is due, and Slack without a wire."""

import asyncio
import copy
import json
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from bot.playground.answer import Answer
from bot.playground.webapi.limits import UNLIMITED, Limits, RateLimiter
from bot.playground.webapi.methods import BOT_TOKEN, Methods
from bot.playground.workspace.seed import new_workspace
from bot.playground.workspace.state import Workspace
from bot.slack.api import web
from bot.slack.api.token import TOKEN_ERRORS, TokenState
from bot.slack.api.web import NoAnswerError, RefusedError
from bot.slack.pacing.pacing import Holds
from tests.slack.call import Call
from tests.slack.schedule import Outcome, Schedule
from tests.slack.watch import Watch

START_S = 1_760_000_000.0
"""The workspace's Unix time when the loop's is 0."""
LATENCY_S = 0.06
MAX_BLOCKED = 1_000
"""Who calls into a pause so often does not wait for it to end."""

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
    """Run to the end, in no time; what fails in the background fails here."""
    failed: list[dict[str, Any]] = []
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        loop.set_exception_handler(lambda _, context: failed.append(context))
        result = runner.run(work)
    assert not failed, failed
    return result


class WirelessSlack:
    """The playground's Web API, called directly, on the running loop's clock.

    To the bot it is a `Web`: it keeps still in the same pauses and raises the same
    errors. A call that was sent takes effect although its caller gives up.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        schedule: Schedule | None = None,
        latency_s: float | Callable[[str], float] = LATENCY_S,
        read_retries: int = web.READ_RETRIES,
    ) -> None:
        """Let every call take `latency_s`, which may depend on its method.

        It takes effect halfway. What else happens to it, `schedule` says.
        """
        loop = asyncio.get_running_loop()
        self.clock = lambda: START_S + loop.time()
        self.workspace: Workspace = new_workspace(self.clock)
        self.watch = Watch(self.workspace, loop.time)
        self.token_state = TokenState()
        self.schedule = schedule or Schedule()
        self.calls: list[Call] = []
        self.refusals: dict[str, str] = {}
        """Errors by channel; an empty one means no answer."""
        self.outages = 0
        """How many calls get no answer from now on."""
        self._latency_s = latency_s
        self._read_retries = read_retries
        self._loop = loop
        self._limiter = RateLimiter(limits, loop.time)
        self._methods = Methods(self.workspace, self._limiter, dict)
        unlimited = RateLimiter(UNLIMITED, loop.time)
        self._late_methods = Methods(self.workspace, unlimited, dict)
        self.holds = Holds()
        self._paces = web.ReadPaces(self.wait_s)
        self._blocked = 0

    def beside(self) -> "WirelessSlack":
        """Return the same Slack for another process, which keeps still by itself."""
        other = copy.copy(self)
        other.holds = Holds()
        other.token_state = TokenState()
        other._paces = web.ReadPaces(other.wait_s)
        return other

    async def write(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call as `Web.write` does."""
        channel = _channel(arguments)
        if wait_s := self.wait_s(method, channel):
            self._blocked += 1
            assert self._blocked < MAX_BLOCKED, "nobody waits as Slack asked"
            raise RefusedError("ratelimited", wait_s)
        return await self._call(method, arguments)

    async def write_message(self, method: str, arguments: dict[str, Any]) -> str:
        """Call as `Web.write_message` does."""
        ts = (await self.write(method, arguments)).get("ts")
        if not ts:
            raise NoAnswerError("an answer without ts")
        return str(ts)

    async def read(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call as `Web.read` does, as often."""
        for retries_left in reversed(range(self._read_retries + 1)):
            await self._paces.slot(method)
            try:
                return await self._call(method, arguments)
            except NoAnswerError:
                if not retries_left:
                    raise
            except RefusedError as error:
                if error.retry_after_s is None or not retries_left:
                    raise
        raise AssertionError

    async def ask(self, method: str) -> web.Answer:
        """Call as `Web.ask` does."""
        return web.Answer(await self._attempt(method, {}), frozenset())

    def wait_s(self, method: str, channel: str = "") -> float:
        """Return how long a call has to wait, as `Web.wait_s` does."""
        return self.holds.wait_s(method, channel, self._loop.time())

    def revoke(self, error: str = "token_revoked") -> None:
        """Let Slack refuse the token."""
        self._methods.revoked[BOT_TOKEN] = error

    def restore(self) -> None:
        """Let the token work again, and the bot know of it."""
        self._methods.revoked.clear()
        self.token_state.accept()

    def called(self, method: str) -> list[str]:
        """Return the channels of a method's calls, in order."""
        return [call.channel for call in self.calls if call.method == method]

    def busiest_minute(self, method: str) -> int:
        """Return the most calls of a method in any 60 s."""
        times = [call.begun_s for call in self.calls if call.method == method]
        return max(sum(at <= t < at + 60 for t in times) for at in times)

    async def _call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        while True:
            await self.token_state.until_accepted()
            try:
                return await self._attempt(method, arguments)
            except RefusedError as error:
                if error.retry_after_s is not None:
                    self.holds.hold(
                        method,
                        _channel(arguments),
                        self._loop.time(),
                        error.retry_after_s,
                    )
                if error.error not in TOKEN_ERRORS:
                    raise
                self.token_state.refuse(error.error)

    async def _attempt(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        outcome = self._outcome(method, _channel(arguments))
        # As on the wire: what the caller changes later is not sent any more.
        sent: dict[str, Any] = json.loads(json.dumps(arguments))
        call = Call(method, sent, self._loop.time(), str(outcome))
        self.calls.append(call)
        try:
            async with asyncio.timeout(web.CALL_TIMEOUT_S):
                answer = await self._travel(call, outcome)
        except TimeoutError as error:
            raise NoAnswerError("TimeoutError") from error
        finally:
            call.ended_s = self._loop.time()
        return _fields(call, answer)

    def _outcome(self, method: str, channel: str) -> Outcome:
        if self.outages:
            self.outages -= 1
            return Outcome("lost before")
        error = self.refusals.get(channel)
        if error is not None:
            return Outcome("refused", error) if error else Outcome("lost before")
        return self.schedule.take(method, self._loop.time())

    async def _travel(self, call: Call, outcome: Outcome) -> Answer | None:
        """Let a call take its way; return what is answered, or nothing."""
        latency = self._latency_s
        way_s = (latency(call.method) if callable(latency) else latency) / 2
        late_s = outcome.seconds or 0.0
        match outcome.kind:
            case "refused" | "429":
                await asyncio.sleep(2 * way_s)
                return _planned(outcome)
            case "lost before" | "outage":
                await asyncio.sleep(2 * way_s)
                return None
            case "late store":
                return await self._store_late(call, way_s, late_s)
            case kind:
                held_s, slow_s = (late_s, 0.0) if kind == "held" else (0.0, late_s)
                answer = await self._sent(self._methods, call, way_s + held_s)
                await asyncio.sleep(way_s + slow_s)
                return None if kind == "lost after" else answer

    async def _store_late(
        self, call: Call, way_s: float, late_s: float
    ) -> Answer | None:
        """Count a call when it comes, and execute it later."""
        await asyncio.sleep(way_s)
        pause_s = self._limiter.take(call.method, call.channel)
        if not pause_s:
            self._sent(self._late_methods, call, late_s)
        await asyncio.sleep(way_s)
        return _planned(Outcome("429", seconds=pause_s)) if pause_s else None

    def _sent(
        self, methods: Methods, call: Call, after_s: float
    ) -> asyncio.Future[Answer]:
        """Execute a call later, whoever still waits for its answer."""
        answered: asyncio.Future[Answer] = self._loop.create_future()

        def execute() -> None:
            answer = methods.call(call.method, dict(call.arguments), BOT_TOKEN)
            if not answered.done():
                answered.set_result(answer)

        self._loop.call_later(after_s, execute)
        return answered


def _channel(arguments: dict[str, Any]) -> str:
    return str(arguments.get("channel") or arguments.get("channel_id") or "")


def _planned(outcome: Outcome) -> Answer:
    """Return the answer of a call that is refused because a test wants it."""
    if outcome.kind == "refused":
        return Answer({"ok": False, "error": outcome.error})
    headers = {} if outcome.seconds is None else {"Retry-After": str(outcome.seconds)}
    return Answer({"ok": False, "error": "ratelimited"}, 429, headers)


def _fields(call: Call, answer: Answer | None) -> dict[str, Any]:
    """Return what a successful answer holds, or raise what `Web` would."""
    if answer is None:
        raise NoAnswerError(call.plan)
    error = "" if answer.body["ok"] else str(answer.body["error"])
    call.result = error or "ok"
    if error in web.RATE_ERRORS:
        stated_s = answer.headers.get("Retry-After", web.UNSTATED_PAUSE_S)
        call.retry_after_s = float(stated_s)
        raise RefusedError(error, call.retry_after_s)
    if error in web.UNSURE_ERRORS:
        raise NoAnswerError(error)
    if error:
        raise RefusedError(error)
    return answer.body
