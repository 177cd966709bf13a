"""Measure each way into Slack: `python -m tests.benchmarks.delivery [MODE ...]`.

Modes are lines, edits, stream, auto and naive, which is no mode of the bot but what
many bots do (`naive_bot.py`); without a name all but auto run, in about five minutes.

The playground in this process plays Slack with its published limits and 60 ms for each
call, and a model that says 50 fragments a second; a crowd gets 10, a line each, lest
the machine itself be measured. Each scenario has a playground and a bot of its own that
has answered once, so that both are idle and warm. A line is visible when Slack has
stored it, halfway through the call. Times are this machine's: compare the modes.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from bot.playground.model.dialect import Dialect
from bot.playground.model.stream import Pace
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.workspace.change import Change
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.message import Message

NAIVE = "naive"
MODES = ("lines", "edits", "stream", NAIVE)
ALL_MODES = (*MODES, "auto")
LATENCY_S = 0.06
PACE = Pace(0.1, 50.0)
CROWDS_PACE = Pace(0.1, 10.0)
LINE_CHARS = 60
PATIENCE_S = 30.0
"""What is not visible so long behind the model's end never will be."""
REST_S = 3.0
"""How long Slack's buckets take to fill up again, and a bot to become idle."""
CHANNELS = 5
AT_ONCE = 20


class Screen:
    """When each line of each thread was first visible."""

    def __init__(self, playground: Playground) -> None:
        self._seen_s: dict[str, dict[str, float]] = {}
        """By thread, and by line."""
        playground.workspace.listen(self._see)

    def of(self, question: Message) -> dict[str, float]:
        """Return what was visible of an answer since when."""
        return self._seen_s.setdefault(question.ts, {})

    def _see(self, change: Change) -> None:
        message = change.message
        if message is None or not message.bot_id:
            return
        now_s = time.monotonic()
        seen_s = self._seen_s.setdefault(message.thread_ts, {})
        for line in (message.markdown or message.text).split("\n"):
            # Half a line is none.
            if len(line) == LINE_CHARS - 1:
                seen_s.setdefault(line, now_s)


def script(lines: int) -> str:
    """Return an answer of numbered lines, each as long as the others."""
    words = "the quick brown fox jumps over the lazy dog and runs home"
    numbered = (f"{number:04} {words}"[: LINE_CHARS - 1] for number in range(lines))
    return "".join(f"{line:.<{LINE_CHARS - 1}}\n" for line in numbered)


def environment(playground: Playground, mode: str, data: str) -> dict[str, str]:
    """Return what the bot finds around it."""
    return {
        **os.environ,  # noqa: TID251 - it is handed on
        "SLACK_API_URL": playground.api_url,
        "SLACK_BOT_TOKEN": playground.bot_token,
        "SLACK_APP_TOKEN": playground.app_token,
        "OPENAI_BASE_URL": playground.model_url,
        "LINEFEED_MODEL": "offline",
        "LINEFEED_MAX_WAITING": "0",
        "LINEFEED_MAX_OPEN": "0",
        "LINEFEED_DATA": data,
        "LINEFEED_DELIVERY": mode,
    }


def command(playground: Playground, mode: str) -> tuple[str, ...]:
    """Return how the bot, or the naive one, is started."""
    if mode != NAIVE:
        return ("-m", "bot", "run")
    place = Path(__file__).with_name("naive_bot.py")
    tokens = playground.bot_token, playground.app_token
    return (str(place), playground.model_url, playground.api_url, *tokens)


@asynccontextmanager
async def scene(
    mode: str, fragment_chars: int, pace: Pace = PACE
) -> AsyncGenerator[Playground]:
    """Open a playground with a connected bot in it."""
    options = PlaygroundOptions(latency_s=LATENCY_S, pace=pace)
    async with Playground(options) as playground:
        playground.model.dialect = Dialect(fragment_chars=fragment_chars)
        playground.model.records_newlines = True
        with tempfile.TemporaryDirectory() as data:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *command(playground, mode),
                env=environment(playground, mode, data),
                stdout=DEVNULL,
                stderr=DEVNULL,
            )
            try:
                await playground.until(
                    lambda: playground.sockets.connection_count > 0, within_s=30
                )
                await warm_up(playground)
                yield playground
            finally:
                await end(process)


async def warm_up(playground: Playground) -> None:
    """Let one question be answered elsewhere; what a bot does first does not count."""
    playground.model.scripts.append(script(1))
    question = playground.say("U0BEN", "C0JAPAN", "@Linefeed hi")
    seen_s = Screen(playground).of(question)
    await playground.until(lambda: bool(seen_s), within_s=30)
    await asyncio.sleep(REST_S)
    playground.webapi.calls.clear()
    playground.model.requests.clear()
    playground.model.newlines_written.clear()


async def end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()


def refused(playground: Playground) -> int:
    return sum(call.status == 429 for call in playground.webapi.calls)


def calls(playground: Playground) -> str:
    """Return how often what was called that writes."""
    methods = [call.method.rpartition(".")[2] for call in playground.webapi.calls]
    writing = ("postMessage", "update", "Stream", "setStatus")
    counts = Counter(method for method in methods if method.endswith(writing))
    named = ", ".join(f"{count} {method}" for method, count in counts.most_common())
    return f"{counts.total()} calls ({named}), {refused(playground)} x 429"


async def all_visible(
    playground: Playground, seen: Sequence[dict[str, float]], lines: int
) -> None:
    """Wait until all is visible, or nothing more will be."""
    patience_s = 1.0 if is_asker_gone(playground) else PATIENCE_S
    with suppress(TimeoutError):
        await playground.until(
            lambda: all(len(one) == lines for one in seen), within_s=patience_s
        )


async def measure_reply(mode: str, lines: int, fragment_chars: int) -> None:
    """Let one question be answered, and tell how fast its lines came."""
    async with scene(mode, fragment_chars) as playground:
        screen = Screen(playground)
        playground.model.scripts.append(script(lines))
        question = playground.say("U0ANA", "C0DEV", "@Linefeed talk")
        seen_s = screen.of(question)
        await until_said(playground, lines)
        await all_visible(playground, [seen_s], lines)
        written_s = playground.model.newlines_written
        # The model says no more to who is gone.
        pairs = zip(script(lines).splitlines(), written_s, strict=False)
        late_s = [seen_s[line] - at_s for line, at_s in pairs if line in seen_s]
        tail = f"tail {max(seen_s.values()) - written_s[-1]:.2f} s"
        if len(seen_s) < lines:
            tail = f"NOT COMPLETE: {len(seen_s)} lines"
        speed = f"{quantiles(late_s)}, {tail}"
        show(f"  {mode:6} {lines} lines: {speed}, {calls(playground)}")


async def until_said(playground: Playground, lines: int) -> None:
    """Wait until the model has said all, or who asked is gone."""
    model = playground.model
    while len(model.newlines_written) < lines:
        if is_asker_gone(playground):
            return
        await asyncio.sleep(0.1)


def is_asker_gone(playground: Playground) -> bool:
    """Say whether a bot went away while the model was speaking to it."""
    return any(request.closed_early for request in playground.model.requests)


def quantiles(late_s: list[float]) -> str:
    if len(late_s) < 2:
        return "too few to tell"
    cuts = statistics.quantiles(late_s, n=100, method="inclusive")
    return f"p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s"


async def measure_crowd(mode: str, lines: int) -> None:
    """Let many questions be answered at once, and tell how evenly."""
    async with scene(mode, LINE_CHARS, CROWDS_PACE) as playground:
        screen = Screen(playground)
        playground.model.scripts.extend([script(lines)] * AT_ONCE)
        rooms = add_rooms(playground)
        asked_s = time.monotonic()
        seen = [
            screen.of(playground.say("U0ANA", rooms[number % CHANNELS], "@Linefeed hi"))
            for number in range(AT_ONCE)
        ]
        await until_said(playground, lines * AT_ONCE)
        await all_visible(playground, seen, lines)
        first_s = [min(one.values()) - asked_s for one in seen if one]
        last_s = max(max(one.values()) for one in seen if one) - asked_s
        complete = sum(len(one) == lines for one in seen)
        show(
            f"  {mode:6} {AT_ONCE} x {lines} lines in {CHANNELS} channels:"
            f" {complete} complete, first lines after {min(first_s):.2f} to"
            f" {max(first_s):.2f} s ({max(first_s) / min(first_s):.1f}x), all after"
            f" {last_s:.1f} s, {calls(playground)}"
        )


def add_rooms(playground: Playground) -> list[str]:
    everyone = frozenset(playground.workspace.people)
    rooms = [f"C1R{number}" for number in range(CHANNELS)]
    first = Channel(rooms[0], rooms[0], "channel", everyone)
    for room in rooms:
        playground.workspace.add_channel(replace(first, id=room, name=room))
    return rooms


def show(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main(modes: Sequence[str]) -> None:
    """Run every scenario in every mode, so that neighbours compare."""
    begun_s = time.monotonic()
    show("from the end of a line at the model to its visibility; 5 lines a second")
    for mode in modes:
        await measure_reply(mode, 40, fragment_chars=6)
    show("the same; 10 lines a second, more than a message holds")
    for mode in modes:
        await measure_reply(mode, 300, fragment_chars=12)
    show("at once")
    for mode in modes:
        await measure_crowd(mode, 20)
    show(f"in {time.monotonic() - begun_s:.0f} s")


if __name__ == "__main__":
    chosen = sys.argv[1:] or MODES
    if not set(chosen) <= set(ALL_MODES):
        sys.exit(f"Modes are {', '.join(ALL_MODES)}.")
    asyncio.run(main(chosen))
