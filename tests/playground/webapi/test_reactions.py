"""Emoji on messages."""

from collections.abc import Callable

import pytest

from bot.playground.answer import RefusedError
from bot.playground.jsonobject import JsonObject
from bot.playground.people.composer import Speech, SpeechError, say
from bot.playground.webapi import membership, reactions
from bot.playground.workspace.message import Message
from bot.playground.workspace.state import Workspace
from bot.playground.workspace.wire import message_json

Method = Callable[[Workspace, JsonObject], JsonObject]


@pytest.fixture
def message(workspace: Workspace) -> Message:
    return say(workspace, Speech("U0ANA", "C0DEV", "q"))


def named(message: Message, name: str = "eyes") -> JsonObject:
    return {"channel": message.channel, "timestamp": message.ts, "name": name}


def test_the_app_reacts_once_and_takes_back_only_its_own(
    workspace: Workspace, message: Message
) -> None:
    reactions.add(workspace, named(message))
    with pytest.raises(RefusedError, match="already_reacted"):
        reactions.add(workspace, named(message))

    reactions.remove(workspace, named(message))
    with pytest.raises(RefusedError, match="no_reaction"):
        reactions.remove(workspace, named(message))
    reactions.react(workspace, "U0ANA", "C0DEV", message.ts, "eyes")
    with pytest.raises(RefusedError, match="no_reaction"):
        reactions.remove(workspace, named(message))


def test_a_message_carries_its_reactions_once_there_are_some(
    workspace: Workspace, message: Message
) -> None:
    assert "reactions" not in message_json(workspace, message)
    for user in ("U0ANA", "U0BEN"):
        reactions.react(workspace, user, "C0DEV", message.ts, "+1")
    reactions.add(workspace, named(message))

    got = reactions.get(workspace, named(message))

    assert (got["type"], got["channel"]) == ("message", "C0DEV")
    assert got["message"]["reactions"] == [
        {"name": "+1", "users": ["U0ANA", "U0BEN"], "count": 2},
        {"name": "eyes", "users": ["U0LINEFEED"], "count": 1},
    ]
    for user in ("U0ANA", "U0BEN"):
        reactions.unreact(workspace, user, "C0DEV", message.ts, "+1")
    reactions.remove(workspace, named(message))
    assert "reactions" not in message_json(workspace, message)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": ""}, "invalid_name"),
        ({"name": ":eyes:"}, "invalid_name"),
        ({"timestamp": "1.0"}, "message_not_found"),
        ({"timestamp": "soon"}, "bad_timestamp"),
        ({"timestamp": ""}, "no_item_specified"),
        ({"channel": "C0NONE"}, "channel_not_found"),
    ],
)
@pytest.mark.parametrize("method", [reactions.add, reactions.remove])
def test_a_malformed_call_is_refused(
    workspace: Workspace,
    message: Message,
    method: Method,
    change: JsonObject,
    error: str,
) -> None:
    with pytest.raises(RefusedError, match=error):
        method(workspace, named(message) | change)


def test_there_are_only_so_many_emoji(workspace: Workspace, message: Message) -> None:
    for n in range(reactions.MAX_EMOJI_PER_PERSON):
        reactions.add(workspace, named(message, f"e{n}"))
    with pytest.raises(RefusedError, match="too_many_reactions"):
        reactions.add(workspace, named(message, "one_more"))

    for n in range(reactions.MAX_EMOJI_PER_MESSAGE - reactions.MAX_EMOJI_PER_PERSON):
        user = "U0ANA" if n % 2 else "U0BEN"
        reactions.react(workspace, user, "C0DEV", message.ts, f"f{n}")
    reactions.remove(workspace, named(message, "e0"))
    reactions.react(workspace, "U0BEN", "C0DEV", message.ts, "last")
    with pytest.raises(RefusedError, match="too_many_emoji"):
        reactions.add(workspace, named(message, "one_more"))


def test_people_react_where_they_are_members(
    workspace: Workspace, message: Message
) -> None:
    with pytest.raises(SpeechError, match="no message"):
        reactions.react(workspace, "U0ANA", "C0DEV", "1.0", "eyes")
    with pytest.raises(SpeechError, match="did not react"):
        reactions.unreact(workspace, "U0ANA", "C0DEV", message.ts, "eyes")
    reactions.react(workspace, "U0ANA", "C0DEV", message.ts, "eyes")
    with pytest.raises(SpeechError, match="already_reacted"):
        reactions.react(workspace, "U0ANA", "C0DEV", message.ts, "eyes")


def test_an_archived_channel_takes_no_emoji(
    workspace: Workspace, message: Message
) -> None:
    membership.archive(workspace, "U0ANA", "C0DEV")

    with pytest.raises(RefusedError, match="is_archived"):
        reactions.add(workspace, named(message))
