"""Bots as processes of their own, which die when a test wants them to."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bot.playground.server import Playground

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
    running: list[asyncio.subprocess.Process] = field(
        default_factory=list[asyncio.subprocess.Process]
    )
    started: int = 0

    async def start(self) -> asyncio.subprocess.Process:
        """Start one more process; return it once it is connected."""
        opened = len(self.playground.webapi.called(OPEN))
        self.started += 1
        with self._log(self.started) as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                "run",
                env=self._environment(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        self.running.append(process)
        webapi, sockets = self.playground.webapi, self.playground.sockets
        await self.playground.until(
            lambda: (
                (len(webapi.called(OPEN)) > opened and sockets.connection_count > 0)
                or process.returncode is not None
            ),
            within_s=START_S,
        )
        assert process.returncode is None, self.logs()
        return process

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        """End a process as a power cut does."""
        process.kill()
        await process.wait()
        self.running.remove(process)

    async def terminate(self, process: asyncio.subprocess.Process) -> int:
        """Ask a process to end; return its exit code."""
        process.terminate()
        self.running.remove(process)
        return await process.wait()

    def freeze(self, process: asyncio.subprocess.Process) -> None:
        """Let a process stand still."""
        process.send_signal(signal.SIGSTOP)

    def thaw(self, process: asyncio.subprocess.Process) -> None:
        """Let a process go on."""
        process.send_signal(signal.SIGCONT)

    def logs(self) -> str:
        """Return what all processes logged."""
        files = sorted(self.folder.glob("process-*.log"))
        return "\n".join(f"-- {file.name}\n{file.read_text()}" for file in files)

    def _log(self, number: int) -> IO[bytes]:
        return (self.folder / f"process-{number:02}.log").open("wb")

    def _environment(self) -> dict[str, str]:
        playground = self.playground
        data = self.folder / ("data" if not self.database_url else str(self.started))
        return {
            "PATH": os.defpath,
            "PYTHONPATH": str(Path(__file__).parent.parent),
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
