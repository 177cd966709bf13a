"""Which messages of a history count as missed."""

from dataclasses import replace
from typing import Any

import pytest

from bot.slack.api.preflight import Identity
from bot.slack.api.record import EVENT_TYPE
from bot.slack.events.history import Place
from bot.slack.events.missed import edited, missed, threads
from bot.slack.events.policy import Policy

BOT = Identity("T1", "UBOT", "BBOT")
ROOM = Place("C1", "channel", is_shared=False)
SHARED = Place("C1", "channel", is_shared=True)


def item(ts: str, **more: Any) -> dict[str, Any]:
    """Return a message as a history holds it."""
    return {"type": "message", "user": "UANA", "text": "hi", "ts": ts, **more}


def by_ts(*items: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["ts"]: item for item in items}


def mark(turn: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"turn": turn, "seq": 0}}


def texts(place: Place, *items: dict[str, Any]) -> list[str]:
    """Return the ts of what was missed since second 10."""
    return [message.ts for message in missed(place, by_ts(*items), BOT, 10)]


def test_what_was_said_in_the_window_is_missed_oldest_first() -> None:
    assert texts(ROOM, item("12.0"), item("11.0"), item("10.0")) == ["11.0", "12.0"]


def test_a_missed_message_is_as_its_event_would_be() -> None:
    reply = item("12.0", thread_ts="11.0", team="T1")

    (message,) = missed(ROOM, by_ts(reply), BOT, 10)

    assert message.as_turn().id == "T1:C1:12.0"
    assert message.thread == "slack:T1:C1:11.0"
    assert (message.kind, message.actor_team) == ("channel", "T1")


@pytest.mark.parametrize(
    "more",
    [
        {"bot_id": "BOTHER"},
        {"subtype": "channel_join"},
        {"subtype": "tombstone", "user": "USLACKBOT", "hidden": True},
    ],
    ids=str,
)
def test_what_nobody_said_to_the_bot_is_not_missed(more: dict[str, Any]) -> None:
    assert texts(ROOM, item("12.0", **more)) == []


def test_a_question_to_which_only_the_bot_replied_is_answered() -> None:
    answered = item("11.0", thread_ts="11.0", reply_users=["UBOT"])
    discussed = item("12.0", thread_ts="12.0", reply_users=["UBEN", "UBOT"])

    assert texts(ROOM, answered, discussed) == ["12.0"]


def test_a_person_of_the_organisation_is_no_stranger() -> None:
    bot = replace(BOT, enterprise="E1")

    (message,) = missed(ROOM, by_ts(item("12.0", team="E1")), bot, 10)

    assert message.actor_team == "T1"


def test_an_answer_counts_if_the_bot_itself_wrote_it() -> None:
    questions = item("11.0"), item("12.0"), item("13.0")
    own = item("14.0", bot_id="BBOT", metadata=mark("T1:C1:11.0"))
    forged = item("15.0", bot_id="BOTHER", metadata=mark("T1:C1:12.0"))
    foreign = item("16.0", bot_id="BBOT", metadata={"event_type": "else"})

    assert texts(ROOM, *questions, own, forged, foreign) == ["12.0", "13.0"]


@pytest.mark.parametrize(
    ("place", "more", "is_welcome"),
    [
        (ROOM, {}, True),
        (SHARED, {}, False),
        (SHARED, {"team": None}, False),
        (SHARED, {"team": ""}, False),
        (SHARED, {"team": "T1"}, True),
        (SHARED, {"team": "T2"}, False),
        (SHARED, {"team": "T1", "user_team": "T2"}, False),
    ],
)
def test_who_may_be_a_stranger_is_one_where_strangers_are(
    place: Place, more: dict[str, Any], *, is_welcome: bool
) -> None:
    (message,) = missed(place, by_ts(item("12.0", **more)), BOT, 10)

    assert Policy("UBOT").welcomes(message) is is_welcome


def test_threads_with_news_and_known_ones_out_of_sight_are_read() -> None:
    items = by_ts(
        item("20.0"),
        item("9.0", thread_ts="9.0", latest_reply="11.0"),
        item("8.0", thread_ts="8.0", latest_reply="9.5"),
        item("7.0", thread_ts="7.0", latest_reply="11.0", reply_users=["UBOT"]),
        item("12.0", thread_ts="3.0", subtype="thread_broadcast"),
        item("9.9", thread_ts="2.0", subtype="thread_broadcast"),
    )

    assert threads(items, ["20.0", "8.0", "1.0"], BOT, 10) == ["9.0", "3.0", "1.0"]


def test_what_was_edited_since_is_told_as_it_reads_now() -> None:
    items = by_ts(
        item("8.0", edited={"user": "UANA", "ts": "12.000000"}, text="new"),
        item("9.0", edited={"user": "UANA", "ts": "9.500000"}),
        item("11.0"),
        item("11.5", edited={"user": "UANA", "ts": 1}),
        item("12.0", edited={"user": "U2", "ts": "13.000000"}, bot_id="B2"),
    )

    found = edited(ROOM, items, BOT, 10)

    assert [(message.ts, message.text) for message in found] == [("8.0", "new")]
