"""The connection to Slack: kept open, handed over without a gap, never given up."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import structlog

from bot.conversation.ports import SetupError
from bot.slack.api.preflight import paused, unreachable
from bot.slack.api.web import NoAnswerError, RefusedError, Web, unpooled
from bot.slack.socket.bolt import Receive
from bot.slack.socket.link import Link, LinkError, open_link

START_TIMEOUT_S = 4.0
"""How long the first connection may take: whoever starts the bot waits for it."""
START_PAUSE_S = 0.2
"""Between two attempts within that time."""
OPEN_TIMEOUT_S = 5.0
"""How long each later attempt may take."""
MIN_PAUSE_S = 1.0
"""Before the second of the later attempts; each further pause is twice as long."""
MAX_PAUSE_S = 30.0
"""The longest pause."""
STEADY_S = 10.0
"""A connection that lived so long was no failure."""
FLAPS = 2
"""As how many failures a connection counts at most that did not live so long."""
SOCKET_MODE_OFF = "Socket Mode is not turned on"
"""Slack's words, where it gives an address at which nothing is to be heard."""

_FIXES = {
    "link_disabled": "Socket Mode is off: switch it on at api.slack.com/apps.",
    "too_many_websockets": "Ten processes are connected with SLACK_APP_TOKEN already,"
    " and Slack allows no more: end one.",
}
"""What to do about Slack's reasons to open no connection."""

log = structlog.stdlib.get_logger()


@asynccontextmanager
async def connected(
    web: Web,
    app_token: str,
    receive: Receive,
    on_gap: Callable[[], None],
    *,
    has_company: bool = False,
) -> AsyncGenerator["Connection"]:
    """Hear events from entering, once connected, to leaving.

    `receive` takes the envelopes. `on_gap` is called behind each new connection before
    which events may have been missed, the first one included. With `has_company` other
    processes that have the token are as it should be.

    Raises:
        SetupError: if the first connection fails, as then something must be set up.
    """
    async with unpooled(web, app_token) as app, asyncio.TaskGroup() as group:
        connection = Connection(app, receive, on_gap, group)
        connection.has_company = has_company
        await connection.start()
        log.info("connected to Slack")
        keeper = group.create_task(connection.keep())
        try:
            yield connection
        finally:
            keeper.cancel()
            await connection.close()


class Connection:
    """All links of this process: one, but for the moments of a handover."""

    def __init__(
        self,
        web: Web,
        receive: Receive,
        on_gap: Callable[[], None],
        group: asyncio.TaskGroup,
    ) -> None:
        """Ask `web`, which has the app-level token, for addresses."""
        self.has_company = False
        """Whether others that have the token are as it should be."""
        self._web = web
        self._receive = receive
        self._on_gap = on_gap
        self._group = group
        self._links: dict[Link, asyncio.Task[None]] = {}
        self._newest: Link | None = None
        self._address = web.api_url
        """What was to be reached last."""
        self._problem: Exception | None = None
        """Why the last attempt to start failed."""
        self._failures = 0

    @property
    def is_open(self) -> bool:
        """Say whether events arrive."""
        return any(link.is_open for link in self._links)

    async def start(self) -> None:
        """Connect for the first time.

        Raises:
            SetupError: if that fails.
        """
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._connect_at_last()
        except TimeoutError as error:
            raise self._setup_error(self._problem or error) from error
        except (LinkError, RefusedError) as error:
            raise self._setup_error(error) from error

    async def _connect_at_last(self) -> None:
        """Try until it succeeds, or Slack says that it never will."""
        while True:
            try:
                return await self._connect()
            except (NoAnswerError, LinkError) as error:
                if str(error) in _FIXES:
                    raise
                self._problem = error
            await asyncio.sleep(START_PAUSE_S)

    async def keep(self) -> None:
        """Replace each connection that ends or is about to, until cancelled."""
        clock = asyncio.get_running_loop().time
        while (link := self._newest) is not None:
            since_s = clock()
            await link.leaving.wait()
            log.info("Slack's connection ends", reason=link.reason)
            if clock() - since_s >= STEADY_S:
                self._failures = 0
            await self._replace()

    async def close(self) -> None:
        """End every link."""
        # A copy: a link that ends meanwhile takes itself out.
        for link, task in tuple(self._links.items()):
            task.cancel()
            # Its task may not have begun, and then never will.
            await link.close()

    async def _replace(self) -> None:
        """Connect until it succeeds: at first at once, then more and more seldom."""
        clock = asyncio.get_running_loop().time
        since_s = clock()
        while True:
            await asyncio.sleep(pause_s(self._failures))
            self._failures += 1
            try:
                async with asyncio.timeout(OPEN_TIMEOUT_S):
                    await self._connect()
            except RefusedError as error:
                if error.retry_after_s is None:
                    log.critical("Slack refuses SLACK_APP_TOKEN", error=error.error)
                else:
                    log.warning("Slack asks for a pause", pause_s=error.retry_after_s)
                    await asyncio.sleep(error.retry_after_s)
            except (TimeoutError, NoAnswerError, LinkError) as error:
                reason = str(error) or type(error).__name__
                log.warning("no connection to Slack", error=reason)
            else:
                log.info("connected again", after_s=round(clock() - since_s, 3))
                self._failures = min(self._failures, FLAPS)
                return

    def _name_others(self, others: int) -> None:
        if self.has_company:
            log.info("other processes are connected too", others=others)
            return
        log.warning(
            "another process is connected with SLACK_APP_TOKEN and takes events"
            " away; give it an app of its own",
            others=others,
        )

    async def _connect(self) -> None:
        self._address = self._web.api_url
        url = await self._url()
        # Not the whole of it, which holds a ticket.
        self._address = url.partition("?")[0]
        link = await open_link(self._web.session, url, self._web.proxy)
        is_gap, is_first = not self.is_open, self._newest is None
        others = link.connections - sum(link.is_open for link in self._links) - 1
        # Behind a gap Slack may count connections of ours that it has not missed yet.
        if others > 0 and (is_first or not is_gap):
            self._name_others(others)
        self._links[link] = self._group.create_task(self._serve(link))
        self._newest = link
        if is_gap:
            self._on_gap()

    async def _url(self) -> str:
        """Return the address of a new connection.

        With Socket Mode off Slack gives one too, at which nothing is to be heard. It
        says so in a message that is not documented:
        https://github.com/slackapi/bolt-js/issues/1554, read 2026-11.
        """
        fields = (await self._web.ask("apps.connections.open")).fields
        if SOCKET_MODE_OFF in str(fields.get("response_metadata")):
            raise LinkError("link_disabled")
        url = fields.get("url")
        if not isinstance(url, str):
            raise NoAnswerError("no address")
        return url

    async def _serve(self, link: Link) -> None:
        try:
            await link.run(self._receive)
        finally:
            del self._links[link]
        # If none is left, the next one comes behind a gap anyway.
        if link.is_broken and self.is_open:
            self._on_gap()

    def _setup_error(self, error: Exception) -> SetupError:
        """Return the sentence that names the fix."""
        if isinstance(error, RefusedError):
            if error.retry_after_s is not None:
                return paused(error)
            return SetupError(
                f"Slack refuses SLACK_APP_TOKEN: {error.error}. It must be an app-level"
                " token with the scope connections:write, from Basic Information."
            )
        fix = _FIXES.get(str(error))
        return SetupError(fix) if fix else unreachable(self._address, error)


def pause_s(failures: int) -> float:
    """Return how long to wait, not in step with others that lost theirs."""
    if not failures:
        return 0.0
    longest_s = min(MAX_PAUSE_S, MIN_PAUSE_S * 2.0 ** min(failures - 1, 10))
    return longest_s * random.uniform(0.75, 1.0)  # noqa: S311 - no secret
