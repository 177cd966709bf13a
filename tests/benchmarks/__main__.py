"""Measure the bot against floors in the same run: `python -m tests.benchmarks`.

Every process is one of its own; the playground in this one plays Slack and the model.
Ratios count: absolute times are this machine's.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.playground.model.stream import Pace
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.webapi.limits import UNLIMITED

HERE = Path(__file__).parent
LINES = 420
ROUNDS = 3
FRAGMENTS_PER_S = 50.0
STARTS = 5
IDLE_S = 3.0
STEADY_S = 11.0
"""A connection that lived so long is replaced without a pause."""


@asynccontextmanager
async def bot(playground: Playground, data: str) -> AsyncGenerator[Process]:
    """Run the bot as its users do, with Slack's limits off, until it is connected."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run"),
        env={
            **os.environ,
            "SLACK_API_URL": playground.api_url,
            "SLACK_BOT_TOKEN": playground.bot_token,
            "SLACK_APP_TOKEN": playground.app_token,
            "OPENAI_BASE_URL": playground.model_url,
            "LINEFEED_MODEL": "offline",
            "LINEFEED_MAX_WAITING": "0",
            "LINEFEED_MAX_OPEN": "0",
            "LINEFEED_DATA": data,
            "LINEFEED_POST_INTERVAL_S": "0",
        },
        stderr=DEVNULL,
    )
    try:
        await playground.until(
            lambda: playground.sockets.connection_count == 1, within_s=60
        )
        yield process
    finally:
        process.terminate()
        await process.wait()


async def raw_poster(playground: Playground) -> None:
    """Let the floor answer one question."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(HERE / "raw_poster.py"),
        *(playground.model_url, playground.api_url, playground.bot_token),
    )
    await process.wait()


def script() -> str:
    """Return an answer of numbered lines that are two or three fragments each."""
    return "".join(f"line {number:04}\n" for number in range(LINES))


def latencies_ms(playground: Playground) -> list[float]:
    """Return how long after its newline was written each line's request arrived."""
    arrived: dict[str, float] = {}
    for call in playground.webapi.called("chat.postMessage"):
        for line in str(call.arguments["text"]).splitlines():
            arrived.setdefault(line, call.received_s)
    written = playground.model.newlines_written
    lines = script().splitlines()
    pairs = zip(lines, written, strict=True)
    return [(arrived[line] - written_s) * 1_000 for line, written_s in pairs]


async def answer_once(playground: Playground, *, raw: bool) -> list[float]:
    """Let the bot or the floor answer; return its latencies."""
    playground.webapi.calls.clear()
    playground.model.newlines_written.clear()
    playground.model.scripts.append(script())
    last = f"line {LINES - 1:04}"
    if raw:
        await raw_poster(playground)
    else:
        playground.say("U0ANA", "D0ANA", "talk")
    await playground.until(
        lambda: any(
            last in str(call.arguments["text"])
            for call in playground.webapi.called("chat.postMessage")
        ),
        within_s=120,
    )
    return latencies_ms(playground)


def percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


async def measure_latency(playground: Playground, data: str) -> None:
    playground.model.pace = Pace(0.1, FRAGMENTS_PER_S)
    playground.model.records_newlines = True
    ours: list[float] = []
    floor: list[float] = []
    async with bot(playground, data):
        await asyncio.sleep(IDLE_S)
        for _ in range(ROUNDS):
            floor += await answer_once(playground, raw=True)
            ours += await answer_once(playground, raw=False)
    show(f"newline written -> request arrived, {ROUNDS} x {LINES} lines")
    for percent, target in ((50, 3.0), (99, 4.0)):
        mine, least = percentile(ours, percent), percentile(floor, percent)
        show(
            f"  p{percent}: bot {mine:.2f} ms, raw aiohttp {least:.2f} ms,"
            f" {mine / least:.2f}x (at most {target}x)"
        )


def resident_mb(process: Process) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


async def measure_memory(playground: Playground, data: str) -> None:
    floor = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "imports_only.py"), stdin=PIPE, stdout=PIPE
    )
    assert floor.stdout is not None
    await floor.stdout.readline()
    least = resident_mb(floor)
    floor.terminate()
    await floor.wait()
    async with bot(playground, data) as process:
        await asyncio.sleep(IDLE_S)
        mine = resident_mb(process)
    show(
        f"idle: bot {mine:.0f} MB (at most 160), imports only {least:.0f} MB,"
        f" {mine / least:.2f}x (at most 1.15x)"
    )


async def measure_start(playground: Playground, data: str) -> None:
    times: list[float] = []
    for _ in range(STARTS):
        begun = time.monotonic()
        async with bot(playground, data):
            times.append(time.monotonic() - begun)
    show(
        f"start -> connected, {STARTS} starts: median {statistics.median(times):.2f} s"
        f" (at most 3), {min(times):.2f} to {max(times):.2f}"
    )


async def reconnected_s(playground: Playground, fault: Callable[[], None]) -> float:
    """Let something happen to the connection; return after how long there is another.

    That is when the bot has acknowledged what was said first behind it.
    """
    await asyncio.sleep(STEADY_S)
    opened = len(playground.webapi.called("apps.connections.open"))
    begun = time.monotonic()
    fault()
    await playground.webapi.until_called(
        "apps.connections.open", count=opened + 1, within_s=60
    )
    while not await is_heard(playground):
        pass
    return time.monotonic() - begun


async def is_heard(playground: Playground) -> bool:
    """Say something; return whether the bot acknowledges it soon."""
    playground.say("U0ANA", "C0DEV", "to nobody")
    event = playground.sockets.log[-1]
    try:
        await playground.until(lambda: event.acked_s is not None, within_s=0.2)
    except TimeoutError:
        return False
    return True


async def measure_reconnection(playground: Playground, data: str) -> None:
    sockets = playground.sockets
    faults = {
        "reset (at most 3)": sockets.drop,
        "refresh (no gap)": lambda: sockets.disconnect("warning"),
        "black hole (at most 10)": sockets.black_hole,
    }
    async with bot(playground, data):
        for name, fault in faults.items():
            times = [await reconnected_s(playground, fault) for _ in range(ROUNDS)]
            show(f"events again after a {name}: {max(times):.2f} s, {ROUNDS} times")


def show(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main() -> None:
    options = PlaygroundOptions(limits=UNLIMITED)
    async with Playground(options) as playground:
        with tempfile.TemporaryDirectory() as data:
            await measure_start(playground, data)
            await measure_memory(playground, data)
            await measure_latency(playground, data)
            await measure_reconnection(playground, data)


if __name__ == "__main__":
    asyncio.run(main())
