"""What Slack tells a subscribed app when the workspace changes.

The app is subscribed to app_mention and to message.im, .channels, .groups, .mpim.
Source: https://docs.slack.dev/reference/events, read 2026-11.
"""

from bot.playground.entities import mentions
from bot.playground.wire import APP, is_shared, message_json
from bot.playground.workspace import (
    BOT_USER,
    TEAM,
    Change,
    Channel,
    JsonObject,
    Message,
    Workspace,
)


def payloads(workspace: Workspace, change: Change) -> tuple[JsonObject, ...]:
    """Return the Events API payloads of a change, in the order they are sent."""
    message = change.message
    channel = workspace.channels.get(message.channel) if message else None
    if message is None or channel is None or BOT_USER not in channel.members:
        return ()
    if change.kind == "added":
        events = _added(workspace, channel, message)
    elif change.kind == "changed":
        edit = {"message": message_json(workspace, message)}
        events = [_hidden(workspace, channel, change, edit)]
    else:
        deletion = {"deleted_ts": message.ts}
        events = [_hidden(workspace, channel, change, deletion)]
    return tuple(_payload(workspace, channel, event) for event in events)


def _added(
    workspace: Workspace, channel: Channel, message: Message
) -> list[JsonObject]:
    event = {
        **message_json(workspace, message),
        **_origin(workspace, message),
        "channel": channel.id,
        "event_ts": message.ts,
    }
    events = [{**event, "channel_type": channel.kind}]
    names_bot = BOT_USER in mentions(message.text).users
    if names_bot and channel.kind != "im" and not message.bot_id:
        events.append({**event, "type": "app_mention"})
    return events


def _origin(workspace: Workspace, message: Message) -> JsonObject:
    """Return the marks of a person from another workspace."""
    person = workspace.people.get(message.user)
    if person is None or person.team == TEAM:
        return {}
    return {"user_team": person.team, "source_team": person.team}


def _hidden(
    workspace: Workspace, channel: Channel, change: Change, details: JsonObject
) -> JsonObject:
    """Return the event of an edit or a deletion."""
    previous = change.previous or change.message
    before = message_json(workspace, previous) if previous else {}
    ts = workspace.next_ts()
    return {
        "type": "message",
        "subtype": f"message_{change.kind}",
        "hidden": True,
        "channel": channel.id,
        "channel_type": channel.kind,
        "ts": ts,
        "event_ts": ts,
        "previous_message": before,
        **details,
    }


def _payload(workspace: Workspace, channel: Channel, event: JsonObject) -> JsonObject:
    """Wrap an event; its id is unique because no two events share ts and type."""
    digits = event["event_ts"].replace(".", "")
    bot = {
        "enterprise_id": None,
        "team_id": TEAM,
        "user_id": BOT_USER,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": "playground",
        "team_id": TEAM,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{event['type'][0].upper()}{digits}",
        "event_time": int(event["event_ts"].partition(".")[0]),
        "authorizations": [bot],
        "is_ext_shared_channel": is_shared(workspace, channel.members),
        "event_context": f"4-{channel.id}-{digits}",
    }
