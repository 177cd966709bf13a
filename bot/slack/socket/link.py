"""One WebSocket to Slack: its hello, its envelopes and their acks, and its end.

The SDK's client keeps one connection that it closes before it opens the next, takes
forty seconds to notice that nobody is there, and tries for ever whatever Slack says;
Linefeed keeps several, hears silence in six seconds, and knows when to give up. Frames:
https://docs.slack.dev/apis/events-api/using-socket-mode, read 2026-11.
"""

import asyncio
import json
from typing import Any, cast

import structlog
from aiohttp import (
    ClientError,
    ClientSession,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSMessage,
    WSMsgType,
)

from bot.slack.socket.bolt import Receive

PING_S = 2.0
"""Between two pings of ours."""
SILENCE_S = 6.0
"""No frame for so long, though we ping: nobody is there."""
LINGER_S = 30.0
"""How long a link may stay that Slack told to leave; Slack closes it sooner."""
CLOSE_S = 1.0
"""Slack answers a closing frame late or never."""
MAX_HANDLED = 1_000
"""Envelopes in hand; further ones are left to Slack, which delivers them again."""

UNFIT = (ClientError, OSError, ValueError)
"""What an address or a server raises that is no Slack, or a broken one."""

log = structlog.stdlib.get_logger()


class LinkError(Exception):
    """No connection came about; the text is Slack's reason, or what went wrong."""


class Link:
    """An open connection; `run` serves it."""

    def __init__(self, socket: ClientWebSocketResponse, connections: int) -> None:
        """Take over a socket behind its hello."""
        self.connections = connections
        """How many connections the app has, by Slack's count, this one included."""
        self.leaving = asyncio.Event()
        """Set once the connection needs a successor."""
        self.reason = ""
        """Why it is leaving: Slack's word, `closed` or `silent`."""
        self.is_broken = True
        """Events may be lost with it; false once Slack announced its end."""
        self._socket = socket
        self._leave_at_s = float("inf")
        self._is_silent = False
        self._handling: set[asyncio.Task[None]] = set()
        self._heard_s = asyncio.get_running_loop().time()

    @property
    def is_open(self) -> bool:
        """Say whether events may still arrive, as far as we know."""
        return not self._socket.closed and not self._is_silent

    async def run(self, receive: Receive) -> None:
        """Handle envelopes, side by side, until the connection ends."""
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(self._watch())
            try:
                await self._hear(group, receive)
            except ConnectionError:
                log.debug("the connection broke while it was answered")
            finally:
                watch.cancel()
                self._leave("closed")
                await self.close()

    async def close(self) -> None:
        """Close the connection; safe to call twice."""
        await _close(self._socket)

    async def _hear(self, group: asyncio.TaskGroup, receive: Receive) -> None:
        async for frame in self._socket:
            self._heard_s = asyncio.get_running_loop().time()
            if frame.type is WSMsgType.PING:
                await self._socket.pong(frame.data)
            elif (envelope := self._read(frame)) is not None:
                task = group.create_task(self._handle(envelope, receive))
                self._handling.add(task)
                task.add_done_callback(self._handling.discard)

    def _leave(self, reason: str) -> None:
        """Ask for a successor; the first reason counts."""
        if not self.leaving.is_set():
            self.reason = reason
            self.leaving.set()

    def _read(self, frame: WSMessage) -> dict[str, Any] | None:
        """Return the envelope in a frame, if it holds one that can be handled."""
        read = _decoded(frame)
        if read.get("type") == "disconnect":
            self.is_broken = False
            self._leave_at_s = self._heard_s + LINGER_S
            self._leave(str(read.get("reason")))
        elif "envelope_id" in read:
            if len(self._handling) < MAX_HANDLED:
                return read
            log.error("too many events at once; Slack has to deliver some again")
        return None

    async def _handle(self, envelope: dict[str, Any], receive: Receive) -> None:
        try:
            if (ack := await receive(envelope)) is not None:
                await self._socket.send_str(ack)
        except ConnectionError:
            log.debug("an ack was too late; the event will come again")
        except Exception:
            # The boundary: one event's fault must not end the connection.
            log.exception("an event could not be handled")

    async def _watch(self) -> None:
        """Ping; close the connection if nothing comes back, or if it lingers."""
        clock = asyncio.get_running_loop().time
        try:
            while (rest_s := self._end_s - clock()) > 0:
                await self._socket.ping()
                asleep_s = clock()
                await asyncio.sleep(min(PING_S, rest_s))
                if clock() - asleep_s > SILENCE_S:
                    # We slept, not Slack: what came meanwhile is not read yet.
                    self._heard_s = clock()
        except ConnectionError:
            return
        if self._heard_s + SILENCE_S <= clock():
            self._is_silent = self.is_broken = True
            self._leave("silent")
        await self.close()

    @property
    def _end_s(self) -> float:
        return min(self._heard_s + SILENCE_S, self._leave_at_s)


async def open_link(session: ClientSession, url: str, proxy: str | None) -> Link:
    """Open a connection and wait for its hello.

    Raises:
        LinkError: if there is none.
    """
    try:
        socket = await session.ws_connect(
            url,
            autoping=False,
            proxy=proxy,
            timeout=ClientWSTimeout(ws_close=CLOSE_S),  # pyright: ignore[reportCallIssue]
        )
    except UNFIT as error:
        raise LinkError(type(error).__name__) from error
    try:
        return Link(socket, await _greeted(socket))
    except UNFIT as error:
        await _close(socket)
        raise LinkError(type(error).__name__) from error
    except BaseException:
        await _close(socket)
        raise


async def _greeted(socket: ClientWebSocketResponse) -> int:
    """Return how many connections the hello counts."""
    async for frame in socket:
        if frame.type is WSMsgType.PING:
            await socket.pong(frame.data)
        read = _decoded(frame)
        if read.get("type") == "hello":
            count = read.get("num_connections")
            return count if isinstance(count, int) else 1
        if read.get("type") == "disconnect":
            raise LinkError(str(read.get("reason")))
    raise LinkError("closed")


async def _close(socket: ClientWebSocketResponse) -> None:
    """Close a socket and its connection, which aiohttp forgets behind a reset."""
    try:
        await socket.close()
    finally:
        untyped: Any = socket
        untyped._response.close()


def _decoded(frame: WSMessage) -> dict[str, Any]:
    """Return the object in a frame; empty for any other frame."""
    if frame.type is not WSMsgType.TEXT:
        return {}
    try:
        read: Any = json.loads(frame.data)
    except (ValueError, RecursionError):
        log.warning("Slack sent a frame that is no JSON")
        return {}
    return cast("dict[str, Any]", read) if isinstance(read, dict) else {}
