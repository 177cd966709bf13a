"""The events of what is no message: reactions, and who comes, goes and closes.

Source: https://docs.slack.dev/reference/events, read 2026-11, each on its own page.
"""

from bot.playground.jsonobject import JsonObject
from bot.playground.workspace.change import Change
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import BOT_USER, TEAM
from bot.playground.workspace.state import Workspace


def reaction_events(
    workspace: Workspace, channel: Channel, change: Change
) -> list[JsonObject]:
    """Return the event of an emoji that came or went, the app's own too."""
    message = change.message
    if message is None:
        return []
    item = {"type": "message", "channel": channel.id, "ts": message.ts}
    # A message of nobody has no `item_user`, says the page of `reaction_added`.
    author = {"item_user": message.user} if message.user else {}
    return [
        {
            "type": f"reaction_{'added' if change.kind == 'reacted' else 'removed'}",
            "user": change.user,
            "reaction": change.emoji,
            **author,
            "item": {**item, "channel_type": channel.kind},
            "event_ts": workspace.next_ts(),
        }
    ]


def place_events(
    workspace: Workspace, channel: Channel, change: Change
) -> list[JsonObject]:
    """Return the event of a channel that somebody entered, left, closed or opened.

    An archived public channel is told to apps that are no members, too. Of its own
    leaving the app hears `channel_left` or `group_left` only, which is our choice: the
    page of `channel_left` says that it "is sometimes withheld".
    """
    is_private = channel.kind != "channel"
    place = "group" if is_private else "channel"
    is_member = BOT_USER in channel.members
    ts = workspace.next_ts()
    if change.kind == "left" and change.user == BOT_USER:
        known = {"channel": channel.id, "actor_id": change.actor, "event_ts": ts}
        return [{"type": f"{place}_left", **known}]
    if change.kind in ("archived", "unarchived"):
        name = f"{place}_{change.kind.removesuffix('d')}"
        event = {"type": name, "channel": channel.id, "event_ts": ts}
        user = {} if is_private else {"user": change.user}
        return [event | user] if is_member or not is_private else []
    return [_membership(workspace, channel, change, ts)] if is_member else []


def _membership(
    workspace: Workspace, channel: Channel, change: Change, ts: str
) -> JsonObject:
    """Return `member_joined_channel` or `member_left_channel`."""
    person = workspace.people.get(change.user)
    is_guest = change.kind == "joined" and change.actor
    return {
        "type": f"member_{change.kind}_channel",
        "user": change.user,
        "channel": channel.id,
        "channel_type": channel.id[0],
        "team": person.team if person else TEAM,
        **({"inviter": change.actor} if is_guest else {}),
        "event_ts": ts,
    }
