"""Where files are downloaded, and to whom."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.playground.people.composer import Speech, say
from bot.playground.webapi import membership
from bot.playground.webapi.fileserver import FileServer
from bot.playground.workspace.file import File, Upload
from bot.playground.workspace.identity import BOT_USER
from bot.playground.workspace.state import Workspace
from bot.playground.workspace.wire import file_json

ALLOWED = {"Authorization": "Bearer xoxb-1"}

Client = TestClient[web.Request, web.Application]


@asynccontextmanager
async def serving(
    workspace: Workspace, scopes: Collection[str] = ("files:read",)
) -> AsyncIterator[Client]:
    app = web.Application()
    FileServer(workspace, "xoxb-1", scopes).add_to(app)
    async with TestClient(TestServer(app)) as client:
        workspace.files_origin = ""
        yield client


@pytest.fixture
def file(workspace: Workspace) -> File:
    upload = Upload("a.png", b"\x89PNG")
    return say(workspace, Speech("U0ANA", "C0DEV", "", files=(upload,))).files[0]


@pytest.mark.parametrize("url", ["url_private", "url_private_download"])
async def test_the_apps_token_reads_a_file(
    workspace: Workspace, file: File, url: str
) -> None:
    async with serving(workspace) as client:
        answer = await client.get(file_json(workspace, file)[url], headers=ALLOWED)

        assert (answer.status, answer.content_type) == (200, "image/png")
        assert await answer.read() == b"\x89PNG"


@pytest.mark.parametrize(
    ("scopes", "headers"),
    [
        (("files:read",), {}),
        (("files:read",), {"Authorization": "Bearer xoxb-2"}),
        (("chat:write",), ALLOWED),
    ],
)
async def test_anyone_else_gets_a_login_page_called_a_success(
    workspace: Workspace, file: File, scopes: Collection[str], headers: dict[str, str]
) -> None:
    async with serving(workspace, scopes) as client:
        url = file_json(workspace, file)["url_private"]
        answer = await client.get(url, headers=headers)

        assert (answer.status, answer.content_type) == (200, "text/html")
        assert "Sign in" in await answer.text()


async def test_a_file_from_where_the_bot_is_not_is_not_read(
    workspace: Workspace, file: File
) -> None:
    membership.kick(workspace, "U0ANA", "C0DEV", BOT_USER)
    async with serving(workspace) as client:
        url = file_json(workspace, file)["url_private"]
        answer = await client.get(url, headers=ALLOWED)

        assert answer.content_type == "text/html"
