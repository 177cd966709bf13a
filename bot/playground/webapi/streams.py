"""The Web API methods that stream: chat.startStream, .appendStream, .stopStream.

Each takes the workspace and a call's arguments, and returns the answer's fields.
Sources: https://docs.slack.dev/reference/methods/chat.startStream and its neighbours,
read 2026-11. What they do not say, and others measured, is marked below.
"""

from dataclasses import replace

from bot.playground.answer import RefusedError, warnings
from bot.playground.content.chunks import Growth, arrange, grow, source
from bot.playground.content.metadata import (
    refuse_large_metadata,
    refuse_malformed_metadata,
)
from bot.playground.content.rules import Content, read_blocks, refuse_large_tables
from bot.playground.jsonobject import JsonObject
from bot.playground.webapi.chat import check_parent, own_message
from bot.playground.webapi.conversations import find_channel
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.message import Message, Stream, app_message
from bot.playground.workspace.state import Workspace
from bot.playground.workspace.wire import message_json

_DISPLAYS = ("timeline", "plan")


def start_stream(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Begin a reply that grows; it ends by itself after `Workspace.stream_life_s`.

    Metadata is ignored here, as any argument that Slack does not know.
    """
    channel = find_channel(workspace, arguments.get("channel"))
    if channel.is_archived:
        raise RefusedError("is_archived")
    thread_ts = _parent(workspace, channel, arguments)
    if channel.kind != "im":
        _check_recipient(workspace, channel, arguments)
    display = arguments.get("task_display_mode") or "timeline"
    if display not in _DISPLAYS:
        raise RefusedError("invalid_arguments")
    ends_s = workspace.clock() + workspace.stream_life_s
    growth = grow(Stream(ends_s, is_plan=display == "plan"), arguments)
    message = app_message(channel.id, workspace.next_ts(), thread_ts)
    shown = _shown(replace(message, is_streamed=True), growth.stream)
    workspace.begin_stream(shown, growth.stream)
    return _answer(shown, growth)


def append_stream(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Add to a message that streams; other people are told of it as of an edit.

    That there is an event for each piece is not documented: our choice.
    """
    message, stream = _open_stream(workspace, arguments)
    growth = grow(stream, arguments)
    if growth.stream == stream and not growth.warnings:
        raise RefusedError("no_text")
    shown = _shown(message, growth.stream)
    workspace.grow(shown, growth.stream)
    return _answer(shown, growth)


def stop_stream(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Add the rest and end a stream, its blocks at the bottom."""
    message, stream = _open_stream(workspace, arguments)
    refuse_malformed_metadata(arguments)
    refuse_large_metadata(arguments)
    growth = grow(stream, arguments)
    shown = _shown(message, growth.stream)
    bottom = read_blocks(arguments["blocks"]) if arguments.get("blocks") else ()
    refuse_large_tables((*shown.blocks, *bottom))
    metadata = arguments.get("metadata") or None
    final = replace(shown, blocks=(*shown.blocks, *bottom), metadata=metadata)
    stored = workspace.grow(final, None)
    whole = message_json(workspace, stored, has_metadata=True)
    return _answer(stored, growth) | {"message": whole}


def stop_by_reader(workspace: Workspace, channel: str, ts: str) -> None:
    """End a stream as the person who reads it; what is there stays.

    Raises:
        KeyError: if no such stream was begun, or it has ended.
    """
    message = workspace.message(channel, ts)
    if message is None or not workspace.is_streaming(message):
        raise KeyError(ts)
    stream = workspace.streams[channel, ts]
    ended = replace(stream, chunks=(), is_stopped_by_reader=True)
    workspace.grow(message, ended)


def _parent(workspace: Workspace, channel: Channel, arguments: JsonObject) -> str:
    """Return the thread to stream into.

    Measured, not documented: without one a channel refuses with `invalid_thread_ts`.
    That a DM does, and that any ts without a thread does, is our choice.
    """
    thread_ts = str(arguments.get("thread_ts") or "")
    if not workspace.thread(channel.id, thread_ts):
        raise RefusedError("invalid_thread_ts")
    check_parent(workspace, channel.id, thread_ts)
    return thread_ts


def _check_recipient(
    workspace: Workspace, channel: Channel, arguments: JsonObject
) -> None:
    """Refuse a stream in a channel that is for nobody there.

    The team is the person's own. That another one is refused, and in which word, is
    not documented: our choice.
    """
    user, team = arguments.get("recipient_user_id"), arguments.get("recipient_team_id")
    if not user:
        raise RefusedError("missing_recipient_user_id")
    if not team:
        raise RefusedError("missing_recipient_team_id")
    person = workspace.people.get(str(user))
    if person is None or person.team != team or person.id not in channel.members:
        raise RefusedError("user_not_found")


def _open_stream(workspace: Workspace, arguments: JsonObject) -> tuple[Message, Stream]:
    """Return the stream that a call names."""
    message = own_message(workspace, arguments, "message_not_owned_by_app")
    if workspace.channels[message.channel].is_archived:
        raise RefusedError("is_archived")
    stream = workspace.streams.get((message.channel, message.ts))
    if stream is not None and stream.is_stopped_by_reader:
        raise RefusedError("stopped_by_user")
    if stream is None or not workspace.is_streaming(message):
        raise RefusedError("message_not_in_streaming_state")
    return message, stream


def _shown(message: Message, stream: Stream) -> Message:
    """Return a message with all that its stream holds."""
    blocks, text = arrange(stream)
    return Content(text, blocks, source(stream.chunks)).into(message)


def _answer(message: Message, growth: Growth) -> JsonObject:
    place = {"channel": message.channel, "ts": message.ts}
    return place | warnings(*growth.warnings)
