"""What people do on the page happens as in Slack, or is refused with a sentence."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.playground.manifest import Features
from bot.playground.page.deeds import GONE, NOT_INTERACTIVE, NOT_STREAMING, Deeds
from bot.playground.socketmode.envelopes import Envelope
from bot.playground.workspace.identity import BOT_USER
from bot.playground.workspace.message import Message, Stream, app_message
from bot.playground.workspace.state import Workspace
from tests.playground.interactions.test_payloads import BLOCKS, BUTTON
from tests.playground.page.gestures import new_gestures

SAY = {"type": "say", "user": "U0ANA", "channel": "C0DEV", "text": "hi"}


class Window:
    """A page's window, without the socket."""

    def __init__(self, workspace: Workspace, features: Features | None = None) -> None:
        self.sent: list[Envelope] = []
        more = () if features is None else (features,)
        self.gestures = new_gestures(workspace, self.sent, *more)
        self._deeds = Deeds(workspace, self.gestures)

    def do(self, **fields: Any) -> dict[str, Any]:
        sent = {"user": "U0ANA", "channel": "C0DEV", **fields}
        return self._deeds.do(json.dumps(sent))


@pytest.fixture
def window(workspace: Workspace) -> Window:
    return Window(workspace)


@pytest.fixture
def message(workspace: Workspace) -> Message:
    ts = workspace.next_ts()
    return workspace.add(replace(app_message("C0DEV", ts), blocks=BLOCKS))


@pytest.mark.parametrize(
    "said",
    [
        {**SAY, "channel": "C0NONE"},
        {**SAY, "text": " "},
        {**SAY, "user": BOT_USER},
        {**SAY, "user": "U0NOBODY"},
        {**SAY, "text": 5},
        {**SAY, "type": "shout"},
        {**SAY, "type": []},
        [],
    ],
)
def test_what_cannot_be_said_is_refused_with_a_sentence(
    workspace: Workspace, said: Any
) -> None:
    refused = Deeds(workspace, new_gestures(workspace)).do(json.dumps(said))

    assert refused["type"] == "refused"
    assert refused["sentence"].endswith(".")
    assert list(workspace.messages("C0DEV")) == []


def test_a_text_behind_a_slash_is_a_command_and_no_message(
    workspace: Workspace, window: Window
) -> None:
    assert window.do(type="say", text="/linefeed  status now ") == {"type": "done"}

    [envelope] = window.sent
    assert envelope.kind == "slash_commands"
    assert envelope.payload["command"] == "/linefeed"
    assert envelope.payload["text"] == "status now"
    assert list(workspace.messages("C0DEV")) == []


def test_a_command_is_refused_in_threads_and_if_nobody_knows_it(
    window: Window, message: Message
) -> None:
    threaded = window.do(type="say", text="/linefeed help", thread_ts=message.ts)
    unknown = window.do(type="say", text="/nothing")

    assert threaded["sentence"] == "/linefeed is not supported in threads. Sorry!"
    assert unknown["sentence"].startswith("/nothing is not a valid command.")
    assert window.sent == []


def test_own_messages_are_edited_and_deleted(
    workspace: Workspace, window: Window
) -> None:
    ts = window.do(type="say", text="one")["ts"]

    assert window.do(type="edit", ts=ts, text="two @ben")["type"] == "done"
    edited = workspace.message("C0DEV", ts)
    other = window.do(type="delete", ts=ts, user="U0BEN")
    window.do(type="delete", ts=ts)

    assert edited is not None
    assert (edited.text, edited.is_edited) == ("two <@U0BEN>", True)
    assert other["type"] == "refused"
    assert workspace.message("C0DEV", ts) is None


def test_an_emoji_is_put_and_taken_away_by_its_person(
    workspace: Workspace, window: Window, message: Message
) -> None:
    put = window.do(type="react", ts=message.ts, emoji="eyes")
    again = window.do(type="react", ts=message.ts, emoji="eyes")
    shown = dict(workspace.reactions["C0DEV", message.ts])
    window.do(type="unreact", ts=message.ts, emoji="eyes")

    assert (put["type"], again["type"]) == ("done", "refused")
    assert shown == {"eyes": ("U0ANA",)}
    assert workspace.reactions["C0DEV", message.ts] == {}


def test_a_stream_is_stopped_by_its_reader_once(
    workspace: Workspace, window: Window
) -> None:
    stream = Stream(ends_s=workspace.clock() + 60)
    begun = app_message("C0DEV", workspace.next_ts())
    message = workspace.begin_stream(begun, stream)

    first = window.do(type="stop", ts=message.ts)
    second = window.do(type="stop", ts=message.ts)

    assert first["type"] == "done"
    assert second["sentence"] == NOT_STREAMING
    assert not workspace.is_streaming(message)


def test_a_pressed_button_reaches_the_app(window: Window, message: Message) -> None:
    pressed = window.do(type="press", ts=message.ts, action_id="go", value="2")

    assert pressed == {"type": "done"}
    [envelope] = window.sent
    assert envelope.payload["actions"][0]["value"] == "2"
    assert envelope.payload["user"]["id"] == "U0ANA"


def test_a_button_that_is_gone_is_refused(window: Window, message: Message) -> None:
    assert window.do(type="press", ts=message.ts, action_id="x")["sentence"] == GONE
    assert window.do(type="press", ts="1.0", action_id="go")["sentence"] == GONE
    assert window.do(type="press_home", action_id="go")["sentence"] == GONE
    assert window.sent == []


def test_a_button_does_nothing_if_the_manifest_has_no_interactivity(
    workspace: Workspace, message: Message
) -> None:
    window = Window(workspace, Features(is_interactive=False))

    refused = window.do(type="press", ts=message.ts, action_id="go")

    assert refused["sentence"] == NOT_INTERACTIVE


def test_only_members_do_anything_in_a_channel(
    workspace: Workspace, window: Window, message: Message
) -> None:
    dev = workspace.channels["C0DEV"]
    workspace.add_channel(replace(dev, members=dev.members - {"U0ANA"}))
    place = {"ts": message.ts, "action_id": "go", "emoji": "eyes"}

    for deed in ("say", "press", "react", "stop"):
        refused = window.do(type=deed, text="/linefeed", **place)
        assert refused["sentence"] == "U0ANA is no member of dev."


def test_home_is_opened_and_its_buttons_are_pressed(
    workspace: Workspace, window: Window
) -> None:
    hand: Any = window.gestures.hand
    go = {"type": "actions", "elements": [BUTTON]}
    view = {"type": "home", "blocks": [go]}
    hand.views.methods["views.publish"](workspace, {"user_id": "U0ANA", "view": view})

    assert window.do(type="open_home") == {"type": "done"}
    assert window.do(type="press_home", action_id="go", value="1")["type"] == "done"

    assert window.sent[0].payload["container"]["type"] == "view"
