"""What is done with an event before Slack is told that it arrived."""

import asyncio
from typing import Any

import pytest

from bot.conversation.ports import StoreError
from bot.conversation.turn import Delivered, Message, ThreadId, Turn
from bot.conversation.turnstore import Crowd, FullError
from bot.slack.api.preflight import Identity
from bot.slack.api.record import EVENT_TYPE
from bot.slack.events.event import slack_message
from tests.slack.conftest import ListedOverseer, ListedSteward, listening


class ListedInbox:
    """An inbox that is a list; broken while `is_broken`, waiting at its gate."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.is_broken = False
        self.crowd: Crowd | None = None
        """Of which there are too many for a turn to be taken."""
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
        if self.crowd is not None:
            raise FullError(self.crowd)
        self.turns.append(turn)
        return True


class ListedMemory:
    """A memory that is a list, with people as they were set."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.facts: list[Message] = []
        self.edits: list[Message] = []
        self.deletions: list[tuple[ThreadId, str]] = []
        self.retractions: list[tuple[ThreadId, Delivered]] = []
        self.knows_all = True
        self.present: frozenset[str] = frozenset()

    async def add(self, message: Message) -> None:
        self.messages.append(message)

    async def pin(self, fact: Message) -> None:
        self.facts.append(fact)

    async def edit(self, message: Message) -> bool:
        self.edits.append(message)
        return self.knows_all

    async def delete(self, thread: ThreadId, position: str) -> bool:
        self.deletions.append((thread, position))
        return self.knows_all

    async def retract(self, thread: ThreadId, gone: Delivered) -> bool:
        self.retractions.append((thread, gone))
        return True

    async def people(self, thread: ThreadId) -> frozenset[str]:
        return self.present if thread == "slack:T1:C1:1.0" else frozenset()


class Hearing:
    """A listener with its twins, and how often it let Bolt go on."""

    def __init__(self) -> None:
        self.inbox = ListedInbox()
        self.memory = ListedMemory()
        self.steward = ListedSteward()
        self.acks = 0
        self.overseer = ListedOverseer()
        me = Identity("T1", "UBOT", "BBOT")
        self._listener = listening(
            self.inbox, self.memory, self.steward, self.overseer, me
        )

    @property
    def obeyed(self) -> list[str]:
        return [command.name for command, _ in self.steward.commands]

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

    async def hear_edited(self, **event: Any) -> None:
        base = {"type": "message", "user": "UANA", "channel": "C1", "ts": "2.0"}
        message = slack_message({"team_id": "T1", "event": {**base, **event}})
        assert message is not None
        await self._listener.hear_edited(message)

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
        {"subtype": "message_changed", "message": {"bot_id": "B2", "edited": {}}},
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


def edited(text: str, **more: Any) -> dict[str, Any]:
    """Return the fields of the event that tells of an edit."""
    message = {
        "type": "message",
        "user": "UANA",
        "ts": "2.0",
        "thread_ts": "1.0",
        "text": text,
        "edited": {"user": "UANA", "ts": "3.0"},
        **more,
    }
    before = {**message, "text": "before"}
    return {
        "subtype": "message_changed",
        "hidden": True,
        "ts": "3.0",
        "message": message,
        "previous_message": before,
    }


def deleted(**before: Any) -> dict[str, Any]:
    """Return the fields of the event that tells of a deletion."""
    previous = {"user": "UANA", "ts": "2.0", "thread_ts": "1.0", **before}
    return {
        "subtype": "message_deleted",
        "hidden": True,
        "ts": "3.0",
        "deleted_ts": "2.0",
        "previous_message": previous,
    }


async def test_an_edit_reaches_the_memory(hearing: Hearing) -> None:
    await hearing.hear(**edited("after"))

    (message,) = hearing.memory.edits
    assert (message.thread, message.position) == ("slack:T1:C1:1.0", "2.0")
    assert message.text == "after"
    assert hearing.acks == 1


async def test_an_edited_fact_stays_a_fact_without_the_order(hearing: Hearing) -> None:
    await hearing.hear(**edited("<@UBOT> remember: the new port"))

    (message,) = hearing.memory.edits
    assert message.text == "the new port"
    assert hearing.obeyed == []


async def test_what_a_stranger_edits_is_not_kept(hearing: Hearing) -> None:
    await hearing.hear(**edited("after", user_team="T2"))

    assert hearing.memory.edits == []
    assert hearing.acks == 1


async def test_a_late_edit_reaches_the_memory_too(hearing: Hearing) -> None:
    await hearing.hear_edited(text="after")

    assert [message.text for message in hearing.memory.edits] == ["after"]


async def test_a_deletion_reaches_the_memory(hearing: Hearing) -> None:
    await hearing.hear(**deleted())

    assert hearing.memory.deletions == [("slack:T1:C1:1.0", "2.0")]


async def test_a_deleted_message_of_the_bots_is_taken_out_of_its_reply(
    hearing: Hearing,
) -> None:
    mark = {"event_type": EVENT_TYPE, "event_payload": {"turn": "T1:C1:1.5", "seq": 0}}
    ours = {"bot_id": "BBOT", "user": "UBOT", "text": "a &lt; b"}
    await hearing.hear(**deleted(**ours))
    await hearing.hear(**deleted(**ours, metadata=mark))
    await hearing.hear(**deleted(bot_id="BOTHER"))

    assert hearing.memory.retractions == [
        ("slack:T1:C1:1.0", Delivered("2.0", "2.0", "a < b")),
        ("slack:T1:C1:1.0", Delivered("2.0", "1.5", "a < b")),
    ]
    assert hearing.memory.deletions == []


async def test_an_edit_that_came_before_its_message_is_not_lost(
    hearing: Hearing,
) -> None:
    hearing.memory.knows_all = False
    await hearing.hear(**edited("<@UBOT> after"))

    await hearing.hear(text="<@UBOT> before", thread_ts="1.0")

    assert [turn.question.text for turn in hearing.inbox.turns] == ["<@UBOT> after"]


async def test_a_message_that_was_deleted_before_it_came_is_not_answered(
    hearing: Hearing,
) -> None:
    hearing.memory.knows_all = False
    await hearing.hear(**deleted())
    await hearing.hear(text="<@UBOT> before", thread_ts="1.0")

    assert hearing.inbox.turns == []
    assert hearing.acks == 2


@pytest.mark.parametrize("word", ["memory", "forget", "help"])
async def test_a_command_is_obeyed_and_not_answered(
    hearing: Hearing, word: str
) -> None:
    await hearing.hear(text=f"<@UBOT> {word}")

    assert hearing.obeyed == [word]
    assert hearing.inbox.turns == []
    assert hearing.memory.messages == []
    assert hearing.acks == 1


async def test_a_fact_is_stored_before_the_ack(hearing: Hearing) -> None:
    await hearing.hear(text="<@UBOT> remember: port 8080")

    (fact,) = hearing.memory.facts
    assert (fact.text, fact.position) == ("port 8080", "2.0")
    assert hearing.obeyed == ["remember"]


@pytest.mark.parametrize(
    "event",
    [
        {"text": "<@UBOT> memory please explain"},
        {"text": "<@UBOT> help", "files": [{"name": "a.txt"}]},
    ],
    ids=str,
)
async def test_what_is_not_exactly_a_command_is_answered(
    hearing: Hearing, event: dict[str, Any]
) -> None:
    await hearing.hear(**event)

    assert len(hearing.inbox.turns) == 1
    assert hearing.obeyed == []


async def test_a_command_among_people_is_nobodys_business(hearing: Hearing) -> None:
    hearing.memory.present = frozenset({"UBEN"})

    await hearing.hear(text="memory", thread_ts="1.0")

    assert hearing.obeyed == []
    assert [message.text for message in hearing.memory.messages] == ["memory"]


async def test_in_a_talk_of_two_a_command_needs_no_mention(hearing: Hearing) -> None:
    hearing.memory.present = frozenset({"UANA"})

    await hearing.hear(text="memory", thread_ts="1.0")

    assert hearing.obeyed == ["memory"]


async def test_of_late_commands_only_facts_count(hearing: Hearing) -> None:
    for text in ("<@UBOT> memory", "<@UBOT> remember: port 8080"):
        assert not await hearing.hear_late(is_joined=False, text=text)

    assert len(hearing.memory.facts) == 1
    assert hearing.obeyed == []
    assert hearing.inbox.turns == []


async def test_a_fact_that_is_too_long_is_told_and_not_stored(
    hearing: Hearing,
) -> None:
    await hearing.hear(text="<@UBOT> remember: " + "x" * 2_000)

    assert hearing.memory.facts == []
    assert hearing.obeyed == ["remember"]


async def test_an_order_to_stop_never_waits_behind_questions(hearing: Hearing) -> None:
    await hearing.hear(text="<@UBOT> stop")

    assert hearing.overseer.deeds == [("stop", "2.0")]
    assert hearing.inbox.turns == []
    assert hearing.obeyed == []


async def test_an_order_to_stop_that_comes_late_stops_nothing(hearing: Hearing) -> None:
    await hearing.hear_late(is_joined=True, text="<@UBOT> stop")

    assert hearing.overseer.deeds == []
    assert hearing.inbox.turns == []


async def test_a_sign_to_stop_is_obeyed(hearing: Hearing) -> None:
    item = {"type": "message", "channel": "C1", "ts": "2.0"}
    await hearing.hear(type="reaction_added", reaction="x", item=item)

    assert hearing.overseer.deeds == [("sign", "UANA", "T1:C1:2.0")]
    assert hearing.acks == 1


async def test_a_changed_question_is_to_be_answered_anew(hearing: Hearing) -> None:
    await hearing.hear(**edited("why not?"))

    assert hearing.overseer.deeds == [("revise", "slack:T1:C1:1.0", "2.0")]


async def test_what_an_edit_leaves_as_it_is_is_not_answered_anew(
    hearing: Hearing,
) -> None:
    hearing.memory.knows_all = False

    await hearing.hear(**edited("why not?"))
    await hearing.hear_edited(text="why not?")

    assert hearing.overseer.deeds == []


@pytest.mark.parametrize("text", ["stop", "<@UBOT> memory", "remember: x"])
async def test_a_question_that_becomes_a_command_is_stopped_not_obeyed(
    hearing: Hearing, text: str
) -> None:
    await hearing.hear(**edited(text))

    assert hearing.overseer.deeds == [("stop turn", "T1:C1:2.0")]
    assert hearing.obeyed == []
    assert hearing.memory.facts == []


async def test_a_deleted_question_takes_its_reply_along(hearing: Hearing) -> None:
    await hearing.hear(**deleted())

    assert hearing.overseer.deeds == [("withdraw", "slack:T1:C1:1.0", "2.0")]


async def test_who_asks_one_too_many_is_told_and_the_event_is_acked(
    hearing: Hearing,
) -> None:
    hearing.inbox.crowd = "thread"

    await hearing.hear(text="<@UBOT> hi")
    assert not await hearing.hear_late(is_joined=True, text="<@UBOT> again", ts="3.0")

    refused = [(message.ts, crowd) for message, crowd in hearing.steward.refused]
    assert refused == [("2.0", "thread"), ("3.0", "thread")]
    assert (hearing.inbox.turns, hearing.acks) == ([], 1)
