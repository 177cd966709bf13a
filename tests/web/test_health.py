"""What a supervisor is told."""

from dataclasses import replace

import aiohttp
import pytest

from bot.conversation.ports import SetupError
from bot.web.health import Health, serving

GOOD = Health(
    is_connected=True,
    is_token_accepted=True,
    is_database_writable=True,
    oldest_waiting_s=None,
)


@pytest.mark.parametrize(
    ("health", "status"),
    [
        (GOOD, 200),
        (replace(GOOD, oldest_waiting_s=12.5), 200),
        (replace(GOOD, is_connected=False), 503),
        (replace(GOOD, is_token_accepted=False), 503),
        (replace(GOOD, is_database_writable=False), 503),
    ],
)
async def test_the_status_says_whether_a_message_would_be_answered(
    unused_tcp_port: int, health: Health, status: int
) -> None:
    async def examine() -> Health:
        return health

    url = f"http://127.0.0.1:{unused_tcp_port}/healthz"
    async with (
        serving(unused_tcp_port, examine),
        aiohttp.ClientSession() as session,
        session.get(url) as answer,
    ):
        assert answer.status == status
        assert await answer.json() == {
            "is_connected": health.is_connected,
            "is_token_accepted": health.is_token_accepted,
            "is_database_writable": health.is_database_writable,
            "oldest_waiting_s": health.oldest_waiting_s,
        }


async def test_what_fails_meanwhile_is_not_the_ports_fault(
    unused_tcp_port: int,
) -> None:
    async def examine() -> Health:
        return GOOD

    with pytest.raises(FileNotFoundError):
        async with serving(unused_tcp_port, examine):
            raise FileNotFoundError


async def test_a_port_that_is_taken_is_named(unused_tcp_port: int) -> None:
    async def examine() -> Health:
        return GOOD

    async with serving(unused_tcp_port, examine):
        with pytest.raises(SetupError, match=f"LINEFEED_HEALTH_PORT {unused_tcp_port}"):
            async with serving(unused_tcp_port, examine):
                pass
