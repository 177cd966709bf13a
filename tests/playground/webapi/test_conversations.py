"""The methods that read."""

import pytest

from bot.playground.answer import RefusedError
from bot.playground.jsonobject import JsonObject
from bot.playground.people.composer import Speech, say
from bot.playground.webapi import conversations
from bot.playground.workspace.identity import BOT_USER
from bot.playground.workspace.message import Message
from bot.playground.workspace.state import Workspace


def fill(workspace: Workspace, count: int) -> list[Message]:
    return [say(workspace, Speech("U0ANA", "C0DEV", f"m{n}")) for n in range(count)]


def texts(answer: JsonObject) -> list[str]:
    return [message["text"] for message in answer["messages"]]


def test_history_is_newest_first_and_without_replies(workspace: Workspace) -> None:
    first, _ = fill(workspace, 2)
    say(workspace, Speech("U0ANA", "C0DEV", "reply", first.ts))

    answer = conversations.read_history(workspace, {"channel": "C0DEV"})

    assert texts(answer) == ["m1", "m0"]
    assert not answer["has_more"]


def test_history_pages_by_cursor_to_the_oldest(workspace: Workspace) -> None:
    fill(workspace, 5)
    arguments: JsonObject = {"channel": "C0DEV", "limit": 2}
    pages: list[list[str]] = []

    while True:
        answer = conversations.read_history(workspace, arguments)
        pages.append(texts(answer))
        cursor = answer["response_metadata"]["next_cursor"]
        assert answer["has_more"] == bool(cursor)
        if not cursor:
            break
        arguments = {**arguments, "cursor": cursor}

    assert pages == [["m4", "m3"], ["m2", "m1"], ["m0"]]


def test_replies_page_by_cursor_with_the_parent_on_every_page(
    workspace: Workspace,
) -> None:
    (parent,) = fill(workspace, 1)
    for n in range(3):
        say(workspace, Speech("U0BEN", "C0DEV", f"r{n}", parent.ts))
    arguments: JsonObject = {"channel": "C0DEV", "ts": parent.ts, "limit": 2}

    first = conversations.read_replies(workspace, arguments)
    arguments["cursor"] = first["response_metadata"]["next_cursor"]
    second = conversations.read_replies(workspace, arguments)

    assert texts(first) == ["m0", "r0", "r1"]
    assert texts(second) == ["m0", "r2"]


@pytest.mark.parametrize(
    ("is_inclusive", "expected"), [(False, ["m2"]), (True, ["m3", "m2", "m1"])]
)
def test_the_ends_of_a_span_are_left_out_unless_wanted(
    workspace: Workspace, is_inclusive: bool, expected: list[str]
) -> None:
    messages = fill(workspace, 5)
    span = {"oldest": messages[1].ts, "latest": messages[3].ts}

    answer = conversations.read_history(
        workspace, {"channel": "C0DEV", "inclusive": is_inclusive, **span}
    )

    assert texts(answer) == expected


def test_the_parent_stands_before_replies_of_any_span(workspace: Workspace) -> None:
    (parent,) = fill(workspace, 1)
    old = say(workspace, Speech("U0BEN", "C0DEV", "old", parent.ts))
    new = say(workspace, Speech("U0BEN", "C0DEV", "new", parent.ts))

    answer = conversations.read_replies(
        workspace, {"channel": "C0DEV", "ts": new.ts, "oldest": old.ts}
    )

    assert texts(answer) == ["m0", "new"]


def test_a_deleted_parent_leaves_a_tombstone(workspace: Workspace) -> None:
    parent, lonely = fill(workspace, 2)
    say(workspace, Speech("U0BEN", "C0DEV", "reply", parent.ts))
    workspace.delete("C0DEV", parent.ts)
    workspace.delete("C0DEV", lonely.ts)

    answer = conversations.read_replies(
        workspace, {"channel": "C0DEV", "ts": parent.ts}
    )

    assert answer["messages"][0]["subtype"] == "tombstone"
    assert texts(answer)[1:] == ["reply"]
    with pytest.raises(RefusedError, match="thread_not_found"):
        conversations.read_replies(workspace, {"channel": "C0DEV", "ts": lonely.ts})


def test_metadata_is_read_only_when_asked_for(workspace: Workspace) -> None:
    metadata = {"event_type": "t", "event_payload": {}}
    ts = workspace.next_ts()
    workspace.add(Message("C0DEV", ts, BOT_USER, "a", metadata=metadata))
    place = {"channel": "C0DEV", "ts": ts}

    without = conversations.read_replies(workspace, place)
    with_it = conversations.read_replies(
        workspace, {**place, "include_all_metadata": True}
    )

    assert "metadata" not in without["messages"][0]
    assert with_it["messages"][0]["metadata"] == metadata


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"oldest": "yesterday"}, "invalid_ts_oldest"),
        ({"latest": "x.1"}, "invalid_ts_latest"),
        ({"limit": -1}, "invalid_limit"),
        ({"limit": "many"}, "invalid_limit"),
        ({"cursor": "a"}, "invalid_cursor"),
        ({"cursor": "bmV4dDox"}, "invalid_cursor"),
        ({"cursor": "bmV4dF90czp4"}, "invalid_cursor"),
    ],
)
def test_a_malformed_span_is_refused(
    workspace: Workspace, arguments: JsonObject, error: str
) -> None:
    with pytest.raises(RefusedError, match=f"^{error}$"):
        conversations.read_history(workspace, {"channel": "C0DEV", **arguments})


def test_a_parent_tells_of_its_replies(workspace: Workspace) -> None:
    (parent,) = fill(workspace, 1)
    for user in ("U0BEN", "U0CHIE", "U0BEN"):
        last = say(workspace, Speech(user, "C0DEV", "r", parent.ts))

    (shown,) = conversations.read_history(workspace, {"channel": "C0DEV"})["messages"]

    assert shown["reply_count"] == 3
    assert shown["reply_users"] == ["U0BEN", "U0CHIE"]
    assert shown["reply_users_count"] == 2
    assert shown["latest_reply"] == last.ts
    assert shown["thread_ts"] == parent.ts


def test_a_reply_sent_to_the_channel_too_stands_in_both(workspace: Workspace) -> None:
    (parent,) = fill(workspace, 1)
    speech = Speech("U0BEN", "C0DEV", "all", parent.ts, subtype="thread_broadcast")
    say(workspace, speech)
    say(workspace, Speech("U0BEN", "C0DEV", "few", parent.ts))

    history = conversations.read_history(workspace, {"channel": "C0DEV"})
    thread = conversations.read_replies(
        workspace, {"channel": "C0DEV", "ts": parent.ts}
    )

    assert texts(history) == ["all", "m0"]
    assert texts(thread) == ["m0", "all", "few"]


def test_a_tombstone_stands_in_the_history(workspace: Workspace) -> None:
    (parent,) = fill(workspace, 1)
    say(workspace, Speech("U0BEN", "C0DEV", "reply", parent.ts))
    workspace.delete("C0DEV", parent.ts)

    (shown,) = conversations.read_history(workspace, {"channel": "C0DEV"})["messages"]

    assert (shown["subtype"], shown["user"]) == ("tombstone", "USLACKBOT")
