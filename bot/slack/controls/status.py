"""How the bot is, in words and in blocks: of the slash command and the Home tab.

Plain text, so that no name in it calls anybody.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from bot.conversation.allowance import Standing, duration
from bot.slack.channels import Wish
from bot.slack.controls import ephemeral
from bot.slack.events.command import STOP_WORDS

COMMAND = "/linefeed"

_MODES: dict[Wish, str] = {
    "lines": "each completed line is a message",
    "edits": "one message grows line by line",
    "stream": "Slack's own stream, line by line",
    "auto": "a few messages, then one that grows",
}
_COMMANDS = """\
{command} status shows how I am, {command} help shows this; only you see either.
Slack knows no slash commands in threads: what steers a thread are the messages above\
 and the buttons below my replies."""


@dataclass(frozen=True, slots=True)
class Station:
    """How replies come in one place, and who writes them."""

    delivery: Wish
    model: str
    memory_tokens: int
    """How much of a thread the model is shown."""


def help_text(command: str = COMMAND, stop_words: Collection[str] = STOP_WORDS) -> str:
    """Return what people can do, in messages and with a command."""
    return f"{ephemeral.help_of(stop_words)}\n{_COMMANDS.format(command=command)}"


def status_text(station: Station, standing: Standing, up_s: float) -> str:
    """Return how things are, a line for each."""
    census, limits = standing.census, standing.limits
    failure = census.failure
    ago = duration(standing.now_s - failure.ended_s) if failure else ""
    lines = {
        "Replies here": f"{station.delivery} ({_MODES[station.delivery]})",
        "Model here": station.model,
        "Memory": f"up to {station.memory_tokens:,} tokens of a thread",
        "Turns": f"{census.running} running, {census.waiting} waiting",
        "Tokens of the last 24 hours": _of(standing.all_tokens, limits.daily),
        "Yours of the last hour": _of(standing.person_tokens, limits.hourly),
        "Last error": f"{failure.error or 'unknown'}, {ago} ago" if failure else "none",
        "Running for": duration(up_s),
    }
    return "\n".join(f"{name}: {value}" for name, value in lines.items())


def home(help_: str, status: str) -> dict[str, Any]:
    """Return the view of the Home tab.

    Source: https://docs.slack.dev/reference/views/home-tab-views, read 2026-11.
    """
    blocks = [
        _header("What I can do"),
        *ephemeral.sections(help_),
        _header("How I am"),
        *ephemeral.sections(status),
        {
            "type": "context",
            "elements": [ephemeral.plain("As of now: open this tab again for more.")],
        },
    ]
    return {"type": "home", "blocks": blocks}


def _of(spent: int, limit: int) -> str:
    return f"{spent:,} of {limit:,}" if limit else f"{spent:,} (no limit)"


def _header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": ephemeral.plain(text)}
