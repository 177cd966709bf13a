"""The page: its files, and a WebSocket that tells every window what changes.

A window is sent JSON objects by `type`: first `workspace` (all there is), then what
`shown` makes of changes, `home` (a person's Home tab), `failed` (user, sentence: the
app did not answer), and the answers to what `deeds` it sends.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import WSCloseCode, WSMsgType, web

from bot.playground.jsonobject import JsonObject
from bot.playground.page.deeds import Deeds, Gestures
from bot.playground.page.shown import HomeView, change_shown, home_shown, whole
from bot.playground.workspace.change import Change
from bot.playground.workspace.state import Workspace

MAX_WAITING_EVENTS = 1_000
"""Per window; one that falls further behind is closed, and loads everything anew."""

MAX_SAY_BYTES = 256 * 1024
"""Room for the longest message that a person may say, 40,000 characters."""

HEARTBEAT_S = 20.0
CLOSE_S = 2.0

FILES = Path(__file__).parent / "static"

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

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

    def __init__(self, workspace: Workspace, gestures: Gestures) -> None:
        self._workspace = workspace
        self._deeds = Deeds(workspace, gestures)
        self._features = gestures.hand.features
        self._homes = dict[str, HomeView]()
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

    def show_home(self, view: HomeView) -> None:
        """Tell windows of a person's Home tab."""
        self._homes[view.user] = view
        self._say({"type": "home", **home_shown(self._workspace, view)})

    def show_failure(self, user: str, sentence: str) -> None:
        """Tell a person that the app did not answer."""
        self._say({"type": "failed", "user": user, "sentence": sentence})

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
                window.tell(_encode(self._deeds.do(received.data)))

    def _tell(self, change: Change) -> None:
        if not self._windows:
            return
        event = change_shown(self._workspace, change)
        if event is not None:
            self._say(event)

    def _say(self, event: JsonObject) -> None:
        encoded = _encode(event)
        for window in self._windows:
            window.tell(encoded)

    def _whole(self) -> JsonObject:
        shown = whole(self._workspace, self._homes)
        return shown | {
            "has_home_tab": self._features.has_home_tab,
            "commands": sorted(self._features.commands),
        }


async def _send(window: _Window) -> None:
    """Write what the window has to be told, until it is gone or too far behind."""
    with suppress(ConnectionError):
        while (event := await window.events.get()) is not None:
            await window.socket.send_str(event)
        await window.socket.close(code=WSCloseCode.TRY_AGAIN_LATER)


def _encode(event: JsonObject) -> str:
    return json.dumps(event)


def _check_host(http: web.Request) -> None:
    """Refuse names that another site could point at this machine (DNS rebinding)."""
    if http.host.rpartition(":")[0] not in LOCAL_HOSTS and http.host not in LOCAL_HOSTS:
        raise web.HTTPForbidden(text="This page is for this machine only.")
