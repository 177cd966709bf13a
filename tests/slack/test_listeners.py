"""What is done with an event before Slack is told that it arrived."""

import asyncio
from typing import Any

import pytest

from bot.conversation.ports import StoreError
from bot.conversation.turn import Message, ThreadId, Turn
from bot.slack.event import slack_message
from bot.slack.listeners import Listener
from bot.slack.policy import Policy


class ListedInbox:
    """An inbox that is a list; broken while `is_broken`, waiting at its gate."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.is_broken = False
        self.calls = 0
        self.entered = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def accept(self, turn: Turn) -> bool:
        self.calls += 1
        self.entered.set()
        await self.gate.wait()
        if self.is_broken:
            raise StoreError("disk full")
        self.turns.append(turn)
        return True


class ListedMemory:
    """A memory that is a list, with people as they were set."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.present: frozenset[str] = frozenset()

    async def add(self, message: Message) -> None:
        self.messages.append(message)

    async def people(self, thread: ThreadId) -> frozenset[str]:
        return self.present if thread == "slack:T1:C1:1.0" else frozenset()


class Hearing:
    """A listener with its twins, and how often it let Bolt go on."""

    def __init__(self) -> None:
        self.inbox = ListedInbox()
        self.memory = ListedMemory()
        self.acks = 0
        self._listener = Listener(self.inbox, self.memory, Policy("UBOT"))

    async def hear(self, **event: Any) -> None:
        base = {
            "type": "message",
            "user": "UANA",
            "channel": "C1",
            "channel_type": "channel",
            "ts": "2.0",
            "text": "and then?",
        }
        await self._listener.hear(
            {"team_id": "T1", "event": {**base, **event}}, self._go_on
        )

    async def hear_late(self, *, is_joined: bool, **event: Any) -> bool:
        base = {"type": "message", "user": "UANA", "channel": "C1", "ts": "2.0"}
        message = slack_message({"team_id": "T1", "event": {**base, **event}})
        assert message is not None
        return await self._listener.hear_late(message, is_joined=is_joined)

    async def _go_on(self) -> None:
        self.acks += 1


@pytest.fixture
def hearing() -> Hearing:
    return Hearing()


async def test_a_mention_becomes_a_turn(hearing: Hearing) -> None:
    await hearing.hear(text="<@UBOT> hi")

    assert [turn.id for turn in hearing.inbox.turns] == ["T1:C1:2.0"]
    assert hearing.acks == 1


async def test_a_follow_up_becomes_a_turn(hearing: Hearing) -> None:
    hearing.memory.present = frozenset({"UANA"})

    await hearing.hear(thread_ts="1.0")

    assert len(hearing.inbox.turns) == 1


async def test_what_others_say_in_the_bots_thread_is_overheard(
    hearing: Hearing,
) -> None:
    hearing.memory.present = frozenset({"UBEN"})

    await hearing.hear(thread_ts="1.0")

    (message,) = hearing.memory.messages
    assert message.is_overheard
    assert hearing.inbox.turns == []
    assert hearing.acks == 1


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"thread_ts": "0.5"},
        {"user": "UBOT", "text": "<@UBOT>"},
        {"user_team": "T2", "text": "<@UBOT>"},
        {"subtype": "message_changed", "text": "<@UBOT>"},
        {"type": "reaction_added"},
    ],
    ids=str,
)
async def test_what_is_none_of_its_business_is_acked_and_forgotten(
    hearing: Hearing, event: dict[str, Any]
) -> None:
    hearing.memory.present = frozenset({"UANA"})

    await hearing.hear(**event)

    assert hearing.acks == 1
    assert hearing.inbox.turns == []
    assert hearing.memory.messages == []


async def test_what_cannot_be_stored_is_not_acked(hearing: Hearing) -> None:
    hearing.inbox.is_broken = True

    with pytest.raises(StoreError):
        await hearing.hear(text="<@UBOT> hi")
    assert hearing.acks == 0


@pytest.mark.parametrize(
    ("event", "is_joined", "is_turn"),
    [
        ({"text": "<@UBOT> hi"}, False, True),
        ({"text": "and then?", "thread_ts": "1.0"}, True, True),
        ({"text": "and then?", "thread_ts": "1.0"}, False, False),
        ({"text": "<@UBOT> hi", "team": "T2"}, False, False),
        ({"text": "hi all"}, False, False),
    ],
)
async def test_a_late_message_is_answered_as_it_would_have_been(
    hearing: Hearing, event: dict[str, Any], *, is_joined: bool, is_turn: bool
) -> None:
    hearing.memory.present = frozenset({"UANA"})

    assert await hearing.hear_late(is_joined=is_joined, **event) is is_turn
    assert len(hearing.inbox.turns) == is_turn
    assert hearing.memory.messages == []


async def test_a_late_word_of_a_stranger_is_known_in_the_bots_thread_only(
    hearing: Hearing,
) -> None:
    hearing.memory.present = frozenset({"UANA"})
    word = {"user": "UBEN", "team": "T2", "thread_ts": "1.0", "text": "<@UBOT> hm"}

    await hearing.hear_late(is_joined=False, **word)
    assert hearing.memory.messages == []

    await hearing.hear_late(is_joined=True, **word)
    (message,) = hearing.memory.messages
    assert message.is_overheard
    assert "hm" not in message.text


async def test_a_late_message_waits_for_the_one_that_is_being_heard(
    hearing: Hearing,
) -> None:
    hearing.inbox.gate.clear()
    async with asyncio.TaskGroup() as group:
        group.create_task(hearing.hear(text="<@UBOT> hi"))
        group.create_task(hearing.hear_late(is_joined=False, text="<@UBOT> hi"))
        await hearing.inbox.entered.wait()
        for _ in range(5):
            await asyncio.sleep(0)
        assert hearing.inbox.calls == 1
        hearing.inbox.gate.set()

    assert hearing.inbox.calls == 2
