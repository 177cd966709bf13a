"""The Web API over HTTP: every form of a call becomes the same arguments."""

import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from aiohttp import web

from bot.playground.answer import Answer, RefusedError
from bot.playground.methods import APP_TOKEN, BOT_TOKEN, Methods
from bot.playground.pulse import Pulse
from bot.playground.workspace import JsonObject

MAX_CALLS_LOGGED = 10_000
MAX_BODY_BYTES = 4 * 1024 * 1024

TokenKind = Literal["bot", "app", "other", "none"]
Cut = Literal["before", "after"]

_JSON_NAMES = frozenset({"attachments", "blocks", "loading_messages", "metadata"})
_NUMBER_NAMES = frozenset({"limit"})
_FLAG_NAMES = frozenset(
    {
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


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the next call of a method, once, instead of its answer."""

    method: str
    status: int = 500
    body: JsonObject = field(
        default_factory=lambda: {"ok": False, "error": "internal_error"}
    )
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cut: Cut | None = None
    """Cut the connection before or after the call is executed; nothing is answered.

    Without a cut the call is answered as above.
    """
    raw: bytes = b""
    """Sent in place of the body, called JSON whatever it is."""
    is_executed: bool = False
    """Without a cut: whether the call takes effect all the same."""


class WebApi:
    """The routes below `/api/`, a log of what was called, and faults on demand."""

    def __init__(
        self,
        methods: Methods,
        pulse: Pulse,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` returns seconds and never goes back."""
        self._methods = methods
        self._pulse = pulse
        self._clock = clock
        self.calls: deque[Call] = deque(maxlen=MAX_CALLS_LOGGED)
        self.faults: deque[Fault] = deque()

    def add_to(self, app: web.Application) -> None:
        """Serve the Web API from an application."""
        app.router.add_get("/api/{method}", self._serve)
        app.router.add_post("/api/{method}", self._serve)

    def called(self, method: str) -> list[Call]:
        """Return the logged calls of a method, oldest first."""
        return [call for call in self.calls if call.method == method]

    async def until_called(
        self, method: str, *, count: int = 1, within_s: float = 10
    ) -> list[Call]:
        """Wait until a method was called so often, and return its calls.

        Raises:
            TimeoutError: It was called less often in time.
        """
        await self._pulse.until(lambda: len(self.called(method)) >= count, within_s)
        return self.called(method)

    async def _serve(self, request: web.Request) -> web.Response:
        received_s = self._clock()
        method = request.match_info["method"]
        try:
            arguments = await read_arguments(request)
        except RefusedError as error:
            return web.json_response(error.body)
        token = _token(request, arguments)
        fault = self._take_fault(method)
        answer = self._answer(method, arguments, token, fault)
        kind = _token_kind(token)
        self.calls.append(
            Call(method, arguments, kind, received_s, answer.status, answer.body)
        )
        self._pulse.ring()
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
        if fault.is_executed or fault.cut == "after":
            self._methods.call(method, arguments, token)
        if fault.cut is not None:
            return Answer({}, 0)
        return Answer(fault.body, fault.status, fault.headers)

    def _take_fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method == method:
                self.faults.remove(fault)
                return fault
        return None


async def read_arguments(request: web.Request) -> JsonObject:
    """Return a call's arguments from query, form or JSON, all typed alike.

    Raises:
        RefusedError: The body is no JSON object though it says so.
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
