"""Bots as processes of their own, which die when a test wants them to."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from bot.playground.server import Playground
from tests.forks import Command

OPEN = "apps.connections.open"
START_S = 60
"""How long a process may take to connect, on a machine with other work."""


@dataclass
class Fleet:
    """Processes of `linefeed run` that answer for one playground.

    Without a database's address each has the same data folder, so that only one may
    run at a time.
    """

    playground: Playground
    folder: Path
    database_url: str = ""
    variables: dict[str, str] = field(default_factory=dict[str, str])
    running: list[ForkServerProcess] = field(default_factory=list[ForkServerProcess])
    started: int = 0

    async def start(self) -> ForkServerProcess:
        """Start one more process; return it once it is connected."""
        opened = len(self.playground.webapi.called(OPEN))
        self.started += 1
        log = self.folder / f"process-{self.started:02}.log"
        command = Command(("run",), self._environment(), self.folder, log)
        process = command.start()
        self.running.append(process)
        webapi, sockets = self.playground.webapi, self.playground.sockets
        await self.playground.until(
            lambda: (
                (len(webapi.called(OPEN)) > opened and sockets.connection_count > 0)
                or process.exitcode is not None
            ),
            within_s=START_S,
        )
        assert process.exitcode is None, self.logs()
        return process

    async def kill(self, process: ForkServerProcess) -> None:
        """End a process as a power cut does."""
        process.kill()
        await _ended(process)
        self.running.remove(process)

    async def terminate(self, process: ForkServerProcess) -> int:
        """Ask a process to end; return its exit code."""
        process.terminate()
        self.running.remove(process)
        return await _ended(process)

    def freeze(self, process: ForkServerProcess) -> None:
        """Let a process stand still."""
        _send(process, signal.SIGSTOP)

    def thaw(self, process: ForkServerProcess) -> None:
        """Let a process go on."""
        _send(process, signal.SIGCONT)

    def logs(self) -> str:
        """Return what all processes logged."""
        files = sorted(self.folder.glob("process-*.log"))
        return "\n".join(f"-- {file.name}\n{file.read_text()}" for file in files)

    def _environment(self) -> dict[str, str]:
        playground = self.playground
        data = self.folder / ("data" if not self.database_url else str(self.started))
        return {
            "PATH": os.defpath,
            "SLACK_API_URL": playground.api_url,
            "SLACK_BOT_TOKEN": playground.bot_token,
            "SLACK_APP_TOKEN": playground.app_token,
            "OPENAI_BASE_URL": playground.model_url,
            "OPENAI_API_KEY": "none",
            "LINEFEED_MODEL": "offline",
            "LINEFEED_MAX_WAITING": "0",
            "LINEFEED_MAX_OPEN": "0",
            "LINEFEED_DATA": str(data),
            "DATABASE_URL": self.database_url,
            **self.variables,
        }


@asynccontextmanager
async def fleet(
    playground: Playground, folder: Path, database_url: str = "", **variables: str
) -> AsyncGenerator[Fleet]:
    """Let processes run from entering to leaving, where those left are killed."""
    fleet = Fleet(playground, folder, database_url, variables)
    try:
        yield fleet
    finally:
        for process in list(fleet.running):
            await fleet.kill(process)


async def _ended(process: ForkServerProcess) -> int:
    """Wait for the end of a process; return its exit code."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(process.sentinel, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(process.sentinel)
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _send(process: ForkServerProcess, number: signal.Signals) -> None:
    assert process.pid is not None
    os.kill(process.pid, number)
