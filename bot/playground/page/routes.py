"""The page: its files, and a WebSocket that tells every window what changes.

A window is sent JSON objects by `type`: first `workspace` (all there is), then `added`,
`changed` and `deleted` (a message) and `status`. It sends `say` (user, channel, text,
thread_ts) and gets `said` (channel, ts) or `refused` (sentence).
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import WSCloseCode, WSMsgType, web

from bot.playground.jsonobject import JsonObject, as_object
from bot.playground.page.rendering import render
from bot.playground.people.composer import Speech, SpeechError, say
from bot.playground.workspace.change import Change
from bot.playground.workspace.identity import BOT_USER
from bot.playground.workspace.message import Message, Status
from bot.playground.workspace.state import Workspace

MAX_WAITING_EVENTS = 1_000
"""Per window; one that falls further behind is closed, and loads everything anew."""

MAX_SAY_BYTES = 256 * 1024
"""Room for the longest message that a person may say, 40,000 characters."""

HEARTBEAT_S = 20.0
CLOSE_S = 2.0

FILES = Path(__file__).parent / "static"

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

SHOWN_CHANGES = ("added", "changed", "deleted", "status")

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


NOT_SAID = "The page sent something that is no message."


class _NotSaidError(ValueError):
    """What a window sent is no speech; the text is a sentence for its person."""


@dataclass(slots=True, eq=False)
class _Window:
    """One open page, and what it has still to be told, encoded."""

    socket: web.WebSocketResponse
    events: asyncio.Queue[str | None] = field(
        default_factory=lambda: asyncio.Queue(MAX_WAITING_EVENTS)
    )
    """`None` closes the window."""
    is_behind: bool = False

    def tell(self, event: str) -> None:
        if self.is_behind:
            return
        if not self.events.full():
            self.events.put_nowait(event)
            return
        self.is_behind = True
        while not self.events.empty():
            self.events.get_nowait()
        self.events.put_nowait(None)


class Page:
    """Routes of the page, and its open windows."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._windows = set[_Window]()
        self._unlisten: Callable[[], None] | None = workspace.listen(self._tell)

    def add_to(self, app: web.Application) -> None:
        """Serve `/`, `/static/…` and the WebSocket `/page` from this application."""
        app.router.add_get("/", self._show)
        app.router.add_get("/static/{name}", self._send_file)
        app.router.add_get("/page", self._open)

    async def close(self) -> None:
        """Close all windows and stop listening to the workspace; safe to call twice."""
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        for window in tuple(self._windows):
            await window.socket.close(code=WSCloseCode.GOING_AWAY)

    async def _show(self, http: web.Request) -> web.StreamResponse:
        _check_host(http)
        return web.FileResponse(FILES / "index.html", headers=HEADERS)

    async def _send_file(self, http: web.Request) -> web.StreamResponse:
        _check_host(http)
        path = FILES / Path(http.match_info["name"]).name
        media_type = TYPES.get(path.suffix)
        if media_type is None or not await asyncio.to_thread(path.is_file):
            raise web.HTTPNotFound
        content_type = {"Content-Type": f"{media_type}; charset=utf-8"}
        return web.FileResponse(path, headers={**HEADERS, **content_type})

    async def _open(self, http: web.Request) -> web.WebSocketResponse:
        _check_host(http)
        if http.headers.get("Origin") != f"http://{http.host}":
            raise web.HTTPForbidden(text="Only the page itself may open this.")
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, timeout=CLOSE_S, max_msg_size=MAX_SAY_BYTES
        )
        await socket.prepare(http)
        window = _Window(socket)
        window.tell(_encode(self._whole()))
        self._windows.add(window)
        try:
            async with asyncio.TaskGroup() as tasks:
                sender = tasks.create_task(_send(window))
                await self._receive(window)
                sender.cancel()
        finally:
            self._windows.discard(window)
        return socket

    async def _receive(self, window: _Window) -> None:
        async for received in window.socket:
            if received.type is WSMsgType.TEXT:
                window.tell(_encode(self._answer(received.data)))

    def _answer(self, text: str) -> JsonObject:
        try:
            message = say(self._workspace, self._read(text))
        except (SpeechError, _NotSaidError) as refused:
            return {"type": "refused", "sentence": str(refused)}
        return {"type": "said", "channel": message.channel, "ts": message.ts}

    def _read(self, text: str) -> Speech:
        """Read a `say` of a window; a person speaks in it, never the bot."""
        try:
            read: object = json.loads(text)
        except json.JSONDecodeError as error:
            raise _NotSaidError(NOT_SAID) from error
        said = as_object(read)
        names = ("user", "channel", "text", "thread_ts")
        user, channel, body, thread_ts = parts = [said.get(name, "") for name in names]
        if said.get("type") != "say" or not all(isinstance(p, str) for p in parts):
            raise _NotSaidError(NOT_SAID)
        person = self._workspace.people.get(user)
        if person is None or person.bot_id:
            raise _NotSaidError("Only people of this workspace can speak here.")
        return Speech(user, channel, body, thread_ts)

    def _tell(self, change: Change) -> None:
        if not self._windows or change.kind not in SHOWN_CHANGES:
            return
        event = _encode(self._event(change))
        for window in self._windows:
            window.tell(event)

    def _event(self, change: Change) -> JsonObject:
        if change.message is not None:
            return {"type": change.kind, "message": self._shown(change.message)}
        status = change.status
        return {"type": "status", **(_status(status) if status else {})}

    def _whole(self) -> JsonObject:
        workspace = self._workspace
        people = [p for p in workspace.people.values() if not p.bot_id]
        return {
            "type": "workspace",
            "me": people[0].id if people else "",
            "bot": BOT_USER,
            "people": [
                {"id": p.id, "name": p.name, "is_bot": bool(p.bot_id)}
                for p in workspace.people.values()
            ],
            "channels": [
                {"id": c.id, "name": c.name, "kind": c.kind, "members": [*c.members]}
                for c in workspace.channels.values()
            ],
            "messages": [
                self._shown(message)
                for channel in workspace.channels
                for message in workspace.messages(channel)
            ],
            "statuses": [_status(status) for status in workspace.statuses.values()],
        }

    def _shown(self, message: Message) -> JsonObject:
        workspace = self._workspace
        names = {p.id: p.name for p in workspace.people.values()}
        names |= {c.id: c.name for c in workspace.channels.values()}
        return {
            "channel": message.channel,
            "ts": message.ts,
            "thread_ts": message.thread_ts,
            "user": message.user,
            "html": render(message, names),
            "files": [file.name for file in message.files],
            "is_edited": message.is_edited,
        }


async def _send(window: _Window) -> None:
    """Write what the window has to be told, until it is gone or too far behind."""
    with suppress(ConnectionError):
        while (event := await window.events.get()) is not None:
            await window.socket.send_str(event)
        await window.socket.close(code=WSCloseCode.TRY_AGAIN_LATER)


def _status(status: Status) -> JsonObject:
    return {
        "channel": status.channel,
        "thread_ts": status.thread_ts,
        "text": status.text,
    }


def _encode(event: JsonObject) -> str:
    return json.dumps(event)


def _check_host(http: web.Request) -> None:
    """Refuse names that another site could point at this machine (DNS rebinding)."""
    if http.host.rpartition(":")[0] not in LOCAL_HOSTS and http.host not in LOCAL_HOSTS:
        raise web.HTTPForbidden(text="This page is for this machine only.")
