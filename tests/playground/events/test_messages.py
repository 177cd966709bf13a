"""What the app is told of a message."""

from dataclasses import replace

from bot.playground.jsonobject import JsonObject
from bot.playground.people.composer import Speech, say
from bot.playground.workspace.identity import BOT_ID, BOT_USER
from bot.playground.workspace.message import Message
from bot.playground.workspace.person import Person
from bot.playground.workspace.state import Workspace


def test_a_mention_arrives_twice_under_different_ids(
    workspace: Workspace, sent: list[JsonObject]
) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "@Linefeed hi"))

    plain, mention = sent
    assert (plain["event"]["type"], plain["event"]["channel_type"]) == (
        "message",
        "channel",
    )
    assert mention["event"]["type"] == "app_mention"
    assert "channel_type" not in mention["event"]
    assert plain["event"]["ts"] == mention["event"]["ts"] == message.ts
    assert plain["event_id"] != mention["event_id"]


def test_a_message_event_has_the_fields_that_slack_sends(
    workspace: Workspace, sent: list[JsonObject]
) -> None:
    parent = say(workspace, Speech("U0BEN", "C0DEV", "parent"))
    reply = say(workspace, Speech("U0ANA", "C0DEV", "a & b", parent.ts))

    event = sent[1]["event"]
    assert event == {
        "type": "message",
        "channel_type": "channel",
        "channel": "C0DEV",
        "user": "U0ANA",
        "team": "T0PLAYGROUND",
        "text": "a &amp; b",
        "ts": reply.ts,
        "event_ts": reply.ts,
        "thread_ts": parent.ts,
        "parent_user_id": "U0BEN",
        "blocks": list(reply.blocks),
        "client_msg_id": event["client_msg_id"],
    }
    assert sent[1]["type"] == "event_callback"
    assert sent[1]["authorizations"][0]["user_id"] == BOT_USER
    assert sent[1]["event_time"] == 1_700_000_000
    assert not sent[1]["is_ext_shared_channel"]


def test_a_dm_needs_no_mention_and_makes_none(
    workspace: Workspace, sent: list[JsonObject]
) -> None:
    say(workspace, Speech("U0ANA", "D0ANA", "@Linefeed hi"))

    (payload,) = sent
    assert payload["event"]["channel_type"] == "im"
    assert payload["event"]["type"] == "message"


def test_the_bots_own_message_comes_back_without_its_metadata(
    workspace: Workspace, sent: list[JsonObject]
) -> None:
    metadata = {"event_type": "t", "event_payload": {}}
    text = f"<@{BOT_USER}> me"

    workspace.add(
        Message("C0DEV", "1.0", BOT_USER, text, bot_id=BOT_ID, metadata=metadata)
    )

    (payload,) = sent
    assert payload["event"]["bot_id"] == BOT_ID
    assert not payload["event"].keys() & {"metadata", "subtype", "client_msg_id"}


def test_an_edit_brings_both_versions(
    workspace: Workspace, sent: list[JsonObject]
) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "old"))

    workspace.edit(replace(message, text="@Linefeed new"))

    event = sent[1]["event"]
    assert (event["subtype"], event["hidden"]) == ("message_changed", True)
    assert event["message"]["text"] == "@Linefeed new"
    assert event["message"]["edited"]["user"] == "U0ANA"
    assert event["previous_message"]["text"] == "old"
    assert "edited" not in event["previous_message"]
    assert event["event_ts"] > message.ts
    assert len(sent) == 2


def test_a_deletion_brings_what_was_deleted(
    workspace: Workspace, sent: list[JsonObject]
) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "gone"))

    workspace.delete("C0DEV", message.ts)

    event = sent[1]["event"]
    assert event["subtype"] == "message_deleted"
    assert event["deleted_ts"] == message.ts
    assert event["previous_message"]["text"] == "gone"


def test_a_file_comes_as_file_share(
    workspace: Workspace, sent: list[JsonObject]
) -> None:
    say(workspace, Speech("U0ANA", "C0DEV", "see", files=("a.txt",)))

    assert sent[0]["event"]["subtype"] == "file_share"
    assert sent[0]["event"]["files"][0]["name"] == "a.txt"


def test_an_external_person_is_marked(
    workspace: Workspace, sent: list[JsonObject]
) -> None:
    workspace.people["U0BEN"] = Person("U0BEN", "ben", team="T0ELSE")

    say(workspace, Speech("U0BEN", "C0DEV", "hi"))
    say(workspace, Speech("U0ANA", "C0DEV", "hi"))

    foreign, own = sent
    assert foreign["is_ext_shared_channel"]
    assert foreign["event"]["user_profile"]["team"] == "T0ELSE"
    assert foreign["event"]["user_team"] == "T0ELSE"
    assert foreign["event"]["source_team"] == "T0ELSE"
    assert own["is_ext_shared_channel"]
    assert "user_team" not in own["event"]


def test_a_deleted_parent_with_replies_changes_into_a_tombstone(
    workspace: Workspace, sent: list[JsonObject]
) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "gone"))
    reply = say(workspace, Speech("U0BEN", "C0DEV", "stays", parent.ts))

    workspace.delete("C0DEV", parent.ts)
    changed = sent[-1]["event"]
    workspace.delete("C0DEV", reply.ts)

    assert changed["subtype"] == "message_changed"
    assert changed["message"]["subtype"] == "tombstone"
    assert changed["previous_message"]["text"] == "gone"
    assert [payload["event"]["deleted_ts"] for payload in sent[-2:]] == [
        reply.ts,
        parent.ts,
    ]
    assert sent[-1]["event"]["previous_message"]["reply_count"] == 0


def test_a_broadcast_reply_comes_with_its_root(
    workspace: Workspace, sent: list[JsonObject]
) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "parent"))
    subtype = "thread_broadcast"
    say(workspace, Speech("U0BEN", "C0DEV", "all", parent.ts, subtype=subtype))

    event = sent[1]["event"]
    assert (event["subtype"], event["root"]["ts"]) == (subtype, parent.ts)


def test_another_bot_that_mentions_the_app_is_told_as_a_mention(
    workspace: Workspace, sent: list[JsonObject]
) -> None:
    text = f"<@{BOT_USER}> hi"
    workspace.add(Message("C0DEV", "1.0", "", text, bot_id="B0X", username="hook"))

    plain, mention = (payload["event"] for payload in sent)
    assert plain["bot_id"] == mention["bot_id"] == "B0X"
    assert mention["type"] == "app_mention"
