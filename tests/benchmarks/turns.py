"""What durability costs: `python -m tests.benchmarks.turns`.

The same Bolt app takes the same events thrice: with turns in a dictionary, which is
the floor, in a SQLite file and in PostgreSQL, whose files are written through. All in
one run, the arms in turns, so that what else the machine does touches each of them.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, cast

from bot import logs
from bot.conversation.halt import Halt
from bot.conversation.inbox import Inbox
from bot.conversation.turn import Ending, Turn
from bot.conversation.turnstore import TurnStore
from bot.playground.model.stream import Pace
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.webapi.limits import UNLIMITED
from bot.playground.workspace.message import Message
from bot.slack.api import web as slack_web
from bot.slack.api.preflight import Identity
from bot.slack.events.listeners import Listener
from bot.slack.events.policy import Policy
from bot.slack.socket.bolt import Receive, bolt_app, receiving
from bot.storage import database
from bot.storage.turns import SqlTurns
from tests import postgres
from tests.fleet import Fleet, fleet
from tests.slack.watch import visible
from tests.turntwin import ListedTurns

ROUNDS = 9
EVENTS = 30
"""In each round, one at a time."""
THREADS = 200
"""In each round, all at once."""
IDLE_S = 30.0
TARGETS_MS = {"accept, idle": 4.0, "dispatch, idle": 6.0}
"""How much more than the floor a median may take (the first for SQLite)."""
MAX_IDLE_PERCENT = 0.5
TAKEOVERS = 5
STOPS = 10
BOT = Identity(team="T1", user="U0BOT", bot_id="B1")

_NUMBERS = count(1)


def event() -> tuple[str, dict[str, Any]]:
    """Return a new mention's ts and envelope."""
    ts = f"{1_700_000_000 + next(_NUMBERS)}.000100"
    said = {
        "type": "app_mention",
        "channel": "C1",
        "user": "U1",
        "ts": ts,
        "text": "<@U0BOT> why",
    }
    payload = {"type": "event_callback", "team_id": "T1", "event": said}
    envelope = {"type": "events_api", "envelope_id": ts, "payload": payload}
    return ts, envelope


@dataclass
class Answerer:
    """Notes when each turn is begun, and is done with it."""

    begun_s: dict[str, float] = field(default_factory=dict[str, float])
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, turn: Turn, halt: Halt) -> Ending:
        self.begun_s[turn.question.position] = time.perf_counter()
        self.changed.set()
        return Ending("done")

    async def apologise(self, turn: Turn) -> None:
        raise AssertionError(turn)

    def queue(self, turn: Turn) -> None:
        """Show nothing."""


@dataclass
class Arm:
    """One kind of store, and what it took."""

    name: str
    receive: Receive
    answerer: Answerer
    times_ms: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    async def take(self, kind: str) -> None:
        """Take one event; note its ack and its dispatch."""
        ts, envelope = event()
        began_s = time.perf_counter()
        ack = await self.receive(envelope)
        assert ack is not None
        self._note(f"accept, {kind}", time.perf_counter() - began_s)
        while ts not in self.answerer.begun_s:
            self.answerer.changed.clear()
            await self.answerer.changed.wait()
        self._note(f"dispatch, {kind}", self.answerer.begun_s[ts] - began_s)

    async def play(self) -> None:
        """Take events one at a time, then many at once."""
        for _ in range(EVENTS):
            await self.take("idle")
            await asyncio.sleep(0.005)
        async with asyncio.TaskGroup() as group:
            for _ in range(THREADS):
                group.create_task(self.take(f"burst of {THREADS}"))

    def _note(self, what: str, taken_s: float) -> None:
        self.times_ms.setdefault(what, []).append(taken_s * 1_000)

    def percentile(self, what: str, percent: int) -> float:
        return statistics.quantiles(self.times_ms[what], n=100)[percent - 1]


@asynccontextmanager
async def opened(name: str, turns: TurnStore) -> AsyncGenerator[Arm]:
    """Let an app take events for a store."""
    answerer, inbox = Answerer(), Inbox(turns, 100)
    # None of the events concerns them.
    nothing = cast("Any", None)
    listener = Listener(
        inbox, nothing, Policy(BOT.user, bot_id=BOT.bot_id), nothing, nothing
    )
    async with (
        slack_web.opened("xoxb-1", "http://127.0.0.1:9/api/") as web,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(inbox.run(answerer, 1))
        app = bolt_app(web, BOT, listener, (), lambda _: None)
        yield Arm(name, receiving(app), answerer)
        inbox.close()


async def measure(url: str, show: Callable[[str], None]) -> None:
    async with AsyncExitStack() as stack:
        sqlite, server = [
            await stack.enter_async_context(
                database.opened(Path(stack.enter_context(_folder())), address)
            )
            for address in ("", url)
        ]
        stores: dict[str, TurnStore] = {
            "floor": ListedTurns(),
            "SQLite": SqlTurns(sqlite),
            "PostgreSQL": SqlTurns(server),
        }
        arms = [
            await stack.enter_async_context(opened(name, turns))
            for name, turns in stores.items()
        ]
        for arm in arms:
            await arm.take("warm-up")
        for _ in range(ROUNDS):
            for arm in arms:
                await arm.play()
        for line in table(arms):
            show(line)


def table(arms: list[Arm]) -> list[str]:
    floor = arms[0]
    lines = [f"{ROUNDS} rounds of {EVENTS} events and a burst, in ms"]
    for what in floor.times_ms:
        if "warm-up" in what:
            continue
        least = floor.percentile(what, 50)
        for arm in arms:
            p50, p99 = (arm.percentile(what, percent) for percent in (50, 99))
            target = f" (at most +{TARGETS_MS[what]})" if what in TARGETS_MS else ""
            lines.append(
                f"  {what:24} {arm.name:11} p50 {p50:8.2f} ({p50 - least:+.2f}),"
                f" p99 {p99:8.2f}{target if arm is not floor else ''}"
            )
    return lines


async def measure_idle(url: str, show: Callable[[str], None]) -> None:
    """Let processes do nothing, and see what that takes."""
    async with Playground(PlaygroundOptions()) as playground:
        for name, address in (("SQLite", ""), ("PostgreSQL", url)):
            with _folder() as folder:
                async with fleet(playground, Path(folder), address) as crew:
                    process = await crew.start()
                    await asyncio.sleep(10)
                    before_s = _cpu_s(process.pid)
                    await asyncio.sleep(IDLE_S)
                    percent = (_cpu_s(process.pid) - before_s) / IDLE_S * 100
                    show(
                        f"idle CPU, {name}: {percent:.2f} % of a core"
                        f" (at most {MAX_IDLE_PERCENT} %)"
                    )


async def measure_failover(url: str, show: Callable[[str], None]) -> None:
    """Let a process die in the middle of replies, and stop replies from another one."""
    options = PlaygroundOptions(limits=UNLIMITED, pace=Pace(0, 20))
    async with Playground(options) as playground:
        with _folder() as folder:
            async with fleet(playground, Path(folder), url) as crew:
                await crew.start()
                takeovers_s = [
                    await _taken_over_s(playground, crew) for _ in range(TAKEOVERS)
                ]
                await crew.start()
                stops_s = [await _stopped_s(playground) for _ in range(STOPS)]
    show(f"takeover, kill -9 to the next line: {_spread(takeovers_s)} s (at most 10 s)")
    show(f"stop, word said to model closed: {_spread(stops_s)} s (at most 1)")


async def _taken_over_s(playground: Playground, crew: Fleet) -> float:
    """Kill the process that answers; return how long its reply stands still."""
    question = playground.say("U0ANA", "C0DEV", "@Linefeed count to 900")
    await playground.until(lambda: _lines(playground, question) > 3, within_s=60)
    old = crew.running[0]
    await crew.start()
    shown = _lines(playground, question)
    await playground.until(lambda: _lines(playground, question) > shown, within_s=60)
    await crew.kill(old)
    died_s, shown = time.perf_counter(), _lines(playground, question)
    await playground.until(lambda: _lines(playground, question) > shown, within_s=60)
    taken_s = time.perf_counter() - died_s
    playground.say("U0ANA", "C0DEV", "@Linefeed stop", thread_ts=question.ts)
    return taken_s


async def _stopped_s(playground: Playground) -> float:
    """Stop a reply by a word, which any of the processes may hear."""
    asked = len(playground.model.requests)
    question = playground.say("U0ANA", "C0DEV", "@Linefeed count to 900")
    await playground.until(lambda: len(playground.model.requests) > asked, within_s=60)
    await asyncio.sleep(1)
    request = playground.model.requests[-1]
    said_s = time.perf_counter()
    playground.say("U0ANA", "C0DEV", "@Linefeed stop", thread_ts=question.ts)
    while not request.closed_early:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
    return time.perf_counter() - said_s


def _lines(playground: Playground, question: Message) -> int:
    found = visible(playground.workspace, question.channel, question.ts)
    return len("\n".join(found).split())


def _spread(values: list[float]) -> str:
    return f"median {statistics.median(values):.2f}, worst {max(values):.2f}"


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def main() -> None:
    def show(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    logs.configure("error", "text")
    with postgres.running("turns", is_hurried=False) as server:
        async with postgres.database(server) as url:
            await measure(url, show)
        async with postgres.database(server) as url:
            await measure_idle(url, show)
        async with postgres.database(server) as url:
            await measure_failover(url, show)


if __name__ == "__main__":
    asyncio.run(main())
