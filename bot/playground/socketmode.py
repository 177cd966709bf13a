"""Socket Mode: events travel in envelopes over WebSockets, and come again if need be.

Source: https://docs.slack.dev/apis/events-api/using-socket-mode, read 2026-11.
"""

import asyncio
import json
import secrets
import time
from collections import deque
from dataclasses import dataclass, field

from aiohttp import WSCloseCode, WSMsgType, web

from bot.playground.pulse import Pulse
from bot.playground.wire import APP
from bot.playground.workspace import JsonObject

# "Using multiple connections" on the page above.
MAX_CONNECTIONS = 10
# Slack retries over HTTP at once, after 1 and after 5 minutes:
# https://docs.slack.dev/apis/events-api, read 2026-11. For Socket Mode nothing is
# documented; the first retry was seen after about 4 seconds:
# https://github.com/slackapi/bolt-js/issues/2487.
REDELIVERY_S = (4.0, 60.0, 300.0)
MAX_KEPT = 1000
MAX_LOGGED = 10_000
MAX_UNACKED = 2000
MAX_QUEUED_FRAMES = 100
# A client that does not answer a closing frame is dead.
CLOSE_TIMEOUT_S = 1.0


@dataclass(slots=True, eq=False)
class Envelope:
    """A payload on its way to the app."""

    payload: JsonObject
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    attempt: int = 0
    """How many deliveries were made in vain."""
    sent_s: float = 0.0
    """When it was last handed to a connection, monotonic; 0 if never."""
    acked_s: float | None = None
    """When it was acknowledged, monotonic."""
    timer: asyncio.TimerHandle | None = None


@dataclass(slots=True, eq=False)
class _Connection:
    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    frames: asyncio.Queue[JsonObject | None] = field(
        default_factory=lambda: asyncio.Queue(MAX_QUEUED_FRAMES)
    )
    """What is to be written, in order; None closes the connection."""
    is_leaving: bool = False
    """It is being closed and takes no more events."""

    def push(self, frame: JsonObject | None) -> None:
        """Write a frame in its turn; cut a connection too slow to be told anything."""
        try:
            self.frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.cut()

    def cut(self) -> None:
        """End the connection without a word."""
        self.is_leaving = True
        if self.transport is not None:
            self.transport.abort()


class SocketMode:
    """All connections of the app, and the envelopes that it has to acknowledge."""

    def __init__(
        self, pulse: Pulse, redelivery_s: tuple[float, ...] = REDELIVERY_S
    ) -> None:
        """`redelivery_s`: how long each delivery may stay unacknowledged."""
        self._pulse = pulse
        self._redelivery_s = redelivery_s
        self._tickets: set[str] = set()
        self._connections: deque[_Connection] = deque()
        self._kept: deque[Envelope] = deque(maxlen=MAX_KEPT)
        self._unacked: dict[str, Envelope] = {}
        self._duplicates = 0
        self.origin = ""
        """`ws://HOST:PORT`, set once the port is known."""
        self.log: deque[Envelope] = deque(maxlen=MAX_LOGGED)
        """Every envelope, oldest first."""

    @property
    def connection_count(self) -> int:
        """Return how many connections are open."""
        return len(self._connections)

    def add_to(self, app: web.Application) -> None:
        """Serve Socket Mode from an application."""
        app.router.add_get("/link/", self._serve)

    def open_link(self) -> str:
        """Return a URL that opens one connection, once."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return f"{self.origin}/link/?ticket={ticket}&app_id={APP}"

    def deliver(self, payload: JsonObject) -> None:
        """Send a payload to one connection, or keep it for the next one."""
        envelope = Envelope(payload)
        self.log.append(envelope)
        self._kept.append(envelope)
        self._flush()

    def duplicate_next(self) -> None:
        """Deliver the next envelope that is acknowledged once more, as Slack may."""
        self._duplicates += 1

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every connection to go, and close it unless this is only a warning."""
        for connection in self._connections:
            connection.push(_disconnect(reason))
            if reason != "warning":
                connection.push(None)
                connection.is_leaving = True

    def drop(self) -> None:
        """Cut every connection without a word."""
        for connection in self._connections:
            connection.cut()

    async def close(self) -> None:
        """Close every connection and stop redelivering."""
        for envelope in self._unacked.values():
            if envelope.timer is not None:
                envelope.timer.cancel()
        for connection in tuple(self._connections):
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=CLOSE_TIMEOUT_S)
        await socket.prepare(request)
        refusal = self._refusal(request.query.get("ticket", ""))
        if refusal:
            await socket.send_json(_disconnect(refusal))
            await socket.close()
            return socket
        connection = _Connection(socket, request.transport)
        self._connections.append(connection)
        connection.push(self._hello())
        try:
            await self._converse(connection)
        finally:
            self._connections.remove(connection)
            self._pulse.ring()
        return socket

    def _refusal(self, ticket: str) -> str:
        """Return why a connection may not be opened; a stale URL asks for a new one."""
        if ticket not in self._tickets:
            return "refresh_requested"
        self._tickets.remove(ticket)
        is_full = len(self._connections) >= MAX_CONNECTIONS
        return "too_many_websockets" if is_full else ""

    def _hello(self) -> JsonObject:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "connection_info": {"app_id": APP},
            "debug_info": {"host": "playground", "approximate_connection_time": 18060},
        }

    async def _converse(self, connection: _Connection) -> None:
        """Read acknowledgements while one task writes, so that neither waits."""
        self._flush()
        self._pulse.ring()
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._write(connection))
            async for frame in connection.socket:
                if frame.type is WSMsgType.TEXT:
                    self._acknowledge(frame.data)
            writer.cancel()

    async def _write(self, connection: _Connection) -> None:
        try:
            while (frame := await connection.frames.get()) is not None:
                self._flush()
                await connection.socket.send_json(frame)
        except ConnectionError:
            return
        await connection.socket.close()

    def _flush(self) -> None:
        """Hand what is kept to the connections in turn, oldest first."""
        while self._kept and (connection := self._next_connection()):
            envelope = self._kept.popleft()
            connection.push(_frame(envelope))
            envelope.sent_s = time.monotonic()
            self._remember(envelope)
            if envelope.attempt < len(self._redelivery_s):
                delay_s = self._redelivery_s[envelope.attempt]
                loop = asyncio.get_running_loop()
                envelope.timer = loop.call_later(delay_s, self._redeliver, envelope)

    def _remember(self, envelope: Envelope) -> None:
        """Expect an acknowledgement, but not of more than memory should hold."""
        self._unacked[envelope.id] = envelope
        if len(self._unacked) > MAX_UNACKED:
            del self._unacked[next(iter(self._unacked))]

    def _next_connection(self) -> _Connection | None:
        for _ in self._connections:
            self._connections.rotate(-1)
            connection = self._connections[-1]
            if not connection.is_leaving and not connection.frames.full():
                return connection
        return None

    def _redeliver(self, envelope: Envelope) -> None:
        envelope.attempt += 1
        self._kept.append(envelope)
        self._flush()

    def _acknowledge(self, text: str) -> None:
        envelope = self._unacked.pop(_envelope_id(text), None)
        if envelope is None:
            return
        if envelope.timer is not None:
            envelope.timer.cancel()
        envelope.acked_s = time.monotonic()
        if self._duplicates:
            self._duplicates -= 1
            self._redeliver(envelope)
        self._pulse.ring()


def _envelope_id(text: str) -> str:
    try:
        return str(json.loads(text)["envelope_id"])
    except (ValueError, TypeError, KeyError):
        return ""


def _frame(envelope: Envelope) -> JsonObject:
    return {
        "envelope_id": envelope.id,
        "type": "events_api",
        "accepts_response_payload": False,
        "payload": envelope.payload,
        "retry_attempt": envelope.attempt,
        "retry_reason": "timeout" if envelope.attempt else "",
    }


def _disconnect(reason: str) -> JsonObject:
    return {
        "type": "disconnect",
        "reason": reason,
        "debug_info": {"host": "playground"},
    }
