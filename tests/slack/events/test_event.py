"""Slack's message events, as it documents them, and what is made of each."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.events.event import SlackMessage, slack_message

Body = dict[str, Any]


def body(**event: Any) -> Body:
    """Return what comes for something that Ana says in a channel."""
    return {
        "team_id": "T1",
        "type": "event_callback",
        "authorizations": [{"enterprise_id": None, "team_id": "T1"}],
        "event": {
            "type": "message",
            "user": "U1",
            "team": "T1",
            "channel": "C1",
            "channel_type": "channel",
            "ts": "2.000002",
            "text": "hi <@UBOT>",
            **event,
        },
    }


def heard(given_body: Body) -> SlackMessage:
    message = slack_message(given_body)
    assert message is not None
    return message


def mention(given_body: Body) -> Body:
    """Return the app_mention that tells of the same message."""
    event = {**given_body["event"], "type": "app_mention"}
    del event["channel_type"]
    return {**given_body, "event": event}


@pytest.mark.parametrize("kind", ["channel", "group", "mpim"])
@pytest.mark.parametrize("thread_ts", [None, "1.000001"])
def test_both_events_of_a_mention_make_the_same_turn(
    kind: str, thread_ts: str | None
) -> None:
    message = body(channel_type=kind, thread_ts=thread_ts)

    turn, twin = heard(message).as_turn(), heard(mention(message)).as_turn()

    assert (turn.id, turn.question) == (twin.id, twin.question)
    assert heard(mention(message)).is_mention
    assert not heard(message).is_mention


@pytest.mark.parametrize(
    ("event", "thread", "answered_in"),
    [
        ({}, "slack:T1:C1:2.000002", "2.000002"),
        ({"thread_ts": "2.000002"}, "slack:T1:C1:2.000002", "2.000002"),
        ({"thread_ts": "1.000001"}, "slack:T1:C1:1.000001", "1.000001"),
        ({"channel": "D1", "channel_type": "im"}, "slack:T1:D1", ""),
        (
            {"channel": "D1", "channel_type": "im", "thread_ts": "1.000001"},
            "slack:T1:D1:1.000001",
            "1.000001",
        ),
        ({"channel_type": "mpim"}, "slack:T1:C1:2.000002", "2.000002"),
    ],
)
def test_a_message_belongs_to_its_thread(
    event: Body, thread: str, answered_in: str
) -> None:
    turn = heard(body(**event)).as_turn()

    assert turn.question.thread == thread
    assert f'"thread_ts": "{answered_in}"' in turn.address


@pytest.mark.parametrize(
    ("channel", "kind"),
    [("D1", "im"), ("G1", "group"), ("C1", "channel")],
)
def test_the_kind_of_a_channel_shows_in_its_id(channel: str, kind: str) -> None:
    assert heard(mention(body(channel=channel))).kind == kind


def test_a_turn_is_the_same_however_often_it_is_delivered() -> None:
    assert heard(body()).as_turn() == heard(body()).as_turn()
    assert heard(body()).as_turn().id == "T1:C1:2.000002"


@pytest.mark.parametrize("subtype", [None, "file_share", "thread_broadcast"])
def test_what_somebody_says_is_heard(subtype: str | None) -> None:
    assert heard(body(subtype=subtype)).user == "U1"


@pytest.mark.parametrize(
    "event",
    [
        {"subtype": "me_message"},
        {"subtype": "bot_message", "bot_id": "B1"},
        {"subtype": "message_changed", "hidden": True},
        {"subtype": "message_deleted", "hidden": True},
        {"subtype": "message_replied"},
        {"subtype": "channel_join"},
        {"subtype": "channel_topic"},
        {"subtype": "bot_add"},
        {"bot_id": "B1"},
        {"bot_id": "B1", "workflow_id": "Wf1"},
        {"user": "USLACKBOT"},
        {"user": None},
        {"hidden": True},
        {"type": "reaction_added"},
        {"type": "app_home_opened"},
    ],
    ids=str,
)
def test_what_nobody_says_is_not_heard(event: Body) -> None:
    assert slack_message(body(**event)) is None


@pytest.mark.parametrize("name", ["type", "user", "channel", "ts"])
@pytest.mark.parametrize("value", [None, ""])
def test_an_event_without_what_identifies_it_is_not_heard(
    name: str, value: str | None
) -> None:
    assert slack_message(body(**{name: value})) is None


@pytest.mark.parametrize("given_body", [{}, {"event": None}, {"event": {}}])
def test_a_body_without_an_event_is_not_heard(given_body: Body) -> None:
    assert slack_message(given_body) is None


def test_a_body_without_a_workspace_is_not_heard() -> None:
    assert slack_message({"event": body()["event"]}) is None


@given(
    st.sets(st.sampled_from(sorted(body()["event"]))),
    st.sets(st.sampled_from(sorted(body()))),
    st.dictionaries(
        st.sampled_from(["subtype", "thread_ts", "files", "user_team", "bot_id"]),
        st.none(),
    ),
)
def test_no_missing_field_is_an_error(
    left_out: set[str], body_left_out: set[str], empty: Body
) -> None:
    event = {**body()["event"], **empty}
    event = {name: event[name] for name in event if name not in left_out}
    whole = {**body(), "event": event}
    message = slack_message(
        {name: whole[name] for name in whole if name not in body_left_out}
    )

    needed = {"type", "user", "channel", "ts"} & left_out
    needed |= {"event"} & body_left_out
    if {"team_id", "authorizations"} <= body_left_out:
        needed.add("team_id")
    assert (message is None) == bool(needed)


@pytest.mark.parametrize(
    ("event", "actor_team"),
    [
        ({}, "T1"),
        ({"team": None}, ""),
        ({"user_team": "T2"}, "T2"),
        ({"source_team": "T2"}, "T2"),
        ({"user_team": "E1"}, "T1"),
        ({"user_team": "E2"}, "E2"),
    ],
)
def test_a_person_comes_from_their_own_workspace(event: Body, actor_team: str) -> None:
    given_body = body(**event)
    given_body["authorizations"] = [{"enterprise_id": "E1", "team_id": "T1"}]

    assert heard(given_body).actor_team == actor_team


def test_a_body_without_authorizations_is_heard() -> None:
    assert heard({**body(), "authorizations": []}).actor_team == "T1"


def test_files_are_named() -> None:
    files = [{"name": "a.txt"}, {"title": "B"}, {"id": "F3"}, {}]

    assert heard(body(files=files)).files == ("a.txt", "B", "F3", "file")


def test_the_memory_keeps_what_was_said_and_by_whom() -> None:
    message = heard(body(files=[{"name": "a.txt"}])).as_message(is_overheard=True)

    assert (message.position, message.text) == ("2.000002", "hi <@UBOT>")
    assert (message.speaker.id, message.files) == ("U1", ("a.txt",))
    assert message.is_overheard
