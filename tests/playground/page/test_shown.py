"""What windows are told of the workspace."""

from dataclasses import replace

import pytest

from bot.playground.jsonobject import JsonObject
from bot.playground.page.shown import change_shown, message_shown, whole
from bot.playground.people.automation import post_as_integration
from bot.playground.people.composer import Speech, say
from bot.playground.webapi.reactions import react
from bot.playground.workspace.message import Message, Stream, app_message
from bot.playground.workspace.state import Workspace
from tests.playground.conftest import FakeClock


@pytest.fixture
def told(workspace: Workspace) -> list[JsonObject | None]:
    """What is told of every change, in order."""
    told: list[JsonObject | None] = []
    workspace.listen(lambda change: told.append(change_shown(workspace, change)))
    return told


def whisper(workspace: Workspace) -> Message:
    ts = workspace.next_ts()
    return replace(app_message("C0DEV", ts), text="psst", only_for="U0ANA")


def test_an_ephemeral_message_comes_changes_and_vanishes(
    workspace: Workspace, told: list[JsonObject]
) -> None:
    message = workspace.add_ephemeral(whisper(workspace))
    workspace.replace_ephemeral(replace(message, text="new"))
    [shown] = workspace.ephemerals
    workspace.remove_ephemeral(shown)

    assert [event["type"] for event in told] == ["ephemeral", "ephemeral", "vanished"]
    assert told[0]["message"]["only_for"] == "U0ANA"
    assert told[1]["message"]["parts"][0]["html"] == "<p>new</p>"
    assert told[2] == {"type": "vanished", "channel": "C0DEV", "ts": message.ts}


def test_who_loads_the_page_anew_has_lost_ephemeral_messages(
    workspace: Workspace,
) -> None:
    workspace.add_ephemeral(whisper(workspace))

    assert whole(workspace, {})["messages"] == []


def test_a_reaction_changes_the_message_as_it_is_now(
    workspace: Workspace, told: list[JsonObject]
) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "hi"))
    react(workspace, "U0BEN", "C0DEV", message.ts, "eyes")
    workspace.edit(replace(message, text="ho"))
    workspace.set_reaction("unreacted", message, "eyes", "U0BEN")

    assert [event["type"] for event in told] == ["added"] + ["changed"] * 3
    assert told[1]["message"]["reactions"] == [{"name": "eyes", "users": ["U0BEN"]}]
    assert told[3]["message"]["reactions"] == []
    assert told[3]["message"]["typed"] == "ho"


def test_a_deleted_parent_is_told_as_a_tombstone(
    workspace: Workspace, told: list[JsonObject]
) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "hi"))
    say(workspace, Speech("U0BEN", "C0DEV", "ho", parent.ts))
    workspace.delete("C0DEV", parent.ts)

    assert told[-1]["type"] == "changed"
    assert told[-1]["message"]["is_tombstone"]
    assert told[-1]["message"]["name"] == "Slackbot"


def test_a_message_shows_how_long_it_streams(
    workspace: Workspace, clock: FakeClock
) -> None:
    ends_s = clock.now_s + 60
    begun = app_message("C0DEV", workspace.next_ts())
    message = workspace.begin_stream(begun, Stream(ends_s))

    streaming = message_shown(workspace, message)
    clock.now_s = ends_s
    ended = message_shown(workspace, message)

    assert streaming["streams_until_s"] == ends_s
    assert ended["streams_until_s"] == 0


def test_an_integration_is_shown_by_its_name(workspace: Workspace) -> None:
    message = post_as_integration(
        workspace, "C0DEV", "built", username="CI", bot_id="B1"
    )

    assert message_shown(workspace, message)["name"] == "CI"
