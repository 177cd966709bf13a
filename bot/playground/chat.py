"""The Web API methods that write: chat.*, reactions.add, assistant.threads.setStatus.

Each takes the workspace and a call's arguments, and returns the answer's fields.
"""

from dataclasses import replace

from bot.playground.answer import RefusedError
from bot.playground.content import Content, read_content, split_text
from bot.playground.conversations import find_channel
from bot.playground.wire import message_json
from bot.playground.workspace import (
    BOT_ID,
    BOT_USER,
    JsonObject,
    Message,
    Status,
    Workspace,
)


def post_message(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Store a message of the app; a long text becomes several, the first is named."""
    channel = find_channel(workspace, arguments.get("channel"))
    thread_ts = str(arguments.get("thread_ts") or "")
    _check_parent(workspace, channel.id, thread_ts)
    content = read_content(arguments)
    posted = [
        workspace.add(
            Message(
                channel=channel.id,
                ts=workspace.next_ts(),
                user=BOT_USER,
                text=text,
                thread_ts=thread_ts,
                blocks=content.blocks,
                markdown=content.markdown,
                bot_id=BOT_ID,
                metadata=arguments.get("metadata") or None,
            )
        )
        for text in split_text(content)
    ]
    return _posted(workspace, posted[0], content)


def update(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Change a message of the app; metadata stays unless it is given."""
    message = _own_message(workspace, arguments, "cant_update_message")
    content = read_content(arguments, is_update=True)
    metadata = message.metadata
    if arguments.get("metadata") is not None:
        metadata = arguments["metadata"] or None
    edited = workspace.edit(
        replace(
            message,
            text=content.text,
            blocks=content.blocks,
            markdown=content.markdown,
            metadata=metadata,
        )
    )
    return _posted(workspace, edited, content) | {"text": edited.text}


def delete(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Remove a message of the app."""
    message = _own_message(workspace, arguments, "cant_delete_message")
    workspace.delete(message.channel, message.ts)
    return {"channel": message.channel, "ts": message.ts}


def post_ephemeral(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Check a message for one person's eyes; it is not stored, as in Slack."""
    channel = find_channel(workspace, arguments.get("channel"))
    if arguments.get("user") not in channel.members:
        raise RefusedError("user_not_in_channel")
    read_content(arguments)
    return {"message_ts": workspace.next_ts()}


def set_status(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Show what the app does in a thread; an empty status clears it."""
    channel = find_channel(workspace, arguments.get("channel_id"))
    thread_ts = str(arguments.get("thread_ts") or "")
    if not workspace.thread(channel.id, thread_ts):
        raise RefusedError("invalid_thread_ts")
    text = str(arguments.get("status") or "")
    workspace.set_status(Status(channel.id, thread_ts, text))
    return {}


def add_reaction(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Put the app's emoji on a message."""
    channel = find_channel(workspace, arguments.get("channel"))
    name = str(arguments.get("name") or "")
    if not name:
        raise RefusedError("invalid_name")
    ts = str(arguments.get("timestamp") or "")
    if workspace.message(channel.id, ts) is None:
        raise RefusedError("message_not_found")
    reaction = (channel.id, ts, name)
    if reaction in workspace.reactions:
        raise RefusedError("already_reacted")
    workspace.reactions.add(reaction)
    return {}


def _check_parent(workspace: Workspace, channel: str, thread_ts: str) -> None:
    if not thread_ts:
        return
    parent = workspace.message(channel, thread_ts)
    if parent is not None and parent.is_reply:
        raise RefusedError("cannot_reply_to_message")
    if not workspace.thread(channel, thread_ts):
        raise RefusedError("thread_not_found")


def _own_message(workspace: Workspace, arguments: JsonObject, error: str) -> Message:
    """Return the app's message that a call names; `error` refuses another's."""
    channel = workspace.channels.get(str(arguments.get("channel")))
    if channel is None:
        raise RefusedError("channel_not_found")
    message = workspace.message(channel.id, str(arguments.get("ts") or ""))
    if message is None:
        raise RefusedError("message_not_found")
    if message.user != BOT_USER:
        raise RefusedError(error)
    return message


def _posted(workspace: Workspace, message: Message, content: Content) -> JsonObject:
    warning = "message_truncated" if content.is_truncated else ""
    return {
        "channel": message.channel,
        "ts": message.ts,
        "message": message_json(workspace, message, has_metadata=True),
        **({"warning": warning} if warning else {}),
    }
