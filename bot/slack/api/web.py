"""Calls of Slack's Web API, with every outcome as an answer or one of two errors."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.api.token import TOKEN_ERRORS, TokenState
from bot.slack.pacing.pacing import Holds, Pace

CALL_TIMEOUT_S = 15.0
"""The longest wait for an answer."""
KEEPALIVE_S = 5.0
"""How long an idle connection is kept for the next call: after a break of the line it
would swallow one, until the time is out."""
READ_RETRIES = 2
"""How often a read is repeated, behind a broken connection or a 429."""
READ_INTERVAL_S = 1.2
READ_BURST = 45
"""Below Slack's tier 3, 50 calls a minute
(https://docs.slack.dev/apis/web-api/rate-limits, read 2026-11)."""
PACED_READS = frozenset(
    {"conversations.history", "conversations.replies", "users.conversations"}
)
"""Who looks for lost messages reads these often, as does who looks for missed ones."""
RATE_ERRORS = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
"""Source: https://docs.slack.dev/reference/methods/chat.postMessage, read 2026-11."""
UNSTATED_PAUSE_S = 30.0
"""How long to pause after a rate error that comes without `Retry-After`."""
UNSURE_ERRORS = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
"""Slack's own troubles, which leave open whether the call took effect."""


class RefusedError(Exception):
    """Slack said no: the call had no effect."""

    def __init__(self, error: str, retry_after_s: float | None = None) -> None:
        """Keep Slack's error code, and for a rate error how long to pause."""
        super().__init__(error)
        self.error = error
        self.retry_after_s = retry_after_s


class NoAnswerError(Exception):
    """No answer, or one that leaves open whether the call took effect."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer."""

    fields: dict[str, Any]
    scopes: frozenset[str]
    """What the token may do."""


class ReadPaces:
    """When the next read may go: one after the other, for all readers of a method."""

    def __init__(self, held_s: Callable[[str], float]) -> None:
        """Keep still for `held_s` as well, asked about a method."""
        self._held_s = held_s
        self._paces = {
            method: Pace(READ_INTERVAL_S, READ_BURST) for method in PACED_READS
        }

    async def slot(self, method: str) -> None:
        """Wait until a call of a method may go."""
        pace = self._paces.get(method)
        if pace is not None:
            now_s = asyncio.get_running_loop().time()
            wait_s = pace.wait_s(now_s)
            # Before the pause: whoever comes meanwhile takes the next slot.
            pace.spend(now_s)
            await asyncio.sleep(wait_s)
        # Another call may be told to pause, or for longer, while this one waits.
        while wait_s := self._held_s(method):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(wait_s)


def is_loopback(url: str) -> bool:
    """Say whether a URL leads to this machine, where no proxy stands between."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Web:
    """The Web API with one token, over one shared pool of connections.

    `write` and `read` keep still where Slack asked for it with a 429, and while Slack
    refuses the token.
    """

    def __init__(
        self,
        token: str,
        api_url: str,
        session: aiohttp.ClientSession,
    ) -> None:
        """Call the methods under `api_url` (`https://slack.com/api/`)."""
        self.token = token
        self.api_url = api_url
        self.session = session
        self._writing = self._client([], token)
        self._reading = self._client(
            [AsyncConnectionErrorRetryHandler(READ_RETRIES)], token
        )
        self.holds = Holds()
        self._paces = ReadPaces(self.wait_s)
        self.token_state = TokenState()

    @property
    def proxy(self) -> str | None:
        """Return the proxy that the environment names, where one is to be used."""
        return self._writing.proxy

    async def ask(self, method: str) -> Answer:
        """Call a method without arguments, once and at once.

        Raises:
            RefusedError: if Slack refused it.
            NoAnswerError: if it is unknown whether it took effect.
        """
        return await _answer(self._writing, method, {"json": {}})

    async def write(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call a method that changes something; never repeated by itself.

        It does not wait where Slack asked for a pause (`wait_s`): that is a refusal.

        Raises:
            RefusedError: if Slack refused it.
            NoAnswerError: if it is unknown whether it took effect.
        """
        channel = _channel(arguments)
        if wait_s := self.wait_s(method, channel):
            raise RefusedError("ratelimited", wait_s)
        return await self._call(self._writing, method, channel, {"json": arguments})

    async def write_message(self, method: str, arguments: dict[str, Any]) -> str:
        """Call a method that makes a message; return its ts.

        Raises:
            RefusedError: if Slack refused it.
            NoAnswerError: if it is unknown whether it took effect, or which it is.
        """
        ts = (await self.write(method, arguments)).get("ts")
        if not ts:
            raise NoAnswerError("an answer without ts")
        return str(ts)

    async def read(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call a method that changes nothing; repeated a few times where that helps.

        It waits where Slack asked for a pause, and for its turn where many read.

        Raises:
            RefusedError: if Slack refused it.
            NoAnswerError: if no answer came.
        """
        channel = _channel(arguments)
        retries_left = READ_RETRIES
        while True:
            await self._paces.slot(method)
            try:
                return await self._call(
                    self._reading, method, channel, {"params": arguments}
                )
            except RefusedError as error:
                if error.retry_after_s is None or not retries_left:
                    raise
                retries_left -= 1

    def wait_s(self, method: str, channel: str = "") -> float:
        """Return for how long Slack wants a method left alone; 0 if it may be called.

        A channel matters to methods that Slack limits by channel.
        """
        return self.holds.wait_s(method, channel, asyncio.get_running_loop().time())

    def tokenless(self) -> AsyncWebClient:
        """Return a client of the SDK's that has no token of its own."""
        return self._client([], token=None)

    async def _call(
        self, client: AsyncWebClient, method: str, channel: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        while True:
            await self.token_state.until_accepted()
            try:
                return (await _answer(client, method, body)).fields
            except RefusedError as error:
                if error.retry_after_s is not None:
                    now_s = asyncio.get_running_loop().time()
                    self.holds.hold(method, channel, now_s, error.retry_after_s)
                if error.error not in TOKEN_ERRORS:
                    raise
                self.token_state.refuse(error.error)

    def _client(
        self, retry_handlers: list[AsyncRetryHandler], token: str | None
    ) -> AsyncWebClient:
        client = AsyncWebClient(
            token, self.api_url, session=self.session, retry_handlers=retry_handlers
        )
        if is_loopback(self.api_url):
            # The SDK takes proxy variables from the environment for every address.
            client.proxy = None
        return client


@asynccontextmanager
async def opened(token: str, api_url: str) -> AsyncGenerator[Web]:
    """Open the pool of connections and close it on leaving."""
    # Without a session of ours the SDK opens a new connection for every call.
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_S)
    timeout = aiohttp.ClientTimeout(total=CALL_TIMEOUT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield Web(token, api_url, session)


@asynccontextmanager
async def unpooled(web: Web, token: str) -> AsyncGenerator[Web]:
    """Open the same Web API for another token, with a new connection for every call.

    What is called when a connection broke must not wait for another broken one.
    """
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(
        connector=connector, timeout=web.session.timeout
    ) as session:
        yield Web(token, web.api_url, session)


async def _answer(client: AsyncWebClient, method: str, body: dict[str, Any]) -> Answer:
    try:
        response = await client.api_call(method, **body)  # pyright: ignore[reportUnknownMemberType]
    except SlackApiError as error:
        raise _refusal(error) from error
    except Exception as error:
        # No connection, no time, or an answer that the SDK trips over: in each case it
        # is open whether the call took effect.
        raise NoAnswerError(type(error).__name__) from error
    fields = cast("dict[str, Any]", response.data)  # pyright: ignore[reportUnknownMemberType]
    scopes = str(cast("Any", response).headers.get("x-oauth-scopes", ""))
    return Answer(fields, frozenset(scopes.replace(",", " ").split()))


def _refusal(error: SlackApiError) -> RefusedError | NoAnswerError:
    """Return what an unsuccessful answer means; it may be no JSON at all."""
    response = cast("Any", error.response)
    data: Any = getattr(response, "data", None)
    code = str(cast("Any", data).get("error", "")) if isinstance(data, dict) else ""
    status = getattr(response, "status_code", 0)
    if code in RATE_ERRORS or status == HTTPStatus.TOO_MANY_REQUESTS:
        stated = response.headers.get("Retry-After", "")
        pause_s = float(stated) if stated.isdecimal() else UNSTATED_PAUSE_S
        return RefusedError(code or "ratelimited", pause_s)
    if not code or code in UNSURE_ERRORS:
        return NoAnswerError(code or f"HTTP {status}")
    return RefusedError(code)


def _channel(arguments: dict[str, Any]) -> str:
    return str(arguments.get("channel") or arguments.get("channel_id") or "")
