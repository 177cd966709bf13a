"""A pressed button, converted at the door.

Source: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload,
read 2026-11.
"""

from dataclasses import dataclass
from typing import Any

import structlog

from bot.conversation.turn import ThreadId
from bot.slack.api.fields import ID, MalformedError, as_list, as_object, matching
from bot.slack.api.fields import optional_text as text
from bot.slack.events.event import thread_id, turn_id

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody pressed a button in a message of the bot's."""

    team: str
    """The workspace where the bot is installed."""
    actor_team: str
    """Empty where Slack does not say."""
    is_ours: bool
    """The person is of that workspace, or of its organisation."""
    user: str
    channel: str
    thread_ts: str
    """The parent of the thread with the message; empty if it is in none."""
    action: str
    value: str
    response_url: str
    """Where the message can be replaced; empty if Slack gives none."""

    @property
    def place(self) -> str:
        """Return how the ids of all turns of the channel begin."""
        return turn_id(self.team, self.channel, "")

    def is_in(self, thread: ThreadId) -> bool:
        """Say whether the button stands in a thread, or is of a DM's top level.

        Where Slack names no thread, a button of the same channel counts.
        """
        if self.thread_ts:
            return thread == thread_id(self.team, self.channel, self.thread_ts)
        place = thread_id(self.team, self.channel, "")
        return thread == place or thread.startswith(f"{place}:")


def press_of(body: dict[str, Any]) -> Press | None:
    """Return what was pressed; None for what cannot be read. Never raises."""
    try:
        return _read(body)
    except MalformedError as error:
        log.warning("an action that cannot be read is ignored", field=str(error))
        return None


def _read(body: dict[str, Any]) -> Press:
    user, container = as_object(body.get("user")), as_object(body.get("container"))
    action = as_object(next(iter(as_list(body.get("actions"))), None))
    team = matching(ID, as_object(body.get("team")), "id")
    actor_team = text(user, "team_id")
    enterprise = text(as_object(body.get("enterprise")), "id")
    return Press(
        team=team,
        actor_team=actor_team,
        is_ours=actor_team in {"", team, enterprise},
        user=matching(ID, user, "id"),
        channel=matching(ID, container, "channel_id"),
        thread_ts=text(container, "thread_ts"),
        action=matching(ID, action, "action_id"),
        value=text(action, "value"),
        response_url=text(body, "response_url"),
    )
