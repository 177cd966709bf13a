"""Edits and deletions, converted at the door like messages.

Sources: https://docs.slack.dev/reference/events/message/message_changed and
https://docs.slack.dev/reference/events/message/message_deleted, read 2026-11.
"""

from dataclasses import dataclass
from typing import Any

import structlog

from bot.conversation.turn import Delivered, ThreadId
from bot.slack.api.fields import (
    ID,
    TS,
    MalformedError,
    as_object,
    matching,
    optional_text,
)
from bot.slack.api.record import mark_of, own_words, reply_position
from bot.slack.events.event import (
    SlackMessage,
    kind_of,
    slack_message,
    team_of,
    thread_id,
)

TOMBSTONE = "tombstone"
"""The subtype of a deleted parent whose replies are still there.

Not documented; seen in https://github.com/slack-edge/slack-edge/pull/10.
"""

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Edit:
    """A person changed what they said."""

    message: SlackMessage
    """As it reads now."""

    @property
    def channel(self) -> str:
        """Return where it was said."""
        return self.message.channel

    @property
    def ts(self) -> str:
        """Return which message it is."""
        return self.message.ts

    @property
    def threads(self) -> tuple[ThreadId, ...]:
        """Return the conversations that may hold it."""
        said = self.message
        is_top_level = said.kind == "im" and not said.thread_ts
        below = thread_id(said.team, said.channel, said.ts)
        return (said.thread, below) if is_top_level else (said.thread,)


@dataclass(frozen=True, slots=True)
class Deletion:
    """A message is gone."""

    threads: tuple[ThreadId, ...]
    """The conversations that may hold it: what is said at a DM's top level begins a
    thread of its own too, if somebody replies to it there."""
    channel: str
    ts: str
    bot_id: str
    """Of the bot that wrote it; empty for a person."""
    reply: Delivered
    """What it was if that bot is this one."""


def revision(body: dict[str, Any]) -> Edit | Deletion | None:
    """Return what an event says of an older message; None for any other. Never raises.

    Not an edit: what Slack itself changes (a preview of a link, a growing number of
    replies), and what bots do to their own messages.
    """
    event = as_object(body.get("event"))
    if event.get("type") != "message":
        return None
    try:
        if event.get("subtype") == "message_deleted":
            return _deletion(body, event, matching(TS, event, "deleted_ts"))
        if event.get("subtype") == "message_changed":
            return _change(body, event)
    except MalformedError as error:
        log.warning("a change that cannot be read is ignored", field=str(error))
    return None


def _change(body: dict[str, Any], event: dict[str, Any]) -> Edit | Deletion | None:
    now = as_object(event.get("message"))
    if now.get("subtype") == TOMBSTONE:
        return _deletion(body, event, matching(TS, now, "ts"))
    before = as_object(event.get("previous_message"))
    names = ("text", "files")
    is_same = before and all(now.get(name) == before.get(name) for name in names)
    if not now.get("edited") or is_same:
        return None
    where = {name: event.get(name) for name in ("channel", "channel_type")}
    message = slack_message({**body, "event": {**now, **where}})
    return None if message is None else Edit(message)


def _deletion(body: dict[str, Any], event: dict[str, Any], ts: str) -> Deletion:
    """Return a deletion; a message of an unknown thread counts as a parent."""
    before = as_object(event.get("previous_message"))
    channel = matching(ID, event, "channel")
    is_direct = kind_of(channel, optional_text(event, "channel_type")) == "im"
    root = matching(TS, before, "thread_ts") if before.get("thread_ts") else ts
    roots = ("", ts) if is_direct and root == ts else (root,)
    team, bot_id = team_of(body), optional_text(before, "bot_id")
    mark = mark_of(before, bot_id)
    return Deletion(
        threads=tuple(thread_id(team, channel, root) for root in roots),
        channel=channel,
        ts=ts,
        bot_id=bot_id,
        reply=Delivered(ts, reply_position(mark[0] if mark else ts), own_words(before)),
    )
