"""The playground as a whole, met by the real SDK."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.server import Playground, PlaygroundOptions, PortTakenError


@pytest.fixture
async def playground() -> AsyncIterator[Playground]:
    async with Playground() as playground:
        yield playground


def echo_bot(playground: Playground) -> SocketModeClient:
    """Return a bot that answers every person with what was said."""
    web_client = AsyncWebClient(token=playground.bot_token, base_url=playground.api_url)
    client = SocketModeClient(
        app_token=playground.app_token, web_client=web_client, ping_interval=0.05
    )

    async def answer(
        client: AsyncBaseSocketModeClient, request: SocketModeRequest
    ) -> None:
        await client.send_socket_mode_response(
            SocketModeResponse(envelope_id=request.envelope_id)
        )
        event = request.payload["event"]
        if "bot_id" not in event:
            await web_client.chat_postMessage(
                channel=event["channel"], text=event["text"], thread_ts=event["ts"]
            )

    client.socket_mode_request_listeners.append(answer)
    return client


def answered(playground: Playground, ts: str) -> bool:
    return len(playground.workspace.thread("D0ANA", ts)) == 2


async def test_a_bot_hears_and_answers(playground: Playground) -> None:
    bot = echo_bot(playground)
    await bot.connect()

    message = playground.say("U0ANA", "D0ANA", "hi")
    await playground.until(lambda: answered(playground, message.ts))
    await playground.until(lambda: all(e.acked_s for e in playground.sockets.log))

    answer = playground.workspace.thread("D0ANA", message.ts)[1]
    assert (answer.text, answer.user) == ("hi", "U0LINEFEED")
    assert len(playground.sockets.log) == 2
    await bot.close()


async def test_after_a_restart_everything_goes_on(tmp_path: Path) -> None:
    data = tmp_path / "messages.json"
    async with Playground(PlaygroundOptions(data=data)) as playground:
        bot = echo_bot(playground)
        await bot.connect()
        before = playground.say("U0ANA", "D0ANA", "before")
        await playground.until(lambda: answered(playground, before.ts))
        port = int(playground.url.rpartition(":")[2])

    async with Playground(PlaygroundOptions(port=port, data=data)) as again:
        assert answered(again, before.ts)
        after = again.say("U0ANA", "D0ANA", "after")
        await again.until(lambda: answered(again, after.ts))
    await bot.close()


async def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(PortTakenError, match=f"Port {port} is taken") as caught:
            await Playground(PlaygroundOptions(port=port)).__aenter__()

    assert caught.value.port == port


async def test_a_port_that_is_not_allowed_is_no_taken_port() -> None:
    with pytest.raises(OverflowError):
        await Playground(PlaygroundOptions(port=70_000)).__aenter__()


@pytest.mark.parametrize("path", ["/", "/api/auth.test", "/link/", "/v1/models"])
async def test_no_other_name_of_this_machine_is_answered(
    playground: Playground, path: str
) -> None:
    port = playground.url.rpartition(":")[2]
    names = ("evil.example", f"evil.example:{port}", "127.0.0.1", "127.0.0.1:1")

    async with aiohttp.ClientSession() as session:
        for name in names:
            headers = {"Host": name}
            async with session.get(f"{playground.url}{path}", headers=headers) as got:
                assert got.status == 403
        headers = {"Host": f"localhost:{port}"}
        async with session.get(f"{playground.url}{path}", headers=headers) as got:
            assert got.status != 403


async def test_model_and_page_are_served_beside_slack(playground: Playground) -> None:
    headers = {"Authorization": "Bearer any"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for url in (playground.url, f"{playground.model_url}/models"):
            async with session.get(url) as response:
                assert response.status == 200


async def test_waiting_in_vain_tells_what_happened(playground: Playground) -> None:
    client = AsyncWebClient(token=playground.bot_token, base_url=playground.api_url)
    await client.auth_test()
    playground.say("U0ANA", "D0ANA", "anyone?")

    with pytest.raises(TimeoutError, match=r"auth\.test 200.*1 of them unack"):
        await playground.until(lambda: False, within_s=0)


async def test_who_still_holds_a_connection_does_not_hold_up_the_end() -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(5):
        async with Playground() as playground:
            link = await session.ws_connect(playground.sockets.open_link())
            await link.receive_json()

        assert (await link.receive()).type is aiohttp.WSMsgType.CLOSE
