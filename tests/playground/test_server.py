"""The playground as a whole, met by the real SDK."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.manifest import DEFAULT_SUBSCRIPTIONS
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground, PortTakenError
from bot.playground.webapi.faults import Fault


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
        await again.until(lambda: again.sockets.connection_count == 1)
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
            link = await session.ws_connect(playground.sockets.new_url())
            await link.receive_json()

        assert (await link.receive()).type is aiohttp.WSMsgType.CLOSE


async def listener(
    playground: Playground, session: aiohttp.ClientSession
) -> aiohttp.ClientWebSocketResponse:
    """Connect as an app that only listens."""
    link = await session.ws_connect(playground.sockets.new_url())
    await link.receive_json()
    return link


async def test_with_its_token_revoked_the_app_neither_speaks_nor_hears() -> None:
    heard = DEFAULT_SUBSCRIPTIONS | {"tokens_revoked"}
    options = PlaygroundOptions(subscriptions=heard)
    async with Playground(options) as playground, aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=playground.bot_token, base_url=playground.api_url)
        link = await listener(playground, session)

        playground.revoke("bot", "account_inactive")
        with pytest.raises(SlackApiError, match="account_inactive"):
            await client.auth_test()
        playground.say("U0ANA", "C0DEV", "lost")
        playground.restore()
        playground.say("U0ANA", "C0DEV", "heard")

        events = [(await link.receive_json())["payload"]["event"] for _ in range(2)]
        assert (await client.auth_test())["ok"]
    assert [event["type"] for event in events] == ["tokens_revoked", "message"]
    assert events[1]["text"] == "heard"


@pytest.mark.parametrize("is_subscribed", [True, False])
async def test_a_removed_app_is_told_and_has_no_bot_token(
    *, is_subscribed: bool
) -> None:
    names = ["app_uninstalled", "tokens_revoked"] if is_subscribed else []
    heard = DEFAULT_SUBSCRIPTIONS | set(names)
    async with Playground(PlaygroundOptions(subscriptions=heard)) as playground:
        playground.uninstall()
        client = AsyncWebClient(token=playground.bot_token, base_url=playground.api_url)

        with pytest.raises(SlackApiError, match="account_inactive"):
            await client.auth_test()
        told = [
            envelope.payload["event"]["type"] for envelope in playground.sockets.log
        ]
    assert told == names


async def test_without_its_app_token_the_app_goes_on_but_cannot_come_back(
    playground: Playground,
) -> None:
    client = AsyncWebClient(token=playground.bot_token, base_url=playground.api_url)

    playground.revoke("app")

    with pytest.raises(SlackApiError, match="token_revoked"):
        await client.apps_connections_open(app_token=playground.app_token)
    assert (await client.auth_test())["ok"]
    async with aiohttp.ClientSession() as session:
        link = await listener(playground, session)
        playground.say("U0ANA", "C0DEV", "heard")
        assert (await link.receive_json())["payload"]["event"]["text"] == "heard"


@pytest.mark.parametrize("is_subscribed", [True, False])
async def test_an_opened_home_tab_is_told_of_to_who_wants_to_know(
    *, is_subscribed: bool
) -> None:
    fewer = set[str]() if is_subscribed else {"app_home_opened"}
    options = PlaygroundOptions(subscriptions=DEFAULT_SUBSCRIPTIONS - fewer)
    async with Playground(options) as playground:
        event = playground.open_home("U0ANA")

        told = [envelope.payload["event"] for envelope in playground.sockets.log]
    assert told == ([event] if is_subscribed else [])


async def test_the_options_reach_the_workspace() -> None:
    async with Playground(PlaygroundOptions(stream_life_s=1.5)) as playground:
        assert playground.workspace.stream_life_s == 1.5
        assert playground.workspace.files_origin == playground.url


async def test_every_call_takes_as_long_as_wanted() -> None:
    async with Playground(PlaygroundOptions(latency_s=0.1)) as playground:
        client = AsyncWebClient(playground.bot_token, playground.api_url)
        clock = asyncio.get_running_loop().time
        begun_s = clock()

        await client.auth_test()

        assert clock() - begun_s >= 0.1


async def test_a_call_that_hangs_does_not_hold_up_the_end() -> None:
    async with (
        aiohttp.ClientSession() as session,
        asyncio.TaskGroup() as group,
        Playground() as playground,
    ):
        playground.webapi.faults.append(Fault("auth.test", kind="hang"))

        async def hang() -> None:
            with pytest.raises(aiohttp.ClientError):
                await session.post(f"{playground.api_url}auth.test")

        call = group.create_task(hang())
        await playground.webapi.until_called("auth.test")
        assert not call.done()
