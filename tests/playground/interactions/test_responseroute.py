"""The response_url as the real SDK uses it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.playground.interactions.responseroute import ResponseRoute
from bot.playground.interactions.responseurls import ResponseUrls
from bot.playground.pulse import Pulse
from bot.playground.workspace.state import Workspace


@pytest.fixture
async def url(workspace: Workspace) -> AsyncIterator[str]:
    responses = ResponseUrls(workspace, workspace.clock)
    app = web.Application()
    ResponseRoute(responses, Pulse()).add_to(app)
    async with TestServer(app) as server:
        yield str(server.make_url(f"/respond/{responses.issue('U0ANA', 'C0DEV')}"))


async def test_the_sdk_answers_without_a_token(workspace: Workspace, url: str) -> None:
    answer = await AsyncWebhookClient(url).send(text="hi", response_type="in_channel")

    assert answer.status_code == 200
    assert [m.text for m in workspace.messages("C0DEV")] == ["hi"]


@pytest.mark.parametrize("body", ["{", "[]", ""])
async def test_what_is_no_object_is_refused(url: str, body: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.post(url, data=body) as got:
            assert got.status == 400
        async with session.post(f"{url}x", data="{}") as got:
            assert got.status == 404
