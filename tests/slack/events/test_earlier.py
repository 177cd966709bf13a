"""What was said in a thread before the bot was asked there."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.conversation.memory import BOT
from bot.conversation.tokens import estimate_tokens
from bot.conversation.turn import Message, Speaker, ThreadId
from bot.slack.api.preflight import Identity
from bot.slack.api.record import EVENT_TYPE
from bot.slack.api.web import NoAnswerError, RefusedError
from bot.slack.events import earlier
from bot.slack.events.earlier import ThreadHistory
from bot.slack.events.event import WITHHELD
from bot.slack.events.policy import Policy

ME = Identity("T1", "UBOT", "BBOT")
THREAD = ThreadId("slack:T1:C1:1.0")
QUESTION = Message(THREAD, "9.0", "person", Speaker("UANA"), "<@UBOT> why?")


@dataclass
class PagedSlack:
    """Answers with pages of messages; fails where it is told to."""

    pages: list[list[Any]]
    error: Exception | None = None
    hangs: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    async def read(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        assert method == "conversations.replies"
        self.asked.append(arguments)
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        number = int(arguments.get("cursor", 0))
        is_last = number + 1 >= len(self.pages)
        cursor = "" if is_last else str(number + 1)
        return {
            "messages": self.pages[number],
            "response_metadata": {"next_cursor": cursor},
        }


@dataclass
class LearnedNames:
    """Learns names, or never comes to an end."""

    hangs: bool = False
    users: set[str] = field(default_factory=set[str])

    async def learn(self, users: Iterable[str]) -> None:
        self.users |= set(users)
        if self.hangs:
            await asyncio.Event().wait()


def item(ts: str, text: str = "hi", **more: Any) -> dict[str, Any]:
    """Return a person's message as a thread holds it."""
    base = {"type": "message", "user": "UBEN", "team": "T1", "thread_ts": "1.0"}
    return {**base, "ts": ts, "text": text, **more}


def own(ts: str, text: str, turn: str = "") -> dict[str, Any]:
    """Return a message of the bot's, with the mark of a turn."""
    payload = {"turn": turn, "seq": 0}
    mark = {"metadata": {"event_type": EVENT_TYPE, "event_payload": payload}}
    return item(ts, text, user="UBOT", bot_id="BBOT", **(mark if turn else {}))


def history(slack: PagedSlack, names: LearnedNames | None = None) -> ThreadHistory:
    return ThreadHistory(slack, ME, Policy("UBOT"), names or LearnedNames())


async def before(*items: Any) -> list[Message]:
    """Return what a thread of one page holds before the question."""
    return list(await history(PagedSlack([list(items)])).before(QUESTION))


async def test_what_people_said_is_overheard_oldest_first() -> None:
    names = LearnedNames()
    slack = PagedSlack([[item("1.0", "root"), item("3.0"), item("2.0", user="UANA")]])

    found = await history(slack, names).before(QUESTION)

    assert [(m.position, m.speaker.id) for m in found] == [
        ("1.0", "UBEN"),
        ("2.0", "UANA"),
        ("3.0", "UBEN"),
    ]
    assert all(m.is_overheard and m.thread == THREAD for m in found)
    assert names.users == {"UANA", "UBEN"}
    assert slack.asked[0]["latest"] == "9.0"


async def test_what_was_said_to_the_bot_counts_as_such() -> None:
    mention, answered = item("2.0", "<@UBOT> why?"), item("3.0", "and now?")

    found = await before(
        item("1.0"), mention, answered, own("4.0", "so", turn="T1:C1:3.0")
    )

    assert [m.is_overheard for m in found] == [True, False, False, False]


async def test_a_reply_of_several_messages_is_one_in_its_questions_place() -> None:
    parts = [own("4.0", "One &amp; two", "T1:C1:2.0"), own("5.0", "three", "T1:C1:2.0")]

    found = await before(item("1.0"), item("2.0"), item("3.0"), *parts)

    assert [(m.position, m.role) for m in found] == [
        ("1.0", "person"),
        ("2.0", "person"),
        ("2.0", "bot"),
        ("3.0", "person"),
    ]
    assert (found[2].speaker, found[2].text) == (BOT, "One & two\nthree")


async def test_an_own_message_without_a_mark_stands_for_itself() -> None:
    found = await before(item("1.0"), own("2.0", "Hello"))

    assert [(m.position, m.role, m.text) for m in found][1:] == [
        ("2.0", "bot", "Hello")
    ]


async def test_other_bots_are_left_out_and_of_strangers_their_presence_stays() -> None:
    found = await before(
        item("1.0", bot_id="BOTHER"),
        item("2.0", subtype="channel_join"),
        item("3.0", "secret", team="T2"),
        item("4.0", "whose?", team=None),
    )

    assert [(m.position, m.text) for m in found] == [
        ("3.0", WITHHELD),
        ("4.0", WITHHELD),
    ]


@pytest.mark.parametrize(
    "thread", ["slack:T1:C1:9.0", "slack:T1:D1"], ids=["new", "direct"]
)
async def test_where_nothing_stands_before_nothing_is_read(thread: str) -> None:
    slack = PagedSlack([[item("1.0")]])
    question = Message(ThreadId(thread), "9.0", "person", Speaker("UANA"), "hi")

    assert await history(slack).before(question) == ()
    assert slack.asked == []


async def test_a_long_thread_is_read_to_its_newest_message() -> None:
    root = item("1.0", "root")
    texts = [item(f"2.{n:03}", f"m{n}") for n in range(400)]
    slack = PagedSlack([[root, *texts[:199]], [root, *texts[199:398]], texts[398:]])

    found = await history(slack).before(QUESTION)

    assert len(slack.asked) == 3
    assert len(found) == earlier.MAX_MESSAGES
    assert found[0].text == "root"
    assert [m.text for m in found[1:]] == [f"m{n}" for n in range(301, 400)]


async def test_what_is_kept_has_a_limit_in_tokens() -> None:
    long = "漢" * 900

    found = await before(
        item("1.0", "x" * 90_000), *(item(f"2.{n}", long) for n in range(9))
    )

    assert found[0].text.startswith("xxx")
    assert sum(estimate_tokens(m.text) for m in found) <= earlier.MAX_TOKENS
    assert [m.position for m in found[1:]] == ["2.6", "2.7", "2.8"]


async def test_a_thread_that_never_ends_is_left_alone() -> None:
    slack = PagedSlack([[item("1.0")]] * 99)

    assert await history(slack).before(QUESTION) == ()
    assert len(slack.asked) == earlier.MAX_PAGES


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (RefusedError("thread_not_found"), None),
        (NoAnswerError("no"), None),
        # To read that again would help nobody.
        (KeyError("ts"), ()),
    ],
    ids=str,
)
async def test_what_cannot_be_read_is_left_out(
    error: Exception, found: tuple[Message, ...] | None
) -> None:
    assert await history(PagedSlack([[]], error)).before(QUESTION) == found


async def test_slack_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier, "TIMEOUT_S", 0.01)

    assert await history(PagedSlack([[]], hangs=True)).before(QUESTION) is None


async def test_names_are_not_waited_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier, "TIMEOUT_S", 0.01)
    slack = PagedSlack([[item("1.0")]])

    assert len(await history(slack, LearnedNames(hangs=True)).before(QUESTION)) == 1


@pytest.mark.parametrize("odd", [None, 1, "x", [], {}, {"ts": 1}, {"ts": "x"}])
async def test_a_broken_message_hides_no_other(odd: Any) -> None:
    assert len(await before(item("1.0"), odd)) == 1


async def test_the_first_message_of_a_thread_in_a_dm_belongs_to_the_thread() -> None:
    thread = ThreadId("slack:T1:D1:1.0")
    slack = PagedSlack([[item("1.0", "root")]])
    question = Message(thread, "9.0", "person", Speaker("UANA"), "hi")

    (root,) = await history(slack).before(question)

    assert (root.thread, root.text, root.is_overheard) == (thread, "root", False)
