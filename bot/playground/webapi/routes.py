"""The Web API over HTTP: every form of a call becomes the same arguments."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Literal, cast

from aiohttp import web

from bot.playground.answer import Answer, RefusedError
from bot.playground.jsonobject import JsonObject
from bot.playground.pulse import Pulse
from bot.playground.webapi.faults import Fault, take_fault
from bot.playground.webapi.methods import APP_TOKEN, BOT_TOKEN, Methods

MAX_CALLS_LOGGED = 10_000
MAX_BODY_BYTES = 4 * 1024 * 1024

TokenKind = Literal["bot", "app", "other", "none"]

_JSON_NAMES = frozenset(
    {"attachments", "blocks", "chunks", "loading_messages", "metadata", "view"}
)
_NUMBER_NAMES = frozenset({"limit"})
_FLAG_NAMES = frozenset(
    {
        "exclude_archived",
        "include_all_metadata",
        "inclusive",
        "link_names",
        "mrkdwn",
        "reply_broadcast",
        "return_im",
        "unfurl_links",
        "unfurl_media",
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that arrived, and what was answered."""

    method: str
    arguments: JsonObject
    """As the method reads them, the token left out."""
    token_kind: TokenKind
    received_s: float
    """Monotonic."""
    status: int
    """0 if the connection was cut."""
    body: JsonObject


class WebApi:
    """The routes below `/api/`, a log of what was called, and faults on demand."""

    def __init__(
        self,
        methods: Methods,
        pulse: Pulse,
        clock: Callable[[], float] = time.monotonic,
        latency_s: float = 0.0,
    ) -> None:
        """`clock` returns seconds and never goes back.

        A call takes `latency_s` to be answered and takes effect halfway.
        """
        self._methods = methods
        self._pulse = pulse
        self._clock = clock
        self.calls: deque[Call] = deque(maxlen=MAX_CALLS_LOGGED)
        self.faults: deque[Fault] = deque()
        """What the next calls meet, the first that fits."""
        self.latency_s = latency_s
        self._closing = asyncio.Event()
        self._late: list[asyncio.TimerHandle] = []

    def add_to(self, app: web.Application) -> None:
        """Serve the Web API from an application."""
        app.router.add_get("/api/{method}", self._serve)
        app.router.add_post("/api/{method}", self._serve)

    async def close(self) -> None:
        """Let go of the calls that are never answered, and of those to come."""
        self._closing.set()
        for timer in self._late:
            timer.cancel()

    def called(self, method: str) -> list[Call]:
        """Return the logged calls of a method, oldest first."""
        return [call for call in self.calls if call.method == method]

    async def until_called(
        self, method: str, *, count: int = 1, within_s: float = 10
    ) -> list[Call]:
        """Wait until a method was called so often, and return its calls.

        Raises:
            TimeoutError: if it was called less often in time.
        """
        await self._pulse.until(lambda: len(self.called(method)) >= count, within_s)
        return self.called(method)

    async def _serve(self, request: web.Request) -> web.Response:
        received_s = self._clock()
        _refuse_strangers(request)
        method = request.match_info["method"]
        try:
            arguments = await read_arguments(request)
        except RefusedError as error:
            return web.json_response(error.body)
        token = _token(request, arguments)
        fault = take_fault(self.faults, method)
        await self._pause(fault.delay_before_s if fault else 0.0)
        answer = self._answer(method, arguments, token, fault)
        kind = _token_kind(token)
        self.calls.append(
            Call(method, arguments, kind, received_s, answer.status, answer.body)
        )
        self._pulse.ring()
        if fault is not None and fault.kind == "hang":
            await self._closing.wait()
        await self._pause(fault.delay_after_s if fault else 0.0)
        if answer.status == 0:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        body = (fault and fault.raw) or json.dumps(answer.body).encode()
        headers = {"Content-Type": "application/json", **answer.headers}
        return web.Response(body=body, status=answer.status, headers=headers)

    def _answer(
        self, method: str, arguments: JsonObject, token: str, fault: Fault | None
    ) -> Answer:
        if fault is None:
            return self._methods.call(method, arguments, token)
        honest = None
        if fault.is_effective:
            honest = self._methods.call(method, arguments, token)
        if fault.kind == "stored_late":
            loop = asyncio.get_running_loop()
            call = partial(self._methods.call, method, arguments, token)
            self._late.append(loop.call_later(fault.delay_s, call))
        return fault.answer(honest)

    async def _pause(self, delay_s: float) -> None:
        """Wait for half of a call's time and for `delay_s` more, or for the end."""
        pause_s = self.latency_s / 2 + delay_s
        if pause_s:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._closing.wait()


def _refuse_strangers(request: web.Request) -> None:
    """Refuse what a page of another site sends, though it could not read the answer.

    A browser names the page's origin in every such request; programs name none.
    """
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        raise web.HTTPForbidden(text="No website may call the playground.")


async def read_arguments(request: web.Request) -> JsonObject:
    """Return a call's arguments from query, form or JSON, all typed alike.

    Raises:
        RefusedError: if the body is no JSON object though it says so.
    """
    arguments: JsonObject = dict(request.query)
    if request.content_type == "application/json":
        arguments |= _json_object(await request.text())
    else:
        form = await request.post()
        arguments |= {key: text for key, text in form.items() if isinstance(text, str)}
    return {key: _typed(key, value) for key, value in arguments.items()}


def _json_object(text: str) -> JsonObject:
    try:
        body: object = json.loads(text or "{}")
    except ValueError as error:
        raise RefusedError("invalid_json") from error
    if not isinstance(body, dict):
        raise RefusedError("json_not_object")
    return cast("JsonObject", body)


def _typed(name: str, value: object) -> object:
    """Return an argument as its method reads it; what is malformed stays text."""
    if not isinstance(value, str):
        return value
    if name in _FLAG_NAMES:
        return value.lower() in ("1", "true")
    if name in _NUMBER_NAMES and value.isdecimal():
        return int(value)
    if name in _JSON_NAMES:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _token(request: web.Request, arguments: JsonObject) -> str:
    """Take the token out of the header or the arguments."""
    argument = str(arguments.pop("token", ""))
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else argument


def _token_kind(token: str) -> TokenKind:
    kinds: dict[str, TokenKind] = {BOT_TOKEN: "bot", APP_TOKEN: "app", "": "none"}
    return kinds.get(token, "other")
