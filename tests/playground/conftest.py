"""A workspace and a clock of its own for the playground's rules."""

import pytest

from bot.playground.events import DEFAULT_SUBSCRIPTIONS, payloads
from bot.playground.methods import DEFAULT_SCOPES
from bot.playground.workspace import JsonObject, Workspace, new_workspace

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
