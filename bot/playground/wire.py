"""The workspace's nouns as Slack writes them in answers and events."""

from collections.abc import Iterable

from bot.playground.composer import client_msg_id
from bot.playground.workspace import (
    BOT_USER,
    TEAM,
    Channel,
    JsonObject,
    Message,
    Person,
    Workspace,
)

APP = "A0LINEFEED"


def message_json(
    workspace: Workspace, message: Message, *, has_metadata: bool = False
) -> JsonObject:
    """Return a message without what Slack keeps to itself: the Markdown it came as."""
    person = workspace.people.get(message.user)
    optional = {
        "subtype": message.subtype,
        "blocks": list(message.blocks),
        "files": [_file(message, name) for name in message.files],
        "metadata": message.metadata if has_metadata else None,
    }
    return {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": person.team if person else TEAM,
        **{name: value for name, value in optional.items() if value},
        **_author(message),
        **_place(workspace, message),
        **_edited(message),
    }


def _author(message: Message) -> JsonObject:
    """Return what tells an app's message from a person's."""
    if message.bot_id:
        return {"bot_id": message.bot_id, "app_id": APP}
    return {"client_msg_id": client_msg_id(message)}


def _place(workspace: Workspace, message: Message) -> JsonObject:
    """Return how a message stands in its thread, if it is part of one."""
    if message.is_reply:
        parent = workspace.message(message.channel, message.thread_ts)
        author = {"parent_user_id": parent.user} if parent else {}
        return {"thread_ts": message.thread_ts, **author}
    replies = workspace.thread(message.channel, message.ts)[1:]
    if not replies:
        return {}
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "latest_reply": replies[-1].ts,
    }


def _edited(message: Message) -> JsonObject:
    if not message.is_edited:
        return {}
    return {"edited": {"user": message.user, "ts": message.ts}}


def _file(message: Message, name: str) -> JsonObject:
    file_id = f"F{message.ts.replace('.', '')}{message.files.index(name)}"
    return {"id": file_id, "name": name, "title": name, "mode": "hosted"}


def tombstone_json(thread_ts: str) -> JsonObject:
    """Return what stands at the head of a thread whose parent was deleted."""
    return {
        "type": "message",
        "subtype": "tombstone",
        "hidden": True,
        "user": "USLACKBOT",
        "text": "This message was deleted.",
        "ts": thread_ts,
        "thread_ts": thread_ts,
    }


def person_json(person: Person) -> JsonObject:
    """Return a member as `users.info` does."""
    return {
        "id": person.id,
        "team_id": person.team,
        "name": person.name,
        "real_name": person.name,
        "deleted": False,
        "is_bot": bool(person.bot_id),
        "profile": {"real_name": person.name, "display_name": person.name},
    }


def channel_json(workspace: Workspace, channel: Channel) -> JsonObject:
    """Return a channel as `conversations.info` does."""
    kind: JsonObject = {f"is_{channel.kind}": True}
    if channel.kind == "im":
        others = channel.members - {BOT_USER}
        kind["user"] = next(iter(others), BOT_USER)
    else:
        kind["name"] = channel.name
    return {
        "id": channel.id,
        **kind,
        "is_member": BOT_USER in channel.members,
        "is_ext_shared": is_shared(workspace, channel.members),
    }


def is_shared(workspace: Workspace, members: Iterable[str]) -> bool:
    """Say whether people of another workspace are among the members."""
    people = workspace.people
    return any(people[user].team != TEAM for user in members if user in people)
