"""The Bolt app: every event passes the listener, and only then Slack gets its ack."""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.slack.api.preflight import Identity
from bot.slack.api.web import Web
from bot.slack.events.listeners import Listener
from bot.slack.events.press import Press, press_of
from bot.slack.events.visit import HOME_OPENED, Visit, opening_of, slash_of

log = structlog.stdlib.get_logger()

_UNREADABLE = (AttributeError, LookupError, TypeError, ValueError)
"""What Bolt raises before it runs anything; a listener's error becomes a 500."""

Receive = Callable[[dict[str, Any]], Awaitable[str | None]]
"""Takes an envelope; returns its ack, encoded, or None if there must be none."""


Pressed = Callable[[Press], None]
"""Takes what somebody pressed; must not wait."""
Visited = Callable[[Visit | None], None]
"""Takes a slash command, or that somebody opened the Home tab; must not wait.

None is one that cannot be read, or another tab.
"""


def bolt_app(
    web: Web,
    identity: Identity,
    listener: Listener,
    pressed: Sequence[Pressed],
    visited: Visited,
) -> AsyncApp:
    """Return an app that hands every event to the listener, then acks it.

    What people press goes to each of `pressed`, what they ask of the app itself to
    `visited`, each behind its ack: Slack wants one within 3 s.
    """
    app = _app(web, identity)

    async def acknowledge() -> None:
        """Match every event: Slack delivers again what no listener takes."""

    async def hear_press(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        press = press_of(body)
        if press is not None:
            for take in pressed:
                take(press)

    async def hear_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        visited(slash_of(body))

    async def hear_home(body: dict[str, Any]) -> None:
        visited(opening_of(body))

    # Any: the SDK leaves these methods untyped.
    untyped: Any = app
    untyped.middleware(listener.hear)
    untyped.event(HOME_OPENED)(hear_home)
    untyped.event(re.compile(".*"))(acknowledge)
    # Whatever the manifest calls it: a development copy wants another name.
    untyped.command(re.compile(".*"))(hear_command)
    untyped.action(re.compile(".*"))(hear_press)
    return app


def _app(web: Web, identity: Identity) -> AsyncApp:
    """Return an app that hears nothing yet."""
    authorized = AuthorizeResult(
        enterprise_id=identity.enterprise or None,
        team_id=identity.team,
        bot_user_id=identity.user,
        bot_id=identity.bot_id,
        bot_token=web.token,
    )

    async def authorize() -> AuthorizeResult:
        return authorized

    return AsyncApp(
        # Else Bolt looks through the source of every caller for the program's name.
        name="linefeed",
        client=web.tokenless(),
        # Else Bolt makes loggers that take their level from nobody.
        logger=logging.getLogger("slack_bolt"),
        # Given, so that Bolt neither asks auth.test before its first ack nor turns to
        # OAuth because of variables in the environment.
        authorize=authorize,
        # Else Bolt calls conversations.replies for every message of a DM's thread.
        attaching_conversation_kwargs_enabled=False,
        # Else Bolt swallows that a message of the bot's was deleted.
        ignoring_self_events_enabled=False,
    )


def receiving(app: AsyncApp) -> Receive:
    """Return what gives an app its envelopes and returns its acks."""

    async def receive(envelope: dict[str, Any]) -> str | None:
        try:
            request = SocketModeRequest.from_dict(envelope)  # pyright: ignore[reportUnknownMemberType]
            if request is None:
                return None
            _check_event(request)
            response = await run_async_bolt_app(app, request)
        except _UNREADABLE as error:
            # Bolt takes what it reads for well typed. No delivery would make it better.
            log.warning("an envelope that cannot be read is ignored", error=str(error))
            return json.dumps({"envelope_id": envelope["envelope_id"]})
        if response.status != HTTPStatus.OK:
            return None
        ack = SocketModeResponse(request.envelope_id, _payload(response.body))
        return json.dumps(ack.to_dict())  # pyright: ignore[reportUnknownMemberType]

    return receive


def _check_event(request: SocketModeRequest) -> None:
    """Raise `TypeError` for an event of which Bolt cannot say what it is."""
    payload = cast("dict[str, Any]", request.payload)  # pyright: ignore[reportUnknownMemberType]
    if request.type != "events_api":
        return
    is_event = payload.get("type") == "event_callback"
    if not is_event or not isinstance(payload["event"]["type"], str):
        raise TypeError("no event")


def _payload(body: str | None) -> dict[str, Any] | None:
    """Return what an ack carries: an object, or a text for the person."""
    if not body:
        return None
    try:
        read: Any = json.loads(body)
    except ValueError:
        return {"text": body}
    return cast("dict[str, Any]", read) if isinstance(read, dict) else {"text": body}
