"""What Slack shows of a message, a person, a channel."""

from dataclasses import replace

from bot.playground.composer import Speech, say
from bot.playground.wire import channel_json, message_json, person_json
from bot.playground.workspace import BOT_ID, BOT_USER, Message, Person, Workspace


def test_the_markdown_of_a_message_is_never_given_back(workspace: Workspace) -> None:
    message = Message("C0DEV", "1.000000", BOT_USER, "a", markdown="**a**")

    assert "**a**" not in str(message_json(workspace, message, has_metadata=True))


def test_metadata_is_given_on_request_only(workspace: Workspace) -> None:
    metadata = {"event_type": "t", "event_payload": {}}
    message = Message(
        "C0DEV", "1.000000", BOT_USER, "a", bot_id=BOT_ID, metadata=metadata
    )

    assert "metadata" not in message_json(workspace, message)
    assert message_json(workspace, message, has_metadata=True)["metadata"] == metadata


def test_a_parent_tells_of_its_replies_and_a_reply_of_its_parent(
    workspace: Workspace,
) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "parent"))
    reply = say(workspace, Speech("U0BEN", "C0DEV", "reply", parent.ts))

    assert message_json(workspace, parent)["reply_count"] == 1
    assert message_json(workspace, parent)["thread_ts"] == parent.ts
    assert message_json(workspace, reply)["parent_user_id"] == "U0ANA"


def test_an_edited_message_says_so(workspace: Workspace) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "a", files=("x.txt",)))

    written = message_json(workspace, replace(message, is_edited=True))

    assert written["edited"]["user"] == "U0ANA"
    assert written["files"][0]["name"] == "x.txt"


def test_a_channel_with_people_from_elsewhere_is_shared(workspace: Workspace) -> None:
    workspace.people["U0BEN"] = Person("U0BEN", "ben", team="T0ELSE")

    assert channel_json(workspace, workspace.channels["C0DEV"])["is_ext_shared"]
    assert not channel_json(workspace, workspace.channels["D0ANA"])["is_ext_shared"]
    assert channel_json(workspace, workspace.channels["D0ANA"])["user"] == "U0ANA"
    assert person_json(workspace.people["U0BEN"])["team_id"] == "T0ELSE"
