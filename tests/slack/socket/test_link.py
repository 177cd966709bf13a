"""One WebSocket: what is acked, what is survived, and how its end is noticed."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType
from aiohttp import web as http

from bot.playground.server import Playground
from bot.playground.socketmode.sockets import MAX_CONNECTIONS
from bot.slack.api.web import Web, unpooled
from bot.slack.socket import link as module
from bot.slack.socket.link import Link, LinkError, open_link

Script = Callable[[http.WebSocketResponse], Awaitable[None]]


async def address(web: Web, playground: Playground) -> str:
    """Return the address of a new connection."""
    async with unpooled(web, playground.app_token) as app:
        return str((await app.ask("apps.connections.open")).fields["url"])


@asynccontextmanager
async def running(
    link: Link, handled: list[dict[str, Any]], error: Exception | None = None
) -> AsyncGenerator[None]:
    """Run a link that acks, and lists, what it gets; `error` is raised once instead."""
    errors = [error] if error else []

    async def answer(envelope: dict[str, Any]) -> str:
        if errors:
            raise errors.pop()
        handled.append(envelope)
        return json.dumps({"envelope_id": envelope["envelope_id"]})

    async with asyncio.TaskGroup() as group:
        task = group.create_task(link.run(answer))
        yield
        task.cancel()


@asynccontextmanager
async def slack_that(script: Script, port: int) -> AsyncGenerator[str]:
    """Serve a WebSocket that does what a script says, and return its address."""

    async def serve(request: http.Request) -> http.WebSocketResponse:
        socket = http.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        await script(socket)
        return socket

    app = http.Application()
    app.router.add_get("/", serve)
    runner = http.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await http.TCPSite(runner, "127.0.0.1", port).start()
    yield f"ws://127.0.0.1:{port}/"
    await runner.cleanup()


async def test_a_link_is_open_behind_its_hello(
    web: Web, playground: Playground
) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(playground.sockets.new_url()),
    ):
        link = await open_link(web.session, await address(web, playground), None)
        async with running(link, []):
            assert (link.is_open, link.connections) == (True, 2)


async def test_events_are_acked_where_they_came(
    web: Web, playground: Playground
) -> None:
    handled: list[dict[str, Any]] = []
    link = await open_link(web.session, await address(web, playground), None)
    async with running(link, handled):
        playground.say("U0ANA", "D0ANA", "hi")
        await playground.until(lambda: bool(playground.sockets.log[0].acked_s))

    assert [envelope["type"] for envelope in handled] == ["events_api"]


async def test_an_address_counts_once(web: Web, playground: Playground) -> None:
    url = await address(web, playground)
    link = await open_link(web.session, url, None)
    async with running(link, []):
        with pytest.raises(LinkError, match="refresh_requested"):
            await open_link(web.session, url, None)


async def test_an_eleventh_connection_is_refused_with_slacks_reason(
    web: Web, playground: Playground
) -> None:
    async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
        links = [playground.sockets.new_url() for _ in range(MAX_CONNECTIONS)]
        for url in links:
            await stack.enter_async_context(session.ws_connect(url))
        url = await address(web, playground)
        with pytest.raises(LinkError, match="too_many_websockets"):
            await open_link(web.session, url, None)


async def test_nobody_there_is_no_link(web: Web, unused_tcp_port: int) -> None:
    with pytest.raises(LinkError, match="ClientConnectorError"):
        await open_link(web.session, f"ws://127.0.0.1:{unused_tcp_port}/", None)


async def test_an_end_before_the_hello_is_no_link(
    web: Web, unused_tcp_port: int
) -> None:
    async def close(socket: http.WebSocketResponse) -> None:
        await socket.close()

    async with slack_that(close, unused_tcp_port) as url:
        with pytest.raises(LinkError, match="closed"):
            await open_link(web.session, url, None)


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled"])
async def test_slack_says_when_a_link_needs_a_successor(
    web: Web, playground: Playground, reason: str
) -> None:
    link = await open_link(web.session, await address(web, playground), None)
    async with running(link, []):
        playground.sockets.disconnect(reason)
        await link.leaving.wait()

    assert link.reason == reason


async def test_a_link_with_a_warning_still_delivers(
    web: Web, playground: Playground
) -> None:
    handled: list[dict[str, Any]] = []
    link = await open_link(web.session, await address(web, playground), None)
    async with running(link, handled):
        playground.sockets.disconnect("warning")
        await link.leaving.wait()
        playground.say("U0ANA", "D0ANA", "hi")
        await playground.until(lambda: bool(handled))

        assert link.is_open


async def test_a_cut_is_noticed_at_once(web: Web, playground: Playground) -> None:
    link = await open_link(web.session, await address(web, playground), None)
    async with running(link, []):
        playground.sockets.drop()
        await link.leaving.wait()

        assert (link.reason, link.is_open) == ("closed", False)


async def test_silence_is_noticed_though_the_line_stands(
    web: Web, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PING_S", 0.05)
    monkeypatch.setattr(module, "SILENCE_S", 0.2)
    link = await open_link(web.session, await address(web, playground), None)
    async with running(link, []):
        playground.sockets.black_hole()
        await link.leaving.wait()

        assert (link.reason, link.is_open) == ("silent", False)


async def test_pings_alone_keep_a_link_without_events(
    web: Web, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PING_S", 0.02)
    monkeypatch.setattr(module, "SILENCE_S", 0.1)
    link = await open_link(web.session, await address(web, playground), None)
    async with running(link, []):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await link.leaving.wait()


async def test_what_fails_is_not_acked_and_comes_again(
    web: Web, playground: Playground
) -> None:
    handled: list[dict[str, Any]] = []
    link = await open_link(web.session, await address(web, playground), None)
    async with running(link, handled, RuntimeError("disk full")):
        playground.say("U0ANA", "D0ANA", "hi")
        await playground.until(lambda: bool(playground.sockets.log[0].acked_s))

    assert [envelope["retry_attempt"] for envelope in handled] == [1]


async def test_too_many_events_at_once_are_left_to_slack(
    web: Web, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_HANDLED", 1)
    gate = asyncio.Event()

    async def answer(envelope: dict[str, Any]) -> str:
        await gate.wait()
        return json.dumps({"envelope_id": envelope["envelope_id"]})

    link = await open_link(web.session, await address(web, playground), None)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(link.run(answer))
        for text in ("one", "two"):
            playground.say("U0ANA", "D0ANA", text)
        first, second = playground.sockets.log
        await playground.until(lambda: second.attempt > 0)
        gate.set()
        await playground.until(lambda: bool(first.acked_s and second.acked_s))
        task.cancel()


async def test_a_reset_behind_a_ping_and_before_the_hello_is_no_link(
    web: Web, unused_tcp_port: int
) -> None:
    async def reset(socket: http.WebSocketResponse) -> None:
        await socket.ping(b"1")
        transport = socket._req.transport if socket._req else None
        assert transport is not None
        transport.abort()

    async with slack_that(reset, unused_tcp_port) as url:
        for _ in range(20):
            with pytest.raises(LinkError):
                await open_link(web.session, url, None)


async def test_a_blocked_loop_is_not_slacks_silence(
    web: Web, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PING_S", 0.05)
    monkeypatch.setattr(module, "SILENCE_S", 0.3)
    link = await open_link(web.session, await address(web, playground), None)
    async with running(link, []):
        await asyncio.sleep(0.02)
        time.sleep(0.5)  # noqa: ASYNC251 - the very fault
        await asyncio.sleep(0.2)

        assert not link.leaving.is_set()


async def test_odd_frames_are_survived_and_pings_answered(
    web: Web, unused_tcp_port: int
) -> None:
    frames: list[aiohttp.WSMessage] = []

    async def confuse(socket: http.WebSocketResponse) -> None:
        await socket.ping(b"1")
        await socket.send_str("{")
        await socket.send_str("[" * 100_000)
        await socket.send_json({"type": "hello"})
        await socket.ping(b"2")
        for odd in ([], "text", {"type": "new"}, {"envelope_id": "E1"}):
            await socket.send_json(odd)
        await socket.send_bytes(b"\x00")
        await socket.send_json({"envelope_id": "E2", "type": "t", "payload": {}})
        async for frame in socket:
            if frame.type is not WSMsgType.PING:
                frames.append(frame)
            if frame.type is WSMsgType.TEXT and "E2" in frame.data:
                break

    async with slack_that(confuse, unused_tcp_port) as url:
        link = await open_link(web.session, url, None)
        async with running(link, []):
            await link.leaving.wait()

    assert link.connections == 1
    assert [f.data for f in frames if f.type is WSMsgType.PONG] == [b"1", b"2"]
