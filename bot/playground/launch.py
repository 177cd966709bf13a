"""The playground with the bot in it, as one command starts them."""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.playground.model.request import MODEL
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 40.0
"""How long the bot may take to end: its own grace time and then some."""


@dataclass(frozen=True, slots=True)
class Guest:
    """What the bot brings along."""

    environment: Mapping[str, str]
    """All that its process sees, but for Slack's address and tokens."""
    has_model: bool
    """It finds a model there; else it gets the offline one."""


async def launch(
    options: PlaygroundOptions,
    guest: Guest,
    stop: asyncio.Event,
    announce: Callable[[str], None],
) -> int:
    """Run until `stop` is set or the bot ends by itself; return the bot's exit code.

    The bot is a child process, started as for real Slack: only its environment says
    where Slack is. `announce` is told the page's address once the bot is connected.

    Raises:
        PortTakenError: if another program listens on the port.
        SnapshotError: if the stored messages cannot be read.
    """
    async with Playground(options) as playground:
        bot = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "run"),
            env={**guest.environment, **_addresses(playground, guest)},
        )
        async with asyncio.TaskGroup() as group:
            tasks = (
                group.create_task(_greet(playground, announce)),
                group.create_task(_end(bot, stop)),
            )
            code = await bot.wait()
            for task in tasks:
                task.cancel()
        # Asked twice, by a terminal and here, it may have finished before the second.
        return 0 if stop.is_set() and code == -signal.SIGTERM else code


def _addresses(playground: Playground, guest: Guest) -> dict[str, str]:
    slack = {
        "SLACK_API_URL": playground.api_url,
        "SLACK_BOT_TOKEN": playground.bot_token,
        "SLACK_APP_TOKEN": playground.app_token,
    }
    model = {
        "OPENAI_BASE_URL": playground.model_url,
        "LINEFEED_MODEL": MODEL,
    }
    return slack if guest.has_model else slack | model


async def _greet(playground: Playground, announce: Callable[[str], None]) -> None:
    sockets = playground.sockets
    try:
        await playground.until(
            lambda: sockets.connection_count > 0, within_s=START_TIMEOUT_S
        )
    except TimeoutError:
        announce(f"{playground.url} (the bot is not connected yet)")
    else:
        announce(playground.url)


async def _end(bot: Process, stop: asyncio.Event) -> None:
    """End the bot when asked to, and by force if it does not."""
    await stop.wait()
    bot.terminate()
    await asyncio.sleep(STOP_TIMEOUT_S)
    bot.kill()
