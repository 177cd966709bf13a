"""One Socket Mode link, a WebSocket: what is to be written, and how it ends."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from bot.playground.jsonobject import JsonObject

MAX_QUEUED_FRAMES = 100


class _Hole(asyncio.Protocol):
    """Swallows what arrives; only the end of the connection gets through."""

    # Python 3.11 has no typing.override for mypy to see.

    def __init__(self, served: asyncio.BaseProtocol) -> None:
        self._served = served

    def connection_lost(self, exc: Exception | None) -> None:  # type: ignore[explicit-override]
        self._served.connection_lost(exc)

    def pause_writing(self) -> None:  # type: ignore[explicit-override]
        self._served.pause_writing()

    def resume_writing(self) -> None:  # type: ignore[explicit-override]
        self._served.resume_writing()


@dataclass(slots=True, eq=False)
class Link:
    """A WebSocket of the app, and the frames that wait for it."""

    socket: web.WebSocketResponse
    _transport: asyncio.Transport | None
    _frames: asyncio.Queue[JsonObject | None] = field(
        default_factory=lambda: asyncio.Queue(MAX_QUEUED_FRAMES)
    )
    _is_leaving: bool = False
    _timer: asyncio.TimerHandle | None = None
    is_deaf: bool = False
    """It is in a black hole: nothing gets through in either direction."""

    @property
    def is_live(self) -> bool:
        """Say whether it is not being closed."""
        return not self._is_leaving

    @property
    def has_room(self) -> bool:
        """Say whether a frame can be queued; what is said to nobody always can."""
        return self.is_deaf or not self._frames.full()

    def push(self, frame: JsonObject) -> None:
        """Write a frame in its turn; cut a link too slow to be told anything."""
        self._queue(frame)

    def close(self) -> None:
        """End the link once everything is written; it takes no more events.

        In a black hole nothing is ever written.
        """
        if self.is_deaf:
            return
        self._is_leaving = True
        self._queue(None)

    def close_in(self, delay_s: float) -> None:
        """Close the link after a while."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(delay_s, self.close)

    def cut(self) -> None:
        """End the link without a word."""
        self._is_leaving = True
        if self._transport is not None:
            self._transport.abort()

    def deafen(self) -> None:
        """Neither read nor write any more, but stay open."""
        if self._transport is not None and not self.is_deaf:
            self.is_deaf = True
            self._transport.set_protocol(_Hole(self._transport.get_protocol()))

    def end(self) -> None:
        """Forget what was planned."""
        self._is_leaving = True
        if self._timer is not None:
            self._timer.cancel()

    async def next_frame(self) -> JsonObject | None:
        """Return what is to be written next; None means to close the link.

        In a black hole it never returns.
        """
        frame = await self._frames.get()
        if self.is_deaf:
            await asyncio.Event().wait()
        return frame

    def _queue(self, frame: JsonObject | None) -> None:
        if self.is_deaf:
            return
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.cut()
