"""A word to one person, where they did or asked something; nobody else sees it."""

from dataclasses import dataclass
from typing import Any

import structlog

from bot.slack.api.web import NoAnswerError, RefusedError, Web
from bot.slack.controls.ephemeral import Ephemeral
from bot.slack.events.event import SlackMessage
from bot.slack.events.press import Press

POST = "chat.postEphemeral"

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who sees it, and where."""

    channel: str
    user: str
    thread_ts: str


def reader_of(deed: SlackMessage | Press) -> Reader:
    """Return who did something."""
    return Reader(deed.channel, deed.user, deed.thread_ts)


async def show(web: Web, reader: Reader, content: Ephemeral) -> None:
    """Show something to one person; tried once, for they can ask again."""
    arguments: dict[str, Any] = {
        "channel": reader.channel,
        "user": reader.user,
        **content,
    }
    if reader.thread_ts:
        arguments["thread_ts"] = reader.thread_ts
    try:
        await web.write(POST, arguments)
    except (RefusedError, NoAnswerError) as error:
        log.warning("one person cannot be told something", error=str(error))
