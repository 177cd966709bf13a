"""`/healthz`: whether the bot can hear, speak and remember, for a supervisor to ask."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus

from aiohttp import web

from bot.conversation.ports import SetupError

HOST = "127.0.0.1"
PATH = "/healthz"


@dataclass(frozen=True, slots=True)
class Health:
    """How the bot is, at this moment."""

    is_connected: bool
    """Slack's events arrive."""
    is_token_accepted: bool
    """Slack takes the bot's token."""
    is_database_writable: bool
    oldest_waiting_s: float | None
    """For how long the oldest turn waits that is not begun yet; null if none does.

    One that waits for a long answer in its own thread is no fault.
    """

    @property
    def is_good(self) -> bool:
        """Say whether a message would be answered now."""
        return (
            self.is_connected and self.is_token_accepted and self.is_database_writable
        )


@asynccontextmanager
async def serving(
    port: int, examine: Callable[[], Awaitable[Health]]
) -> AsyncGenerator[None]:
    """Answer on the port of this machine alone, from entering to leaving.

    200 means good, 503 not; the body is the `Health` as JSON.

    Raises:
        SetupError: if the port cannot be used.
    """

    async def answer(_: web.Request) -> web.Response:
        health = await examine()
        status = HTTPStatus.OK if health.is_good else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response(asdict(health), status=status)

    server = web.Application()
    server.router.add_get(PATH, answer)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    try:
        await _listen(runner, port)
        yield
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        reason = error.strerror or str(error)
        raise SetupError(f"LINEFEED_HEALTH_PORT {port}: {reason}.") from error
