"""What people do reaches the app as Slack writes it, if the app declared it."""

from dataclasses import dataclass
from typing import Any

import pytest

from bot.playground.interactions.payloads import Interactions, waiting_person
from bot.playground.interactions.responseurls import ResponseUrls
from bot.playground.interactions.triggers import Triggers
from bot.playground.interactions.views import View, Views
from bot.playground.manifest import Features
from bot.playground.socketmode.envelopes import Envelope
from bot.playground.workspace.identity import BOT_ID, BOT_USER
from bot.playground.workspace.message import Message
from bot.playground.workspace.state import Workspace
from tests.playground.conftest import FakeClock
from tests.playground.interactions.test_viewrules import INPUT, label, modal

BUTTON = {
    "type": "button",
    "action_id": "go",
    "text": label("Go"),
    "value": "1",
}
FEEDBACK = {
    "type": "feedback_buttons",
    "action_id": "feedback",
    "positive_button": {"text": label("Good"), "value": "good"},
    "negative_button": {"text": label("Bad"), "value": "bad"},
}
BLOCKS: tuple[dict[str, Any], ...] = (
    {"type": "section", "text": label("a"), "accessory": BUTTON | {"action_id": "s"}},
    {
        "type": "actions",
        "block_id": "b",
        "elements": [BUTTON, BUTTON | {"value": "2"}],
    },
    {"type": "context_actions", "elements": [FEEDBACK]},
)
ALL = Features(frozenset({"/linefeed"}), is_interactive=True, has_home_tab=True)


@dataclass
class Hand:
    """Somebody at work, and what the app is sent."""

    actions: Interactions
    sent: list[Envelope]

    def open(self, **fields: Any) -> View:
        views = self.actions.views
        trigger_id = self.actions.triggers.issue("U0ANA")
        arguments = {"trigger_id": trigger_id, "view": modal(**fields)}
        views.methods["views.open"](self.actions.workspace, arguments)
        return views.stack("U0ANA")[-1]


def new_hand(workspace: Workspace, clock: FakeClock, features: Features) -> Hand:
    triggers = Triggers(clock)
    sent: list[Envelope] = []
    actions = Interactions(
        workspace,
        Views(clock, triggers, has_home_tab=features.has_home_tab),
        triggers,
        ResponseUrls(workspace, clock),
        sent.append,
        features,
        "http://localhost",
    )
    return Hand(actions, sent)


@pytest.fixture
def hand(workspace: Workspace, clock: FakeClock) -> Hand:
    return new_hand(workspace, clock, ALL)


def posted(workspace: Workspace, thread_ts: str = "", only_for: str = "") -> Message:
    message = Message(
        "C0DEV",
        workspace.next_ts(),
        BOT_USER,
        "pick",
        blocks=BLOCKS,
        bot_id=BOT_ID,
        thread_ts=thread_ts,
        only_for=only_for,
    )
    return (workspace.add_ephemeral if only_for else workspace.add)(message)


def test_what_the_manifest_does_not_declare_reaches_nobody(
    workspace: Workspace, clock: FakeClock
) -> None:
    hand = new_hand(
        workspace,
        clock,
        Features(frozenset(), is_interactive=False, has_home_tab=False),
    )
    message = posted(workspace)
    hand.open()

    assert hand.actions.command("U0ANA", "C0DEV", "/linefeed") is None
    assert hand.actions.press("U0ANA", "C0DEV", message.ts, "go") is None
    assert hand.actions.submit("U0ANA", {}) is None
    assert hand.actions.open_home("U0ANA") is None
    assert hand.sent == []


@pytest.mark.parametrize(
    ("channel", "name"), [("C0DEV", "dev"), ("D0ANA", "directmessage")]
)
def test_a_command_tells_who_where_and_what(
    hand: Hand, channel: str, name: str
) -> None:
    hand.actions.command("U0ANA", channel, "/linefeed", "help me")

    (envelope,) = hand.sent
    assert (envelope.kind, envelope.is_answerable) == ("slash_commands", True)
    assert envelope.payload["command"] == "/linefeed"
    assert envelope.payload["text"] == "help me"
    assert envelope.payload["channel_name"] == name
    assert envelope.payload["user_name"] == "ana"
    assert envelope.payload["response_url"].startswith("http://localhost/respond/")


def test_the_answer_to_a_command_is_for_who_typed_it(
    workspace: Workspace, hand: Hand
) -> None:
    envelope = hand.actions.command("U0ANA", "C0DEV", "/linefeed")
    assert envelope is not None
    hand.actions.take_answer(envelope)
    envelope.answer = {"text": "hi"}

    hand.actions.take_answer(envelope)

    (shown,) = workspace.ephemerals
    assert (shown.text, shown.only_for) == ("hi", "U0ANA")


@pytest.mark.parametrize(
    ("action_id", "value", "expected"),
    [
        ("go", "", {"block_id": "b", "value": "1", "type": "button"}),
        ("go", "2", {"block_id": "b", "value": "2", "type": "button"}),
        ("s", "", {"value": "1", "type": "button"}),
        ("feedback", "bad", {"value": "bad", "type": "feedback_buttons"}),
    ],
)
def test_a_pressed_button_tells_what_it_is(
    workspace: Workspace,
    hand: Hand,
    action_id: str,
    value: str,
    expected: dict[str, str],
) -> None:
    message = posted(workspace)

    hand.actions.press("U0ANA", "C0DEV", message.ts, action_id, value)

    (envelope,) = hand.sent
    (action,) = envelope.payload["actions"]
    assert action.items() >= expected.items()
    assert envelope.payload["type"] == "block_actions"
    assert envelope.payload["message"]["ts"] == message.ts
    assert envelope.payload["container"]["message_ts"] == message.ts
    assert envelope.payload["user"]["id"] == "U0ANA"
    assert not envelope.is_answerable


def test_a_button_in_a_thread_tells_which(workspace: Workspace, hand: Hand) -> None:
    parent = posted(workspace)
    reply = posted(workspace, parent.ts)

    hand.actions.press("U0ANA", "C0DEV", reply.ts, "go")

    assert hand.sent[0].payload["container"]["thread_ts"] == parent.ts


def test_of_an_ephemeral_message_the_app_is_told_only_where_it_is(
    workspace: Workspace, hand: Hand
) -> None:
    message = posted(workspace, only_for="U0ANA")

    hand.actions.press("U0ANA", "C0DEV", message.ts, "go")

    assert hand.sent[0].payload["container"]["is_ephemeral"]
    assert "message" not in hand.sent[0].payload


@pytest.mark.parametrize(("user", "is_gone"), [("U0BEN", False), ("U0ANA", True)])
def test_a_message_that_a_person_does_not_find_has_no_buttons(
    workspace: Workspace, hand: Hand, user: str, *, is_gone: bool
) -> None:
    message = posted(workspace, only_for="U0ANA")
    if is_gone:
        workspace.remove_ephemeral(message)

    with pytest.raises(LookupError):
        hand.actions.press(user, "C0DEV", message.ts, "go")


@pytest.mark.parametrize(("action_id", "value"), [("no", ""), ("go", "3")])
def test_a_button_that_is_not_there_cannot_be_pressed(
    workspace: Workspace, hand: Hand, action_id: str, value: str
) -> None:
    message = posted(workspace)

    with pytest.raises(LookupError):
        hand.actions.press("U0ANA", "C0DEV", message.ts, action_id, value)


def test_a_button_in_a_modal_opens_another_on_top(
    workspace: Workspace, hand: Hand
) -> None:
    view = hand.open(blocks=[{"type": "actions", "elements": [BUTTON]}])

    envelope = hand.actions.press_in_view("U0ANA", view, "go")

    assert envelope is not None
    assert envelope.payload["view"]["id"] == view.id
    assert "response_url" not in envelope.payload
    trigger_id = envelope.payload["trigger_id"]
    push = hand.actions.views.methods["views.push"]
    assert push(workspace, {"trigger_id": trigger_id, "view": modal()})["view"]


OPTIONAL = INPUT | {
    "optional": True,
    "element": {"type": "static_select", "action_id": "pick"},
}
PICKED = {"type": "static_select", "selected_option": {"value": "1"}}


@pytest.mark.parametrize("more", [{}, {"pick": PICKED}])
def test_a_submission_carries_what_was_entered(
    hand: Hand, more: dict[str, Any]
) -> None:
    view = hand.open(submit=label("Go"), blocks=[INPUT, OPTIONAL])

    envelope = hand.actions.submit("U0ANA", {"name": "Ana", **more})

    assert envelope is not None
    values = envelope.payload["view"]["state"]["values"]
    entered = {key: v for block in values.values() for key, v in block.items()}
    typed = {"name": {"type": "plain_text_input", "value": "Ana"}}
    assert entered == typed | more
    envelope.answer = {"response_action": "errors", "errors": {"b": "no"}}
    hand.actions.take_answer(envelope)
    assert view.errors == {"b": "no"}


def test_a_required_input_must_be_filled(hand: Hand) -> None:
    hand.open(submit=label("Go"), blocks=[INPUT])

    with pytest.raises(LookupError):
        hand.actions.submit("U0ANA", {})
    assert hand.sent == []


@pytest.mark.parametrize("is_told", [True, False])
def test_a_closed_modal_is_told_of_only_on_request(
    hand: Hand, *, is_told: bool
) -> None:
    hand.open(notify_on_close=is_told)

    hand.actions.close_view("U0ANA")

    assert [e.payload["type"] for e in hand.sent] == ["view_closed"] * is_told
    assert hand.actions.views.stack("U0ANA") == ()


def test_the_home_tab_is_told_of_with_what_it_shows(
    workspace: Workspace, hand: Hand
) -> None:
    empty = hand.actions.open_home("U0ANA")
    home = {"type": "home", "blocks": list[Any]()}
    publish = hand.actions.views.methods["views.publish"]
    publish(workspace, {"user_id": "U0ANA", "view": home})

    event = hand.actions.open_home("U0ANA")
    other = hand.actions.open_home("U0ANA", "messages")

    assert empty is not None
    assert "view" not in empty
    assert event is not None
    assert (event["type"], event["tab"]) == ("app_home_opened", "home")
    assert (event["channel"], event["view"]["type"]) == ("D0ANA", "home")
    assert other is not None
    assert "view" not in other


def test_nobody_opens_the_app_without_a_direct_conversation(
    workspace: Workspace, hand: Hand
) -> None:
    del workspace.channels["D0ANA"]

    with pytest.raises(LookupError):
        hand.actions.open_home("U0ANA")


def test_a_button_of_the_home_tab_is_pressed_by_who_has_one(
    workspace: Workspace, hand: Hand
) -> None:
    view = {"type": "home", "blocks": [{"type": "actions", "elements": [BUTTON]}]}
    publish = hand.actions.views.methods["views.publish"]
    publish(workspace, {"user_id": "U0ANA", "view": view})

    hand.actions.press_home("U0ANA", "go", "1")

    assert hand.sent[0].payload["view"]["type"] == "home"
    with pytest.raises(LookupError):
        hand.actions.press_home("U0BEN", "go", "1")


def test_somebody_waits_for_a_command_or_a_button_and_nobody_for_an_event(
    workspace: Workspace, hand: Hand
) -> None:
    hand.actions.command("U0ANA", "C0DEV", "/linefeed")
    hand.actions.press("U0BEN", "C0DEV", posted(workspace).ts, "go")

    waiting = [waiting_person(envelope)[0] for envelope in hand.sent]

    assert waiting == ["U0ANA", "U0BEN"]
    assert waiting_person(Envelope({"event": {}})) == ("", "")
