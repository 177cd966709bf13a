"""The playground with the bot in it, as a newcomer tries it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.conversation.ports import SetupError
from bot.playground.launch import Guest, launch
from bot.playground.options import PlaygroundOptions
from bot.playground.server import PortTakenError
from bot.playground.workspace.snapshot import SnapshotError
from bot.storage import database

MESSAGES_NAME = "slack.json"
"""The playground's own file in the data folder."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How the playground was asked for."""

    port: int
    data: Path
    is_fresh: bool
    """Forget messages and memory first."""
    environment: Mapping[str, str]
    """What the bot sees besides Slack's address."""
    has_model: bool
    """The bot finds a model named in its environment or in `.env`."""
    announce: Callable[[str], None]
    """Is told the page's address."""


async def run_playground(trial: Trial, stop: asyncio.Event) -> int:
    """Run the emulated Slack with the bot in it; return the bot's exit code.

    Raises:
        SetupError: if the port or the data folder cannot be used.
    """
    if trial.is_fresh:
        await asyncio.to_thread(database.forget, trial.data)
        await asyncio.to_thread((trial.data / MESSAGES_NAME).unlink, missing_ok=True)
    options = PlaygroundOptions(port=trial.port, data=trial.data / MESSAGES_NAME)
    guest = Guest(
        environment={
            **trial.environment,
            "LINEFEED_DATA": str(trial.data),
            # A trial's threads are no business of a server.
            "DATABASE_URL": "",
        },
        has_model=trial.has_model,
    )
    try:
        return await launch(options, guest, stop, trial.announce)
    except (PortTakenError, SnapshotError) as error:
        raise SetupError(str(error)) from error
