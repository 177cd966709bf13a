"""The state of the workspace and who is told of changes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.playground.workspace.change import Change
from bot.playground.workspace.identity import BOT_ID, BOT_USER
from bot.playground.workspace.message import Message, Status
from bot.playground.workspace.state import Workspace


@pytest.fixture
def add(workspace: Workspace) -> Callable[..., Message]:
    def add(text: str = "hi", *, user: str = "U0ANA", thread_ts: str = "") -> Message:
        bot_id = BOT_ID if user == BOT_USER else ""
        ts = workspace.next_ts()
        return workspace.add(
            Message("C0DEV", ts, user, text, thread_ts=thread_ts, bot_id=bot_id)
        )

    return add


def test_each_ts_is_later_than_the_one_before(workspace: Workspace) -> None:
    first, second = workspace.next_ts(), workspace.next_ts()

    assert (first, second) == ("1700000000.000000", "1700000000.000001")


def test_a_thread_is_its_parent_and_the_replies_in_order(
    workspace: Workspace, add: Callable[..., Message]
) -> None:
    parent = add("parent")
    add("elsewhere")
    replies = [add(f"reply {n}", thread_ts=parent.ts) for n in range(3)]

    assert workspace.thread("C0DEV", parent.ts) == (parent, *replies)


def test_an_edit_shows_in_channel_and_thread_and_names_what_it_replaced(
    workspace: Workspace, add: Callable[..., Message]
) -> None:
    parent = add("parent")
    reply = add("reply", thread_ts=parent.ts)
    changes: list[Change] = []
    workspace.listen(changes.append)

    workspace.edit(replace(reply, text="better"))

    ts = "1700000000.000000"
    edited = replace(reply, text="better", is_edited=True, edited_ts=ts)
    assert workspace.thread("C0DEV", parent.ts) == (parent, edited)
    assert list(workspace.messages("C0DEV")) == [parent, edited]
    assert changes == [Change("changed", message=edited, previous=reply)]


def test_replies_outlive_their_parent_below_a_tombstone(
    workspace: Workspace, add: Callable[..., Message]
) -> None:
    parent = add("parent")
    reply = add("reply", thread_ts=parent.ts)
    other = add("other", thread_ts=parent.ts)

    workspace.delete("C0DEV", parent.ts)
    workspace.delete("C0DEV", other.ts)

    stone, *replies = workspace.thread("C0DEV", parent.ts)
    assert (stone.subtype, stone.text) == ("tombstone", "This message was deleted.")
    assert replies == [reply]


def test_a_tombstone_goes_with_its_last_reply(
    workspace: Workspace, add: Callable[..., Message]
) -> None:
    parent = add("parent")
    reply = add("reply", thread_ts=parent.ts)
    workspace.delete("C0DEV", parent.ts)
    changes: list[Change] = []
    workspace.listen(changes.append)

    workspace.delete("C0DEV", reply.ts)

    assert workspace.thread("C0DEV", parent.ts) == ()
    assert [change.kind for change in changes] == ["deleted", "deleted"]


def test_an_ephemeral_message_is_in_no_history(workspace: Workspace) -> None:
    changes: list[Change] = []
    workspace.listen(changes.append)
    shown = Message("C0DEV", "1.0", BOT_USER, "psst", bot_id=BOT_ID, only_for="U0ANA")

    workspace.add_ephemeral(shown)

    assert workspace.ephemerals == [shown]
    assert list(workspace.messages("C0DEV")) == []
    assert changes == [Change("ephemeral", message=shown)]


def test_who_listens_hears_that_an_ephemeral_message_changed_or_went(
    workspace: Workspace,
) -> None:
    shown = Message("C0DEV", "1.0", BOT_USER, "psst", bot_id=BOT_ID, only_for="U0ANA")
    same_ts = replace(shown, only_for="U0BEN")
    workspace.add_ephemeral(same_ts)
    workspace.add_ephemeral(shown)
    better = replace(shown, text="hm")
    changes: list[Change] = []
    workspace.listen(changes.append)

    workspace.replace_ephemeral(better)
    workspace.remove_ephemeral(better)

    assert changes == [
        Change("ephemeral", message=better, previous=shown),
        Change("ephemeral", previous=better),
    ]
    assert workspace.ephemerals == [same_ts]


def test_the_bots_reply_clears_its_status(
    workspace: Workspace, add: Callable[..., Message]
) -> None:
    parent = add("parent")
    workspace.set_status(Status("C0DEV", parent.ts, "is thinking…"))

    add("answer", user=BOT_USER, thread_ts=parent.ts)

    assert workspace.statuses == {}


def test_clearing_no_status_is_no_change(workspace: Workspace) -> None:
    changes: list[Change] = []
    workspace.listen(changes.append)

    workspace.set_status(Status("C0DEV", "1.0", ""))

    assert changes == []


def test_who_stops_listening_is_told_nothing(
    workspace: Workspace, add: Callable[..., Message]
) -> None:
    changes: list[Change] = []
    stop = workspace.listen(changes.append)

    stop()
    add("unheard")

    assert changes == []
