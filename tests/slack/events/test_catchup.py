"""What was said while nobody listened is found, and heard once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.conversation.inbox import Inbox
from bot.conversation.turn import ThreadId, Turn, TurnId
from bot.playground.events.payloads import payloads
from bot.playground.people.composer import Speech, edit_message, say
from bot.playground.webapi.limits import UNLIMITED, Limits, Rate
from bot.playground.workspace.change import Change
from bot.playground.workspace.channel import Channel, ChannelKind
from bot.playground.workspace.identity import BOT_ID, BOT_USER, TEAM
from bot.playground.workspace.message import Message
from bot.slack.api.preflight import Identity
from bot.slack.api.record import metadata
from bot.slack.api.web import RefusedError, Web
from bot.slack.events import catchup
from bot.slack.events.catchup import LOOK_BACK_S, MAX_AGE_S, CatchUp
from tests.long import examples
from tests.slack.conftest import ListedSteward, listening
from tests.slack.virtual import WirelessSlack, virtually
from tests.turntwin import ListedTurns
from tests.twins import ListedMemory

BOT = Identity(TEAM, BOT_USER, BOT_ID)


@dataclass
class FollowedTurns(ListedTurns):
    """A turn store that remembers each turn's question, as a database does."""

    memory: ListedMemory = field(default_factory=ListedMemory)
    stored: asyncio.Queue[Turn] = field(default_factory=asyncio.Queue[Turn])
    """Every new turn."""

    async def add(self, turn: Turn) -> bool:
        is_new = await super().add(turn)
        if is_new:
            await self.memory.add(turn.question)
            self.stored.put_nowait(turn)
        return is_new

    async def recent(self, since_s: float, limit: int) -> tuple[str, ...]:
        first: dict[str, Turn] = {}
        for turn in [self.table.rows[id_].turn for id_ in self.waiting]:
            first.setdefault(turn.question.thread, turn)
        return tuple(turn.address for turn in reversed(first.values()))[:limit]


class ThreadedMemory(ListedMemory):
    """A memory store that tells threads apart."""

    async def people(self, thread: ThreadId) -> frozenset[str]:
        said = [m for m in self.messages if m.thread == thread and m.role == "person"]
        return frozenset(message.speaker.id for message in said)


class Scene:
    """A workspace, a bot that hears, and the look-up between them."""

    def __init__(self, limits: Limits = UNLIMITED) -> None:
        self.slack = WirelessSlack(limits, read_retries=0)
        self.workspace = self.slack.workspace
        self.memory = ThreadedMemory()
        self.turns = FollowedTurns(memory=self.memory)
        self.inbox = Inbox(self.turns, at_once=1)
        self.steward = ListedSteward()
        self.listener = listening(self.inbox, self.memory, self.steward)
        self.catchup = CatchUp(
            self.slack, BOT, self.listener, self.turns, self.slack.clock
        )

    def say(
        self, text: str, channel: str = "C0DEV", *, by: str = "U0ANA", under: str = ""
    ) -> Message:
        """Let a person say what no event tells of."""
        return say(self.workspace, Speech(by, channel, text, under))

    def answer(self, question: Message, bot_id: str = BOT_ID) -> Message:
        """Post what an answer looks like in Slack."""
        root = question.thread_ts or question.ts
        return self.workspace.add(
            Message(
                channel=question.channel,
                ts=self.workspace.next_ts(),
                user=BOT_USER if bot_id == BOT_ID else "U0FORGER",
                text="answer",
                thread_ts="" if question.channel.startswith("D") else root,
                bot_id=bot_id,
                metadata=metadata(turn_id(question), 0),
            )
        )

    async def hear(self, message: Message) -> None:
        """Let a message's events arrive after all."""

        async def go_on() -> None:
            """Stand for Bolt."""

        for body in payloads(self.workspace, Change("added", message)):
            await self.listener.hear(body, go_on)

    async def look_up(self, times: int = 1) -> list[Any]:
        """Run the look-up until it rests; return what it logged."""
        with capture_logs() as logged:
            async with asyncio.TaskGroup() as group:
                running = group.create_task(self.catchup.run())
                self.catchup.request()
                while sum(_is_end(line) for line in logged) < times:  # noqa: ASYNC110 - a log has no event, and the time jumps
                    await asyncio.sleep(1)
                running.cancel()
        return logged

    @property
    def accepted(self) -> set[str]:
        """Return the ids of all turns."""
        return set(self.turns.waiting)


def _is_end(line: Any) -> bool:
    ends = {
        "missed messages looked up",
        "missed messages are given up",
        "missed messages cannot be looked up",
        "the look-up of missed messages failed",
    }
    return line["event"] in ends


def turn_id(message: Message) -> TurnId:
    return TurnId(f"{TEAM}:{message.channel}:{message.ts}")


def turn_ids(*messages: Message) -> set[str]:
    return {turn_id(message) for message in messages}


def scene(work: Callable[[Scene], Awaitable[None]]) -> None:
    """Play in a scene whose time jumps."""

    async def play() -> None:
        await work(Scene())

    virtually(play())


def test_a_mention_and_a_direct_message_are_found() -> None:
    async def play(scene: Scene) -> None:
        said = [scene.say("@Linefeed hi"), scene.say("hi", "D0BEN", by="U0BEN")]
        scene.say("hi everyone")

        await scene.look_up()

        assert scene.accepted == turn_ids(*said)

    scene(play)


def test_a_mention_below_a_parent_older_than_the_window_is_found() -> None:
    async def play(scene: Scene) -> None:
        root = scene.say("what do you all think?")
        await asyncio.sleep(2 * LOOK_BACK_S)
        question = scene.say("@Linefeed and you?", under=root.ts, by="U0BEN")

        await scene.look_up()

        assert scene.accepted == turn_ids(question)

    scene(play)


def test_what_is_older_than_the_window_is_left_alone() -> None:
    async def play(scene: Scene) -> None:
        scene.say("@Linefeed too late")
        await asyncio.sleep(2)
        question = scene.say("@Linefeed in time")
        await asyncio.sleep(LOOK_BACK_S - 1)

        await scene.look_up()

        assert scene.accepted == turn_ids(question)

    scene(play)


def test_more_than_a_page_of_messages_is_read() -> None:
    async def play(scene: Scene) -> None:
        said = [scene.say(f"@Linefeed {number}") for number in range(250)]

        await scene.look_up()

        assert scene.accepted == turn_ids(*said)
        assert len(scene.slack.called("conversations.history")) > 6

    scene(play)


def test_a_follow_up_in_a_known_thread_is_found() -> None:
    async def play(scene: Scene) -> None:
        root = scene.say("@Linefeed hi")
        await scene.hear(root)
        await asyncio.sleep(2 * LOOK_BACK_S)
        for number in range(200):
            scene.say(f"noise {number}")
        question = scene.say("and then?", under=root.ts)

        await scene.look_up()

        assert scene.accepted == turn_ids(root, question)

    scene(play)


def test_a_follow_up_of_a_mention_that_was_missed_too_is_found() -> None:
    async def play(scene: Scene) -> None:
        root = scene.say("@Linefeed hi")
        question = scene.say("and then?", under=root.ts)

        await scene.look_up()

        assert scene.accepted == turn_ids(root, question)

    scene(play)


def test_what_was_said_before_the_bot_took_part_is_no_follow_up() -> None:
    async def play(scene: Scene) -> None:
        root = scene.say("I have a problem")
        scene.say("it is a big one", under=root.ts)
        question = scene.say("@Linefeed help me", under=root.ts)
        await scene.hear(question)

        await scene.look_up()

        assert scene.accepted == turn_ids(question)
        assert len(scene.memory.messages) == 1

    scene(play)


def test_a_missed_word_of_another_person_is_overheard() -> None:
    async def play(scene: Scene) -> None:
        root = scene.say("@Linefeed hi")
        await scene.hear(root)
        scene.say("I have a view on this", under=root.ts, by="U0BEN")

        await scene.look_up()

        assert scene.accepted == turn_ids(root)
        assert scene.memory.messages[-1].is_overheard

    scene(play)


@pytest.mark.parametrize("channel", ["C0DEV", "D0ANA"])
def test_what_slack_shows_as_answered_is_not_answered_again(channel: str) -> None:
    async def play(scene: Scene) -> None:
        scene.answer(scene.say("@Linefeed hi", channel))

        await scene.look_up()

        assert scene.accepted == set()

    scene(play)


def test_another_apps_mark_does_not_make_a_question_answered() -> None:
    async def play(scene: Scene) -> None:
        question = scene.say("@Linefeed hi")
        scene.answer(question, bot_id="B0FORGER")

        await scene.look_up()

        assert scene.accepted == turn_ids(question)

    scene(play)


def test_an_edited_mention_is_answered() -> None:
    async def play(scene: Scene) -> None:
        plain, mail = scene.say("hi"), scene.say("hi", "D0ANA")
        for message in (plain, mail):
            scene.workspace.edit(replace(message, text=f"<@{BOT_USER}> hi"))

        await scene.look_up()

        assert scene.accepted == turn_ids(plain, mail)

    scene(play)


def test_a_deleted_question_is_not_answered() -> None:
    async def play(scene: Scene) -> None:
        question = scene.say("@Linefeed hi")
        scene.workspace.delete(question.channel, question.ts)

        await scene.look_up()

        assert scene.accepted == set()

    scene(play)


def test_a_known_thread_that_was_deleted_spoils_nothing() -> None:
    async def play(scene: Scene) -> None:
        root = scene.say("@Linefeed hi")
        await scene.hear(root)
        scene.workspace.delete(root.channel, root.ts)
        question = scene.say("@Linefeed hello?")

        logged = await scene.look_up()

        assert scene.accepted == turn_ids(root, question)
        assert logged[-1]["unread"] == 0

    scene(play)


def test_requests_during_a_look_up_make_one_more() -> None:
    async def play(scene: Scene) -> None:
        async def ask_again() -> None:
            await asyncio.sleep(0.1)
            for _ in range(3):
                scene.catchup.request()

        async with asyncio.TaskGroup() as group:
            group.create_task(ask_again())
            await scene.look_up(times=2)
        await asyncio.sleep(100)

        assert len(scene.slack.called("users.conversations")) == 2

    scene(play)


def test_the_first_of_several_requests_says_how_far_to_look_back() -> None:
    async def play(scene: Scene) -> None:
        question = scene.say("@Linefeed hi")
        await asyncio.sleep(LOOK_BACK_S - 1)
        scene.catchup.request()
        await asyncio.sleep(60)

        await scene.look_up()

        assert scene.accepted == turn_ids(question)

    scene(play)


def test_a_pause_that_slack_asks_for_is_kept() -> None:
    async def play() -> None:
        once_a_minute = {"conversations.history": Rate(1, 60, 1)}
        scene = Scene(Limits(rates=once_a_minute))
        said = [scene.say("hi", "D0ANA"), scene.say("@Linefeed hi", "C0GENERAL")]

        await scene.look_up()

        assert scene.accepted == turn_ids(*said)
        assert scene.slack.busiest_minute("conversations.history") == 2

    virtually(play())


def test_a_place_that_slack_refuses_is_left_out_with_a_warning() -> None:
    async def play(scene: Scene) -> None:
        scene.slack.refusals["C0GENERAL"] = "not_in_channel"
        scene.say("@Linefeed lost", "C0GENERAL")
        question = scene.say("@Linefeed found")

        logged = await scene.look_up()

        assert scene.accepted == turn_ids(question)
        warning = next(line for line in logged if line["log_level"] == "warning")
        assert warning["error"] == "not_in_channel"
        assert logged[-1]["unread"] == 1

    scene(play)


async def _refused(_arguments: object) -> dict[str, Any]:
    raise RefusedError("missing_scope")


async def _malformed(_arguments: object) -> dict[str, Any]:
    return {"ok": True, "messages": [{"text": "no ts"}, None, {"ts": 5}]}


async def _raised(_arguments: object) -> dict[str, Any]:
    raise TypeError


@pytest.mark.parametrize(
    ("method", "reads", "level"),
    [
        ("conversations.replies", _refused, "warning"),
        ("conversations.replies", _malformed, "warning"),
        ("conversations.history", _malformed, "warning"),
        ("conversations.history", _raised, "error"),
    ],
)
def test_what_is_wrong_with_one_place_does_not_hide_the_others(
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    reads: Callable[[object], Awaitable[dict[str, Any]]],
    level: str,
) -> None:
    async def play(scene: Scene) -> None:
        read = scene.slack.read

        async def read_badly(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
            is_bad = (name, arguments.get("channel")) == (method, "C0GENERAL")
            return await (reads(arguments) if is_bad else read(name, arguments))

        monkeypatch.setattr(scene.slack, "read", read_badly)
        root = scene.say("hi", "C0GENERAL")
        scene.say("@Linefeed hi", "C0GENERAL", under=root.ts)
        question = scene.say("@Linefeed found")

        logged = await scene.look_up()

        assert scene.accepted == turn_ids(question)
        levels = [line["log_level"] for line in logged]
        assert [found for found in levels if found != "info"] == [level]
        assert logged[-1]["unread"] == (reads is not _malformed)

    scene(play)


def test_a_short_outage_is_waited_out() -> None:
    async def play(scene: Scene) -> None:
        question = scene.say("@Linefeed hi")
        scene.slack.outages = 3

        await scene.look_up()

        assert scene.accepted == turn_ids(question)

    scene(play)


@pytest.mark.parametrize("outages", [3, 4, 40])
def test_an_outage_only_delays_a_look_up(outages: int) -> None:
    async def play(scene: Scene) -> None:
        question = scene.say("@Linefeed hi")
        scene.slack.outages = outages

        logged = await scene.look_up()

        assert logged[-1]["event"] == "missed messages looked up"
        assert scene.accepted == turn_ids(question)

    scene(play)


def test_places_that_never_answer_are_given_up_at_last() -> None:
    async def play(scene: Scene) -> None:
        silent = dict.fromkeys(["D0ANA", "D0BEN", "D0CHIE"], "")
        scene.slack.refusals = silent
        scene.say("@Linefeed hi")

        logged = await scene.look_up()

        assert logged[-1]["event"] == "missed messages are given up"
        tried = scene.slack.called("conversations.history")
        assert tried[:12] == sorted([*silent] * 4)
        assert set(tried) == set(silent)

    scene(play)


def test_a_database_that_fails_for_a_moment_is_asked_again() -> None:
    async def play(scene: Scene) -> None:
        said = [scene.say("@Linefeed hi"), scene.say("hi", "D0BEN", by="U0BEN")]
        scene.turns.failing_adds = 2

        await scene.look_up()

        assert scene.accepted == turn_ids(*said)

    scene(play)


def test_an_answer_that_makes_no_sense_does_not_end_the_bot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def play(scene: Scene) -> None:
        question = scene.say("@Linefeed hi")
        with monkeypatch.context() as patched:
            patched.setattr(scene.slack, "read", _nonsense)
            await scene.look_up()
            assert scene.accepted == set()

        await scene.look_up()
        assert scene.accepted == turn_ids(question)

    scene(play)


async def _nonsense(_method: str, _arguments: object) -> dict[str, Any]:
    return {"ok": True, "channels": None}


def test_a_question_that_grew_too_old_while_slack_was_silent_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def play(scene: Scene) -> None:
        read = scene.slack.read

        async def read_late(method: str, arguments: dict[str, Any]) -> Any:
            await asyncio.sleep(MAX_AGE_S)
            return await read(method, arguments)

        monkeypatch.setattr(scene.slack, "read", read_late)
        scene.say("@Linefeed hi")

        await scene.look_up()

        assert scene.accepted == set()

    scene(play)


def _add_rooms(scene: Scene, count: int, kind: ChannelKind = "channel") -> list[str]:
    members = frozenset(scene.workspace.people)
    rooms = [Channel(f"C1R{n:03}", f"room{n}", kind, members) for n in range(count)]
    scene.workspace.channels |= {room.id: room for room in rooms}
    return [room.id for room in rooms]


def test_many_places_are_read_within_slacks_limits() -> None:
    async def play() -> None:
        scene = Scene(Limits())
        rooms = _add_rooms(scene, 60)
        said = [scene.say("@Linefeed hi", room) for room in rooms]
        for question in said:
            scene.say("me too", question.channel, by="U0BEN", under=question.ts)

        await scene.look_up()

        assert scene.accepted == turn_ids(*said)
        for method in ("conversations.history", "conversations.replies"):
            assert scene.slack.busiest_minute(method) <= 50
        # None was refused and asked again.
        assert len(scene.slack.calls) == 1 + 66 + 60

    virtually(play())


def test_known_places_come_first_then_direct_messages_and_the_rest_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def play(scene: Scene) -> None:
        rooms = _add_rooms(scene, 20, "group")
        for room in (rooms[7], rooms[3]):
            await scene.hear(scene.say("@Linefeed hi", room))
        monkeypatch.setattr(catchup, "MAX_PLACES", 8)

        logged = await scene.look_up()

        read = scene.slack.called("conversations.history")
        assert read[:2] == [rooms[3], rooms[7]]
        assert set(read[2:5]) == {"D0ANA", "D0BEN", "D0CHIE"}
        assert len(read) == 8
        assert (logged[-1]["places"], logged[-1]["left_out"]) == (8, 18)

    scene(play)


def test_a_question_whose_thread_is_not_read_is_not_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catchup, "MAX_THREADS", 1)

    async def play(scene: Scene) -> None:
        said = [scene.say(f"@Linefeed {number}") for number in range(2)]
        for question in said:
            scene.say("me too", under=question.ts, by="U0BEN")

        await scene.look_up()

        assert scene.accepted == turn_ids(said[1])

    scene(play)


def test_a_message_that_comes_both_ways_at_once_is_one_turn() -> None:
    async def play(scene: Scene) -> None:
        question = scene.say("@Linefeed hi")

        async with asyncio.TaskGroup() as group:
            group.create_task(scene.look_up())
            for delay_s in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4):
                await asyncio.sleep(delay_s - 0.05)
                await scene.hear(question)

        assert len(scene.turns.waiting) == 1

    scene(play)


async def test_it_works_over_the_wire(web: Web, ask: Callable[..., Any]) -> None:
    memory = ThreadedMemory()
    turns = FollowedTurns(memory=memory)
    listener = listening(Inbox(turns, 1), memory)
    found = CatchUp(web, BOT, listener, turns)
    asked = [ask("@Linefeed hi"), ask("hello", "D0ANA")]

    async with asyncio.TaskGroup() as group:
        running = group.create_task(found.run())
        found.request()
        stored = [await turns.stored.get() for _ in asked]
        running.cancel()

    assert {turn.id for turn in stored} == {turn.id for turn in asked}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["C0DEV", "C0GENERAL", "D0ANA"]),
        st.sampled_from(["mention", "plain"]),
        st.sampled_from(["U0ANA", "U0BEN"]),
        st.booleans(),  # below an earlier message
        st.sampled_from(["heard", "lost", "answered"]),
        st.sampled_from([0, 1, 200, 700]),  # seconds until the next one
    ),
    max_size=12,
)


@settings(max_examples=examples(30, 2000))
@given(STEPS)
def test_everything_to_the_bot_in_the_window_is_accepted_exactly_once(
    steps: list[tuple[str, str, str, bool, str, int]],
) -> None:
    async def play(scene: Scene) -> None:
        fates = [await _take(scene, *step) for step in steps]

        begun_s = scene.slack.clock() - LOOK_BACK_S
        await scene.look_up()
        first = scene.accepted
        logged = await scene.look_up()

        asked = {turn_id(m): (m, fate) for m, fate in fates if _is_to_bot(m)}
        assert first & asked.keys() == {
            turn
            for turn, (message, fate) in asked.items()
            if fate == "heard" or (fate == "lost" and float(message.ts) > begun_s)
        }
        # And a second look-up finds nothing more.
        assert (scene.accepted, logged[-1]["turns"]) == (first, 0)
        for message, _ in fates:
            if turn_id(message) in first - asked.keys():
                assert _has_earlier_turn(scene, message, first)

    scene(play)


async def _take(
    scene: Scene,
    channel: str,
    text: str,
    by: str,
    is_reply: bool,
    fate: str,
    pause_s: int,
) -> tuple[Message, str]:
    by = "U0ANA" if channel == "D0ANA" else by
    earlier = [m for m in scene.workspace.messages(channel) if not m.bot_id]
    root = (earlier[0].thread_ts or earlier[0].ts) if is_reply and earlier else ""
    words = "@Linefeed hi" if text == "mention" else "hi"
    message = scene.say(words, channel, by=by, under=root)
    if fate == "heard":
        await scene.hear(message)
    if fate == "answered":
        scene.answer(message)
    await asyncio.sleep(pause_s)
    return message, fate


def _is_to_bot(message: Message) -> bool:
    return message.channel.startswith("D") or BOT_USER in message.text


def _has_earlier_turn(scene: Scene, message: Message, accepted: set[str]) -> bool:
    thread = scene.workspace.thread(message.channel, message.thread_ts)
    return any(m.ts < message.ts and turn_id(m) in accepted for m in thread)


def test_an_edit_that_was_missed_reaches_the_memory() -> None:
    async def play(scene: Scene) -> None:
        question = scene.say("@Linefeed it is swordfish")
        await scene.hear(question)
        scene.answer(question)
        edit_message(
            scene.workspace, "U0ANA", "C0DEV", question.ts, "@Linefeed it is secret"
        )

        await scene.look_up()

        (message,) = scene.memory.messages
        assert message.text.endswith("it is secret")
        assert scene.accepted == turn_ids(question)

    scene(play)


def test_a_command_that_was_missed_is_neither_obeyed_nor_answered() -> None:
    async def play(scene: Scene) -> None:
        scene.say("@Linefeed memory")

        await scene.look_up()

        assert scene.accepted == set()
        assert scene.steward.commands == []

    scene(play)
