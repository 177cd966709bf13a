"""The Web API methods that tell who and what there is: people, channels, the app.

Each takes the workspace and a call's arguments, and returns the answer's fields.
"""

from collections.abc import Sequence

from bot.playground.answer import RefusedError
from bot.playground.jsonobject import JsonObject
from bot.playground.webapi.conversations import find_channel
from bot.playground.webapi.cursor import read_cursor, write_cursor
from bot.playground.workspace.channel import Channel, ChannelKind
from bot.playground.workspace.file import File
from bot.playground.workspace.identity import APP, BOT_ID, BOT_USER, ORIGIN, TEAM
from bot.playground.workspace.state import Workspace
from bot.playground.workspace.wire import channel_json, file_json, person_json

DEFAULT_CHANNELS = 100
MAX_CHANNELS = 999
"""https://docs.slack.dev/reference/methods/users.conversations and
https://docs.slack.dev/reference/methods/conversations.list, read 2026-11."""

_KINDS: dict[str, ChannelKind] = {
    "public_channel": "channel",
    "private_channel": "group",
    "mpim": "mpim",
    "im": "im",
}


def describe_app(_: Workspace, _arguments: JsonObject) -> JsonObject:
    """Say who the app is."""
    return {
        "url": f"{ORIGIN}/",
        "team": "Playground",
        "team_id": TEAM,
        "user": "linefeed",
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "app_id": APP,
        "is_enterprise_install": False,
    }


def describe_person(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Return a member."""
    person = workspace.people.get(str(arguments.get("user")))
    if person is None:
        raise RefusedError("user_not_found")
    return {"user": person_json(workspace, person)}


def describe(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Return a channel; a public one also to an app that is no member."""
    channel = _seen_channel(workspace, arguments)
    return {"channel": channel_json(workspace, channel)}


def list_members(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Return a page of the ids of a channel's members, in their own order."""
    members = sorted(_seen_channel(workspace, arguments).members)
    shown, cursor = page(members, arguments)
    return {"members": list(shown), "response_metadata": {"next_cursor": cursor}}


def describe_file(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Return a file that was shared where the app is.

    Source: https://docs.slack.dev/reference/methods/files.info, read 2026-11.
    """
    file = seen_file(workspace, str(arguments.get("file") or ""))
    if file is None:
        raise RefusedError("file_not_found")
    return {
        "file": file_json(workspace, file),
        "comments": [],
        "response_metadata": {"next_cursor": ""},
    }


def seen_file(workspace: Workspace, file_id: str) -> File | None:
    """Return a file, if it was shared in a channel of the app."""
    file = workspace.files.get(file_id)
    channel = workspace.channels.get(file.channel) if file else None
    return file if channel and BOT_USER in channel.members else None


def list_channels(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Return a page of the channels of the wanted types that the app may see."""
    kinds = asked_kinds(arguments)
    channels = [
        channel
        for channel in workspace.channels.values()
        if channel.kind in kinds
        and (channel.kind == "channel" or BOT_USER in channel.members)
    ]
    return _listing(workspace, channels, arguments)


def list_own_channels(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Return a page of the channels that a user, usually the app, is a member of.

    Another user's private channels are listed only where the app is a member too.
    """
    kinds = asked_kinds(arguments)
    user = str(arguments.get("user") or BOT_USER)
    if user not in workspace.people:
        raise RefusedError("user_not_found")
    channels = [
        channel
        for channel in workspace.channels.values()
        if channel.kind in kinds
        and user in channel.members
        and (channel.kind == "channel" or BOT_USER in channel.members)
    ]
    listing = _listing(workspace, channels, arguments)
    for channel in listing["channels"]:
        # "Note how num_members and is_member are not returned" on the method's page.
        channel.pop("is_member", None)
        channel.pop("num_members", None)
    return listing


def asked_kinds(arguments: JsonObject) -> frozenset[ChannelKind]:
    """Return the kinds of channels that a call's `types` name.

    Raises:
        RefusedError: if a type does not exist.
    """
    names = str(arguments.get("types") or "public_channel").split(",")
    types = [name.strip() for name in names]
    if not all(name in _KINDS for name in types):
        raise RefusedError("invalid_types")
    return frozenset(_KINDS[name] for name in types)


def open_direct(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Return the DM with one person, made if there was none."""
    user = str(arguments.get("users") or "")
    if user not in workspace.people or user == BOT_USER:
        raise RefusedError("user_not_found")
    channel = workspace.direct_channel(user)
    if channel is None:
        members = frozenset({user, BOT_USER})
        name = workspace.people[user].name
        channel = Channel(f"D0{user.removeprefix('U0')}", name, "im", members)
        workspace.add_channel(channel)
    return {"channel": {"id": channel.id}}


def page(ids: Sequence[str], arguments: JsonObject) -> tuple[Sequence[str], str]:
    """Return the ids of one page, and the cursor of the next or nothing.

    Raises:
        RefusedError: if the limit is no number from 1 to 999, or the cursor names
            nothing that is listed.
    """
    limit = arguments.get("limit") or DEFAULT_CHANNELS
    if not isinstance(limit, int) or not 0 < limit <= MAX_CHANNELS:
        raise RefusedError("invalid_limit")
    cursor = str(arguments.get("cursor") or "")
    start = _position(cursor, ids) if cursor else 0
    end = start + limit
    rest = ids[end:]
    return ids[start:end], write_cursor("team", rest[0]) if rest else ""


def _seen_channel(workspace: Workspace, arguments: JsonObject) -> Channel:
    name = str(arguments.get("channel"))
    channel = workspace.channels.get(name)
    if channel is None or channel.kind != "channel":
        return find_channel(workspace, name)
    return channel


def _listing(
    workspace: Workspace, channels: list[Channel], arguments: JsonObject
) -> JsonObject:
    """Return a page of channels; archived ones count though they are left out.

    "Fewer than the requested number of items may be returned, even if the end of the
    list hasn't been reached", the methods' pages say: so it is here.
    """
    shown, cursor = page([channel.id for channel in channels], arguments)
    is_whole = arguments.get("exclude_archived") is not True
    listed = [
        channel_json(workspace, workspace.channels[name])
        for name in shown
        if is_whole or not workspace.channels[name].is_archived
    ]
    return {"channels": listed, "response_metadata": {"next_cursor": cursor}}


def _position(cursor: str, ids: Sequence[str]) -> int:
    start = read_cursor(cursor, "team")
    if start not in ids:
        raise RefusedError("invalid_cursor")
    return ids.index(start)
