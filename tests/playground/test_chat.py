"""The methods that write."""

from typing import Any

import pytest

from bot.playground import chat
from bot.playground.answer import RefusedError
from bot.playground.composer import Speech, say
from bot.playground.workspace import (
    BOT_ID,
    BOT_USER,
    Channel,
    JsonObject,
    Message,
    Workspace,
)

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


def test_an_ephemeral_message_is_not_stored(workspace: Workspace) -> None:
    arguments = {"channel": "C0DEV", "user": "U0ANA", "text": "psst"}

    assert chat.post_ephemeral(workspace, arguments)["message_ts"]
    assert list(workspace.messages("C0DEV")) == []
    with pytest.raises(RefusedError, match="user_not_in_channel"):
        chat.post_ephemeral(workspace, {**arguments, "user": "U0NONE"})


def test_a_status_is_shown_until_it_is_cleared(workspace: Workspace) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "q"))
    place = {"channel_id": "C0DEV", "thread_ts": parent.ts}

    chat.set_status(workspace, {**place, "status": "is thinking…"})
    assert workspace.statuses["C0DEV", parent.ts].text == "is thinking…"

    chat.set_status(workspace, {**place, "status": ""})
    assert workspace.statuses == {}


def test_a_status_needs_a_thread(workspace: Workspace) -> None:
    with pytest.raises(RefusedError, match="invalid_thread_ts"):
        chat.set_status(workspace, {"channel_id": "C0DEV", "thread_ts": "1.0"})


def test_a_reaction_is_put_once(workspace: Workspace) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "q"))
    reaction = {"channel": "C0DEV", "timestamp": message.ts, "name": "eyes"}

    chat.add_reaction(workspace, reaction)

    assert workspace.reactions == {("C0DEV", message.ts, "eyes")}
    with pytest.raises(RefusedError, match="already_reacted"):
        chat.add_reaction(workspace, reaction)
    with pytest.raises(RefusedError, match="message_not_found"):
        chat.add_reaction(workspace, {**reaction, "timestamp": "1.0"})
    with pytest.raises(RefusedError, match="invalid_name"):
        chat.add_reaction(workspace, {**reaction, "name": ""})
