"""What the page's windows are told of the workspace, as JSON objects."""

from collections.abc import Mapping
from typing import Protocol

from bot.playground.jsonobject import JsonObject
from bot.playground.page.blocks import message_parts, view_parts
from bot.playground.page.rendering import Names
from bot.playground.people.composer import typed_text
from bot.playground.workspace.change import Change
from bot.playground.workspace.identity import BOT_USER, SLACKBOT
from bot.playground.workspace.message import Message, Status
from bot.playground.workspace.state import Workspace

_TYPES = {
    "added": "added",
    "changed": "changed",
    "deleted": "deleted",
    "reacted": "changed",
    "unreacted": "changed",
}


class HomeView(Protocol):
    """A Home tab as a person has it before them."""

    user: str
    json: JsonObject


def whole(workspace: Workspace, homes: Mapping[str, HomeView]) -> JsonObject:
    """Return all that a new window shows.

    Ephemeral messages are not among it: a reader who loads the page anew has lost them,
    as in Slack.
    """
    people = [p for p in workspace.people.values() if not p.bot_id]
    return {
        "type": "workspace",
        "me": people[0].id if people else "",
        "bot": BOT_USER,
        "people": [
            {"id": p.id, "name": p.name, "is_bot": bool(p.bot_id)}
            for p in workspace.people.values()
        ],
        "channels": [
            {"id": c.id, "name": c.name, "kind": c.kind, "members": [*c.members]}
            for c in workspace.channels.values()
        ],
        "messages": [
            message_shown(workspace, message)
            for channel in workspace.channels
            for message in workspace.messages(channel)
        ],
        "statuses": [_status(status) for status in workspace.statuses.values()],
        "homes": [home_shown(workspace, view) for view in homes.values()],
    }


def change_shown(workspace: Workspace, change: Change) -> JsonObject | None:
    """Return the event of a change; None if windows show nothing of it.

    Its type is `added`, `changed`, `deleted`, `ephemeral` (shown anew or changed),
    `vanished` (an ephemeral message that is gone) or `status`.
    """
    if change.status is not None:
        return {"type": "status", **_status(change.status)}
    if change.kind == "ephemeral":
        return _ephemeral(workspace, change)
    if change.kind not in _TYPES or change.message is None:
        return None
    message = change.message
    if change.kind != "deleted":
        # Whoever reacts may hold a message that was edited since.
        message = workspace.message(message.channel, message.ts) or message
    shown = message_shown(workspace, message)
    return {"type": _TYPES[change.kind], "message": shown}


def home_shown(workspace: Workspace, view: HomeView) -> JsonObject:
    """Return a person's Home tab."""
    parts = view_parts(view.json["blocks"], _names(workspace))
    return {"user": view.user, "parts": parts}


def message_shown(workspace: Workspace, message: Message) -> JsonObject:
    """Return a message as the page shows it."""
    reactions = workspace.reactions.get((message.channel, message.ts), {})
    return {
        "channel": message.channel,
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "user": message.user,
        "name": _author(workspace, message),
        "parts": message_parts(message, _names(workspace)),
        "typed": "" if message.bot_id else typed_text(workspace, message.text),
        "files": [file.name for file in message.files],
        "reactions": [
            {"name": name, "users": [*users]} for name, users in reactions.items()
        ],
        "is_edited": message.is_edited,
        "streams_until_s": _streams_until_s(workspace, message),
        "is_tombstone": message.subtype == "tombstone",
        "only_for": message.only_for,
    }


def _ephemeral(workspace: Workspace, change: Change) -> JsonObject | None:
    if change.message is not None:
        shown = message_shown(workspace, change.message)
        return {"type": "ephemeral", "message": shown}
    gone = change.previous
    if gone is None:
        return None
    return {"type": "vanished", "channel": gone.channel, "ts": gone.ts}


def _streams_until_s(workspace: Workspace, message: Message) -> float:
    """Return when Slack ends a stream by itself, in Unix time; 0 if none streams."""
    if not workspace.is_streaming(message):
        return 0.0
    return workspace.streams[message.channel, message.ts].ends_s


def _author(workspace: Workspace, message: Message) -> str:
    """Return who a message is from; an integration has a name and no user."""
    return message.username or _names(workspace).get(message.user, message.user) or "?"


def _names(workspace: Workspace) -> Names:
    people = {p.id: p.name for p in workspace.people.values()}
    channels = {c.id: c.name for c in workspace.channels.values()}
    return {SLACKBOT: "Slackbot"} | people | channels


def _status(status: Status) -> JsonObject:
    return {
        "channel": status.channel,
        "thread_ts": status.thread_ts,
        "text": status.text,
    }
