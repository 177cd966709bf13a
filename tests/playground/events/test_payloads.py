"""Which changes the app is told of."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.events.payloads import app_uninstalled, payloads, tokens_revoked
from bot.playground.jsonobject import JsonObject
from bot.playground.manifest import DEFAULT_SCOPES, DEFAULT_SUBSCRIPTIONS
from bot.playground.people.composer import (
    Speech,
    SpeechError,
    delete_message,
    edit_message,
    say,
)
from bot.playground.webapi import membership, reactions
from bot.playground.workspace.change import Change
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import BOT_USER
from bot.playground.workspace.message import Status
from bot.playground.workspace.seed import new_workspace
from bot.playground.workspace.state import Workspace
from tests.long import examples
from tests.playground.conftest import ALL_EVENTS, ALL_SCOPES, event_names


def test_nothing_comes_from_where_the_bot_is_not(
    workspace: Workspace, sent: list[JsonObject]
) -> None:
    ana = frozenset({"U0ANA"})
    workspace.channels["C0ALONE"] = Channel("C0ALONE", "alone", "channel", ana)

    say(workspace, Speech("U0ANA", "C0ALONE", "@Linefeed hi"))
    workspace.set_status(Status("C0DEV", "1.0", "is thinking…"))

    assert sent == []


def test_every_event_has_an_id_of_its_own(
    workspace: Workspace, sent: list[JsonObject]
) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "@Linefeed"))
    workspace.edit(replace(message, text="b"))
    workspace.delete("C0DEV", message.ts)

    assert len({payload["event_id"] for payload in sent}) == 4


@pytest.mark.parametrize(
    ("subscriptions", "scopes", "told"),
    [
        (
            {"app_mention", "message.channels"},
            DEFAULT_SCOPES,
            ["message", "app_mention"],
        ),
        ({"app_mention"}, DEFAULT_SCOPES, ["app_mention"]),
        ({"message.channels"}, DEFAULT_SCOPES, ["message"]),
        ({"message.groups", "message.im"}, DEFAULT_SCOPES, []),
        (DEFAULT_SUBSCRIPTIONS, {"app_mentions:read"}, ["app_mention"]),
        (DEFAULT_SUBSCRIPTIONS, {"channels:history"}, ["message"]),
        (DEFAULT_SUBSCRIPTIONS, {"groups:history", "channels:read"}, []),
    ],
)
def test_an_event_needs_its_subscription_and_its_scope(
    workspace: Workspace,
    subscriptions: Collection[str],
    scopes: Collection[str],
    told: list[str],
) -> None:
    sent: list[JsonObject] = []
    workspace.listen(
        lambda change: sent.extend(payloads(workspace, change, subscriptions, scopes))
    )

    say(workspace, Speech("U0ANA", "C0DEV", "@Linefeed hi"))

    assert [payload["event"]["type"] for payload in sent] == told


def test_nothing_but_messages_and_reactions_is_told_by_default(
    workspace: Workspace, sent: list[JsonObject]
) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "q"))
    reactions.react(workspace, "U0BEN", "C0DEV", message.ts, "eyes")
    membership.kick(workspace, "U0ANA", "C0DEV", "U0BEN")
    workspace.add_ephemeral(replace(message, only_for="U0BEN"))

    assert event_names([payload["event"] for payload in sent]) == [
        "message",
        "reaction_added",
        "channel_leave",
    ]


def test_the_end_of_the_installation_is_told_without_a_channel(
    workspace: Workspace,
) -> None:
    revoked = tokens_revoked(workspace)
    uninstalled = app_uninstalled(workspace)

    assert revoked["event"]["tokens"] == {"oauth": [], "bot": [BOT_USER]}
    assert uninstalled["event"]["type"] == "app_uninstalled"
    assert revoked["event_id"] != uninstalled["event_id"]
    assert "event_context" not in uninstalled


STEPS = st.tuples(
    st.sampled_from(
        (
            *("say", "reply", "edit", "delete", "react", "unreact"),
            *("kick", "invite", "archive", "unarchive"),
        )
    ),
    st.sampled_from(["C0DEV", "G0OWN", "D0ANA"]),
    st.integers(0, 9),
)


def do(workspace: Workspace, step: str, channel: str, number: int) -> None:
    """Do something as U0ANA, to one of the messages that there are."""
    said = [m.ts for m in workspace.messages(channel)]
    ts = said[number % len(said)] if said else "1.0"
    place = (workspace, "U0ANA", channel)
    steps: dict[str, Callable[[], object]] = {
        "say": lambda: say(workspace, Speech("U0ANA", channel, "@Linefeed hi")),
        "reply": lambda: say(workspace, Speech("U0ANA", channel, "so", ts)),
        "edit": lambda: edit_message(*place, ts, "@Linefeed better"),
        "delete": lambda: delete_message(*place, ts),
        "react": lambda: reactions.react(*place, ts, f"e{number}"),
        "unreact": lambda: reactions.unreact(*place, ts, f"e{number}"),
        "kick": lambda: membership.kick(*place, BOT_USER),
        "invite": lambda: membership.invite(*place, BOT_USER),
        "archive": lambda: membership.archive(*place),
        "unarchive": lambda: membership.unarchive(*place),
    }
    with suppress(SpeechError):
        steps[step]()


@settings(max_examples=examples(60, 3000), deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_whatever_people_do_ids_differ_and_only_members_hear(
    program: list[tuple[str, str, int]],
) -> None:
    workspace = new_workspace(lambda: 1_700_000_000.0)
    members = frozenset({"U0ANA", BOT_USER})
    workspace.channels["G0OWN"] = Channel("G0OWN", "own", "group", members)
    sent: list[JsonObject] = []

    def hear(change: Change) -> None:
        told = payloads(workspace, change, ALL_EVENTS, ALL_SCOPES)
        place = change.message.channel if change.message else ""
        is_member = place and BOT_USER in workspace.channels[place].members
        assert is_member or not place or not told
        sent.extend(told)

    workspace.listen(hear)
    for step, channel, number in program:
        do(workspace, step, channel, number)

    assert len({payload["event_id"] for payload in sent}) == len(sent)
    times = [payload["event"]["event_ts"] for payload in sent]
    assert times == sorted(times)
