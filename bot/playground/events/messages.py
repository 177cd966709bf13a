"""The events that a message makes, by what happened to it.

Source: https://docs.slack.dev/reference/events/message, read 2026-11.
"""

from bot.playground.jsonobject import JsonObject
from bot.playground.text.entities import mentions
from bot.playground.workspace.change import Change
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import BOT_ID, BOT_USER, TEAM
from bot.playground.workspace.message import Message
from bot.playground.workspace.state import Workspace
from bot.playground.workspace.wire import message_json, profile_json


def message_events(
    workspace: Workspace, channel: Channel, change: Change
) -> list[JsonObject]:
    """Return the events of a message that was added, changed or deleted."""
    message = change.message
    if message is None:
        return []
    if change.kind == "added":
        return _added(workspace, channel, message)
    previous = change.previous or message
    details: JsonObject = {"deleted_ts": message.ts}
    if change.kind == "changed":
        details = {"message": _nested(workspace, message)}
    ts = workspace.next_ts()
    hidden: JsonObject = {
        "type": "message",
        "subtype": f"message_{change.kind}",
        "hidden": True,
        "channel": channel.id,
        "channel_type": channel.kind,
        "ts": ts,
        "event_ts": ts,
        "previous_message": _nested(workspace, previous),
    }
    return [hidden | details]


def _added(
    workspace: Workspace, channel: Channel, message: Message
) -> list[JsonObject]:
    event = {
        **_nested(workspace, message),
        "channel": channel.id,
        "event_ts": message.ts,
    }
    events = [{**event, "channel_type": channel.kind}]
    if _is_mention(channel, message):
        # https://docs.slack.dev/reference/events/app_mention, read 2026-11.
        events.append({**event, "type": "app_mention"})
    return events


def _is_mention(channel: Channel, message: Message) -> bool:
    """Say whether a message mentions the app; in a DM nothing does, nor its own."""
    is_own = message.bot_id == BOT_ID
    names_bot = BOT_USER in mentions(message.text, message.blocks).users
    is_told = message.subtype.startswith("channel_")
    return names_bot and channel.kind != "im" and not is_own and not is_told


def _nested(workspace: Workspace, message: Message) -> JsonObject:
    """Return a message with the marks of a person from another workspace.

    Source: https://docs.slack.dev/apis/slack-connect, read 2026-11, and the type
    `GenericMessageEvent` of https://docs.slack.dev/tools/node-slack-sdk.
    """
    person = workspace.people.get(message.user)
    written = message_json(workspace, message)
    if person is None or person.team == TEAM:
        return written
    guest = {
        "is_restricted": person.is_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "name": person.name,
    }
    return {
        **written,
        "user_team": person.team,
        "source_team": person.team,
        "user_profile": {**profile_json(person), **guest},
    }
