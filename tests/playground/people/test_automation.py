"""Who speaks without being a person."""

import pytest

from bot.playground.people import automation
from bot.playground.people.composer import Speech, SpeechError, say
from bot.playground.webapi import membership
from bot.playground.workspace.person import Person
from bot.playground.workspace.state import Workspace
from bot.playground.workspace.wire import message_json


def test_an_integration_has_a_name_and_no_user(workspace: Workspace) -> None:
    message = automation.post_as_integration(
        workspace, "C0DEV", "pushed", username="github", bot_id="B0HOOK"
    )

    written = message_json(workspace, message)
    assert (written["subtype"], written["username"]) == ("bot_message", "github")
    assert (written["bot_id"], written["app_id"]) == ("B0HOOK", "A0HOOK")
    assert not written.keys() & {"user", "client_msg_id"}


def test_another_bot_is_told_by_its_bot_id_only(workspace: Workspace) -> None:
    workspace.people["U0OTHER"] = Person("U0OTHER", "other", bot_id="B0OTHER")
    everyone = workspace.channels["C0DEV"]
    membership.invite(workspace, "U0ANA", everyone.id, "U0OTHER")

    written = message_json(workspace, say(workspace, Speech("U0OTHER", "C0DEV", "hi")))

    assert written["bot_profile"]["name"] == "other"
    assert (written["user"], written["bot_id"]) == ("U0OTHER", "B0OTHER")
    assert not written.keys() & {"subtype", "client_msg_id"}


def test_slackbot_looks_like_a_person_with_its_own_id(workspace: Workspace) -> None:
    written = message_json(
        workspace, automation.post_as_slackbot(workspace, "C0DEV", "a reminder")
    )

    assert written["user"] == "USLACKBOT"
    assert not written.keys() & {"subtype", "bot_id", "client_msg_id"}


def test_nothing_is_posted_to_a_closed_channel(workspace: Workspace) -> None:
    membership.archive(workspace, "U0ANA", "C0DEV")

    with pytest.raises(SpeechError, match="Nothing can be posted"):
        automation.post_as_slackbot(workspace, "C0DEV", "a")
