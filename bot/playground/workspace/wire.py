"""The workspace's nouns as Slack writes them in answers and events."""

from collections.abc import Iterable
from urllib.parse import quote

from bot.playground.jsonobject import JsonObject
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.file import File
from bot.playground.workspace.identity import (
    APP,
    BOT_ID,
    BOT_USER,
    GENERAL,
    SLACKBOT,
    TEAM,
)
from bot.playground.workspace.message import Message
from bot.playground.workspace.person import Person
from bot.playground.workspace.state import Workspace

MAX_REPLY_USERS = 5
"""Slack names the first of a thread's authors only; how many is not documented."""

NO_REPLY = "0000000000.000000"
"""The `latest_reply` of a tombstone without replies."""


def message_json(
    workspace: Workspace, message: Message, *, has_metadata: bool = False
) -> JsonObject:
    """Return a message without what Slack keeps to itself: the Markdown it came as.

    Source: https://docs.slack.dev/reference/events/message, read 2026-11.
    """
    optional = {
        "user": message.user,
        "subtype": message.subtype,
        "hidden": message.subtype == "tombstone",
        "username": message.username,
        "inviter": message.inviter,
        "streaming_state": _streaming_state(workspace, message),
        "blocks": list(message.blocks),
        "files": [_attached(workspace, file) for file in message.files],
        "metadata": message.metadata if has_metadata else None,
        "reactions": _reactions(workspace, message),
        "root": _root(workspace, message),
    }
    return {
        "type": "message",
        "ts": message.ts,
        "text": message.text,
        **{name: value for name, value in optional.items() if value},
        **_author(workspace, message),
        **_place(workspace, message),
        **_edited(message),
    }


def _author(workspace: Workspace, message: Message) -> JsonObject:
    """Return what tells an app's message from a person's.

    Most bots' messages have no subtype: `bot_id` and `bot_profile` give them away.
    """
    person = workspace.people.get(message.user)
    team = {"team": person.team if person else TEAM}
    if message.bot_id:
        name = message.username or (person.name if person else message.bot_id)
        profile = {
            "id": message.bot_id,
            "app_id": app_of(message.bot_id),
            "name": name,
            "deleted": False,
            "team_id": team["team"],
        }
        known = {"bot_id": message.bot_id, "app_id": profile["app_id"]}
        return {**team, **known, "bot_profile": profile}
    if message.is_told or message.user == SLACKBOT:
        return {}
    return {**team, "client_msg_id": message.client_msg_id}


def app_of(bot_id: str) -> str:
    """Return the app that a bot belongs to; the ids of others are our choice."""
    return APP if bot_id == BOT_ID else f"A{bot_id.removeprefix('B')}"


def _reactions(workspace: Workspace, message: Message) -> list[JsonObject]:
    """Return who reacted, as on https://docs.slack.dev/reference/methods/reactions.get.

    Slack names not all users of a popular emoji; where it stops is not documented, so
    that here all are named.
    """
    shown = workspace.reactions.get((message.channel, message.ts), {})
    return [
        {"name": name, "users": list(users), "count": len(users)}
        for name, users in shown.items()
    ]


def _root(workspace: Workspace, message: Message) -> JsonObject | None:
    """Return the parent that a reply sent to the channel too carries with it.

    Source: https://docs.slack.dev/reference/events/message/thread_broadcast,
    read 2026-11.
    """
    if message.subtype != "thread_broadcast":
        return None
    parent = workspace.message(message.channel, message.thread_ts)
    return message_json(workspace, parent) if parent else None


def _streaming_state(workspace: Workspace, message: Message) -> str:
    """Return how a stream stands; Slack documents the field, not its values."""
    if not message.is_streamed:
        return ""
    return "in_progress" if workspace.is_streaming(message) else "completed"


def _place(workspace: Workspace, message: Message) -> JsonObject:
    """Return how a message stands in its thread, if it is part of one."""
    if message.is_reply:
        parent = workspace.message(message.channel, message.thread_ts)
        author = {"parent_user_id": parent.user} if parent else {}
        return {"thread_ts": message.thread_ts, **author}
    replies = [m for m in workspace.thread(message.channel, message.ts) if m.is_reply]
    is_stone = message.subtype == "tombstone"
    if not replies and not is_stone:
        return {}
    authors = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": authors[:MAX_REPLY_USERS],
        "reply_users_count": len(authors),
        "latest_reply": replies[-1].ts if replies else NO_REPLY,
        "is_locked": False,
        **({"parent_user_id": message.user} if is_stone else {}),
    }


def _edited(message: Message) -> JsonObject:
    if not message.is_edited:
        return {}
    return {"edited": {"user": message.user, "ts": message.edited_ts or message.ts}}


def file_json(workspace: Workspace, file: File) -> JsonObject:
    """Return a file as `files.info` does.

    Source: https://docs.slack.dev/reference/objects/file-object, read 2026-11.
    """
    place = f"{workspace.files_origin}/files-pri/{TEAM}-{file.id}"
    ending = file.name.rpartition(".")[2].lower() if "." in file.name else "text"
    created_s = int(workspace.clock())
    return {
        "id": file.id,
        "created": created_s,
        "timestamp": created_s,
        "name": file.name,
        "title": file.name,
        "mimetype": file.mimetype,
        "filetype": ending,
        "pretty_type": ending.upper(),
        "user": file.user,
        "size": file.size_bytes,
        "mode": "hosted",
        "is_external": False,
        "is_public": workspace.channels[file.channel].kind == "channel",
        "file_access": "visible",
        "url_private": f"{place}/{quote(file.name)}",
        "url_private_download": f"{place}/download/{quote(file.name)}",
    }


def _attached(workspace: Workspace, file: File) -> JsonObject:
    """Return a file in a message; one from another workspace has to be asked for.

    Source: https://docs.slack.dev/apis/slack-connect, "Files", read 2026-11.
    """
    person = workspace.people.get(file.user)
    if person is None or person.team == TEAM:
        return file_json(workspace, file)
    return {
        "id": file.id,
        "mode": "file_access",
        "file_access": "check_file_info",
        "created": 0,
        "timestamp": 0,
        "user": "",
    }


def person_json(workspace: Workspace, person: Person) -> JsonObject:
    """Return a member as `users.info` does.

    Source: https://docs.slack.dev/reference/objects/user-object, read 2026-11. A
    stranger is of another workspace and in no channel that the app can see.
    """
    mine = (c for c in workspace.channels.values() if BOT_USER in c.members)
    is_met = any(person.id in channel.members for channel in mine)
    return {
        "id": person.id,
        "team_id": person.team,
        "name": person.name,
        "real_name": person.name,
        "deleted": person.is_deleted,
        "is_bot": bool(person.bot_id),
        "is_app_user": False,
        "is_restricted": person.is_restricted or person.is_ultra_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_stranger": person.team != TEAM and not is_met,
        "profile": profile_json(person),
    }


def profile_json(person: Person) -> JsonObject:
    """Return how a person is shown to others."""
    names = ("real_name", "display_name")
    normalized = {f"{name}_normalized": person.name for name in names}
    profile = {**dict.fromkeys(names, person.name), **normalized, "team": person.team}
    if not person.bot_id:
        return profile
    return {**profile, "bot_id": person.bot_id, "api_app_id": app_of(person.bot_id)}


def channel_json(workspace: Workspace, channel: Channel) -> JsonObject:
    """Return a channel as `conversations.info` does."""
    is_shared_out = is_shared(workspace, channel.members)
    if channel.kind == "im":
        others = channel.members - {BOT_USER}
        user = next(iter(others), BOT_USER)
        known = {"is_im": True, "user": user, "is_archived": channel.is_archived}
        return {"id": channel.id, **known, "is_ext_shared": is_shared_out}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind in ("group", "mpim"),
        "is_im": False,
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "channel",
        "is_archived": channel.is_archived,
        "is_general": channel.id == GENERAL,
        "is_shared": is_shared_out,
        "is_ext_shared": is_shared_out,
        "is_org_shared": False,
        "is_member": BOT_USER in channel.members,
        "num_members": len(channel.members),
    }


def is_shared(workspace: Workspace, members: Iterable[str]) -> bool:
    """Say whether people of another workspace are among the members."""
    people = workspace.people
    return any(people[user].team != TEAM for user in members if user in people)
