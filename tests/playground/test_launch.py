"""One command starts the playground and the bot, and ends both."""

import asyncio
import os
import re
import signal
import sqlite3
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest

from bot.playground.launch import Guest, launch
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground, PortTakenError
from bot.playground.workspace.snapshot import SnapshotError

URL = re.compile(r"http://127\.0\.0\.1:\d+")
READY = b"ready"


def environment(folder: Path) -> dict[str, str]:
    """Return an environment without settings, apart from where to keep data."""
    prefixes = ("SLACK_", "LINEFEED_", "OPENAI_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(prefixes)}  # noqa: TID251
    return {**kept, "LINEFEED_DATA": str(folder), "PYTHONPATH": str(Path.cwd())}


@asynccontextmanager
async def command(
    folder: Path, *arguments: str
) -> AsyncGenerator[tuple[asyncio.subprocess.Process, str]]:
    """Run the command; give its process and its page once the bot is ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "playground", "--port", "0", "--data", str(folder)),
        *arguments,
        env=environment(folder),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    page = URL.search((await process.stdout.readline()).decode())
    assert page is not None
    while READY not in (line := await process.stderr.readline()):
        assert line
    try:
        yield process, page.group()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()


async def assert_page(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/") as shown:
        assert shown.status == 200
        assert "<html" in await shown.text()


@pytest.mark.parametrize("is_to_the_group", [False, True], ids=["one", "terminal"])
async def test_an_interrupt_ends_both_in_order(
    tmp_path: Path, *, is_to_the_group: bool
) -> None:
    async with command(tmp_path) as (process, page):
        await assert_page(page)
        # A terminal sends Ctrl+C to every process that it started.
        kill = os.killpg if is_to_the_group else os.kill
        kill(process.pid, signal.SIGINT)
        _, errors = await process.communicate()

    assert process.returncode == 0, errors.decode()
    assert b"stopped" in errors
    assert b"Traceback" not in errors


async def test_fresh_forgets_what_was_kept(tmp_path: Path) -> None:
    (tmp_path / "slack.json").write_text("{broken", encoding="utf-8")
    file = tmp_path / "linefeed.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE kept (x)")

    async with command(tmp_path, "--fresh") as (process, _):
        process.terminate()
        await process.communicate()

    with closing(sqlite3.connect(file)) as database:
        tables = database.execute("SELECT name FROM sqlite_master").fetchall()
    assert process.returncode == 0
    assert ("turn",) in tables
    assert ("kept",) not in tables


async def test_a_bot_that_is_ended_outside_its_care_for_signals_ended_well(
    tmp_path: Path,
) -> None:
    """It has not begun to care for them, or has ended to."""
    guest = Guest(environment(tmp_path / "data"), has_model=False)
    stop = asyncio.Event()
    stop.set()

    assert await launch(PlaygroundOptions(), guest, stop, list[str]().append) == 0


async def test_the_code_of_a_bot_that_ends_by_itself_is_returned(
    tmp_path: Path,
) -> None:
    (tmp_path / "data").touch()
    guest = Guest(environment(tmp_path / "data"), has_model=False)
    announced: list[str] = []

    code = await launch(PlaygroundOptions(), guest, asyncio.Event(), announced.append)

    assert code == 2
    assert announced == []


@pytest.mark.parametrize("has_model", [False, True])
async def test_the_bot_gets_the_offline_model_unless_it_brings_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], *, has_model: bool
) -> None:
    brought = {
        **environment(tmp_path),
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        "LINEFEED_MODEL": "brought",
    }
    stop = asyncio.Event()

    async def stop_when_ready() -> None:
        written = ""
        while "ready" not in written:
            # What spins takes the time from the bot that it waits for.
            await asyncio.sleep(0.05)
            written += capfd.readouterr().err
        model = "brought" if has_model else "offline"
        assert re.search(rf"model\W+(\S*m)?{model}", written)
        stop.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(stop_when_ready())
        guest = Guest(brought, has_model=has_model)
        code = await launch(PlaygroundOptions(), guest, stop, lambda _: None)

    assert code == 0


async def test_a_taken_port_is_told_before_the_bot_starts(tmp_path: Path) -> None:
    guest = Guest(environment(tmp_path), has_model=False)
    async with Playground() as other:
        port = int(other.url.rpartition(":")[2])

        with pytest.raises(PortTakenError):
            await launch(
                PlaygroundOptions(port=port), guest, asyncio.Event(), lambda _: None
            )
    assert not (tmp_path / "linefeed.db").exists()


async def test_broken_messages_are_told_before_the_bot_starts(tmp_path: Path) -> None:
    data = tmp_path / "slack.json"
    data.write_text("{broken", encoding="utf-8")
    guest = Guest(environment(tmp_path), has_model=False)

    with pytest.raises(SnapshotError):
        await launch(
            PlaygroundOptions(data=data), guest, asyncio.Event(), lambda _: None
        )


async def test_a_bot_that_does_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.playground.launch.STOP_TIMEOUT_S", 0.0)
    stop = asyncio.Event()
    stop.set()
    # Stopped before it can even listen to signals, the bot has no time to end.
    guest = Guest(environment(tmp_path), has_model=False)

    code = await launch(PlaygroundOptions(), guest, stop, lambda _: None)

    # By the first signal, which is no fault, or by the second.
    assert code in (0, -signal.SIGKILL)
