"""The offline model server: OpenAI's chat completions, streamed at a human pace."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from aiohttp import web

from bot.playground.completion import (
    DONE,
    KEEPALIVE,
    Completion,
    FinishReason,
    error_body,
    event,
    split_fragments,
)
from bot.playground.modelrequest import (
    MODEL,
    ModelRequest,
    RefusedError,
    check_key,
    read_request,
)
from bot.playground.recital import recite

MAX_REMEMBERED_REQUESTS = 200

WATCH_S = 0.05
"""How often a silent stream looks whether its client is still there."""


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


@dataclass(frozen=True, slots=True)
class ModelFault:
    """Something that goes wrong with one request, on demand."""

    status: int = 0
    """Refuse with this HTTP status; 0 lets the answer begin."""
    after_fragments: int | None = None
    """How many fragments are sent before it happens; `None` means none."""
    kind: Literal[
        "error", "cut", "stall", "refuse_stream_options", "length", "keepalive"
    ] = "error"
    retry_after_s: float | None = None

    @property
    def breaks_off(self) -> bool:
        """Say whether the answer ends before its end."""
        if self.kind == "error":
            return self.after_fragments is not None
        return self.kind != "refuse_stream_options"


@dataclass(frozen=True, slots=True)
class _Answer:
    http: web.Request
    request: ModelRequest
    completion: Completion
    text: str
    fault: ModelFault | None

    @property
    def finish_reason(self) -> FinishReason:
        return "length" if self.fault and self.fault.kind == "length" else "stop"


class ModelServer:
    """Routes of the offline model, what it was asked, and what tests make it do."""

    def __init__(self, pace: Pace = Pace()) -> None:
        self.pace = pace
        self.requests: deque[ModelRequest] = deque(maxlen=MAX_REMEMBERED_REQUESTS)
        self.faults: deque[ModelFault] = deque()
        """Each is consumed by one request, the leftmost first."""
        self.scripts: deque[str] = deque()
        """Each is said once, in place of the recital."""
        self.records_newlines = False
        self.newlines_written: list[float] = []
        """`time.monotonic()` right after each write of a fragment with a newline."""
        self.on_request: Callable[[], None] | None = None
        """Called behind each new entry in `requests`."""
        self._count = 0
        self._is_closing = False

    def add_to(self, app: web.Application) -> None:
        """Serve `/v1` from this application."""
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.on_shutdown.append(self._end_answers)

    async def _end_answers(self, _: web.Application) -> None:
        self._is_closing = True

    async def _list_models(self, http: web.Request) -> web.Response:
        try:
            check_key(http)
        except RefusedError as refused:
            return _refusal(refused, None)
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "linefeed"}
        return web.json_response({"object": "list", "data": [model]})

    async def _complete(self, http: web.Request) -> web.StreamResponse:
        fault = self.faults.popleft() if self.faults else None
        try:
            check_key(http)
            request = await read_request(http)
            self.requests.append(request)
            if self.on_request is not None:
                self.on_request()
            _check_fault(fault, request)
        except RefusedError as refused:
            return _refusal(refused, fault)
        answer = self._begin(http, request, fault)
        try:
            if request.is_stream:
                return await self._stream(answer)
            return await self._say_at_once(answer)
        except ConnectionError:
            request.closed_early = _is_gone(http)
            if http.transport is not None:
                http.transport.abort()
            return web.Response()

    def _begin(
        self, http: web.Request, request: ModelRequest, fault: ModelFault | None
    ) -> _Answer:
        self._count += 1
        completion = Completion(
            id=f"chatcmpl-offline-{self._count}",
            model=request.model,
            created=int(time.time()),
            prompt_chars=sum(len(message.text) for message in request.messages),
            includes_usage=request.includes_usage,
        )
        text = self.scripts.popleft() if self.scripts else recite(request.messages)
        return _Answer(http, request, completion, text, fault)

    async def _say_at_once(self, answer: _Answer) -> web.Response:
        async with aclosing(self._paced(answer)) as fragments:
            said = "".join([fragment async for fragment in fragments])
        try:
            await self._break_off(answer, None)
        except RefusedError as refused:
            return _refusal(refused, answer.fault)
        return web.json_response(answer.completion.whole(said, answer.finish_reason))

    async def _stream(self, answer: _Answer) -> web.StreamResponse:
        headers = {"Content-Type": "text/event-stream; charset=utf-8"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(answer.http)
        try:
            said_chars = await self._speak(answer, response)
            await self._break_off(answer, response)
        except RefusedError as refused:
            await response.write(event(error_body(refused.status, str(refused))))
            return response
        completion = answer.completion
        await response.write(completion.delta({}, answer.finish_reason))
        if completion.includes_usage:
            await response.write(completion.usage(said_chars))
        await response.write(DONE)
        return response

    async def _speak(self, answer: _Answer, response: web.StreamResponse) -> int:
        said_chars = 0
        delta = answer.completion.delta
        await response.write(delta({"role": "assistant", "content": ""}))
        async with aclosing(self._paced(answer)) as fragments:
            async for fragment in fragments:
                await response.write(delta({"content": fragment}))
                said_chars += len(fragment)
                if self.records_newlines and "\n" in fragment:
                    self.newlines_written.append(time.monotonic())
        return said_chars

    async def _paced(self, answer: _Answer) -> AsyncGenerator[str, None]:
        """Yield each fragment when it is due; a late one does not delay the next."""
        begin_s = time.monotonic()
        fault = answer.fault
        limit = fault.after_fragments or 0 if fault and fault.breaks_off else None
        fragments = islice(split_fragments(answer.text), limit)
        for index, fragment in enumerate(fragments):
            due_s = begin_s + self.pace.due_s(index)
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            if self._is_closing or _is_gone(answer.http):
                raise ConnectionResetError
            yield fragment

    async def _break_off(
        self, answer: _Answer, response: web.StreamResponse | None
    ) -> None:
        fault = answer.fault
        if fault is None or not fault.breaks_off or fault.kind == "length":
            return
        if fault.kind == "error":
            status = web.HTTPInternalServerError.status_code
            raise RefusedError(status, "The model broke off.")
        while (
            fault.kind != "cut" and not self._is_closing and not _is_gone(answer.http)
        ):
            if fault.kind == "keepalive" and response is not None:
                await response.write(KEEPALIVE)
            await asyncio.sleep(WATCH_S)
        raise ConnectionResetError


def _check_fault(fault: ModelFault | None, request: ModelRequest) -> None:
    if fault is None:
        return
    if fault.status:
        sentence = f"The offline model was told to answer {fault.status}."
        raise RefusedError(fault.status, sentence)
    if fault.kind == "refuse_stream_options" and "stream_options" in request.body:
        status = web.HTTPBadRequest.status_code
        raise RefusedError(status, "Unknown parameter: 'stream_options'.")


def _refusal(refused: RefusedError, fault: ModelFault | None) -> web.Response:
    headers = dict[str, str]()
    if fault is not None and fault.retry_after_s is not None:
        headers["Retry-After"] = f"{fault.retry_after_s:g}"
    body = error_body(refused.status, str(refused), refused.code)
    return web.json_response(body, status=refused.status, headers=headers)


def _is_gone(http: web.Request) -> bool:
    return http.transport is None or http.transport.is_closing()
