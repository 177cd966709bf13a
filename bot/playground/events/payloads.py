"""Which changes of the workspace an app hears of, as payloads of the Events API.

An app hears what it is subscribed to, if it has the scope behind the event and, for
what happens inside a channel, if it is a member there.
Source: https://docs.slack.dev/reference/events, read 2026-11.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bot.playground.events.messages import message_events
from bot.playground.events.places import place_events, reaction_events
from bot.playground.jsonobject import JsonObject
from bot.playground.manifest import DEFAULT_SCOPES, DEFAULT_SUBSCRIPTIONS, PLURALS
from bot.playground.workspace.change import Change
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import APP, BOT_USER, TEAM
from bot.playground.workspace.state import Workspace
from bot.playground.workspace.wire import is_shared

# "Required Scopes" on each event's page below the source above; `*` stands for the
# kind of the channel. Of archiving and leaving the pages of today name none, those on
# api.slack.com did: the stricter holds.
_SCOPES = {
    "app_mention": "app_mentions:read",
    "channel_archive": "channels:read",
    "channel_left": "channels:read",
    "channel_unarchive": "channels:read",
    "group_archive": "groups:read",
    "group_left": "groups:read",
    "group_unarchive": "groups:read",
    "member_joined_channel": "*:read",
    "member_left_channel": "*:read",
    "message": "*:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
}


def payloads(
    workspace: Workspace,
    change: Change,
    subscriptions: Collection[str] = DEFAULT_SUBSCRIPTIONS,
    scopes: Collection[str] = DEFAULT_SCOPES,
) -> tuple[JsonObject, ...]:
    """Return the payloads of a change, in the order they are sent.

    `subscriptions` are the names in a manifest's `bot_events`. An event of anything
    but a new message takes a `next_ts` of its own.
    """
    channel = _place(workspace, change)
    if channel is None:
        return ()
    heard = _Hearing(channel, subscriptions, scopes)
    return tuple(
        payload(workspace, channel, event)
        for event in _events(workspace, channel, change)
        if heard.has(event)
    )


def tokens_revoked(workspace: Workspace) -> JsonObject:
    """Return the payload that tells of the end of the bot's token.

    Source: https://docs.slack.dev/reference/events/tokens_revoked, read 2026-11.
    """
    tokens = {"oauth": [], "bot": [BOT_USER]}
    ts = workspace.next_ts()
    event = {"type": "tokens_revoked", "tokens": tokens, "event_ts": ts}
    return payload(workspace, None, event)


def app_uninstalled(workspace: Workspace) -> JsonObject:
    """Return the payload that tells of the end of the installation.

    Source: https://docs.slack.dev/reference/events/app_uninstalled, read 2026-11; it
    may come before or after `tokens_revoked`.
    """
    event = {"type": "app_uninstalled", "event_ts": workspace.next_ts()}
    return payload(workspace, None, event)


@dataclass(frozen=True, slots=True)
class _Hearing:
    """What the app hears of one channel."""

    channel: Channel
    subscriptions: Collection[str]
    scopes: Collection[str]

    def has(self, event: JsonObject) -> bool:
        name = event["type"]
        plural = PLURALS[self.channel.kind]
        subscription = f"message.{plural}" if name == "message" else name
        scope = _SCOPES[name].replace("*", plural)
        return subscription in self.subscriptions and scope in self.scopes


def _place(workspace: Workspace, change: Change) -> Channel | None:
    """Return the channel that a change happened in."""
    if change.channel is not None:
        return change.channel
    return workspace.channels.get(change.message.channel) if change.message else None


def _events(
    workspace: Workspace, channel: Channel, change: Change
) -> Iterable[JsonObject]:
    """Return the events of a change, heard or not; of a status there are none."""
    if change.kind in ("joined", "left", "archived", "unarchived"):
        return place_events(workspace, channel, change)
    if BOT_USER not in channel.members:
        return ()
    if change.kind in ("reacted", "unreacted"):
        return reaction_events(workspace, channel, change)
    if change.kind in ("added", "changed", "deleted"):
        return message_events(workspace, channel, change)
    return ()


def payload(
    workspace: Workspace, channel: Channel | None, event: JsonObject
) -> JsonObject:
    """Wrap an event of a channel, or of none.

    Its id is unique because no two events share ts and type.
    """
    digits = event["event_ts"].replace(".", "")
    bot = {
        "enterprise_id": None,
        "team_id": TEAM,
        "user_id": BOT_USER,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    wrapped: JsonObject = {
        "token": "playground",
        "team_id": TEAM,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{event['type'][0].upper()}{digits}",
        "event_time": int(event["event_ts"].partition(".")[0]),
        "authorizations": [bot],
        "is_ext_shared_channel": False,
    }
    if channel is None:
        return wrapped
    return {
        **wrapped,
        "is_ext_shared_channel": is_shared(workspace, channel.members),
        "event_context": f"4-{channel.id}-{digits}",
    }
