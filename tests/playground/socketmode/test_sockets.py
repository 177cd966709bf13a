"""Socket Mode as the real SDK speaks it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.pulse import Pulse
from bot.playground.socketmode import sockets
from bot.playground.socketmode.envelopes import MAX_UNACKED
from bot.playground.socketmode.link import MAX_QUEUED_FRAMES
from bot.playground.socketmode.sockets import MAX_CONNECTIONS, SocketMode
from bot.playground.webapi.limits import UNLIMITED, RateLimiter
from bot.playground.webapi.methods import APP_TOKEN, Methods
from bot.playground.webapi.routes import WebApi
from bot.playground.workspace.state import Workspace

SOON_S = 0.01
WARNING_S = 0.05


class Bench:
    """Socket Mode behind a bare server."""

    def __init__(self, workspace: Workspace, redelivery_s: tuple[float, ...]) -> None:
        self.pulse = Pulse()
        self.sockets = SocketMode(self.pulse, redelivery_s, WARNING_S)
        limiter = RateLimiter(UNLIMITED, workspace.clock)
        methods = Methods(workspace, limiter, self.sockets.open)
        self.app = web.Application()
        WebApi(methods, self.pulse).add_to(self.app)
        self.sockets.add_to(self.app)
        self.api_url = ""

    async def until(self, condition: Callable[[], bool]) -> None:
        await self.pulse.until(condition, 10)


@pytest.fixture
def redelivery_s() -> tuple[float, ...]:
    return (SOON_S, SOON_S)


@pytest.fixture
async def bench(
    workspace: Workspace, redelivery_s: tuple[float, ...]
) -> AsyncIterator[Bench]:
    bench = Bench(workspace, redelivery_s)
    async with TestServer(bench.app) as server:
        bench.sockets.origin = f"ws://127.0.0.1:{server.port}"
        bench.api_url = str(server.make_url("/api/"))
        yield bench
        await bench.sockets.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


class SdkApp:
    """A real Socket Mode client that acknowledges whatever comes."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.requests: list[SocketModeRequest] = []
        self.client = SocketModeClient(
            app_token=APP_TOKEN,
            web_client=AsyncWebClient(base_url=bench.api_url),
            ping_interval=0.05,
        )
        self.client.socket_mode_request_listeners.append(self._acknowledge)

    async def _acknowledge(
        self, client: AsyncBaseSocketModeClient, request: SocketModeRequest
    ) -> None:
        self.requests.append(request)
        self._bench.pulse.ring()
        await client.send_socket_mode_response(
            SocketModeResponse(envelope_id=request.envelope_id)
        )


@pytest.fixture
async def sdk(bench: Bench) -> AsyncIterator[SdkApp]:
    app = SdkApp(bench)
    await app.client.connect()
    yield app
    await app.client.close()


async def hello(session: aiohttp.ClientSession, bench: Bench) -> Any:
    """Open a link by hand, its greeting read."""
    socket = await session.ws_connect(bench.sockets.new_url())
    assert (await socket.receive_json())["type"] == "hello"
    return socket


async def test_the_sdk_gets_and_acknowledges_every_event_in_order(
    bench: Bench, sdk: SdkApp
) -> None:
    for n in range(250):
        bench.sockets.deliver({"n": n})
    await bench.until(lambda: all(e.acked_s for e in bench.sockets.log))

    first = [r.payload["n"] for r in sdk.requests if not r.retry_attempt]
    assert sorted(first) == list(range(250))
    assert len(bench.sockets.log) == 250


async def test_the_sdks_pings_come_back(bench: Bench, sdk: SdkApp) -> None:
    async with asyncio.timeout(5):
        while sdk.client.last_ping_pong_time is None:  # noqa: ASYNC110 - the SDK's own
            await asyncio.sleep(0)

    assert await sdk.client.is_connected()


@pytest.mark.parametrize("redelivery_s", [(60.0, 0.1)])
async def test_who_comes_while_slack_still_tries_hears_what_was_missed(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    bench.sockets.deliver({"n": 1})

    socket = await hello(session, bench)
    bench.sockets.deliver({"n": 2})

    frames = [await socket.receive_json() for _ in range(2)]
    # The first retry follows at once, before anybody could have come.
    told = {f["payload"]["n"]: (f["retry_attempt"], f["retry_reason"]) for f in frames}
    assert told == {1: (2, "connection_failed"), 2: (0, "")}
    assert frames[0]["type"] == "events_api"


async def test_who_comes_later_hears_nothing_of_it(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    bench.sockets.deliver({"n": 1})
    await bench.until(lambda: bench.sockets.log[0].is_lost)

    socket = await hello(session, bench)
    bench.sockets.deliver({"n": 2})

    assert (await socket.receive_json())["payload"] == {"n": 2}
    assert bench.sockets.log[0].tries == 3


async def test_what_is_not_acknowledged_comes_again_and_then_no_more(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    socket = await hello(session, bench)

    bench.sockets.deliver({"n": 1})

    frames = [await socket.receive_json() for _ in range(3)]
    assert [frame["retry_attempt"] for frame in frames] == [0, 1, 2]
    assert [frame["retry_reason"] for frame in frames] == ["", "timeout", "timeout"]
    assert len({frame["envelope_id"] for frame in frames}) == 1
    bench.sockets.deliver({"n": 2})
    assert (await socket.receive_json())["payload"] == {"n": 2}


async def test_an_acknowledged_envelope_may_come_once_more(
    bench: Bench, sdk: SdkApp
) -> None:
    bench.sockets.envelopes.duplicate_next()

    bench.sockets.deliver({"n": 1})
    await bench.until(lambda: len(sdk.requests) == 2)

    assert sdk.requests[0].envelope_id == sdk.requests[1].envelope_id
    assert sdk.requests[1].retry_attempt == 1


@pytest.mark.parametrize("redelivery_s", [()])
async def test_events_are_spread_over_the_links(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    sockets = [await hello(session, bench) for _ in range(3)]

    for n in range(6):
        bench.sockets.deliver({"n": n})

    got = [
        [(await s.receive_json())["payload"]["n"] for _ in range(2)] for s in sockets
    ]
    assert sorted(n for pair in got for n in pair) == list(range(6))
    assert all(second - first == 3 for first, second in got)


async def test_a_url_opens_one_link(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    url = bench.sockets.new_url()
    first = await session.ws_connect(url)
    second = await session.ws_connect(url)

    greeting, refusal = await first.receive_json(), await second.receive_json()

    assert (greeting["type"], greeting["num_connections"]) == ("hello", 1)
    assert greeting["connection_info"]["app_id"]
    assert (refusal["type"], refusal["reason"]) == ("disconnect", "refresh_requested")


async def test_the_eleventh_link_is_sent_away(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    first = [await hello(session, bench) for _ in range(MAX_CONNECTIONS)]

    socket = await session.ws_connect(bench.sockets.new_url())

    assert (await socket.receive_json())["reason"] == "too_many_websockets"
    assert bench.sockets.connection_count == len(first)


async def test_after_a_warning_the_link_lives_on_for_a_while(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    socket = await hello(session, bench)

    bench.sockets.disconnect("warning")
    bench.sockets.disconnect("warning")
    bench.sockets.deliver({"n": 1})

    frames = [await socket.receive_json() for _ in range(3)]
    assert [frame.get("reason") for frame in frames] == ["warning", "warning", None]
    async with asyncio.timeout(10):
        while (last := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
    assert last.type is aiohttp.WSMsgType.CLOSE


async def test_a_quiet_link_is_pinged_and_a_deaf_one_is_not(
    bench: Bench, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "PING_S", 0.02)
    url = bench.sockets.new_url()
    timeout = aiohttp.ClientWSTimeout(ws_close=0.1)
    socket = await session.ws_connect(url, autoping=False, timeout=timeout)
    await socket.receive()
    assert (await socket.receive()).type is aiohttp.WSMsgType.PING

    async def listen() -> None:
        while True:
            await socket.receive(timeout=0.2)

    bench.sockets.black_hole()
    with pytest.raises(TimeoutError):
        await listen()


async def test_a_black_hole_answers_neither_a_ping_nor_a_goodbye(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    url = bench.sockets.new_url()
    timeout = aiohttp.ClientWSTimeout(ws_close=0.1)
    socket = await session.ws_connect(url, autoping=False, timeout=timeout)
    await socket.receive()
    await socket.ping(b"1")
    assert (await socket.receive()).type is aiohttp.WSMsgType.PONG

    bench.sockets.black_hole()
    await socket.ping(b"2")
    bench.sockets.deliver({"n": 1})
    bench.sockets.disconnect()
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.1)

    await bench.until(lambda: bench.sockets.log[0].is_lost)
    assert (bench.sockets.log[0].tries, bench.sockets.connection_count) == (3, 1)
    await socket.close()
    await bench.until(lambda: bench.sockets.connection_count == 0)
    assert socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE


async def test_what_falls_into_a_black_hole_comes_again_over_another_link(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    await hello(session, bench)
    bench.sockets.black_hole()
    socket = await hello(session, bench)

    for n in range(2):
        bench.sockets.deliver({"n": n})

    told = {(await socket.receive_json())["payload"]["n"] for _ in range(2)}
    assert told == {0, 1}


async def test_a_black_hole_may_take_in_new_links_until_it_is_gone(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    bench.sockets.black_hole(is_new_too=True)
    socket = await session.ws_connect(bench.sockets.new_url())
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.1)

    bench.sockets.hear_again()

    other = await session.ws_connect(bench.sockets.new_url())
    assert (await other.receive_json())["num_connections"] == 2


async def test_a_switched_off_socket_mode_pretends_to_work(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    socket = await hello(session, bench)

    bench.sockets.switch_off()
    assert (await socket.receive_json())["reason"] == "link_disabled"
    assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
    answer = bench.sockets.open()
    deaf = await hello(session, bench)
    bench.sockets.deliver({"n": 1})
    bench.sockets.switch_on()
    bench.sockets.deliver({"n": 2})

    assert "not turned on" in answer["response_metadata"]["messages"][0]
    assert (await deaf.receive_json())["payload"] == {"n": 2}
    assert bench.sockets.log[0].is_lost
    assert "response_metadata" not in bench.sockets.open()


async def test_with_its_token_revoked_the_app_hears_nothing(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    socket = await hello(session, bench)

    bench.sockets.mute(is_muted=True)
    bench.sockets.deliver({"n": 1})
    bench.sockets.mute(is_muted=False)
    bench.sockets.deliver({"n": 2})

    assert (await socket.receive_json())["payload"] == {"n": 2}
    assert (bench.sockets.log[0].is_lost, bench.sockets.log[0].tries) == (True, 0)


@pytest.mark.parametrize("redelivery_s", [(SOON_S, 0.2, 0.2)])
@pytest.mark.parametrize("leave", [SocketMode.disconnect, SocketMode.drop])
async def test_the_sdk_comes_back_after_a_disconnect(
    bench: Bench, sdk: SdkApp, leave: Callable[[SocketMode], None]
) -> None:
    await bench.until(lambda: bench.sockets.connection_count == 1)
    leave(bench.sockets)
    await bench.until(lambda: bench.sockets.connection_count == 0)

    bench.sockets.deliver({"n": 1})
    await bench.until(lambda: bool(bench.sockets.log[0].acked_s))

    assert bench.sockets.connection_count == 1


async def test_nonsense_is_not_an_acknowledgement(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    socket = await hello(session, bench)
    bench.sockets.deliver({"n": 1})

    for text in ("{", "[]", "{}", '{"envelope_id": "other"}'):
        await socket.send_str(text)
    await socket.send_bytes(b"x")
    await socket.receive_json()

    assert (await socket.receive_json())["retry_attempt"] == 1
    assert bench.sockets.log[0].acked_s is None


@pytest.mark.parametrize("redelivery_s", [()])
async def test_a_reader_that_is_too_slow_holds_up_nobody(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    slow = await hello(session, bench)
    # No pause here: the writing task cannot take a frame from the queue meanwhile.
    for n in range(MAX_QUEUED_FRAMES + 10):
        bench.sockets.deliver({"n": n})

    frames = [await slow.receive_json() for _ in range(MAX_QUEUED_FRAMES + 10)]

    told = [frame["payload"]["n"] for frame in frames]
    assert told == list(range(MAX_QUEUED_FRAMES + 10))


async def test_a_reader_too_slow_to_be_told_to_go_is_cut(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    slow = await hello(session, bench)
    for n in range(MAX_QUEUED_FRAMES):
        bench.sockets.deliver({"n": n})

    bench.sockets.disconnect()
    await bench.until(lambda: bench.sockets.connection_count == 0)

    assert (await slow.receive()).type is aiohttp.WSMsgType.CLOSED


@pytest.mark.parametrize("redelivery_s", [()])
async def test_an_app_that_never_acknowledges_does_not_fill_the_memory(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    socket = await hello(session, bench)
    frames: list[Any] = []
    for n in range(MAX_UNACKED + 1):
        bench.sockets.deliver({"n": n})
        frames.append(await socket.receive_json())

    for frame in (frames[0], frames[-1]):
        await socket.send_json({"envelope_id": frame["envelope_id"]})
    await bench.until(lambda: bool(bench.sockets.log[-1].acked_s))

    assert bench.sockets.log[0].acked_s is None


async def test_what_was_not_yet_written_falls_into_the_black_hole_too(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    socket = await hello(session, bench)

    # No pause here: nothing can be written meanwhile.
    bench.sockets.deliver({"n": 1})
    bench.sockets.black_hole()

    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.1)


async def test_events_may_come_out_of_order(
    bench: Bench, session: aiohttp.ClientSession
) -> None:
    socket = await hello(session, bench)
    bench.sockets.envelopes.hold_next()

    for n in range(2):
        bench.sockets.deliver({"n": n})

    told = [(await socket.receive_json())["payload"]["n"] for _ in range(2)]
    assert told == [1, 0]
