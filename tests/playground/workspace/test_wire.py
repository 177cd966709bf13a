"""What Slack shows of a message, a person, a channel."""

from dataclasses import replace

from bot.playground.people.composer import Speech, edit_message, say
from bot.playground.workspace.file import Upload
from bot.playground.workspace.identity import BOT_ID, BOT_USER
from bot.playground.workspace.message import Message
from bot.playground.workspace.person import Person
from bot.playground.workspace.state import Workspace
from bot.playground.workspace.wire import channel_json, message_json, person_json
from tests.playground.conftest import FakeClock


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


def test_an_edit_has_a_time_of_its_own(workspace: Workspace, clock: FakeClock) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "a"))
    clock.now_s += 7.5

    edited = edit_message(workspace, "U0ANA", "C0DEV", message.ts, "b")

    assert message_json(workspace, edited)["edited"] == {
        "user": "U0ANA",
        "ts": "1700000007.000000",
    }


def test_a_broadcast_reply_carries_its_root(workspace: Workspace) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "parent"))
    speech = Speech("U0BEN", "C0DEV", "all", parent.ts, subtype="thread_broadcast")

    written = message_json(workspace, say(workspace, speech))

    assert written["root"]["text"] == "parent"
    assert written["root"]["reply_count"] == 1
    assert written["thread_ts"] == parent.ts


def test_a_tombstone_is_slackbots_and_counts_its_replies(workspace: Workspace) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "parent"))
    say(workspace, Speech("U0BEN", "C0DEV", "reply", parent.ts))
    workspace.delete("C0DEV", parent.ts)

    written = message_json(workspace, workspace.thread("C0DEV", parent.ts)[0])

    assert written == {
        "type": "message",
        "subtype": "tombstone",
        "hidden": True,
        "user": "USLACKBOT",
        "text": "This message was deleted.",
        "ts": parent.ts,
        "thread_ts": parent.ts,
        "parent_user_id": "USLACKBOT",
        "reply_count": 1,
        "reply_users": ["U0BEN"],
        "reply_users_count": 1,
        "latest_reply": written["latest_reply"],
        "is_locked": False,
    }


def test_a_file_has_its_places_to_be_read(workspace: Workspace) -> None:
    upload = Upload("a plan.pdf", b"%PDF")
    message = say(workspace, Speech("U0ANA", "C0DEV", "", files=(upload,)))
    workspace.files_origin = "http://127.0.0.1:1"

    (file,) = message_json(workspace, message)["files"]

    place = f"http://127.0.0.1:1/files-pri/T0PLAYGROUND-{file['id']}"
    assert file["url_private"] == f"{place}/a%20plan.pdf"
    assert file["url_private_download"] == f"{place}/download/a%20plan.pdf"
    assert (file["mimetype"], file["filetype"]) == ("application/pdf", "pdf")
    assert (file["size"], file["user"]) == (4, "U0ANA")


def test_a_file_from_elsewhere_has_to_be_asked_for(workspace: Workspace) -> None:
    workspace.people["U0BEN"] = Person("U0BEN", "ben", team="T0ELSE")
    message = say(workspace, Speech("U0BEN", "C0DEV", "", files=("a.txt",)))

    (file,) = message_json(workspace, message)["files"]

    assert file["file_access"] == "check_file_info"
    assert not file.keys() & {"name", "url_private", "mimetype"}


def test_guests_strangers_and_the_deactivated_say_so(workspace: Workspace) -> None:
    guest = Person("U0GUEST", "guest", is_ultra_restricted=True)
    stranger = Person("U0FAR", "far", team="T0ELSE")
    gone = Person("U0GONE", "gone", is_deleted=True)

    assert person_json(workspace, guest)["is_restricted"]
    assert person_json(workspace, guest)["is_ultra_restricted"]
    assert person_json(workspace, stranger)["is_stranger"]
    assert person_json(workspace, gone)["deleted"]


def test_who_shares_a_channel_with_the_bot_is_no_stranger(workspace: Workspace) -> None:
    workspace.people["U0BEN"] = Person("U0BEN", "ben", team="T0ELSE")

    written = person_json(workspace, workspace.people["U0BEN"])

    assert not written["is_stranger"]
    assert written["profile"]["team"] == "T0ELSE"


def test_a_channel_with_people_from_elsewhere_is_shared(workspace: Workspace) -> None:
    workspace.people["U0BEN"] = Person("U0BEN", "ben", team="T0ELSE")

    assert channel_json(workspace, workspace.channels["C0DEV"])["is_ext_shared"]
    assert not channel_json(workspace, workspace.channels["D0ANA"])["is_ext_shared"]
    assert channel_json(workspace, workspace.channels["D0ANA"])["user"] == "U0ANA"
    assert person_json(workspace, workspace.people["U0BEN"])["team_id"] == "T0ELSE"
