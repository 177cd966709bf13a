"""Every outcome of a call is an answer or one of two errors."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest
from aiohttp import web as http

from bot.playground.manifest import DEFAULT_SCOPES
from bot.playground.server import Playground
from bot.playground.webapi.faults import Fault
from bot.slack.api.web import (
    PACED_READS,
    READ_BURST,
    READ_RETRIES,
    UNSTATED_PAUSE_S,
    NoAnswerError,
    ReadPaces,
    RefusedError,
    Web,
    is_loopback,
    opened,
    unpooled,
)
from tests.slack.virtual import virtually

READ = "auth.test"
TIER_3_CALLS = 50
"""Per minute: https://docs.slack.dev/apis/web-api/rate-limits, read 2026-11."""
POST = "chat.postMessage"
MESSAGE = {"channel": "C0DEV", "text": "hi"}
DEAD_PROXY = "http://127.0.0.1:9"
Answer = Callable[[http.Request], Awaitable[http.Response]]


@pytest.fixture
async def odd(
    unused_tcp_port: int,
) -> AsyncGenerator[tuple[Web, list[http.Response]]]:
    """A server that is not Slack: answers with the responses in the list."""
    responses: list[http.Response] = []

    async def answer(_: http.Request) -> http.Response:
        return responses.pop(0)

    app = http.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = http.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await http.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    async with opened("xoxb-1", f"http://127.0.0.1:{unused_tcp_port}/api/") as web:
        yield web, responses
    await runner.cleanup()


async def test_an_answer_is_slacks_json(web: Web) -> None:
    answer = await web.read(READ, {})

    assert (answer["ok"], answer["user_id"]) == (True, "U0LINEFEED")


async def test_the_token_is_the_callers(web: Web, playground: Playground) -> None:
    await web.read(READ, {})
    async with unpooled(web, playground.app_token) as app:
        await app.ask("apps.connections.open")

    assert [call.token_kind for call in playground.webapi.calls] == ["bot", "app"]


async def test_a_refusal_has_slacks_code(web: Web) -> None:
    with pytest.raises(RefusedError) as refused:
        await web.write(POST, {"channel": "C0GONE", "text": "hi"})

    assert refused.value.error == "channel_not_found"
    assert refused.value.retry_after_s is None


@pytest.mark.parametrize(
    ("fault", "error", "pause_s"),
    [
        (Fault(POST, 429, {"ok": False, "error": "ratelimited"}), "ratelimited", None),
        (Fault(POST, 429, {}, {"Retry-After": "7"}), "ratelimited", 7),
        (Fault(POST, 429, {}, {"retry-after": "7"}), "ratelimited", 7),
        (
            Fault(POST, 200, {"ok": False, "error": "message_limit_exceeded"}),
            "message_limit_exceeded",
            None,
        ),
        (
            Fault(POST, 200, {"ok": False, "error": "rate_limited"}),
            "rate_limited",
            None,
        ),
        (Fault(POST, 429, {}, {"Retry-After": "soon"}), "ratelimited", None),
    ],
)
async def test_a_rate_error_says_how_long_to_pause(
    web: Web,
    playground: Playground,
    fault: Fault,
    error: str,
    pause_s: float | None,
) -> None:
    playground.webapi.faults.append(fault)

    with pytest.raises(RefusedError) as refused:
        await web.write(POST, MESSAGE)

    assert refused.value.error == error
    expected_s = UNSTATED_PAUSE_S if pause_s is None else pause_s
    assert refused.value.retry_after_s == expected_s


@pytest.mark.parametrize(
    "fault",
    [
        Fault(POST, 500),
        Fault(POST, 503, {}),
        Fault(POST, 200, {}),
        Fault(POST, 200, {"ok": False, "error": "fatal_error"}),
        Fault(POST, kind="cut_before"),
        Fault(POST, kind="cut_after"),
    ],
    ids=str,
)
async def test_an_unclear_answer_to_a_write_is_none_and_not_repeated(
    web: Web, playground: Playground, fault: Fault
) -> None:
    playground.webapi.faults.append(fault)

    with pytest.raises(NoAnswerError):
        await web.write(POST, MESSAGE)
    assert len(playground.webapi.called(POST)) == 1


@pytest.mark.parametrize(
    ("status", "content_type", "text"),
    [
        (503, "text/plain", "upstream connect error"),
        (502, "text/html", "<html>Bad Gateway</html>"),
        (200, "text/html", "<html>Log in to the hotel's network</html>"),
        (200, "application/json", "{broken"),
        (200, "application/json", "null"),
        (200, "application/json", ""),
        (200, "application/json", "[1]"),
        (200, "text/plain", "ok"),
    ],
)
async def test_what_is_not_slacks_json_is_no_answer(
    odd: tuple[Web, list[http.Response]], status: int, content_type: str, text: str
) -> None:
    web, responses = odd
    responses.append(http.Response(status=status, text=text, content_type=content_type))

    with pytest.raises(NoAnswerError):
        await web.write(POST, MESSAGE)


async def test_a_429_that_is_no_json_is_a_rate_error(
    odd: tuple[Web, list[http.Response]],
) -> None:
    web, responses = odd
    headers = {"Retry-After": "3"}
    responses.append(http.Response(status=429, text="slow down", headers=headers))

    with pytest.raises(RefusedError) as refused:
        await web.write(POST, MESSAGE)
    assert refused.value.retry_after_s == 3


@pytest.mark.parametrize(
    "fault",
    [Fault(READ, 429, {}, {"Retry-After": "0"}), Fault(READ, kind="cut_before")],
    ids=["429", "cut"],
)
async def test_a_read_is_repeated_a_few_times(
    web: Web, playground: Playground, fault: Fault
) -> None:
    playground.webapi.faults += [fault] * READ_RETRIES

    answer = await web.read(READ, {})

    assert answer["ok"]
    assert len(playground.webapi.called(READ)) == READ_RETRIES + 1


async def test_a_read_that_is_refused_for_its_rate_too_often_fails(
    web: Web, playground: Playground
) -> None:
    pause = Fault(READ, 429, {}, {"Retry-After": "0"}, times=READ_RETRIES + 1)
    playground.webapi.faults.append(pause)

    with pytest.raises(RefusedError):
        await web.read(READ, {})


async def test_a_held_method_is_not_called(web: Web, playground: Playground) -> None:
    playground.webapi.faults.append(Fault(POST, 429, {}, {"Retry-After": "60"}))
    for _ in range(2):
        with pytest.raises(RefusedError) as refused:
            await web.write(POST, MESSAGE)

    assert 59 < (refused.value.retry_after_s or 0) <= 60
    assert 59 < web.wait_s(POST, "C0DEV") <= 60
    assert web.wait_s(POST, "C0GENERAL") == web.wait_s(READ) == 0
    assert len(playground.webapi.called(POST)) == 1


async def test_a_held_read_waits(web: Web, playground: Playground) -> None:
    playground.webapi.faults.append(Fault(READ, 429, {}, {"Retry-After": "1"}))

    await web.read(READ, {})

    first, second = playground.webapi.called(READ)
    assert second.received_s - first.received_s >= 0.99


def test_a_read_waits_for_a_pause_that_another_is_told_meanwhile() -> None:
    async def play() -> float:
        loop = asyncio.get_running_loop()
        held_until_s = 1.0
        paces = ReadPaces(lambda _: max(0.0, held_until_s - loop.time()))
        async with asyncio.TaskGroup() as group:
            group.create_task(paces.slot("conversations.replies"))
            await asyncio.sleep(0.5)
            held_until_s = 4.5
        return loop.time()

    assert virtually(play()) == pytest.approx(4.5)


@pytest.mark.parametrize("method", sorted(PACED_READS))
def test_many_readers_take_turns_within_slacks_limits(method: str) -> None:
    async def play() -> list[float]:
        loop = asyncio.get_running_loop()
        paces = ReadPaces(lambda _: 0.0)
        slots_s: list[float] = []

        async def read() -> None:
            await paces.slot(method)
            slots_s.append(loop.time())

        async with asyncio.TaskGroup() as group:
            for _ in range(200):
                group.create_task(read())
            # Other methods have turns of their own.
            group.create_task(paces.slot(READ))
        return slots_s

    slots_s = virtually(play())

    assert slots_s.count(0.0) == READ_BURST
    # Slack's own bucket: a minute's calls at once, and then what comes in.
    spare = [TIER_3_CALLS * (1 + at_s / 60) - n for n, at_s in enumerate(slots_s, 1)]
    assert min(spare) >= 0


async def test_calls_wait_while_slack_refuses_the_token(
    web: Web, playground: Playground
) -> None:
    playground.revoke("bot", "account_inactive")
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(web.read(READ, {})) for _ in range(2)]
        await web.token_state.until_refused()
        playground.restore()
        assert not any(call.done() for call in calls)
        web.token_state.accept()

    assert all(call.result()["ok"] for call in calls)
    assert not web.token_state.is_refused


async def test_an_answer_names_the_scopes(web: Web) -> None:
    answer = await web.ask(READ)

    assert answer.scopes == DEFAULT_SCOPES


async def test_nobody_listening_is_no_answer(unused_tcp_port: int) -> None:
    async with opened("xoxb-1", f"http://127.0.0.1:{unused_tcp_port}/api/") as web:
        with pytest.raises(NoAnswerError, match="ClientConnectorError"):
            await web.write(POST, MESSAGE)


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("http://127.0.0.1:8765/api/", True),
        ("http://127.9.9.9/", True),
        ("http://[::1]:80/", True),
        ("http://localhost/api/", True),
        ("https://slack.com/api/", False),
        ("http://10.0.0.1/", False),
        ("http://localhost.evil.test/", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_only(url: str, *, is_here: bool) -> None:
    assert is_loopback(url) is is_here


async def test_a_proxy_does_not_stand_before_this_machine(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, DEAD_PROXY)

    async with opened(playground.bot_token, playground.api_url) as web:
        assert (await web.read(READ, {}))["ok"]


async def test_a_proxy_stands_before_every_other_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, DEAD_PROXY)

    async with opened("xoxb-1", "https://slack.test/api/") as web:
        with pytest.raises(NoAnswerError, match="ClientProxyConnectionError"):
            await web.write(POST, MESSAGE)
