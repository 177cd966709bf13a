"""The Socket Mode connection: who we are, what is heard, and how it ends."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.conversation.ports import SetupError
from bot.slack.listeners import Listener
from bot.slack.web import NoAnswerError, RefusedError, Web, is_loopback

CONNECT_TIMEOUT_S = 20.0

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is, by Slack's own word."""

    team: str
    user: str
    bot_id: str


async def identify(web: Web) -> Identity:
    """Ask Slack whose token this is.

    Raises:
        SetupError: if Slack refuses the token or cannot be reached.
    """
    try:
        answer = await web.read("auth.test", {})
    except RefusedError as error:
        raise SetupError(f"Slack refuses SLACK_BOT_TOKEN: {error.error}.") from error
    except NoAnswerError as error:
        raise SetupError(f"{web.api_url} cannot be reached ({error}).") from error
    if "bot_id" not in answer:
        raise SetupError("SLACK_BOT_TOKEN is a person's; it must be the bot's, xoxb-….")
    return Identity(answer["team_id"], answer["user_id"], answer["bot_id"])


@asynccontextmanager
async def connected(
    web: Web, identity: Identity, app_token: str, listener: Listener
) -> AsyncGenerator[None]:
    """Hear events from entering to leaving; return to the caller once connected.

    Raises:
        SetupError: if Slack refuses the app-level token or cannot be reached.
    """
    url = await _link(web, app_token)
    # Any: the SDK leaves these methods untyped.
    handler: Any = AsyncSocketModeHandler(_app(web, identity, listener), app_token)
    if is_loopback(web.api_url):
        handler.client.proxy = None
    handler.client.wss_uri = url
    try:
        await _connect(handler)
        log.info("connected to Slack", team=identity.team, bot=identity.user)
        yield
    finally:
        await handler.close_async()


async def _connect(handler: Any) -> None:
    # The SDK goes on trying for ever, whatever the reason.
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await handler.connect_async()
    except TimeoutError as error:
        raise SetupError("Slack's WebSocket cannot be reached.") from error


async def _link(web: Web, app_token: str) -> str:
    """Return the address of a new connection.

    Asked for here because the SDK repeats the call for ever, whatever Slack says.
    """
    try:
        answer = await web.with_token(app_token).write("apps.connections.open", {})
    except RefusedError as error:
        raise SetupError(
            f"Slack refuses SLACK_APP_TOKEN: {error.error}. It must be an app-level"
            " token with the scope connections:write, and Socket Mode must be on."
        ) from error
    except NoAnswerError as error:
        raise SetupError(f"{web.api_url} cannot be reached ({error}).") from error
    return str(answer["url"])


def _app(web: Web, identity: Identity, listener: Listener) -> AsyncApp:
    authorized = AuthorizeResult(
        enterprise_id=None,
        team_id=identity.team,
        bot_user_id=identity.user,
        bot_id=identity.bot_id,
        bot_token=web.token,
    )

    async def authorize() -> AuthorizeResult:
        return authorized

    async def acknowledge() -> None:
        """Match every event: Slack delivers again what no listener takes."""

    app: Any = AsyncApp(
        client=web.tokenless(),
        # Else Bolt makes loggers that take their level from nobody.
        logger=logging.getLogger("slack_bolt"),
        # Given, so that Bolt neither asks auth.test before its first ack nor turns to
        # OAuth because of variables in the environment.
        authorize=authorize,
        # Else Bolt calls conversations.replies for every message of a DM's thread.
        attaching_conversation_kwargs_enabled=False,
    )
    app.middleware(listener.hear)
    app.event(re.compile(".*"))(acknowledge)
    return cast("AsyncApp", app)
