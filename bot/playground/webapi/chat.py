"""The Web API methods that write: chat.*, assistant.threads.setStatus.

Each takes the workspace and a call's arguments, and returns the answer's fields.
"""

from dataclasses import replace
from typing import cast

from bot.playground.answer import RefusedError, warnings
from bot.playground.content.rules import TRUNCATED, Content, read_content, split_text
from bot.playground.jsonobject import JsonObject
from bot.playground.webapi.conversations import find_channel
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import BOT_USER, ORIGIN
from bot.playground.workspace.message import Message, Status, app_message
from bot.playground.workspace.state import Workspace
from bot.playground.workspace.wire import message_json

MAX_LOADING_MESSAGES = 10
MAX_LOADING_CHARS = 50
"""https://docs.slack.dev/reference/methods/assistant.threads.setStatus,
read 2026-11."""


def post_message(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Store a message of the app; a long text becomes several, the first is named."""
    channel = _open_channel(workspace, arguments.get("channel"))
    thread_ts = str(arguments.get("thread_ts") or "")
    check_parent(workspace, channel.id, thread_ts)
    is_broadcast = bool(thread_ts) and arguments.get("reply_broadcast") is True
    content = read_content(arguments)
    posted = [
        workspace.add(
            replace(
                content.into(app_message(channel.id, workspace.next_ts(), thread_ts)),
                text=text,
                subtype="thread_broadcast" if is_broadcast else "",
                metadata=arguments.get("metadata") or None,
            )
        )
        for text in split_text(content)
    ]
    return _posted(workspace, posted[0], content)


def update(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Change a message of the app; metadata stays unless it is given.

    With blocks it is not marked as edited, with a text alone it is, and its old blocks
    go; with neither they stay: https://docs.slack.dev/reference/methods/chat.update,
    read 2026-11. That `markdown_text` counts as blocks is not documented: our choice.
    """
    message = own_message(workspace, arguments, "cant_update_message")
    if workspace.channels[message.channel].is_archived:
        raise RefusedError("is_inactive")
    if workspace.is_streaming(message):
        raise RefusedError("streaming_state_conflict")
    _check_age(workspace, message)
    content = read_content(arguments, is_short=True)
    _check_kind_of_blocks(message, arguments)
    metadata = message.metadata
    if arguments.get("metadata") is not None:
        metadata = arguments["metadata"] or None
    names = ("text", "blocks", "markdown_text")
    if any(arguments.get(name) is not None for name in names):
        message = content.into(message)
    edited = workspace.edit(
        replace(message, metadata=metadata), is_marked=not message.blocks
    )
    return _posted(workspace, edited, content) | {"text": edited.text}


def delete(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Remove a message of the app.

    One that streams goes too, and its stream with it: not documented, our choice.
    """
    message = own_message(workspace, arguments, "cant_delete_message")
    workspace.delete(message.channel, message.ts)
    return {"channel": message.channel, "ts": message.ts}


def post_ephemeral(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Show a message to one person; it can be neither read nor changed later."""
    channel = _open_channel(workspace, arguments.get("channel"))
    user = str(arguments.get("user") or "")
    if user not in channel.members:
        raise RefusedError("user_not_in_channel")
    content = read_content(arguments | {"metadata": None}, is_short=True)
    thread_ts = str(arguments.get("thread_ts") or "")
    message = app_message(channel.id, workspace.next_ts(), thread_ts)
    shown = workspace.add_ephemeral(replace(content.into(message), only_for=user))
    return {"message_ts": shown.ts}


def set_status(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Show what the app does in a thread; an empty status clears it.

    It vanishes by itself, see `Workspace.statuses`. The word for what is missing or too
    much is not documented: our choice.
    """
    channel = find_channel(workspace, arguments.get("channel_id"))
    thread_ts = str(arguments.get("thread_ts") or "")
    if not workspace.thread(channel.id, thread_ts):
        raise RefusedError("invalid_thread_ts")
    text: object = arguments.get("status")
    if not isinstance(text, str):
        raise RefusedError("invalid_arguments")
    _check_loading(arguments.get("loading_messages") or [])
    workspace.set_status(Status(channel.id, thread_ts, text))
    return {}


def get_permalink(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Return the address of a message; a reply's names its thread."""
    channel = find_channel(workspace, arguments.get("channel"))
    ts = str(arguments.get("message_ts") or "")
    message = workspace.message(channel.id, ts)
    if message is None:
        raise RefusedError("message_not_found")
    place = f"{ORIGIN}/archives/{channel.id}/p{ts.replace('.', '')}"
    if message.is_reply:
        place += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": place}


def check_parent(workspace: Workspace, channel: str, thread_ts: str) -> None:
    """Refuse a reply to a reply, and one in a thread that does not exist.

    Raises:
        RefusedError: if it is one of these; no `thread_ts` is none.
    """
    if not thread_ts:
        return
    parent = workspace.message(channel, thread_ts)
    if parent is not None and parent.is_reply:
        raise RefusedError("cannot_reply_to_message")
    if not workspace.thread(channel, thread_ts):
        raise RefusedError("thread_not_found")


def own_message(workspace: Workspace, arguments: JsonObject, error: str) -> Message:
    """Return the app's message that a call names; a person's id names no channel.

    Raises:
        RefusedError: if there is none, or the app may not reach it; `error` if it is
            another's.
    """
    name = str(arguments.get("channel"))
    if name not in workspace.channels:
        raise RefusedError("channel_not_found")
    channel = find_channel(workspace, name)
    message = workspace.message(channel.id, str(arguments.get("ts") or ""))
    if message is None:
        raise RefusedError("message_not_found")
    if message.user != BOT_USER:
        raise RefusedError(error)
    return message


def _open_channel(workspace: Workspace, name: object) -> Channel:
    channel = find_channel(workspace, name)
    if channel.is_archived:
        raise RefusedError("is_archived")
    return channel


def _check_age(workspace: Workspace, message: Message) -> None:
    """Refuse an edit that the workspace's settings allow no more."""
    window_s = workspace.edit_window_s
    if window_s is not None and workspace.clock() > float(message.ts) + window_s:
        raise RefusedError("edit_window_closed")


def _check_kind_of_blocks(message: Message, arguments: JsonObject) -> None:
    """Refuse other blocks in place of rich text; Markdown becomes rich text.

    A text without blocks removes the old ones, except, as others saw, those of a
    message that was streamed.
    """
    kinds = {block["type"] for block in arguments.get("blocks") or ()}
    is_rich = bool(arguments.get("markdown_text")) or kinds & {"markdown", "rich_text"}
    was_rich = any(block["type"] == "rich_text" for block in message.blocks)
    if was_rich and not is_rich and (kinds or message.is_streamed):
        raise RefusedError("block_mismatch")


def _check_loading(messages: object) -> None:
    if not isinstance(messages, list):
        raise RefusedError("invalid_arguments")
    texts = cast("list[object]", messages)
    is_short = all(
        isinstance(text, str) and len(text) <= MAX_LOADING_CHARS for text in texts
    )
    if len(texts) > MAX_LOADING_MESSAGES or not is_short:
        raise RefusedError("invalid_arguments")


def _posted(workspace: Workspace, message: Message, content: Content) -> JsonObject:
    names = (TRUNCATED,) if content.is_truncated else ()
    return {
        "channel": message.channel,
        "ts": message.ts,
        "message": message_json(workspace, message, has_metadata=True),
        **warnings(*names),
    }
