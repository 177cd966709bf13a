"""Who is in a channel, and whether it is open."""

from dataclasses import replace

import pytest

from bot.playground.answer import RefusedError
from bot.playground.people.composer import Speech, SpeechError, say
from bot.playground.webapi import membership
from bot.playground.webapi.conversations import find_channel, read_history
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import BOT_USER
from bot.playground.workspace.state import Workspace

SECRET = Channel("G0SECRET", "secret", "group", frozenset({"U0ANA", BOT_USER}))


@pytest.fixture
def secret(workspace: Workspace) -> Channel:
    workspace.channels[SECRET.id] = SECRET
    return SECRET


def last(workspace: Workspace, channel: str) -> tuple[str, str]:
    *_, message = workspace.messages(channel)
    return message.subtype, message.text


def test_nobody_speaks_in_an_archived_channel_until_it_is_opened(
    workspace: Workspace,
) -> None:
    membership.archive(workspace, "U0ANA", "C0DEV")

    assert last(workspace, "C0DEV") == (
        "channel_archive",
        "<@U0ANA> archived the channel",
    )
    with pytest.raises(SpeechError, match="dev is archived"):
        say(workspace, Speech("U0ANA", "C0DEV", "hello?"))
    assert read_history(workspace, {"channel": "C0DEV"})["messages"]

    membership.unarchive(workspace, "U0ANA", "C0DEV")
    assert say(workspace, Speech("U0ANA", "C0DEV", "hello!"))
    with pytest.raises(SpeechError, match="not archived"):
        membership.unarchive(workspace, "U0ANA", "C0DEV")


def test_a_removed_bot_knows_a_public_channel_and_no_private_one(
    workspace: Workspace, secret: Channel
) -> None:
    for channel in ("C0DEV", secret.id):
        membership.kick(workspace, "U0ANA", channel, BOT_USER)

    with pytest.raises(RefusedError, match="not_in_channel"):
        find_channel(workspace, "C0DEV")
    with pytest.raises(RefusedError, match="channel_not_found"):
        find_channel(workspace, secret.id)

    membership.invite(workspace, "U0ANA", secret.id, BOT_USER)
    assert find_channel(workspace, secret.id)
    *_, note = workspace.messages(secret.id)
    assert (note.subtype, note.inviter) == ("channel_join", "U0ANA")


def test_people_come_and_go(workspace: Workspace) -> None:
    membership.leave(workspace, "U0BEN", "C0DEV")
    assert last(workspace, "C0DEV")[0] == "channel_leave"
    with pytest.raises(SpeechError, match="no member"):
        say(workspace, Speech("U0BEN", "C0DEV", "hi"))

    membership.join(workspace, "U0BEN", "C0DEV")
    assert last(workspace, "C0DEV") == (
        "channel_join",
        "<@U0BEN> has joined the channel",
    )
    assert "U0BEN" in workspace.channels["C0DEV"].members


def test_what_people_may_not_do_to_channels(
    workspace: Workspace, secret: Channel
) -> None:
    with pytest.raises(SpeechError, match="no member"):
        membership.archive(workspace, "U0BEN", secret.id)
    with pytest.raises(SpeechError, match="cannot be invited"):
        membership.invite(workspace, "U0ANA", "C0DEV", "U0BEN")
    with pytest.raises(SpeechError, match="no member"):
        membership.kick(workspace, "U0ANA", secret.id, "U0BEN")
    with pytest.raises(SpeechError, match="stays as it is"):
        membership.leave(workspace, "U0ANA", "D0ANA")
    with pytest.raises(SpeechError, match="Nobody can join"):
        membership.join(workspace, "U0BEN", secret.id)
    with pytest.raises(SpeechError, match="cannot join"):
        membership.join(workspace, "U0BEN", "C0DEV")


def test_the_app_joins_public_channels_only(
    workspace: Workspace, secret: Channel
) -> None:
    membership.kick(workspace, "U0ANA", "C0DEV", BOT_USER)
    dev = {"channel": "C0DEV"}

    joined = membership.join_as_app(workspace, dev)
    again = membership.join_as_app(workspace, dev)

    assert joined["channel"]["is_member"]
    assert "warning" not in joined
    assert again["warning"] == "already_in_channel"
    with pytest.raises(RefusedError, match="method_not_supported_for_channel_type"):
        membership.join_as_app(workspace, {"channel": secret.id})
    membership.kick(workspace, "U0ANA", secret.id, BOT_USER)
    with pytest.raises(RefusedError, match="channel_not_found"):
        membership.join_as_app(workspace, {"channel": secret.id})
    membership.archive(workspace, "U0ANA", "C0DEV")
    with pytest.raises(RefusedError, match="is_archived"):
        membership.join_as_app(workspace, dev)


def test_the_app_leaves_as_slack_lets_it(workspace: Workspace, secret: Channel) -> None:
    dev = {"channel": "C0DEV"}

    assert membership.leave_as_app(workspace, dev) == {}
    again = membership.leave_as_app(workspace, dev)

    assert again == {"ok": False, "not_in_channel": True}
    workspace.channels[secret.id] = replace(secret, members=frozenset({BOT_USER}))
    closed = Channel("C0OLD", "old", "channel", secret.members, is_archived=True)
    workspace.channels[closed.id] = closed
    for channel, error in (
        ("C0GENERAL", "cant_leave_general"),
        ("C0NONE", "channel_not_found"),
        ("D0ANA", "method_not_supported_for_channel_type"),
        (secret.id, "last_member"),
        (closed.id, "is_archived"),
    ):
        with pytest.raises(RefusedError, match=error):
            membership.leave_as_app(workspace, {"channel": channel})
