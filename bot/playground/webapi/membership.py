"""Who is in a channel, and whether it is still open: what people do, and the app.

Each change stands in the channel as a message of its own, as in Slack. For private
channels Slack documents `group_join` and the like too, but lists only `channel_join`
among the messages that it sends today:
https://docs.slack.dev/reference/events/message, read 2026-11.

Tests drive what people do here; the page does not offer it yet.
"""

from dataclasses import replace

from bot.playground.answer import RefusedError, warnings
from bot.playground.jsonobject import JsonObject
from bot.playground.people.composer import SpeechError, open_channel
from bot.playground.webapi.conversations import named_channel
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import BOT_USER, GENERAL
from bot.playground.workspace.message import Message
from bot.playground.workspace.state import Workspace
from bot.playground.workspace.wire import channel_json

_NOTES = {
    "channel_archive": "archived the channel",
    "channel_join": "has joined the channel",
    "channel_leave": "has left the channel",
    "channel_unarchive": "un-archived the channel",
}


def archive(workspace: Workspace, user: str, channel: str) -> Channel:
    """Close a channel, as one of its members: it can be read, and not written to.

    Raises:
        SpeechError: if the person is no member, it is closed already, or it is a DM.
    """
    place = _place(workspace, user, channel)
    workspace.add(_note(workspace, place, user, "channel_archive"))
    closed = replace(place, is_archived=True)
    workspace.set_channel("archived", closed, user)
    return closed


def unarchive(workspace: Workspace, user: str, channel: str) -> Channel:
    """Open an archived channel again.

    Raises:
        SpeechError: if there is no such channel, or it is not archived.
    """
    place = workspace.channels.get(channel)
    if place is None or not place.is_archived:
        raise SpeechError(f"{channel} is not archived.")
    opened = replace(place, is_archived=False)
    workspace.set_channel("unarchived", opened, user)
    workspace.add(_note(workspace, opened, user, "channel_unarchive"))
    return opened


def invite(workspace: Workspace, user: str, channel: str, guest: str) -> Channel:
    """Bring somebody, or the bot, into a channel.

    Raises:
        SpeechError: if the person is no member, or the guest is one or does not exist.
    """
    place = _place(workspace, user, channel)
    if guest not in workspace.people or guest in place.members:
        raise SpeechError(f"{guest} cannot be invited to {place.name}.")
    return _enter(workspace, place, guest, inviter=user)


def kick(workspace: Workspace, user: str, channel: str, member: str) -> Channel:
    """Remove somebody, or the bot, from a channel.

    Raises:
        SpeechError: if one of the two is no member.
    """
    place = _place(workspace, user, channel)
    if member not in place.members:
        raise SpeechError(f"{member} is no member of {place.name}.")
    return _exit(workspace, place, member, actor=user)


def join(workspace: Workspace, user: str, channel: str) -> Channel:
    """Enter a public channel, as a person.

    Raises:
        SpeechError: if it is not public or archived, or the person is a member.
    """
    place = workspace.channels.get(channel)
    if place is None or place.kind != "channel" or place.is_archived:
        raise SpeechError(f"Nobody can join {channel}.")
    if user in place.members or user not in workspace.people:
        raise SpeechError(f"{user} cannot join {place.name}.")
    return _enter(workspace, place, user)


def leave(workspace: Workspace, user: str, channel: str) -> Channel:
    """Leave a channel, as a person.

    Raises:
        SpeechError: if the person is no member, or it is a DM.
    """
    return _exit(workspace, _place(workspace, user, channel), user)


def join_as_app(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Answer `conversations.join`.

    Source: https://docs.slack.dev/reference/methods/conversations.join, read 2026-11.
    """
    place = named_channel(workspace, str(arguments.get("channel") or ""))
    if place is None or (place.kind != "channel" and BOT_USER not in place.members):
        raise RefusedError("channel_not_found")
    if place.kind != "channel":
        raise RefusedError("method_not_supported_for_channel_type")
    if place.is_archived:
        raise RefusedError("is_archived")
    if BOT_USER not in place.members:
        place = _enter(workspace, place, BOT_USER)
        return {"channel": channel_json(workspace, place)}
    known = {"channel": channel_json(workspace, place)}
    return known | warnings("already_in_channel")


def leave_as_app(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Answer `conversations.leave`.

    Source: https://docs.slack.dev/reference/methods/conversations.leave, read 2026-11,
    whose answer to an app that is not there says `ok: false` without an error.
    """
    place = named_channel(workspace, str(arguments.get("channel") or ""))
    is_member = place is not None and BOT_USER in place.members
    if place is None or (place.kind != "channel" and not is_member):
        raise RefusedError("channel_not_found")
    if place.kind in ("im", "mpim"):
        raise RefusedError("method_not_supported_for_channel_type")
    if not is_member:
        return {"ok": False, "not_in_channel": True}
    refusals = {
        "is_archived": place.is_archived,
        "cant_leave_general": place.id == GENERAL,
        "last_member": len(place.members) == 1,
    }
    for error, is_refused in refusals.items():
        if is_refused:
            raise RefusedError(error)
    _exit(workspace, place, BOT_USER)
    return {}


def _place(workspace: Workspace, user: str, channel: str) -> Channel:
    """Return a channel, not a DM, that a person may change."""
    place = open_channel(workspace, user, channel)
    if place.kind in ("im", "mpim"):
        raise SpeechError("A direct conversation stays as it is.")
    return place


def _enter(
    workspace: Workspace, place: Channel, user: str, inviter: str = ""
) -> Channel:
    entered = replace(place, members=place.members | {user})
    workspace.set_channel("joined", entered, user, inviter)
    note = _note(workspace, entered, user, "channel_join")
    workspace.add(replace(note, inviter=inviter))
    return entered


def _exit(workspace: Workspace, place: Channel, user: str, actor: str = "") -> Channel:
    left = replace(place, members=place.members - {user})
    workspace.set_channel("left", left, user, actor or user)
    workspace.add(_note(workspace, left, user, "channel_leave"))
    return left


def _note(workspace: Workspace, place: Channel, user: str, subtype: str) -> Message:
    """Return the message that tells of a change, not yet stored."""
    ts, text = workspace.next_ts(), f"<@{user}> {_NOTES[subtype]}"
    return Message(place.id, ts, user, text, subtype=subtype)
