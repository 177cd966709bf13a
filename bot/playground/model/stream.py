"""One answer of the offline model on the wire: its pace, its dialect, its fault."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from itertools import islice

from aiohttp import web

from bot.playground.jsonobject import JsonObject
from bot.playground.model.completion import (
    DONE,
    KEEPALIVE,
    Completion,
    FinishReason,
    error_body,
    event,
)
from bot.playground.model.dialect import Dialect
from bot.playground.model.fault import PAGE, REFUSAL, ModelFault
from bot.playground.model.request import ModelRefusedError

WATCH_S = 0.05
"""How often a silent stream looks whether its client is still there."""

NO_FAULT = ModelFault()

_TRUNCATED = b"1000\r\ndata: {"
"""A chunk of a body that says it has 4096 bytes."""

_LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends RST."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the model speaks."""

    first_s: float = 0.4
    """Seconds before the first fragment."""
    fragments_per_s: float = 50.0
    """0 means as fast as possible."""

    def due_s(self, index: int) -> float:
        """Return when fragment `index` is due, in seconds since the request."""
        rate = self.fragments_per_s
        return self.first_s + (index / rate if rate else 0.0)


HUMAN_PACE = Pace()


@dataclass(frozen=True, slots=True)
class ModelStream:
    """An answer that is about to be given."""

    http: web.Request
    completion: Completion
    text: str
    pace: Pace
    dialect: Dialect
    fault: ModelFault
    is_closing: Callable[[], bool]
    """Whether the server ends, and its answers with it."""
    on_newline: Callable[[], None]
    """Called behind each write of a fragment with a newline."""

    async def whole(self) -> web.Response:
        """Answer with one object when all fragments are due.

        Raises:
            ModelRefusedError: if the answer breaks off with an error.
            ConnectionError: if it breaks off otherwise, or the client is gone.
        """
        await self._fail_before_headers()
        async with aclosing(self._paced()) as fragments:
            said = "".join([fragment async for fragment in fragments])
        await self._break_off(None)
        refusal = REFUSAL if self.fault.kind == "refusal" else None
        whole = self.completion.whole(said, self._finish_reason, refusal)
        return web.json_response(whole)

    async def events(self) -> web.StreamResponse:
        """Answer with a stream of events.

        Raises:
            ConnectionError: if the answer breaks off, or the client is gone.
        """
        await self._fail_before_headers()
        if self.fault.kind == "page":
            return web.Response(text=PAGE, content_type="text/html")
        headers = {"Content-Type": "text/event-stream; charset=utf-8"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(self.http)
        try:
            said_chars = await self._speak(response)
            await self._break_off(response)
        except ModelRefusedError as refused:
            await response.write(event(error_body(refused.status, str(refused))))
            return response
        if self.fault.kind == "refusal":
            for fragment in self.dialect.fragments(REFUSAL):
                delta = self.dialect.delta("refusal", fragment)
                await self._write(response, delta, said_chars)
        if self.fault.kind != "unfinished":
            await self._finish(response, said_chars)
        return response

    def hang_up(self) -> None:
        """End the connection without the end of the answer, as the fault says."""
        transport = self.http.transport
        if transport is None:
            return
        if self.fault.kind == "reset":
            connection: socket.socket = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        transport.abort()

    @property
    def is_gone(self) -> bool:
        """Say whether the client went away."""
        return self.http.transport is None or self.http.transport.is_closing()

    @property
    def _finish_reason(self) -> FinishReason:
        return self.fault.finish_reason or "stop"

    async def _fail_before_headers(self) -> None:
        if self.fault.is_before_headers:
            await self._end_connection(None)

    async def _speak(self, response: web.StreamResponse) -> int:
        """Write the reasoning and all fragments; return how many characters."""
        said_chars = 0
        dialect, interrupted_at = self.dialect, self.fault.after_fragments
        await self._write(response, {"role": "assistant", "content": ""}, 0)
        for fragment in dialect.fragments(dialect.reasoning):
            delta = dialect.delta("reasoning_content", fragment)
            await self._write(response, delta, 0)
        async with aclosing(self._paced()) as fragments:
            index = 0
            async for fragment in fragments:
                if index == interrupted_at and self.fault.interruption:
                    await response.write(self.fault.interruption)
                said_chars += len(fragment)
                delta = dialect.delta("content", fragment)
                await self._write(response, delta, said_chars)
                if "\n" in fragment:
                    self.on_newline()
                index += 1
        return said_chars

    async def _write(
        self,
        response: web.StreamResponse,
        delta: JsonObject,
        said_chars: int,
        finish_reason: FinishReason | None = None,
    ) -> None:
        data = self.completion.delta(delta, said_chars, finish_reason)
        for packet in self.dialect.packets(data):
            await response.write(packet)
            if self.dialect.packet_bytes is not None:
                # Lets the client read, so that no two packets arrive as one.
                await asyncio.sleep(0)

    async def _finish(self, response: web.StreamResponse, said_chars: int) -> None:
        await self._write(response, {}, said_chars, self._finish_reason)
        if self.fault.kind == "late_cut":
            raise ConnectionResetError
        if self.completion.includes_usage:
            is_null = self.dialect.usage == "null"
            await response.write(self.completion.usage(None if is_null else said_chars))
        await response.write(DONE)

    async def _paced(self) -> AsyncGenerator[str, None]:
        """Yield each fragment when it is due; a late one does not delay the next."""
        begin_s = time.monotonic()
        limit = self.fault.after_fragments if self.fault.breaks_off else None
        fragments = islice(self.dialect.fragments(self.text), limit)
        for index, fragment in enumerate(fragments):
            due_s = begin_s + self.pace.due_s(index)
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            if self.is_closing() or self.is_gone:
                raise ConnectionResetError
            yield fragment

    async def _break_off(self, response: web.StreamResponse | None) -> None:
        fault = self.fault
        if not fault.breaks_off or fault.ends_in_order:
            return
        if fault.kind == "error":
            status = web.HTTPInternalServerError.status_code
            raise ModelRefusedError(status, "The model broke off.")
        await self._end_connection(response)

    async def _end_connection(self, response: web.StreamResponse | None) -> None:
        """Do what the fault's kind says and end; always raise ConnectionResetError."""
        kind = self.fault.kind
        if kind == "truncated" and self.http.transport is not None:
            self.http.transport.write(_TRUNCATED)
        while kind in {"stall", "keepalive"} and not (
            self.is_closing() or self.is_gone
        ):
            if kind == "keepalive" and response is not None:
                await response.write(KEEPALIVE)
            await asyncio.sleep(WATCH_S)
        raise ConnectionResetError
