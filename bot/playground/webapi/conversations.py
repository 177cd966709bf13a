"""The Web API methods that read messages, and how a call names its channel.

Each takes the workspace and a call's arguments, and returns the answer's fields.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.playground.answer import RefusedError
from bot.playground.jsonobject import JsonObject
from bot.playground.webapi.cursor import read_cursor, write_cursor
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import BOT_USER
from bot.playground.workspace.message import Message
from bot.playground.workspace.state import Workspace
from bot.playground.workspace.wire import message_json

DEFAULT_HISTORY = 100
MAX_HISTORY = 999
"""https://docs.slack.dev/reference/methods/conversations.history, read 2026-11."""

DEFAULT_REPLIES = 1000
MAX_REPLIES = 1000
"""https://docs.slack.dev/reference/methods/conversations.replies, read 2026-11."""


def find_channel(workspace: Workspace, name: object) -> Channel:
    """Return the channel that a call names; a user's id means the DM with them.

    Raises:
        RefusedError: if there is none, or the app is no member. One that is not public
            is not admitted to exist.
    """
    channel = named_channel(workspace, str(name))
    if channel is None:
        raise RefusedError("channel_not_found")
    if BOT_USER not in channel.members:
        is_public = channel.kind == "channel"
        raise RefusedError("not_in_channel" if is_public else "channel_not_found")
    return channel


def named_channel(workspace: Workspace, name: str) -> Channel | None:
    """Return the channel with this id, or the DM with the person of this id."""
    return workspace.channels.get(name) or workspace.direct_channel(name)


def read_history(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Return a channel's messages, replies only if sent to it too, newest first."""
    channel = find_channel(workspace, arguments.get("channel"))
    span = _span(arguments, DEFAULT_HISTORY, MAX_HISTORY)
    inside = [m for m in workspace.messages(channel.id) if span.has(m)]
    roots = [m for m in reversed(inside) if not m.is_reply or _is_broadcast(m)]
    page, cursor = _page(roots, span, lambda ts, next_ts: ts <= next_ts)
    return _listing(
        [message_json(workspace, m, has_metadata=span.has_metadata) for m in page],
        cursor,
    )


def _is_broadcast(message: Message) -> bool:
    return message.subtype == "thread_broadcast"


def read_replies(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Return a thread, its parent first on every page, then the oldest reply."""
    channel = find_channel(workspace, arguments.get("channel"))
    ts = str(arguments.get("ts") or "")
    named = workspace.message(channel.id, ts)
    thread_ts = named.thread_ts if named and named.is_reply else ts
    thread = workspace.thread(channel.id, thread_ts)
    if not thread:
        raise RefusedError("thread_not_found")
    span = _span(arguments, DEFAULT_REPLIES, MAX_REPLIES)
    replies = [m for m in thread if m.is_reply and span.has(m)]
    page, cursor = _page(replies, span, lambda ts, next_ts: ts >= next_ts)
    parent = [] if thread[0].is_reply else [thread[0]]
    shown = [
        message_json(workspace, m, has_metadata=span.has_metadata)
        for m in (*parent, *page)
    ]
    return _listing(shown, cursor)


def _listing(messages: list[JsonObject], cursor: str) -> JsonObject:
    return {
        "messages": messages,
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }


@dataclass(frozen=True, slots=True)
class _Span:
    """Which messages a call wants, and how."""

    oldest_us: int
    latest_us: int | None
    is_inclusive: bool
    limit: int
    next_us: int | None
    has_metadata: bool

    def has(self, message: Message) -> bool:
        """Say whether a message lies between oldest and latest."""
        ts_us = _microseconds(message.ts, "")
        if ts_us in (self.oldest_us, self.latest_us):
            return self.is_inclusive
        is_late = self.latest_us is not None and ts_us > self.latest_us
        return ts_us > self.oldest_us and not is_late


def _span(arguments: JsonObject, default: int, most: int) -> _Span:
    limit = arguments.get("limit") or default
    if not isinstance(limit, int) or limit < 0:
        raise RefusedError("invalid_limit")
    latest, cursor = arguments.get("latest"), arguments.get("cursor")
    return _Span(
        _microseconds(arguments.get("oldest") or "0", "invalid_ts_oldest"),
        _microseconds(latest, "invalid_ts_latest") if latest else None,
        arguments.get("inclusive") is True,
        min(limit, most),
        _cursor_us(str(cursor)) if cursor else None,
        arguments.get("include_all_metadata") is True,
    )


def _page(
    messages: list[Message], span: _Span, is_from: Callable[[int, int], bool]
) -> tuple[list[Message], str]:
    """Return one page, and the cursor of the next or nothing."""
    if span.next_us is not None:
        start_us = span.next_us
        messages = [m for m in messages if is_from(_microseconds(m.ts, ""), start_us)]
    page, rest = messages[: span.limit], messages[span.limit :]
    if not rest:
        return page, ""
    return page, write_cursor("next_ts", _microseconds(rest[0].ts, ""))


def _cursor_us(cursor: str) -> int:
    next_us = read_cursor(cursor, "next_ts")
    if not next_us.isdecimal():
        raise RefusedError("invalid_cursor")
    return int(next_us)


def _microseconds(ts: object, error: str) -> int:
    """Return a ts as a number; "1712.5" is half a second."""
    seconds, _, fraction = str(ts).partition(".")
    if not (seconds + fraction).isdecimal():
        raise RefusedError(error)
    return int(seconds or 0) * 1_000_000 + int(f"{fraction:0<6.6}")
