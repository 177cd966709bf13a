"""The methods that write."""

from dataclasses import replace
from typing import Any

import pytest

from bot.playground.answer import RefusedError
from bot.playground.jsonobject import JsonObject
from bot.playground.people.composer import Speech, say
from bot.playground.webapi import chat
from bot.playground.webapi.conversations import read_history
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import BOT_ID, BOT_USER
from bot.playground.workspace.message import Message
from bot.playground.workspace.state import Workspace
from tests.playground.conftest import FakeClock

META: JsonObject = {"event_type": "t", "event_payload": {"n": 1}}


def post(workspace: Workspace, **arguments: Any) -> Message:
    answer = chat.post_message(workspace, {"channel": "C0DEV", **arguments})
    message = workspace.message(answer["channel"], answer["ts"])
    assert message is not None
    return message


def test_a_post_is_the_bots_and_answered_as_stored(workspace: Workspace) -> None:
    answer = chat.post_message(
        workspace, {"channel": "C0DEV", "text": "a", "metadata": META}
    )

    message = workspace.message("C0DEV", answer["ts"])
    assert message is not None
    assert (message.user, message.bot_id) == (BOT_USER, BOT_ID)
    assert answer["channel"] == "C0DEV"
    assert answer["message"]["app_id"]
    assert answer["message"]["metadata"] == META
    assert message.metadata == META


def test_a_persons_id_means_their_dm(workspace: Workspace) -> None:
    assert post(workspace, channel="U0ANA", text="a").channel == "D0ANA"


def test_a_long_post_becomes_several_and_the_first_is_named(
    workspace: Workspace,
) -> None:
    first = post(workspace, text="x" * 9_000)

    stored = list(workspace.messages("C0DEV"))
    assert [len(message.text) for message in stored] == [4_000, 4_000, 1_000]
    assert stored[0] == first


def test_a_cut_post_carries_a_warning(workspace: Workspace) -> None:
    answer = chat.post_message(workspace, {"channel": "C0DEV", "text": "x" * 40_001})

    assert answer["warning"] == "message_truncated"
    assert answer["response_metadata"] == {"warnings": ["message_truncated"]}


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0NONE", "channel_not_found"),
        ("C0ALONE", "not_in_channel"),
        ("G0ALONE", "channel_not_found"),
    ],
)
def test_where_the_bot_is_not_it_cannot_post(
    workspace: Workspace, channel: str, error: str
) -> None:
    ana = frozenset({"U0ANA"})
    workspace.channels["C0ALONE"] = Channel("C0ALONE", "alone", "channel", ana)
    workspace.channels["G0ALONE"] = Channel("G0ALONE", "secret", "group", ana)

    with pytest.raises(RefusedError, match=f"^{error}$"):
        post(workspace, channel=channel, text="a")


def test_a_reply_stands_below_its_parent(workspace: Workspace) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "q"))

    reply = post(workspace, text="a", thread_ts=parent.ts)

    assert workspace.thread("C0DEV", parent.ts) == (parent, reply)


def test_a_reply_needs_a_thread_that_exists(workspace: Workspace) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "q"))
    lonely = say(workspace, Speech("U0ANA", "C0DEV", "q"))
    reply = post(workspace, text="a", thread_ts=parent.ts)
    workspace.delete("C0DEV", parent.ts)
    workspace.delete("C0DEV", lonely.ts)

    assert post(workspace, text="b", thread_ts=parent.ts).thread_ts == parent.ts
    with pytest.raises(RefusedError, match="thread_not_found"):
        post(workspace, text="a", thread_ts=lonely.ts)
    with pytest.raises(RefusedError, match="cannot_reply_to_message"):
        post(workspace, text="a", thread_ts=reply.ts)


def test_an_edit_replaces_the_content_and_keeps_the_metadata(
    workspace: Workspace,
) -> None:
    blocks = [{"type": "markdown", "text": "**a**"}]
    message = post(workspace, blocks=blocks, metadata=META)
    place = {"channel": "C0DEV", "ts": message.ts}

    answer = chat.update(workspace, {**place, "text": "b"})

    assert "edited" in read_history(workspace, {"channel": "C0DEV"})["messages"][0]
    edited = workspace.message("C0DEV", message.ts)
    assert edited is not None
    assert (edited.text, edited.blocks, edited.markdown) == ("b", (), "")
    assert edited.metadata == META
    assert answer["text"] == "b"
    assert answer["message"]["edited"]["user"] == BOT_USER


@pytest.mark.parametrize(("given", "kept"), [({}, None), (META, META)])
def test_an_edit_may_clear_or_replace_the_metadata(
    workspace: Workspace, given: JsonObject, kept: JsonObject | None
) -> None:
    message = post(workspace, text="a", metadata={**META, "event_type": "old"})
    place = {"channel": "C0DEV", "ts": message.ts}

    chat.update(workspace, {**place, "text": "b", "metadata": given})

    edited = workspace.message("C0DEV", message.ts)
    assert edited is not None
    assert edited.metadata == kept


def test_only_its_own_messages_can_the_bot_change(workspace: Workspace) -> None:
    theirs = say(workspace, Speech("U0ANA", "C0DEV", "mine"))
    place = {"channel": "C0DEV", "ts": theirs.ts, "text": "b"}

    with pytest.raises(RefusedError, match="cant_update_message"):
        chat.update(workspace, place)
    with pytest.raises(RefusedError, match="cant_delete_message"):
        chat.delete(workspace, place)
    with pytest.raises(RefusedError, match="message_not_found"):
        chat.update(workspace, {**place, "ts": "1.0"})
    with pytest.raises(RefusedError, match="channel_not_found"):
        chat.update(workspace, {**place, "channel": "U0ANA"})


def test_a_deleted_message_is_gone(workspace: Workspace) -> None:
    message = post(workspace, text="a")

    answer = chat.delete(workspace, {"channel": "C0DEV", "ts": message.ts})

    assert answer == {"channel": "C0DEV", "ts": message.ts}
    assert workspace.message("C0DEV", message.ts) is None


def archive(workspace: Workspace) -> None:
    channel = workspace.channels["C0DEV"]
    workspace.channels["C0DEV"] = replace(channel, is_archived=True)


def test_an_archived_channel_takes_nothing(workspace: Workspace) -> None:
    message = post(workspace, text="a")
    archive(workspace)

    with pytest.raises(RefusedError, match="is_archived"):
        post(workspace, text="b")
    with pytest.raises(RefusedError, match="is_archived"):
        chat.post_ephemeral(
            workspace, {"channel": "C0DEV", "user": "U0ANA", "text": "b"}
        )
    with pytest.raises(RefusedError, match="is_inactive"):
        chat.update(workspace, {"channel": "C0DEV", "ts": message.ts, "text": "b"})


def test_the_bot_reaches_its_messages_only_as_a_member(workspace: Workspace) -> None:
    message = post(workspace, text="a")
    channel = workspace.channels["C0DEV"]
    workspace.channels["C0DEV"] = replace(channel, members=frozenset({"U0ANA"}))

    with pytest.raises(RefusedError, match="not_in_channel"):
        chat.update(workspace, {"channel": "C0DEV", "ts": message.ts, "text": "b"})


def test_a_broadcast_reply_is_one_of_both_thread_and_channel(
    workspace: Workspace,
) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "q"))

    reply = post(workspace, text="a", thread_ts=parent.ts, reply_broadcast=True)
    quiet = post(workspace, text="b", thread_ts=parent.ts)
    plain = post(workspace, text="c", reply_broadcast=True)

    history = read_history(workspace, {"channel": "C0DEV"})["messages"]
    assert [m["ts"] for m in history] == [plain.ts, reply.ts, parent.ts]
    assert workspace.thread("C0DEV", parent.ts) == (parent, reply, quiet)
    assert (reply.subtype, plain.subtype) == ("thread_broadcast", "")


MARKDOWN = [{"type": "markdown", "text": "a"}]


@pytest.mark.parametrize(
    "content",
    [{"blocks": MARKDOWN}, {"markdown_text": "b"}, {"text": "b"}],
)
def test_rich_text_may_become_rich_text_or_nothing(
    workspace: Workspace, content: JsonObject
) -> None:
    message = post(workspace, blocks=MARKDOWN)

    chat.update(workspace, {"channel": "C0DEV", "ts": message.ts, **content})


def test_rich_text_becomes_no_other_blocks(workspace: Workspace) -> None:
    message = post(workspace, blocks=MARKDOWN)
    place = {"channel": "C0DEV", "ts": message.ts}

    with pytest.raises(RefusedError, match="block_mismatch"):
        chat.update(workspace, {**place, "blocks": [{"type": "divider"}]})


@pytest.mark.parametrize("content", [{"blocks": MARKDOWN}, {"markdown_text": "b"}])
def test_an_edit_with_blocks_is_not_marked_as_one(
    workspace: Workspace, content: JsonObject
) -> None:
    message = post(workspace, text="a")
    place = {"channel": "C0DEV", "ts": message.ts}
    chat.update(workspace, {**place, "text": "b"})

    answer = chat.update(workspace, place | content)

    assert "edited" not in answer["message"]
    assert answer["message"]["blocks"]


def test_an_edit_of_neither_text_nor_blocks_keeps_both(workspace: Workspace) -> None:
    message = post(workspace, text="a", blocks=MARKDOWN)
    place = {"channel": "C0DEV", "ts": message.ts}

    chat.update(workspace, {**place, "attachments": [{}]})

    edited = workspace.message("C0DEV", message.ts)
    assert edited is not None
    assert (edited.text, edited.blocks) == (message.text, message.blocks)


def test_an_edit_may_come_too_late_for_the_workspace(
    workspace: Workspace, clock: FakeClock
) -> None:
    workspace.edit_window_s = 60
    message = post(workspace, text="a")
    edit = {"channel": "C0DEV", "ts": message.ts, "text": "b"}

    clock.now_s += 60
    chat.update(workspace, edit)
    clock.now_s += 1

    with pytest.raises(RefusedError, match="edit_window_closed"):
        chat.update(workspace, edit)


def test_an_ephemeral_message_is_for_one_person_and_in_no_history(
    workspace: Workspace,
) -> None:
    arguments = {"channel": "C0DEV", "user": "U0ANA", "text": "psst", "metadata": "x"}

    ts = chat.post_ephemeral(workspace, arguments)["message_ts"]

    (message,) = workspace.ephemerals
    assert (message.ts, message.text, message.only_for) == (ts, "psst", "U0ANA")
    assert list(workspace.messages("C0DEV")) == []
    with pytest.raises(RefusedError, match="message_not_found"):
        chat.update(workspace, {"channel": "C0DEV", "ts": ts, "text": "b"})


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"user": "U0NONE"}, "user_not_in_channel"),
        ({"text": "x" * 4_001}, "msg_too_long"),
        ({"text": ""}, "no_text"),
    ],
)
def test_an_ephemeral_message_is_short_and_for_a_member(
    workspace: Workspace, changed: JsonObject, error: str
) -> None:
    arguments = {"channel": "C0DEV", "user": "U0ANA", "text": "psst", **changed}

    with pytest.raises(RefusedError, match=f"^{error}$"):
        chat.post_ephemeral(workspace, arguments)


def test_a_permalink_leads_to_a_message_in_its_thread(workspace: Workspace) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "q"))
    reply = post(workspace, text="a", thread_ts=parent.ts)

    links = [
        chat.get_permalink(workspace, {"channel": "C0DEV", "message_ts": m.ts})
        for m in (parent, reply)
    ]

    paths = [f"/archives/C0DEV/p{m.ts.replace('.', '')}" for m in (parent, reply)]
    query = f"?thread_ts={parent.ts}&cid=C0DEV"
    assert links[0]["permalink"] == f"https://playground.slack.com{paths[0]}"
    assert links[1]["permalink"].endswith(paths[1] + query)
    with pytest.raises(RefusedError, match="message_not_found"):
        chat.get_permalink(workspace, {"channel": "C0DEV", "message_ts": "1.0"})


def test_a_status_is_shown_until_it_is_cleared(workspace: Workspace) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "q"))
    place = {"channel_id": "C0DEV", "thread_ts": parent.ts}

    chat.set_status(workspace, {**place, "status": "is thinking…"})
    assert workspace.statuses["C0DEV", parent.ts].text == "is thinking…"

    chat.set_status(workspace, {**place, "status": ""})
    assert workspace.statuses == {}


def test_a_status_vanishes_after_two_minutes(
    workspace: Workspace, clock: FakeClock
) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "q"))
    place = {"channel_id": "C0DEV", "thread_ts": parent.ts}
    chat.set_status(workspace, {**place, "status": "is thinking…"})

    clock.now_s += 60
    chat.set_status(workspace, {**place, "status": "is still thinking…"})
    clock.now_s += 119
    assert len(workspace.statuses) == 1

    clock.now_s += 1
    assert workspace.statuses == {}


def test_a_post_clears_the_status_of_its_thread(workspace: Workspace) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "q"))
    place = {"channel_id": "C0DEV", "thread_ts": parent.ts}
    chat.set_status(workspace, {**place, "status": "is thinking…"})

    post(workspace, text="a", thread_ts=parent.ts)

    assert workspace.statuses == {}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "invalid_arguments"),
        ({"thread_ts": "1.0", "status": "a"}, "invalid_thread_ts"),
        ({"status": "a", "loading_messages": "b"}, "invalid_arguments"),
        ({"status": "a", "loading_messages": ["b"] * 11}, "invalid_arguments"),
        ({"status": "a", "loading_messages": ["b" * 51]}, "invalid_arguments"),
        ({"status": "a", "loading_messages": [1]}, "invalid_arguments"),
    ],
)
def test_a_status_needs_a_thread_a_text_and_few_words(
    workspace: Workspace, arguments: JsonObject, error: str
) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "q"))
    place = {"channel_id": "C0DEV", "thread_ts": parent.ts}
    loading = {"status": "a", "loading_messages": ["b" * 50] * 10}
    chat.set_status(workspace, place | loading)

    with pytest.raises(RefusedError, match=f"^{error}$"):
        chat.set_status(workspace, place | arguments)
