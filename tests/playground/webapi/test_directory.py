"""The methods that tell who and what there is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.answer import RefusedError
from bot.playground.jsonobject import JsonObject
from bot.playground.people.composer import Speech, say
from bot.playground.webapi import directory, membership
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import BOT_USER
from bot.playground.workspace.person import Person
from bot.playground.workspace.seed import new_workspace
from bot.playground.workspace.state import Workspace
from tests.long import examples

ALL_TYPES = "public_channel,private_channel,mpim,im"


def names(answer: JsonObject) -> list[str]:
    return [channel["id"] for channel in answer["channels"]]


def test_a_person_is_described_by_id(workspace: Workspace) -> None:
    answer = directory.describe_person(workspace, {"user": "U0CHIE"})

    assert answer["user"]["profile"]["display_name"] == "千恵"
    with pytest.raises(RefusedError, match="user_not_found"):
        directory.describe_person(workspace, {"user": "U0NONE"})


def test_a_public_channel_is_described_to_outsiders_too(workspace: Workspace) -> None:
    ana = frozenset({"U0ANA"})
    workspace.channels["C0ALONE"] = Channel("C0ALONE", "alone", "channel", ana)
    workspace.channels["G0ALONE"] = Channel("G0ALONE", "secret", "group", ana)

    answer = directory.describe(workspace, {"channel": "C0ALONE"})

    assert not answer["channel"]["is_member"]
    with pytest.raises(RefusedError, match="channel_not_found"):
        directory.describe(workspace, {"channel": "G0ALONE"})


def test_channels_are_listed_by_type(workspace: Workspace) -> None:
    public = directory.list_channels(workspace, {})
    direct = directory.list_channels(workspace, {"types": "im, mpim"})

    assert [c["name"] for c in public["channels"]] == ["general", "dev", "日本語"]
    assert [c["user"] for c in direct["channels"]] == ["U0ANA", "U0BEN", "U0CHIE"]
    with pytest.raises(RefusedError, match="invalid_types"):
        directory.list_channels(workspace, {"types": "all"})


def test_a_dm_is_opened_once(workspace: Workspace) -> None:
    workspace.people["U0NEW"] = Person("U0NEW", "new")

    opened = [
        directory.open_direct(workspace, {"users": user})["channel"]["id"]
        for user in ("U0ANA", "U0NEW", "U0NEW")
    ]

    assert opened == ["D0ANA", "D0NEW", "D0NEW"]
    with pytest.raises(RefusedError, match="user_not_found"):
        directory.open_direct(workspace, {"users": BOT_USER})


def test_own_channels_are_those_with_the_bot(workspace: Workspace) -> None:
    ana = frozenset({"U0ANA"})
    both = ana | {BOT_USER}
    for channel in (
        Channel("C0ALONE", "alone", "channel", ana),
        Channel("G0ALONE", "secret", "group", ana),
        Channel("G0SHARED", "shared", "group", both),
    ):
        workspace.channels[channel.id] = channel

    public = directory.list_own_channels(workspace, {})
    private = directory.list_own_channels(workspace, {"types": "private_channel"})
    anas = directory.list_own_channels(workspace, {"types": ALL_TYPES, "user": "U0ANA"})

    assert names(public) == ["C0GENERAL", "C0DEV", "C0JAPAN"]
    assert names(private) == ["G0SHARED"]
    assert {"C0ALONE", "G0SHARED", "D0ANA"} <= set(names(anas))
    assert not {"G0ALONE", "D0BEN"} & set(names(anas))
    assert "is_member" not in public["channels"][0]
    with pytest.raises(RefusedError, match="user_not_found"):
        directory.list_own_channels(workspace, {"user": "U0NONE"})


def test_archived_channels_are_left_out_of_their_page(workspace: Workspace) -> None:
    everyone = workspace.channels["C0DEV"].members
    workspace.channels["C0DEV"] = Channel(
        "C0DEV", "dev", "channel", everyone, is_archived=True
    )

    whole = directory.list_own_channels(workspace, {"limit": 2})
    without = directory.list_own_channels(
        workspace, {"limit": 2, "exclude_archived": True}
    )

    assert [c["is_archived"] for c in whole["channels"]] == [False, True]
    assert names(without) == ["C0GENERAL"]
    assert without["response_metadata"] == whole["response_metadata"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"limit": 1000}, "invalid_limit"),
        ({"limit": -1}, "invalid_limit"),
        ({"limit": "many"}, "invalid_limit"),
        ({"cursor": "a"}, "invalid_cursor"),
        ({"cursor": "dGVhbTpDME5PTkU="}, "invalid_cursor"),
        ({"cursor": "bmV4dF90czox"}, "invalid_cursor"),
    ],
)
def test_a_malformed_page_is_refused(
    workspace: Workspace, arguments: JsonObject, error: str
) -> None:
    with pytest.raises(RefusedError, match=f"^{error}$"):
        directory.list_channels(workspace, arguments)


@settings(max_examples=examples(30, 1000), deadline=None)
@given(count=st.integers(0, 30), limit=st.integers(1, 12))
def test_following_the_cursors_lists_every_channel_once(count: int, limit: int) -> None:
    workspace = new_workspace(lambda: 1_700_000_000.0)
    everyone = workspace.channels["C0DEV"].members
    for n in range(count):
        workspace.channels[f"C{n}"] = Channel(f"C{n}", f"c{n}", "channel", everyone)
    seen: list[str] = []
    cursor = ""

    while True:
        asked: JsonObject = {"types": ALL_TYPES, "limit": limit, "cursor": cursor}
        answer = directory.list_own_channels(workspace, asked)
        assert len(answer["channels"]) <= limit
        seen += names(answer)
        cursor = answer["response_metadata"]["next_cursor"]
        if not cursor:
            break

    assert seen == list(workspace.channels)


def test_members_are_listed_page_by_page(workspace: Workspace) -> None:
    asked: JsonObject = {"channel": "C0DEV", "limit": 3}

    first = directory.list_members(workspace, asked)
    cursor = first["response_metadata"]["next_cursor"]
    second = directory.list_members(workspace, {**asked, "cursor": cursor})

    assert first["members"] == ["U0ANA", "U0BEN", "U0CHIE"]
    assert second["members"] == [BOT_USER]
    with pytest.raises(RefusedError, match="channel_not_found"):
        directory.list_members(workspace, {"channel": "C0NONE"})


def test_a_file_is_described_where_the_bot_is(workspace: Workspace) -> None:
    workspace.people["U0BEN"] = Person("U0BEN", "ben", team="T0ELSE")
    (file,) = say(workspace, Speech("U0BEN", "C0DEV", "", files=("a.txt",))).files

    described = directory.describe_file(workspace, {"file": file.id})["file"]

    assert (described["name"], described["mimetype"]) == ("a.txt", "text/plain")
    membership.kick(workspace, "U0ANA", "C0DEV", BOT_USER)
    with pytest.raises(RefusedError, match="file_not_found"):
        directory.describe_file(workspace, {"file": file.id})
