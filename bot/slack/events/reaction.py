"""An emoji that somebody put on a message, converted at the door.

Source: https://docs.slack.dev/reference/events/reaction_added, read 2026-11.
"""

from dataclasses import dataclass
from typing import Any

import structlog

from bot.conversation.turn import TurnId
from bot.slack.api.fields import ID, TS, MalformedError, as_object, matching
from bot.slack.events.event import team_of, turn_id

STOP_EMOJI = frozenset({"octagonal_sign", "x"})
"""🛑 and ❌: on a question or its reply they mean the asker wants no more of it."""

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class StopSign:
    """Somebody put an emoji on a message that means stop."""

    team: str
    user: str
    channel: str
    ts: str
    """Of the message."""

    @property
    def place(self) -> str:
        """Return how the ids of all turns of the channel begin."""
        return turn_id(self.team, self.channel, "")

    @property
    def turn(self) -> TurnId:
        """Return the turn that the message is the question of, if it is one."""
        return turn_id(self.team, self.channel, self.ts)


def stop_sign(body: dict[str, Any]) -> StopSign | None:
    """Return the sign that an event tells of; None for any other. Never raises."""
    event = as_object(body.get("event"))
    item = as_object(event.get("item"))
    if event.get("type") != "reaction_added" or item.get("type") != "message":
        return None
    if event.get("reaction") not in STOP_EMOJI:
        return None
    try:
        return StopSign(
            team=team_of(body),
            user=matching(ID, event, "user"),
            channel=matching(ID, item, "channel"),
            ts=matching(TS, item, "ts"),
        )
    except MalformedError as error:
        log.warning("a reaction that cannot be read is ignored", field=str(error))
        return None
