"""When an event is acked: once it is stored, and never otherwise."""

import asyncio
import json
from typing import Any

import pytest

from bot.conversation.turn import Delivered
from bot.playground.server import Playground
from bot.playground.workspace.identity import BOT_ID, BOT_USER, TEAM
from bot.slack.api.web import Web
from bot.slack.events.listeners import Listener
from bot.slack.events.press import Press
from bot.slack.events.visit import Opening, Slash, Visit
from bot.slack.socket.bolt import Receive, bolt_app, receiving
from tests.slack.conftest import ME, EmptyMemory, GatedInbox

ACK = {"envelope_id": "E1"}


def envelope(**event: Any) -> dict[str, Any]:
    """Return the envelope of an event, a direct message unless told otherwise."""
    message = {
        "type": "message",
        "channel_type": "im",
        "channel": "D0ANA",
        "user": "U0ANA",
        "ts": "1.0",
        "text": "hi",
    }
    payload = {"type": "event_callback", "team_id": TEAM, "event": message | event}
    return {"type": "events_api", "envelope_id": "E1", "payload": payload}


@pytest.fixture
def answer(web: Web, listener: Listener) -> Receive:
    return receiving(bolt_app(web, ME, listener, (), [].append))


async def acked(answer: Receive, sent: dict[str, Any]) -> dict[str, Any] | None:
    """Return the ack of an envelope, decoded."""
    ack = await answer(sent)
    return None if ack is None else json.loads(ack)


async def test_a_turn_is_stored_before_the_ack(
    answer: Receive, inbox: GatedInbox
) -> None:
    inbox.gate.clear()
    async with asyncio.TaskGroup() as group:
        acking = group.create_task(acked(answer, envelope()))
        await inbox.asked.wait()
        assert not acking.done()
        inbox.gate.set()

    assert acking.result() == ACK
    assert [turn.question.text for turn in inbox.turns] == ["hi"]


async def test_what_was_not_stored_is_not_acked(
    answer: Receive, inbox: GatedInbox
) -> None:
    inbox.failures = 1

    assert await acked(answer, envelope()) is None
    assert await acked(answer, envelope()) == ACK


@pytest.mark.parametrize(
    "event",
    [
        {"subtype": "message_changed", "hidden": True},
        {"bot_id": BOT_ID, "user": BOT_USER},
        {"type": "reaction_added", "reaction": "wave"},
        {"type": "app_home_opened"},
        {"type": "what_slack_invents_next"},
    ],
    ids=str,
)
async def test_every_other_event_is_acked_too(
    answer: Receive, inbox: GatedInbox, event: dict[str, Any]
) -> None:
    assert await acked(answer, envelope(**event)) == ACK
    assert inbox.turns == []


@pytest.mark.parametrize(
    "odd", [{}, {"type": "events_api"}, {"envelope_id": "E1", "payload": {}}]
)
async def test_what_is_no_envelope_gets_no_ack(
    answer: Receive, odd: dict[str, Any]
) -> None:
    assert await answer(odd) is None


async def test_both_events_of_a_mention_are_one_turn(
    answer: Receive, inbox: GatedInbox
) -> None:
    place = {"channel": "C1", "text": f"<@{BOT_USER}> hi"}
    await acked(answer, envelope(**place, channel_type="channel"))
    await acked(answer, envelope(**place, type="app_mention"))

    assert len(inbox.turns) == 2
    assert len({turn.id for turn in inbox.turns}) == 1


async def test_the_web_api_is_not_called_per_event(
    answer: Receive, playground: Playground
) -> None:
    await acked(answer, envelope())
    await acked(answer, envelope(thread_ts="0.5"))

    assert not playground.webapi.calls


async def test_variables_for_oauth_change_nothing(
    web: Web,
    listener: Listener,
    inbox: GatedInbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("CLIENT_ID", "CLIENT_SECRET", "SIGNING_SECRET", "BOT_TOKEN"):
        monkeypatch.setenv(f"SLACK_{name}", "other")

    app = bolt_app(web, ME, listener, (), [].append)
    assert await acked(receiving(app), envelope()) == ACK
    assert len(inbox.turns) == 1


@pytest.mark.parametrize(
    ("said", "payload"),
    [
        ("hello", {"text": "hello"}),
        ({"response_type": "ephemeral", "text": "x"}, None),
        ("", {}),
    ],
    ids=["text", "object", "nothing"],
)
async def test_an_ack_carries_what_the_listener_gave_it(
    web: Web, listener: Listener, said: Any, payload: dict[str, Any] | None
) -> None:
    app: Any = bolt_app(web, ME, listener, (), [].append)

    async def reply(ack: Any) -> Any:
        return await ack(said)

    app.middleware(reply)
    sent = {"command": "/hello", "team_id": TEAM, "user_id": "U0ANA", "text": ""}
    command = {"type": "slash_commands", "envelope_id": "E1", "payload": sent}

    ack = await acked(receiving(app), command)

    expected = said if payload is None else payload
    assert ack == (ACK | {"payload": expected} if expected else ACK)


async def test_a_deleted_message_of_the_bots_is_heard(
    answer: Receive, memory: EmptyMemory
) -> None:
    gone = {"type": "message", "user": BOT_USER, "bot_id": BOT_ID, "ts": "1.0"}
    event = {
        "subtype": "message_deleted",
        "hidden": True,
        "user": None,
        "deleted_ts": "1.0",
        "previous_message": gone,
    }

    assert await acked(answer, envelope(**event)) == ACK
    assert memory.gone == [(f"slack:{TEAM}:D0ANA", Delivered("1.0", "1.0", ""))]


async def test_a_pressed_button_is_acked_and_handed_on(
    web: Web, listener: Listener
) -> None:
    presses = list[Press]()
    app = bolt_app(web, ME, listener, (presses.append,), [].append)
    payload = {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": "U0ANA", "team_id": TEAM},
        "container": {"type": "message", "channel_id": "C1", "message_ts": "1.0"},
        "channel": {"id": "C1"},
        "actions": [{"action_id": "go", "value": "v", "type": "button"}],
    }

    for each in (payload, {**payload, "actions": [{"action_id": "a b"}]}):
        sent = {"type": "interactive", "envelope_id": "E1", "payload": each}
        assert await acked(receiving(app), sent) == ACK

    await asyncio.sleep(0)
    assert [(press.action, press.user) for press in presses] == [("go", "U0ANA")]


async def test_a_command_and_an_opened_home_are_acked_and_handed_on(
    web: Web, listener: Listener
) -> None:
    visits = list[Visit | None]()
    answer = receiving(bolt_app(web, ME, listener, (), visits.append))
    typed = {
        "command": "/linefeed-dev",
        "team_id": TEAM,
        "user_id": "U0ANA",
        "channel_id": "C1",
        "text": "status",
    }
    command = {"type": "slash_commands", "envelope_id": "E1", "payload": typed}

    assert await acked(answer, command) == ACK
    assert await acked(answer, envelope(type="app_home_opened", tab="home")) == ACK

    await asyncio.sleep(0)
    assert visits == [
        Slash("U0ANA", "C1", "/linefeed-dev", "status", ""),
        Opening("U0ANA", "D0ANA"),
    ]
