"""The playground as one server: Slack, the model and the page, on this machine only."""

import errno
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Literal, Protocol, Self

from aiohttp import web

from bot.playground.events.payloads import (
    app_uninstalled,
    payload,
    payloads,
    tokens_revoked,
)
from bot.playground.interactions.payloads import Interactions, waiting_person
from bot.playground.interactions.responseroute import ResponseRoute
from bot.playground.interactions.responseurls import ResponseUrls
from bot.playground.interactions.triggers import Triggers
from bot.playground.interactions.views import Views
from bot.playground.jsonobject import JsonObject
from bot.playground.model.routes import ModelServer
from bot.playground.options import PlaygroundOptions
from bot.playground.page.deeds import Gestures
from bot.playground.page.routes import Page
from bot.playground.people.composer import Speech, say
from bot.playground.pulse import Pulse
from bot.playground.socketmode.envelopes import Envelope
from bot.playground.socketmode.sockets import SocketMode
from bot.playground.webapi.fileserver import FileServer
from bot.playground.webapi.limits import RateLimiter
from bot.playground.webapi.methods import APP_TOKEN, BOT_TOKEN, Methods
from bot.playground.webapi.reactions import react, unreact
from bot.playground.webapi.routes import MAX_BODY_BYTES, WebApi
from bot.playground.webapi.streams import stop_by_reader
from bot.playground.workspace.change import Change
from bot.playground.workspace.message import Message
from bot.playground.workspace.seed import new_workspace
from bot.playground.workspace.snapshot import Snapshot

HOST = "127.0.0.1"
SHUTDOWN_TIMEOUT_S = 0.5
"""Who still waits for an answer when the playground ends will not get one."""

_PORT_REASONS = {
    errno.EADDRINUSE: "taken by another program",
    errno.EACCES: "kept for the administrator",
}

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Part(Protocol):
    def add_to(self, app: web.Application) -> None: ...


class PortTakenError(Exception):
    """The port cannot be used; the text is a sentence for the user."""

    def __init__(self, port: int, reason: str) -> None:
        super().__init__(f"Port {port} is {reason}; choose another.")
        self.port = port


class Playground:
    """A running playground, from entering to leaving it, once.

    Enter a new one on the same port and with the same data to go on.
    """

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN

    def __init__(self, options: PlaygroundOptions | None = None) -> None:
        self._options = options or PlaygroundOptions()
        self._port = self._options.port
        self._pulse = Pulse()
        self._stack = AsyncExitStack()
        self.workspace = new_workspace(time.time, self._options.stream_life_s)
        self.sockets = SocketMode(
            self._pulse, self._options.redelivery_s, self._options.warning_s
        )
        self.interactions = self._new_interactions()
        self.sockets.on_answer = self.interactions.take_answer
        self.methods = self._new_methods()
        self.webapi = WebApi(
            self.methods, self._pulse, latency_s=self._options.latency_s
        )
        self.response_route = ResponseRoute(self.interactions.responses, self._pulse)
        scopes = self._options.scopes
        self.files = FileServer(self.workspace, BOT_TOKEN, scopes)
        self.model = ModelServer(self._options.pace)
        self.model.on_request = self._pulse.ring
        self.page = self._new_page()

    @property
    def url(self) -> str:
        """Return where the page is."""
        return f"http://{HOST}:{self._port}"

    @property
    def api_url(self) -> str:
        """Return the Web API's base URL."""
        return f"{self.url}/api/"

    @property
    def model_url(self) -> str:
        """Return the model server's base URL."""
        return f"{self.url}/v1"

    async def __aenter__(self) -> Self:
        """Read the stored messages and listen.

        Raises:
            PortTakenError: if another program listens on the port.
            SnapshotError: if the stored messages cannot be read.
        """
        async with AsyncExitStack() as stack:
            if self._options.data is not None:
                snapshot = Snapshot(self.workspace, self._options.data)
                await stack.enter_async_context(snapshot)
            stack.callback(self.workspace.listen(self._pass_on))
            await self._listen(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every link and store the messages."""
        await self._stack.__aexit__(kind, error, trace)

    def say(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        thread_ts: str = "",
        files: tuple[str, ...] = (),
    ) -> Message:
        """Say something as a person; the bot is told."""
        speech = Speech(user, channel, text, thread_ts, files)
        return say(self.workspace, speech)

    def open_home(
        self, user: str, tab: Literal["home", "messages"] = "home"
    ) -> JsonObject | None:
        """Open the app's own place as a person; return the event, if there is one."""
        event = self.interactions.open_home(user, tab)
        if event is None or event["type"] not in self._options.subscriptions:
            return None
        self.sockets.deliver(payload(self.workspace, None, event))
        return event

    def revoke(self, kind: Literal["bot", "app"], error: str = "token_revoked") -> None:
        """Let a token be valid no more: every call with it answers `error`.

        Also `account_inactive` and `invalid_auth`, see "Errors" of
        https://docs.slack.dev/reference/methods/auth.test, read 2026-11. Without its
        bot token the app hears of nothing after the event `tokens_revoked`; its
        links stay (not documented).
        """
        tokens = {"bot": BOT_TOKEN, "app": APP_TOKEN}
        if kind == "bot" and "tokens_revoked" in self._options.subscriptions:
            self.sockets.deliver(tokens_revoked(self.workspace))
        self.methods.revoked[tokens[kind]] = error
        self.sockets.mute(is_muted=BOT_TOKEN in self.methods.revoked)

    def uninstall(self) -> None:
        """Remove the app from the workspace, and with it the bot's token.

        The word that calls get then is not documented: our choice. So is that the
        app's own token stays valid.
        """
        if "app_uninstalled" in self._options.subscriptions:
            self.sockets.deliver(app_uninstalled(self.workspace))
        self.revoke("bot", "account_inactive")

    def restore(self) -> None:
        """Let all tokens be valid again."""
        self.methods.revoked.clear()
        self.sockets.mute(is_muted=False)

    async def until(
        self, condition: Callable[[], bool], *, within_s: float = 10
    ) -> None:
        """Wait until a condition on the workspace, calls or envelopes holds.

        Raises:
            TimeoutError: if it did not hold in time; the text says what happened last.
        """
        try:
            await self._pulse.until(condition, within_s)
        except TimeoutError as error:
            raise TimeoutError(self._last_steps(within_s)) from error

    @property
    def _parts(self) -> Iterable[_Part]:
        return (
            self.webapi,
            self.sockets,
            self.response_route,
            self.files,
            self.model,
            self.page,
        )

    def _new_interactions(self) -> Interactions:
        features = self._options.features
        triggers = Triggers(time.monotonic)
        return Interactions(
            workspace=self.workspace,
            views=Views(time.time, triggers, has_home_tab=features.has_home_tab),
            triggers=triggers,
            responses=ResponseUrls(self.workspace, time.monotonic),
            send=self.sockets.send,
            features=features,
        )

    def _new_methods(self) -> Methods:
        return Methods(
            self.workspace,
            RateLimiter(self._options.limits, time.monotonic),
            self.sockets.open,
            self._options.scopes,
            self.interactions.views.methods,
        )

    def _new_page(self) -> Page:
        hand = self.interactions
        page = Page(
            self.workspace,
            Gestures(hand, self.open_home, react, unreact, stop_by_reader),
        )
        hand.views.on_home = page.show_home
        self.sockets.envelopes.on_lost = self._tell_failure
        return page

    def _tell_failure(self, envelope: Envelope) -> None:
        """Tell who waits for the app that nothing comes; its words are our choice."""
        user, deed = waiting_person(envelope)
        if user:
            self.page.show_failure(user, f"{deed} failed: the app did not respond.")

    def _last_steps(self, within_s: float) -> str:
        calls = [f"{call.method} {call.status}" for call in self.webapi.calls]
        unacked = sum(e.acked_s is None for e in self.sockets.log)
        return (
            f"Nothing to that effect in {within_s} s: {len(calls)} calls, the last "
            f"{calls[-5:]}; {len(self.sockets.log)} envelopes, {unacked} of them "
            f"unacknowledged, over {self.sockets.connection_count} links."
        )

    def _pass_on(self, change: Change) -> None:
        heard = self._options.subscriptions, self._options.scopes
        for each in payloads(self.workspace, change, *heard):
            self.sockets.deliver(each)
        self._pulse.ring()

    async def _listen(self, stack: AsyncExitStack) -> None:
        app = web.Application(
            middlewares=[self._check_host], client_max_size=MAX_BODY_BYTES
        )
        for part in self._parts:
            part.add_to(app)
        runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_TIMEOUT_S)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        stack.push_async_callback(self.page.close)
        stack.push_async_callback(self.sockets.close)
        stack.push_async_callback(self.webapi.close)
        try:
            await web.TCPSite(runner, HOST, self._port).start()
        except OSError as error:
            reason = _PORT_REASONS.get(error.errno or 0, "not to be had")
            raise PortTakenError(self._port, reason) from error
        self._port = runner.addresses[0][1]
        self.sockets.origin = f"ws://{HOST}:{self._port}"
        self.interactions.origin = self.url
        self.workspace.files_origin = self.url

    @web.middleware
    async def _check_host(
        self, request: web.Request, handler: _Handler
    ) -> web.StreamResponse:
        """Refuse other names of this machine, so that no website can reach it.

        A page in a browser may point its own name at 127.0.0.1 (DNS rebinding).
        """
        if request.host not in (f"{HOST}:{self._port}", f"localhost:{self._port}"):
            raise web.HTTPForbidden(text="The playground answers to 127.0.0.1 only.")
        return await handler(request)
