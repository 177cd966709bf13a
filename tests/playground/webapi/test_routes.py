"""The Web API as the real SDK calls it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.manifest import DEFAULT_SCOPES
from bot.playground.people.composer import Speech, say
from bot.playground.pulse import Pulse
from bot.playground.webapi.faults import Fault
from bot.playground.webapi.limits import UNLIMITED, Limits, RateLimiter
from bot.playground.webapi.methods import APP_TOKEN, BOT_TOKEN, Methods
from bot.playground.webapi.routes import WebApi
from bot.playground.workspace.state import Workspace

SCOPES = DEFAULT_SCOPES | {"channels:read", "im:write", "reactions:write"}
META = {"event_type": "t", "event_payload": {"n": 1}}


@pytest.fixture
def methods(workspace: Workspace) -> Methods:
    limiter = RateLimiter(UNLIMITED, workspace.clock)
    return Methods(workspace, limiter, lambda: {"url": "ws://127.0.0.1/link/"}, SCOPES)


@pytest.fixture
def webapi(methods: Methods) -> WebApi:
    return WebApi(methods, Pulse(), lambda: 7.0)


@pytest.fixture
async def api_url(webapi: WebApi) -> AsyncIterator[str]:
    app = web.Application()
    webapi.add_to(app)
    async with TestServer(app) as server:
        yield str(server.make_url("/api/"))


@pytest.fixture
async def client(api_url: str) -> AsyncWebClient:
    return AsyncWebClient(token=BOT_TOKEN, base_url=api_url, retry_handlers=[])


async def test_every_method_answers_the_sdk(
    client: AsyncWebClient, webapi: WebApi, workspace: Workspace
) -> None:
    asked = say(workspace, Speech("U0ANA", "C0DEV", "q"))
    posted = await client.chat_postMessage(
        channel="C0DEV",
        text="a",
        blocks=[{"type": "markdown", "text": "**a**"}],
        thread_ts=asked.ts,
        metadata=META,
        unfurl_links=False,
    )
    ts = posted["ts"]
    replies = await client.conversations_replies(
        channel="C0DEV", ts=asked.ts, include_all_metadata=True, limit=10
    )

    await client.auth_test()
    await client.apps_connections_open(app_token=APP_TOKEN)
    await client.users_info(user="U0ANA")
    await client.conversations_info(channel="C0DEV")
    await client.conversations_list(types="public_channel")
    await client.conversations_open(users="U0ANA")
    await client.conversations_history(channel="C0DEV", inclusive=True)
    await client.reactions_add(channel="C0DEV", timestamp=ts, name="eyes")
    await client.assistant_threads_setStatus(
        channel_id="C0DEV", thread_ts=asked.ts, status="is thinking…"
    )
    await client.chat_postEphemeral(channel="C0DEV", user="U0ANA", text="psst")
    await client.chat_update(channel="C0DEV", ts=ts, text="b")
    await client.chat_delete(channel="C0DEV", ts=ts)

    assert replies["messages"][1]["metadata"] == META
    assert replies["messages"][1]["blocks"][0]["type"] == "rich_text"
    assert {call.status for call in webapi.calls} == {200}
    assert {call.body["ok"] for call in webapi.calls} == {True}
    assert posted.headers["x-oauth-scopes"]


@pytest.mark.parametrize("form", ["json", "form", "query"])
async def test_all_forms_of_a_call_are_read_alike(
    api_url: str, webapi: WebApi, form: str
) -> None:
    blocks = [{"type": "divider"}]
    typed: dict[str, Any] = {
        "channel": "C0DEV",
        "blocks": blocks,
        "metadata": META,
        "unfurl_links": False,
        "limit": 5,
    }
    flat = typed | {
        "blocks": json.dumps(blocks),
        "metadata": json.dumps(META),
        "unfurl_links": "0",
        "limit": "5",
    }
    sent = {"json": {"json": typed}, "form": {"data": flat}, "query": {"params": flat}}
    bearer = {"Authorization": f"Bearer {BOT_TOKEN}"}

    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{api_url}chat.postMessage", headers=bearer, **sent[form]
        ) as response,
    ):
        assert (await response.json())["ok"]

    assert webapi.calls[0].arguments == typed


@pytest.mark.parametrize(
    ("body", "error"), [("{", "invalid_json"), ("[]", "json_not_object")]
)
async def test_a_malformed_body_is_refused(api_url: str, body: str, error: str) -> None:
    headers = {"Content-Type": "application/json"}

    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{api_url}auth.test", data=body, headers=headers) as response,
    ):
        assert await response.json() == {"ok": False, "error": error}


async def test_a_malformed_value_stays_text_for_its_rule(
    client: AsyncWebClient,
) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0DEV", text="a", blocks="[{")

    assert caught.value.response["error"] == "invalid_blocks_format"


async def test_a_token_may_come_as_argument_and_is_not_logged(
    api_url: str, webapi: WebApi
) -> None:
    async with aiohttp.ClientSession() as session:
        for token in (BOT_TOKEN, APP_TOKEN, "xoxb-other", ""):
            async with session.get(f"{api_url}auth.test", params={"token": token}):
                pass

    assert [call.token_kind for call in webapi.calls] == [
        "bot",
        "app",
        "other",
        "none",
    ]
    assert [call.body["ok"] for call in webapi.calls] == [True, False, False, False]
    assert all(call.arguments == {} for call in webapi.calls)


async def test_a_call_can_be_awaited(client: AsyncWebClient, webapi: WebApi) -> None:
    await client.auth_test()

    (call,) = await webapi.until_called("auth.test")

    assert (call.method, call.received_s) == ("auth.test", 7.0)
    with pytest.raises(TimeoutError):
        await webapi.until_called("auth.test", count=2, within_s=0)


async def test_a_refused_post_is_a_429_that_the_sdk_understands(
    workspace: Workspace,
) -> None:
    methods = Methods(workspace, RateLimiter(Limits(), workspace.clock), dict)
    app = web.Application()
    WebApi(methods, Pulse()).add_to(app)
    async with TestServer(app) as server:
        client = AsyncWebClient(
            token=BOT_TOKEN, base_url=str(server.make_url("/api/")), retry_handlers=[]
        )
        for _ in range(3):
            await client.chat_postMessage(channel="C0DEV", text="a")
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="C0DEV", text="b")

    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    assert caught.value.response["error"] == "ratelimited"
    assert len(list(workspace.messages("C0DEV"))) == 3


async def test_a_fault_is_answered_once_and_nothing_is_done(
    client: AsyncWebClient, webapi: WebApi, workspace: Workspace
) -> None:
    body = {"ok": False, "error": "ratelimited"}
    webapi.faults.append(Fault("chat.postMessage", 500))
    webapi.faults.append(Fault("chat.postMessage", 429, body, {"Retry-After": "0"}))
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler())

    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel="C0DEV", text="a")
    await client.auth_test()
    assert list(workspace.messages("C0DEV")) == []

    client.retry_handlers.clear()
    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel="C0DEV", text="a")
    await client.chat_postMessage(channel="C0DEV", text="a")

    assert [call.status for call in webapi.called("chat.postMessage")] == [
        500,
        429,
        200,
    ]


@pytest.mark.parametrize(("kind", "stored"), [("cut_before", 0), ("cut_after", 1)])
async def test_a_connection_is_cut_before_or_after_the_call(
    client: AsyncWebClient,
    webapi: WebApi,
    workspace: Workspace,
    kind: Any,
    stored: int,
) -> None:
    webapi.faults.append(Fault("chat.postMessage", kind=kind))

    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="C0DEV", text="a")

    assert len(list(workspace.messages("C0DEV"))) == stored
    assert webapi.calls[-1].status == 0


async def test_a_fault_of_any_method_happens_as_often_as_it_says(
    client: AsyncWebClient, webapi: WebApi
) -> None:
    webapi.faults.append(Fault("*", 503, times=2))

    for _ in range(2):
        with pytest.raises(SlackApiError):
            await client.auth_test()
    await client.auth_test()

    assert not webapi.faults


async def test_a_fault_without_end_goes_on_until_it_is_removed(
    client: AsyncWebClient, webapi: WebApi
) -> None:
    fault = Fault("auth.test", 503, times=None)
    webapi.faults.append(fault)
    for _ in range(5):
        with pytest.raises(SlackApiError):
            await client.auth_test()

    webapi.faults.remove(fault)

    assert (await client.auth_test())["ok"]


async def test_a_slow_call_takes_effect_before_the_client_gives_up(
    client: AsyncWebClient, webapi: WebApi, workspace: Workspace
) -> None:
    webapi.faults.append(Fault("*", kind="late", delay_s=60.0))
    webapi.faults.append(Fault("*", kind="late", delay_s=0.01))
    async with asyncio.TaskGroup() as group:
        post = client.chat_postMessage(channel="C0DEV", text="a")
        task = group.create_task(post)
        await webapi.until_called("chat.postMessage")
        task.cancel()

    assert [m.text for m in workspace.messages("C0DEV")] == ["a"]
    assert (await client.auth_test())["ok"]
    await webapi.close()


async def test_a_held_call_takes_effect_only_when_it_is_answered(
    client: AsyncWebClient, webapi: WebApi, workspace: Workspace
) -> None:
    webapi.faults.append(Fault("chat.postMessage", kind="held", delay_s=0.05))
    async with asyncio.TaskGroup() as group:
        group.create_task(client.chat_postMessage(channel="C0DEV", text="first"))
        await asyncio.sleep(0.02)
        await client.chat_postMessage(channel="C0DEV", text="second")

    said = [m.text for m in workspace.messages("C0DEV")]
    assert said == ["second", "first"]


async def test_a_call_whose_connection_was_cut_may_be_stored_late(
    client: AsyncWebClient, webapi: WebApi, workspace: Workspace
) -> None:
    webapi.faults.append(Fault("chat.postMessage", kind="stored_late", delay_s=0.05))
    stored = asyncio.Event()
    workspace.listen(lambda _change: stored.set())

    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="C0DEV", text="a")

    assert list(workspace.messages("C0DEV")) == []
    await stored.wait()
    assert [m.text for m in workspace.messages("C0DEV")] == ["a"]


async def test_what_is_stored_late_is_lost_at_the_end(
    client: AsyncWebClient, webapi: WebApi, workspace: Workspace
) -> None:
    webapi.faults.append(Fault("chat.postMessage", kind="stored_late", delay_s=0.02))
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="C0DEV", text="a")

    await webapi.close()

    await asyncio.sleep(0.04)
    assert list(workspace.messages("C0DEV")) == []


async def test_a_call_takes_its_time_there_and_back(
    client: AsyncWebClient, webapi: WebApi, workspace: Workspace
) -> None:
    webapi.latency_s = 0.1
    clock = asyncio.get_running_loop().time
    begun_s = clock()
    stored_s: list[float] = []
    workspace.listen(lambda _change: stored_s.append(clock() - begun_s))

    await client.chat_postMessage(channel="C0DEV", text="a")

    assert stored_s[0] >= 0.05
    assert clock() - begun_s >= stored_s[0] + 0.05


@pytest.mark.parametrize("is_executed", [False, True])
async def test_a_black_hole_takes_a_call_in_and_never_answers(
    client: AsyncWebClient, webapi: WebApi, workspace: Workspace, *, is_executed: bool
) -> None:
    fault = Fault("chat.postMessage", kind="hang", is_executed=is_executed)
    webapi.faults.append(fault)
    client.timeout = 0.2  # type: ignore[assignment] # the SDK passes it on

    with pytest.raises(TimeoutError):
        await client.chat_postMessage(channel="C0DEV", text="a")

    assert len(list(workspace.messages("C0DEV"))) == is_executed
    assert webapi.calls[-1].status == 0
    await webapi.close()


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive"])
async def test_a_revoked_token_opens_nothing(
    client: AsyncWebClient, methods: Methods, error: str
) -> None:
    methods.revoked[BOT_TOKEN] = error

    for method in ("auth.test", "chat.postMessage"):
        with pytest.raises(SlackApiError) as caught:
            await client.api_call(method, json={"channel": "C0DEV", "text": "a"})
        assert caught.value.response["error"] == error


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_no_website_may_call(api_url: str, webapi: WebApi, origin: str) -> None:
    own = api_url.removesuffix("/api/")
    bearer = {"Authorization": f"Bearer {BOT_TOKEN}"}
    async with aiohttp.ClientSession(headers=bearer) as session:
        for sender, status in ((origin, 403), (own, 200)):
            headers = {"Origin": sender}
            async with session.post(f"{api_url}auth.test", headers=headers) as got:
                assert got.status == status

    assert len(webapi.calls) == 1
