"""A workspace and a clock of its own for the playground's rules."""

import pytest

from bot.playground.events.payloads import payloads
from bot.playground.jsonobject import JsonObject
from bot.playground.manifest import DEFAULT_SCOPES, DEFAULT_SUBSCRIPTIONS
from bot.playground.workspace.seed import new_workspace
from bot.playground.workspace.state import Workspace

ALL_EVENTS = DEFAULT_SUBSCRIPTIONS | {
    *("channel_archive", "channel_left", "channel_unarchive"),
    *("group_archive", "group_left", "group_unarchive"),
    *("member_joined_channel", "member_left_channel"),
    *("reaction_added", "reaction_removed"),
}
ALL_SCOPES = DEFAULT_SCOPES | {"reactions:read"}


class FakeClock:
    """Shows the time that a test sets."""

    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def workspace(clock: FakeClock) -> Workspace:
    return new_workspace(clock)


@pytest.fixture
def sent(workspace: Workspace) -> list[JsonObject]:
    """Payloads of every change, in order."""
    sent: list[JsonObject] = []
    workspace.listen(lambda change: sent.extend(payloads(workspace, change)))
    return sent


def event_names(events: list[JsonObject]) -> list[str]:
    """Return the subtypes of messages, and the types of other events."""
    return [event.get("subtype") or event["type"] for event in events]
