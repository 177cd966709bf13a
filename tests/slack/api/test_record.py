"""Slack's own record of a turn."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.conversation.turn import Turn, TurnId
from bot.playground.server import Playground
from bot.playground.workspace.identity import BOT_ID, BOT_USER
from bot.playground.workspace.message import Message
from bot.slack.api.address import Address
from bot.slack.api.record import EVENT_TYPE, mark_of, metadata, posted
from bot.slack.api.web import RefusedError, Web

Ask = Callable[..., Turn]


async def post(web: Web, turn: Turn, mark: object) -> str:
    address = Address.load(turn.address)
    arguments: dict[str, object] = {
        "channel": address.channel,
        "text": "x",
        "thread_ts": address.thread_ts,
        "metadata": mark,
    }
    answer = await web.write("chat.postMessage", arguments)
    return str(answer["ts"])


def test_a_mark_holds_ids_only() -> None:
    payload = metadata(TurnId("T:C:1"), 3)["event_payload"]

    assert payload == {"turn": "T:C:1", "seq": 3}


@pytest.mark.parametrize("channel", ["C0DEV", "D0ANA"])
async def test_a_turn_finds_its_own_messages_only(
    web: Web, ask: Ask, channel: str
) -> None:
    turn, other = ask(channel=channel), ask(channel=channel)
    first = await post(web, turn, metadata(turn.id, 0))
    await post(web, turn, metadata(other.id, 0))
    await post(web, turn, None)
    await post(web, turn, {"event_type": "x", "event_payload": {"turn": turn.id}})
    second = await post(web, turn, metadata(turn.id, 7))

    found = await posted(web, Address.load(turn.address), turn.id, BOT_ID)

    assert found == {0: first, 7: second}


async def test_what_another_app_marked_as_ours_is_not(
    web: Web, ask: Ask, playground: Playground
) -> None:
    turn = ask()
    forged = Message(
        channel="C0DEV",
        ts=playground.workspace.next_ts(),
        user=BOT_USER,
        text="x",
        thread_ts=turn.question.position,
        bot_id="B0FORGER",
        metadata=metadata(turn.id, 0),
    )
    playground.workspace.add(forged)

    assert await posted(web, Address.load(turn.address), turn.id, BOT_ID) == {}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"metadata": None},
        {"metadata": {"event_type": EVENT_TYPE}},
        {"metadata": {"event_type": EVENT_TYPE, "event_payload": {"turn": "T"}}},
        {
            "metadata": {
                "event_type": EVENT_TYPE,
                "event_payload": {"turn": 1, "seq": 0},
            }
        },
    ],
    ids=str,
)
def test_a_mark_without_turn_or_seq_is_none(message: dict[str, Any]) -> None:
    assert mark_of({"bot_id": BOT_ID, **message}, BOT_ID) is None


async def test_a_thread_that_is_gone_is_refused(
    web: Web, ask: Ask, playground: Playground
) -> None:
    turn = ask()
    playground.workspace.delete("C0DEV", turn.question.position)

    with pytest.raises(RefusedError, match="thread_not_found"):
        await posted(web, Address.load(turn.address), turn.id, BOT_ID)
