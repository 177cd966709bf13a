"""Socket Mode: events travel in envelopes over WebSockets, and come again if need be.

Source: https://docs.slack.dev/apis/events-api/using-socket-mode, read 2026-11.
"""

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from aiohttp import WSCloseCode, WSMsgType, web

from bot.playground.jsonobject import JsonObject, as_object
from bot.playground.pulse import Pulse
from bot.playground.socketmode.envelopes import REDELIVERY_S, Envelope, Envelopes
from bot.playground.socketmode.link import Link
from bot.playground.workspace.identity import APP

MAX_CONNECTIONS = 10
"""See "Using multiple connections" on the page above."""

WARNING_S = 10.0
"""See "Disconnect" there: a warning comes about ten seconds before the cut."""

PING_S = 10.0
"""Slack's pings are not documented, only that clients wait for them."""

CLOSE_TIMEOUT_S = 1.0
"""A client that does not answer a closing frame is dead."""


class SocketMode:
    """All links of the app, and the envelopes that it has to acknowledge."""

    def __init__(
        self,
        pulse: Pulse,
        redelivery_s: tuple[float, ...] = REDELIVERY_S,
        warning_s: float = WARNING_S,
    ) -> None:
        """`redelivery_s`: how long each delivery may stay unacknowledged."""
        self._pulse = pulse
        self._warning_s = warning_s
        self._tickets: set[str] = set()
        self._links: list[Link] = []
        self._is_new_deaf = False
        self._is_switched_off = False
        self._is_muted = False
        self._timer: asyncio.TimerHandle | None = None
        self.envelopes = Envelopes(time.monotonic, redelivery_s)
        self.on_answer: Callable[[Envelope], None] = lambda _: None
        """Told of every acknowledged envelope."""
        self.origin = ""
        """`ws://HOST:PORT`, set once the port is known."""

    @property
    def log(self) -> deque[Envelope]:
        """Return every envelope, oldest first."""
        return self.envelopes.log

    @property
    def connection_count(self) -> int:
        """Return how many links are open."""
        return len(self._links)

    def add_to(self, app: web.Application) -> None:
        """Serve Socket Mode from an application."""
        app.router.add_get("/link/", self._serve)

    def new_url(self) -> str:
        """Return a URL that opens one link, once."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return f"{self.origin}/link/?ticket={ticket}&app_id={APP}"

    def open(self) -> JsonObject:
        """Return what `apps.connections.open` answers.

        With Socket Mode switched off the call succeeds all the same, with a warning
        that only its messages tell; a link opened then hears nothing. Not
        documented, but reported by several users who were told "Socket Mode is not
        turned on" beside a working URL.
        """
        answer: JsonObject = {"url": self.new_url()}
        if self._is_switched_off:
            warning = "[WARN] Socket Mode is not turned on."
            answer["response_metadata"] = {"messages": [warning]}
        return answer

    def deliver(self, payload: JsonObject) -> None:
        """Send an event to one link, now and again until it is acknowledged."""
        self.send(Envelope(payload))

    def send(self, envelope: Envelope) -> None:
        """Send an envelope to one link."""
        self.envelopes.deliver(envelope)
        self._rearm()

    def prefer(self, number: int | None) -> None:
        """Send what comes over one link, by the order of opening; None: over each."""
        self.envelopes.prefer(None if number is None else self._links[number])

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every link to go and close it, after a warning only in a while."""
        for link in self._links:
            link.push(_disconnect(reason))
            if reason == "warning":
                link.close_in(self._warning_s)
            else:
                link.close()

    def drop(self) -> None:
        """Cut every link without a word."""
        for link in tuple(self._links):
            link.cut()

    def black_hole(self, *, is_new_too: bool = False) -> None:
        """Stop hearing and saying anything over the links that are open.

        They stay open, even a ping or a closing frame is not answered, and envelopes
        go on being handed to them in vain. They end when the client closes its side
        of TCP, or with `drop`. `is_new_too`: those opened later get no greeting.
        """
        self._is_new_deaf = is_new_too
        for link in self._links:
            link.deafen()

    def hear_again(self) -> None:
        """Serve new links again; those in a black hole stay there."""
        self._is_new_deaf = False

    def switch_off(self) -> None:
        """Switch Socket Mode off in the app's settings; what happens now is lost."""
        self._is_switched_off = True
        self._set_muted()
        self.disconnect("link_disabled")

    def switch_on(self) -> None:
        """Switch Socket Mode on again."""
        self._is_switched_off = False
        self._set_muted()

    def mute(self, *, is_muted: bool) -> None:
        """Say whether what happens is lost: the bot token is revoked; links stay."""
        self._is_muted = is_muted
        self._set_muted()

    async def close(self) -> None:
        """Close every link and stop redelivering."""
        if self._timer is not None:
            self._timer.cancel()
        for link in tuple(self._links):
            if link.is_deaf:
                link.cut()
            else:
                await link.socket.close(code=WSCloseCode.GOING_AWAY)

    def _set_muted(self) -> None:
        self.envelopes.is_muted = self._is_switched_off or self._is_muted

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=CLOSE_TIMEOUT_S)
        await socket.prepare(request)
        refusal = self._refusal(request.query.get("ticket", ""))
        if refusal:
            await socket.send_json(_disconnect(refusal))
            await socket.close()
            return socket
        link = Link(socket, request.transport)
        self._links.append(link)
        if self._is_new_deaf:
            link.deafen()
        link.push(self._hello())
        try:
            await self._converse(link)
        finally:
            link.end()
            self._links.remove(link)
            self.envelopes.shut(link)
            self._rearm()
            self._pulse.ring()
        return socket

    def _refusal(self, ticket: str) -> str:
        """Return why a link may not be opened; a stale URL asks for a new one."""
        if ticket not in self._tickets:
            return "refresh_requested"
        self._tickets.remove(ticket)
        is_full = len(self._links) >= MAX_CONNECTIONS
        return "too_many_websockets" if is_full else ""

    def _hello(self) -> JsonObject:
        return {
            "type": "hello",
            "num_connections": len(self._links),
            "connection_info": {"app_id": APP},
            "debug_info": {"host": "playground", "approximate_connection_time": 18060},
        }

    async def _converse(self, link: Link) -> None:
        """Read acknowledgements while one task writes, so that neither waits."""
        self.envelopes.open(link)
        self._rearm()
        self._pulse.ring()
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._write(link))
            async for frame in link.socket:
                if frame.type is WSMsgType.TEXT and not link.is_deaf:
                    self._acknowledge(frame.data)
            writer.cancel()

    async def _write(self, link: Link) -> None:
        try:
            while (frame := await _next_frame(link)) is not None:
                self.envelopes.flush()
                self._rearm()
                await link.socket.send_json(frame)
        except ConnectionError:
            return
        await link.socket.close()

    def _rearm(self) -> None:
        """Come back when the next envelope is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        next_s = self.envelopes.next_s
        if next_s is not None:
            delay_s = max(0.0, next_s - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._tick)

    def _tick(self) -> None:
        self.envelopes.tick()
        self._rearm()
        self._pulse.ring()

    def _acknowledge(self, text: str) -> None:
        envelope_id, answer = _acknowledgement(text)
        envelope = self.envelopes.acknowledge(envelope_id, answer)
        if envelope is not None:
            self.on_answer(envelope)
            self._rearm()
            self._pulse.ring()


async def _next_frame(link: Link) -> JsonObject | None:
    """Return what is to be written next; ping a link that is quiet."""
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(PING_S):
                return await link.next_frame()
        if not link.is_deaf:
            await link.socket.ping()


def _acknowledgement(text: str) -> tuple[str, JsonObject]:
    """Return an envelope's id and what came along; empty if it is no such thing."""
    try:
        frame: object = json.loads(text)
    except ValueError:
        return "", {}
    fields = as_object(frame)
    answer = as_object(fields.get("payload"))
    return str(fields.get("envelope_id", "")), answer


def _disconnect(reason: str) -> JsonObject:
    return {
        "type": "disconnect",
        "reason": reason,
        "debug_info": {"host": "playground"},
    }
