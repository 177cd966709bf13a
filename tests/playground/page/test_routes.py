"""What the page's server says, to whom, and what it refuses."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer

from bot.playground.interactions.views import View
from bot.playground.page.routes import MAX_WAITING_EVENTS, Page
from bot.playground.workspace.identity import BOT_ID, BOT_USER
from bot.playground.workspace.message import Message, Status
from bot.playground.workspace.state import Workspace
from tests.playground.page.gestures import new_gestures

Client = TestClient[web.Request, web.Application]

SAY = {"type": "say", "user": "U0ANA", "channel": "C0DEV", "text": "hi"}


@pytest.fixture
def site(workspace: Workspace) -> Page:
    return Page(workspace, new_gestures(workspace))


@pytest.fixture
async def client(site: Page) -> AsyncIterator[Client]:
    app = web.Application()
    site.add_to(app)
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        yield client
        await site.close()


async def opened(client: Client) -> ClientWebSocketResponse:
    origin = str(client.make_url("/")).rstrip("/")
    return await client.ws_connect("/page", origin=origin)


def bot_message(workspace: Workspace, markdown: str, thread_ts: str = "") -> Message:
    return Message(
        "C0DEV",
        workspace.next_ts(),
        BOT_USER,
        "",
        thread_ts=thread_ts,
        markdown=markdown,
        bot_id=BOT_ID,
    )


async def test_the_page_and_its_files_are_served_strictly(client: Client) -> None:
    for path, kind in (
        ("/", "text/html"),
        ("/static/page.js", "text/javascript"),
        ("/static/page.css", "text/css"),
        ("/static/icon.svg", "image/svg+xml"),
    ):
        answer = await client.get(path)
        body = await answer.text()

        assert answer.status == 200
        assert answer.content_type == kind
        assert answer.headers["Content-Security-Policy"].startswith(
            "default-src 'none'"
        )
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "style=" not in body or kind != "text/html"


@pytest.mark.parametrize(
    "path", ["/static/none.js", "/static/index.html", "/static/..%2Fpage.py"]
)
async def test_no_other_file_is_served(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 404


@pytest.mark.parametrize("path", ["/", "/static/page.js", "/page"])
async def test_another_host_is_refused(client: Client, path: str) -> None:
    answer = await client.get(path, headers={"Host": "evil.example:80"})

    assert answer.status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None])
async def test_another_origin_cannot_open_the_socket(
    client: Client, origin: str | None
) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/page", origin=origin)

    assert refused.value.status == 403


async def test_a_new_window_is_told_everything(
    client: Client, workspace: Workspace
) -> None:
    parent = workspace.add(bot_message(workspace, "**hi**"))
    workspace.set_status(Status("C0DEV", parent.ts, "is thinking…"))

    whole = await (await opened(client)).receive_json()

    assert whole["type"] == "workspace"
    assert whole["me"] == "U0ANA"
    assert {"id": BOT_USER, "name": "Linefeed", "is_bot": True} in whole["people"]
    assert [channel["id"] for channel in whole["channels"]][:2] == [
        "C0GENERAL",
        "C0DEV",
    ]
    [part] = whole["messages"][0]["parts"]
    assert part["html"] == "<p><strong>hi</strong></p>\n"
    assert whole["statuses"] == [
        {"channel": "C0DEV", "thread_ts": parent.ts, "text": "is thinking…"}
    ]


async def test_every_window_is_told_of_changes_in_order(
    client: Client, workspace: Workspace
) -> None:
    windows = [await opened(client), await opened(client)]
    message = workspace.add(bot_message(workspace, "a"))
    workspace.edit(message)
    workspace.set_status(Status("C0DEV", message.ts, "writes"))
    workspace.delete("C0DEV", message.ts)

    for window in windows:
        told = [await window.receive_json() for _ in range(5)]
        kinds = ["workspace", "added", "changed", "status", "deleted"]
        assert [event["type"] for event in told] == kinds
        assert told[2]["message"]["is_edited"]
        assert told[3]["text"] == "writes"


async def test_what_the_page_does_not_show_is_not_told(
    client: Client, workspace: Workspace
) -> None:
    window = await opened(client)
    await window.receive_json()
    message = workspace.add(bot_message(workspace, "a"))
    workspace.set_channel("joined", workspace.channels["C0DEV"], "U0ANA")
    workspace.set_status(Status("C0DEV", message.ts, "writes"))

    told = [await window.receive_json() for _ in range(2)]

    assert [event["type"] for event in told] == ["added", "status"]


async def test_a_published_home_tab_is_shown_now_and_to_who_comes_later(
    client: Client, site: Page
) -> None:
    header = {"type": "header", "text": {"type": "plain_text", "text": "Hi <b>"}}
    shown = {"type": "home", "user": "U0ANA"}
    window = await opened(client)
    await window.receive_json()
    site.show_home(View("V1", "U0ANA", {"blocks": [header]}))

    told = await window.receive_json()
    whole = await (await opened(client)).receive_json()

    [part] = told["parts"]
    assert told == shown | {"parts": [part]}
    assert part["html"] == "<h3>Hi &lt;b&gt;</h3>"
    assert whole["has_home_tab"]
    assert whole["commands"] == ["/linefeed"]
    assert whole["homes"] == [{"user": "U0ANA", "parts": [part]}]


async def test_windows_learn_that_the_app_did_not_answer(
    client: Client, site: Page
) -> None:
    window = await opened(client)
    await window.receive_json()
    site.show_failure("U0ANA", "/linefeed failed.")

    told = await window.receive_json()

    assert told == {"type": "failed", "user": "U0ANA", "sentence": "/linefeed failed."}


async def test_a_person_speaks(client: Client, workspace: Workspace) -> None:
    window = await opened(client)
    await window.receive_json()
    await window.send_json({**SAY, "text": "hello @Linefeed <b>"})
    added, said = [await window.receive_json() for _ in range(2)]

    [message] = workspace.messages("C0DEV")
    assert message.user == "U0ANA"
    assert (added["type"], added["message"]["ts"]) == ("added", message.ts)
    assert (
        '<span class="mention">@Linefeed</span> &lt;b&gt;'
        in added["message"]["parts"][0]["html"]
    )
    assert said == {"type": "said", "channel": "C0DEV", "ts": message.ts}


async def test_what_cannot_be_done_is_refused_with_a_sentence(client: Client) -> None:
    window = await opened(client)
    await window.receive_json()
    await window.send_str("no json")

    refused = await window.receive_json()

    assert refused["type"] == "refused"
    assert refused["sentence"].endswith(".")


async def test_binary_frames_are_ignored(client: Client) -> None:
    window = await opened(client)
    await window.receive_json()
    await window.send_bytes(b"?")
    await window.send_json(SAY)

    assert (await window.receive_json())["type"] == "added"


async def test_a_window_too_far_behind_is_closed_for_a_fresh_start(
    client: Client, workspace: Workspace
) -> None:
    window = await opened(client)
    await window.receive_json()
    # No await between them: the window's writer cannot take any out of the queue.
    for number in range(MAX_WAITING_EVENTS + 5):
        workspace.add(bot_message(workspace, str(number)))

    assert (await window.receive()).type is WSMsgType.CLOSE
    assert window.close_code == 1013
    again = await (await opened(client)).receive_json()
    assert len(again["messages"]) == MAX_WAITING_EVENTS + 5


async def test_closing_ends_all_windows_and_may_be_repeated(
    client: Client, site: Page, workspace: Workspace
) -> None:
    windows = [await opened(client), await opened(client)]
    for window in windows:
        await window.receive_json()

    async def close() -> None:
        await site.close()
        await site.close()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(close())
        codes = [(await window.receive()).data for window in windows]
    workspace.add(bot_message(workspace, "to nobody"))

    assert codes == [1001, 1001]
