"""The offline model server: OpenAI's chat completions, streamed at a human pace."""

import time
from collections import deque
from collections.abc import Callable

from aiohttp import web

from bot.playground.model.completion import Completion, error_body
from bot.playground.model.dialect import Dialect
from bot.playground.model.fault import ModelFault
from bot.playground.model.recital import begun, recite
from bot.playground.model.request import (
    MODEL,
    ModelRefusedError,
    ModelRequest,
    check_key,
    read_request,
)
from bot.playground.model.stream import HUMAN_PACE, NO_FAULT, ModelStream, Pace

MAX_REMEMBERED_REQUESTS = 200


class ModelServer:
    """Routes of the offline model, what it was asked, and what tests make it do."""

    def __init__(self, pace: Pace = HUMAN_PACE) -> None:
        self.pace = pace
        self.dialect = Dialect()
        """Of every request from now on, as the pace is."""
        self.requests: deque[ModelRequest] = deque(maxlen=MAX_REMEMBERED_REQUESTS)
        self.faults: deque[ModelFault] = deque()
        """Each is consumed by one request, the leftmost first."""
        self.scripts: deque[str] = deque()
        """Each is said once, in place of the recital; gone on with if it breaks off."""
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
        except ModelRefusedError as refused:
            return _refusal(refused, NO_FAULT)
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "linefeed"}
        return web.json_response({"object": "list", "data": [model]})

    async def _complete(self, http: web.Request) -> web.StreamResponse:
        fault = self.faults.popleft() if self.faults else NO_FAULT
        try:
            check_key(http)
            request = await read_request(http)
            self.requests.append(request)
            if self.on_request is not None:
                self.on_request()
            _check_fault(fault, request)
        except ModelRefusedError as refused:
            return _refusal(refused, fault)
        stream = self._begin(http, request, fault)
        try:
            return await (stream.events() if request.is_stream else stream.whole())
        except ModelRefusedError as refused:
            return _refusal(refused, fault)
        except ConnectionError:
            request.closed_early = stream.is_gone
            stream.hang_up()
            return web.Response()

    def _begin(
        self, http: web.Request, request: ModelRequest, fault: ModelFault
    ) -> ModelStream:
        self._count += 1
        request.answer = self._answer(request)
        usage = self.dialect.usage
        completion = Completion(
            id=f"chatcmpl-offline-{self._count}",
            model=request.model,
            created=int(time.time()),
            prompt_chars=sum(len(message.text) for message in request.messages),
            includes_usage=request.includes_usage and usage != "none",
            counts_often=usage == "every",
        )
        return ModelStream(
            http=http,
            completion=completion,
            text=request.answer,
            pace=self.pace,
            dialect=self.dialect,
            fault=fault,
            is_closing=lambda: self._is_closing,
            on_newline=self._note_newline,
        )

    def _answer(self, request: ModelRequest) -> str:
        """Return the next script, the rest of one that was begun, or the recital."""
        if self.scripts:
            return self.scripts.popleft()
        asked = begun(request.messages)
        if asked is not None:
            beginning = request.messages[len(asked)].text
            for earlier in reversed(self.requests):
                if earlier.messages == asked and earlier.answer.startswith(beginning):
                    return earlier.answer[len(beginning) :]
        return recite(request.messages)

    def _note_newline(self) -> None:
        if self.records_newlines:
            self.newlines_written.append(time.monotonic())


def _check_fault(fault: ModelFault, request: ModelRequest) -> None:
    if fault.status:
        sentence = f"The offline model was told to answer {fault.status}."
        raise ModelRefusedError(fault.status, sentence)
    if fault.kind == "refuse_stream_options" and "stream_options" in request.body:
        status = web.HTTPBadRequest.status_code
        raise ModelRefusedError(status, "Unknown parameter: 'stream_options'.")


def _refusal(refused: ModelRefusedError, fault: ModelFault) -> web.Response:
    headers = dict[str, str]()
    if fault.retry_after_s is not None:
        headers["Retry-After"] = f"{fault.retry_after_s:g}"
    body = error_body(refused.status, str(refused), refused.code)
    return web.json_response(body, status=refused.status, headers=headers)
