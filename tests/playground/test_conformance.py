"""The playground held against Slack's own Python clients: every method, every envelope.

What the SDK and Bolt cannot do here is wrong here, not there.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.manifest import DEFAULT_SCOPES, Features
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.webapi.limits import UNLIMITED
from tests.playground.interactions.test_viewrules import INPUT, label, modal

MORE_SCOPES = {
    "channels:join",
    "channels:write",
    "files:read",
    "im:write",
    "reactions:read",
    "reactions:write",
}
BUTTON = {"type": "button", "action_id": "go", "text": label("Go"), "value": "1"}
BLOCKS = [{"type": "actions", "block_id": "b", "elements": [BUTTON]}]
HOME = {"type": "home", "blocks": BLOCKS}
MODAL = modal(submit=label("Go"), blocks=[INPUT], callback_id="ask")


@pytest.fixture
async def playground() -> AsyncIterator[Playground]:
    features = Features(
        frozenset({"/linefeed"}), is_interactive=True, has_home_tab=True
    )
    options = PlaygroundOptions(
        limits=UNLIMITED, scopes=DEFAULT_SCOPES | MORE_SCOPES, features=features
    )
    async with Playground(options) as playground:
        yield playground


@dataclass
class Bench:
    """The SDK's client, and what there is for it to work on."""

    playground: Playground
    client: AsyncWebClient
    ts: str
    """Of a message of the app's in #dev."""
    asked_ts: str
    """Of a message of Ana's there."""

    @property
    def place(self) -> dict[str, Any]:
        return {"channel": "C0DEV", "ts": self.ts}

    def trigger(self) -> str:
        return self.playground.interactions.triggers.issue("U0ANA")

    async def stream(self) -> dict[str, Any]:
        started = await self.client.chat_startStream(
            channel="C0DEV",
            thread_ts=self.asked_ts,
            recipient_user_id="U0ANA",
            recipient_team_id="T0PLAYGROUND",
        )
        return {"channel": "C0DEV", "ts": started["ts"]}

    async def open_view(self) -> str:
        opened = await self.client.views_open(trigger_id=self.trigger(), view=MODAL)
        return str(opened["view"]["id"])


async def _connect(bench: Bench) -> Any:
    return await bench.client.apps_connections_open(
        app_token=bench.playground.app_token
    )


async def _append(bench: Bench) -> Any:
    place = await bench.stream()
    return await bench.client.chat_appendStream(**place, markdown_text="b")


async def _stop(bench: Bench) -> Any:
    return await bench.client.chat_stopStream(**await bench.stream())


async def _unreact(bench: Bench) -> Any:
    reaction = {"channel": "C0DEV", "timestamp": bench.ts, "name": "eyes"}
    await bench.client.reactions_add(**reaction)
    return await bench.client.reactions_remove(**reaction)


async def _push(bench: Bench) -> Any:
    await bench.open_view()
    return await bench.client.views_push(trigger_id=bench.trigger(), view=MODAL)


async def _update_view(bench: Bench) -> Any:
    view_id = await bench.open_view()
    return await bench.client.views_update(view_id=view_id, view=MODAL)


def _file(bench: Bench) -> str:
    said = bench.playground.say("U0ANA", "C0DEV", "see", files=("a.txt",))
    return said.files[0].id


CALLS: dict[str, Callable[[Bench], Awaitable[Any]]] = {
    "apps.connections.open": _connect,
    "assistant.threads.setStatus": lambda b: b.client.assistant_threads_setStatus(
        channel_id="C0DEV", thread_ts=b.asked_ts, status="is thinking…"
    ),
    "auth.test": lambda b: b.client.auth_test(),
    "chat.appendStream": _append,
    "chat.delete": lambda b: b.client.chat_delete(**b.place),
    "chat.getPermalink": lambda b: b.client.chat_getPermalink(
        channel="C0DEV", message_ts=b.ts
    ),
    "chat.postEphemeral": lambda b: b.client.chat_postEphemeral(
        channel="C0DEV", user="U0ANA", text="a"
    ),
    "chat.postMessage": lambda b: b.client.chat_postMessage(
        channel="C0DEV", text="a", blocks=BLOCKS
    ),
    "chat.startStream": lambda b: b.stream(),
    "chat.stopStream": _stop,
    "chat.update": lambda b: b.client.chat_update(**b.place, text="b"),
    "conversations.history": lambda b: b.client.conversations_history(channel="C0DEV"),
    "conversations.info": lambda b: b.client.conversations_info(channel="C0DEV"),
    "conversations.join": lambda b: b.client.conversations_join(channel="C0DEV"),
    "conversations.leave": lambda b: b.client.conversations_leave(channel="C0DEV"),
    "conversations.list": lambda b: b.client.conversations_list(limit=1),
    "conversations.members": lambda b: b.client.conversations_members(channel="C0DEV"),
    "conversations.open": lambda b: b.client.conversations_open(users="U0ANA"),
    "conversations.replies": lambda b: b.client.conversations_replies(**b.place),
    "files.info": lambda b: b.client.files_info(file=_file(b)),
    "reactions.add": lambda b: b.client.reactions_add(
        channel="C0DEV", timestamp=b.ts, name="eyes"
    ),
    "reactions.get": lambda b: b.client.reactions_get(channel="C0DEV", timestamp=b.ts),
    "reactions.remove": _unreact,
    "users.conversations": lambda b: b.client.users_conversations(
        types="public_channel,im"
    ),
    "users.info": lambda b: b.client.users_info(user="U0ANA"),
    "views.open": lambda b: b.open_view(),
    "views.publish": lambda b: b.client.views_publish(user_id="U0ANA", view=HOME),
    "views.push": _push,
    "views.update": _update_view,
}


@pytest.fixture
async def bench(playground: Playground) -> Bench:
    client = AsyncWebClient(
        token=playground.bot_token, base_url=playground.api_url, retry_handlers=[]
    )
    asked = playground.say("U0ANA", "C0DEV", "q")
    posted = await client.chat_postMessage(channel="C0DEV", text="a")
    return Bench(playground, client, posted["ts"], asked.ts)


def test_every_method_is_called_here(playground: Playground) -> None:
    assert set(CALLS) == playground.methods.names


@pytest.mark.parametrize("method", CALLS)
async def test_the_sdk_calls_a_method_and_is_content(bench: Bench, method: str) -> None:
    # The SDK raises for whatever is not ok.
    assert await CALLS[method](bench)

    assert bench.playground.webapi.calls[-1].method == method
    assert bench.playground.webapi.calls[-1].body["ok"] is True


async def test_the_sdk_is_told_that_there_is_no_such_method(bench: Bench) -> None:
    with pytest.raises(SlackApiError) as caught:
        await bench.client.team_info()

    assert caught.value.response["error"] == "unknown_method"


class BoltApp:
    """A real Bolt app that notes what it hears, in order."""

    def __init__(self, playground: Playground) -> None:
        client = AsyncWebClient(token=playground.bot_token, base_url=playground.api_url)
        self.app: Any = AsyncApp(client=client)
        self.heard: list[Any] = []
        self.playground = playground
        self.app.event("message")(self._hear)
        self.app.command("/linefeed")(self._obey)
        self.app.action("go")(self._act)
        self.app.view("ask")(self._take)

    async def _hear(self, event: dict[str, Any]) -> None:
        self.heard.append(event["text"])

    async def _obey(self, ack: Any, command: dict[str, Any], client: Any) -> None:
        await ack(text=f"You said {command['text']}.")
        await client.views_open(trigger_id=command["trigger_id"], view=MODAL)

    async def _act(self, ack: Any, action: dict[str, Any], respond: Any) -> None:
        await ack()
        await respond(text=f"pressed {action['value']}", replace_original=True)

    async def _take(self, ack: Any, view: dict[str, Any]) -> None:
        (block_id,) = view["state"]["values"]
        name = view["state"]["values"][block_id]["name"]["value"]
        if name == "wrong":
            await ack(response_action="errors", errors={block_id: "not that"})
        else:
            await ack()
        self.heard.append(name)

    async def until(self, condition: Callable[[], object]) -> None:
        await self.playground.until(lambda: bool(condition()))


@pytest.fixture
async def bolt(playground: Playground) -> AsyncIterator[BoltApp]:
    bolt = BoltApp(playground)
    handler: Any = AsyncSocketModeHandler(bolt.app, playground.app_token)
    await handler.connect_async()
    yield bolt
    await handler.close_async()


async def test_bolt_hears_an_event(bolt: BoltApp) -> None:
    bolt.playground.say("U0ANA", "C0DEV", "hello")

    await bolt.until(lambda: bolt.playground.sockets.log[-1].acked_s)
    assert bolt.heard == ["hello"]


async def test_bolt_answers_a_command_with_its_acknowledgement(bolt: BoltApp) -> None:
    bolt.playground.interactions.command("U0ANA", "C0DEV", "/linefeed", "help")

    stack = bolt.playground.interactions.views.stack
    ephemerals = bolt.playground.workspace.ephemerals
    await bolt.until(lambda: stack("U0ANA") and ephemerals)
    (shown,) = ephemerals
    assert (shown.text, shown.only_for) == ("You said help.", "U0ANA")


async def test_bolt_replaces_the_message_whose_button_was_pressed(
    bolt: BoltApp,
) -> None:
    posted = await bolt.app.client.chat_postMessage(
        channel="C0DEV", text="pick", blocks=BLOCKS
    )
    workspace = bolt.playground.workspace

    bolt.playground.interactions.press("U0ANA", "C0DEV", posted["ts"], "go")

    await bolt.until(lambda: bolt.playground.response_route.log)
    message = workspace.message("C0DEV", posted["ts"])
    assert message is not None
    assert (message.text, message.blocks) == ("pressed 1", ())


@pytest.mark.parametrize(("name", "is_left_open"), [("Ana", False), ("wrong", True)])
async def test_bolt_takes_what_was_submitted(
    bolt: BoltApp, name: str, *, is_left_open: bool
) -> None:
    bolt.playground.interactions.command("U0ANA", "C0DEV", "/linefeed")
    stack = bolt.playground.interactions.views.stack
    await bolt.until(lambda: stack("U0ANA"))

    envelope = bolt.playground.interactions.submit("U0ANA", {"name": name})

    assert envelope is not None
    await bolt.until(lambda: envelope.acked_s)
    assert bool(stack("U0ANA")) is is_left_open
    assert all("not that" in view.errors.values() for view in stack("U0ANA"))
    await bolt.until(lambda: bolt.heard)
