"""What the app is told of reactions, and of comings and goings."""

import pytest

from bot.playground.events.payloads import payloads
from bot.playground.jsonobject import JsonObject
from bot.playground.people.composer import Speech, say
from bot.playground.webapi import membership, reactions
from bot.playground.workspace.change import Change
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import BOT_USER
from bot.playground.workspace.state import Workspace
from tests.playground.conftest import ALL_EVENTS, ALL_SCOPES, event_names


@pytest.fixture
def heard(workspace: Workspace) -> list[JsonObject]:
    """Events of every change, in order, for an app that may hear all."""
    heard: list[JsonObject] = []

    def hear(change: Change) -> None:
        told = payloads(workspace, change, ALL_EVENTS, ALL_SCOPES)
        heard.extend(payload["event"] for payload in told)

    workspace.listen(hear)
    return heard


def test_coming_and_going_is_told_to_members(
    workspace: Workspace, heard: list[JsonObject]
) -> None:
    membership.leave(workspace, "U0BEN", "C0DEV")
    membership.invite(workspace, "U0ANA", "C0DEV", "U0BEN")

    assert event_names(heard) == [
        *("member_left_channel", "channel_leave"),
        *("member_joined_channel", "channel_join"),
    ]
    assert heard[2] == {
        "type": "member_joined_channel",
        "user": "U0BEN",
        "channel": "C0DEV",
        "channel_type": "C",
        "team": "T0PLAYGROUND",
        "inviter": "U0ANA",
        "event_ts": heard[2]["event_ts"],
    }
    assert heard[3]["inviter"] == "U0ANA"


def test_a_removed_bot_hears_that_it_left_and_nothing_more_until_it_is_back(
    workspace: Workspace, heard: list[JsonObject]
) -> None:
    members = frozenset({"U0ANA", BOT_USER})
    workspace.channels["G0OWN"] = Channel("G0OWN", "own", "group", members)
    for channel in ("C0DEV", "G0OWN"):
        membership.kick(workspace, "U0ANA", channel, BOT_USER)
        say(workspace, Speech("U0ANA", channel, "@Linefeed are you there?"))

    assert event_names(heard) == ["channel_left", "group_left"]
    assert heard[1]["actor_id"] == "U0ANA"
    membership.invite(workspace, "U0ANA", "G0OWN", BOT_USER)
    assert event_names(heard)[2:] == ["member_joined_channel", "channel_join"]


def test_archiving_is_told_under_the_name_of_the_place(
    workspace: Workspace, heard: list[JsonObject]
) -> None:
    members = frozenset({"U0ANA", BOT_USER})
    workspace.channels["G0OWN"] = Channel("G0OWN", "own", "group", members)
    for channel in ("C0DEV", "G0OWN"):
        membership.archive(workspace, "U0ANA", channel)
        membership.unarchive(workspace, "U0ANA", channel)

    told = [event for event in heard if event["type"] != "message"]
    assert event_names(told) == [
        *("channel_archive", "channel_unarchive"),
        *("group_archive", "group_unarchive"),
    ]
    assert told[0]["user"] == "U0ANA"
    assert "user" not in told[2]


def test_a_reaction_names_its_message_and_author(
    workspace: Workspace, heard: list[JsonObject]
) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "q"))
    reactions.react(workspace, "U0BEN", "C0DEV", message.ts, "eyes")
    reactions.unreact(workspace, "U0BEN", "C0DEV", message.ts, "eyes")

    _, added, removed = heard
    item = {"type": "message", "channel": "C0DEV", "ts": message.ts}
    assert added == {
        "type": "reaction_added",
        "user": "U0BEN",
        "reaction": "eyes",
        "item_user": "U0ANA",
        "item": {**item, "channel_type": "channel"},
        "event_ts": added["event_ts"],
    }
    assert removed["type"] == "reaction_removed"
