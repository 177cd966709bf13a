"""What people ask of the app itself, converted at the door: a command, its Home tab.

Sources: https://docs.slack.dev/interactivity/implementing-slash-commands and
https://docs.slack.dev/reference/events/app_home_opened, read 2026-11.
"""

from dataclasses import dataclass
from typing import Any

import structlog

from bot.slack.api.fields import ID, MalformedError, as_object, matching
from bot.slack.api.fields import optional_text as text

HOME_OPENED = "app_home_opened"

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Slash:
    """Somebody typed a slash command."""

    user: str
    channel: str
    command: str
    """With its slash, as the app's manifest names it."""
    words: str
    """What stands behind it."""
    response_url: str
    """Where it is answered; empty if Slack gives none."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody opened the app's Home tab."""

    user: str
    channel: str
    """Their DM with the app."""


Visit = Slash | Opening


def slash_of(body: dict[str, Any]) -> Slash | None:
    """Return what was typed; None for what cannot be read. Never raises."""
    try:
        return Slash(
            user=matching(ID, body, "user_id"),
            channel=matching(ID, body, "channel_id"),
            command=text(body, "command"),
            words=text(body, "text").strip(),
            response_url=text(body, "response_url"),
        )
    except MalformedError as error:
        log.warning("a command that cannot be read is ignored", field=str(error))
        return None


def opening_of(body: dict[str, Any]) -> Opening | None:
    """Return whose Home tab was opened; None for another tab. Never raises."""
    event = as_object(body.get("event"))
    if event.get("tab") != "home":
        return None
    try:
        return Opening(matching(ID, event, "user"), matching(ID, event, "channel"))
    except MalformedError as error:
        log.warning("an opened tab that cannot be read is ignored", field=str(error))
        return None
