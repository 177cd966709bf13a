"""What Slack says of a pressed button."""

from typing import Any

import pytest

from bot.conversation.turn import ThreadId
from bot.slack.events.press import Press, press_of


def body(**fields: Any) -> dict[str, Any]:
    """Return what comes for a button in a thread of a channel."""
    return {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": "UANA", "team_id": "T1"},
        "container": {"type": "message", "channel_id": "C1", "thread_ts": "1.0"},
        "actions": [{"action_id": "go", "value": "v"}],
        "response_url": "https://hooks.slack.com/actions/1",
        **fields,
    }


def pressed(**fields: Any) -> Press:
    press = press_of(body(**fields))
    assert press is not None
    return press


def test_a_press_is_read() -> None:
    assert pressed() == Press(
        team="T1",
        actor_team="T1",
        is_ours=True,
        user="UANA",
        channel="C1",
        thread_ts="1.0",
        action="go",
        value="v",
        response_url="https://hooks.slack.com/actions/1",
    )


@pytest.mark.parametrize(
    ("user", "enterprise", "is_ours"),
    [
        ({"id": "UANA"}, None, True),
        ({"id": "UANA", "team_id": "T2"}, None, False),
        ({"id": "UANA", "team_id": "E1"}, {"id": "E1"}, True),
    ],
)
def test_a_person_of_the_workspace_or_its_organisation_is_ours(
    user: dict[str, str], enterprise: dict[str, str] | None, *, is_ours: bool
) -> None:
    assert pressed(user=user, enterprise=enterprise).is_ours is is_ours


@pytest.mark.parametrize(
    ("container", "thread", "is_in"),
    [
        ({"channel_id": "C1", "thread_ts": "1.0"}, "slack:T1:C1:1.0", True),
        ({"channel_id": "C1", "thread_ts": "1.0"}, "slack:T1:C1:2.0", False),
        ({"channel_id": "C2", "thread_ts": "1.0"}, "slack:T1:C1:1.0", False),
        ({"channel_id": "C1"}, "slack:T1:C1:1.0", True),
        ({"channel_id": "C1"}, "slack:T1:C11:1.0", False),
        ({"channel_id": "C1"}, "slack:T2:C1:1.0", False),
        ({"channel_id": "D1"}, "slack:T1:D1", True),
        ({"channel_id": "D1"}, "", False),
    ],
)
def test_a_button_stands_in_its_thread(
    container: dict[str, str], thread: str, *, is_in: bool
) -> None:
    assert pressed(container=container).is_in(ThreadId(thread)) is is_in


@pytest.mark.parametrize("name", ["team", "user", "container", "actions"])
@pytest.mark.parametrize("odd", [None, 0, "x", [], [None], {}])
def test_what_cannot_be_read_is_ignored(name: str, odd: object) -> None:
    assert press_of(body(**{name: odd})) is None
