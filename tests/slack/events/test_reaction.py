"""Which emoji mean stop, and what is read of them."""

from typing import Any

import pytest

from bot.slack.events.reaction import StopSign, stop_sign

ITEM = {"type": "message", "channel": "C1", "ts": "2.0"}


def body(**fields: Any) -> dict[str, Any]:
    event = {"type": "reaction_added", "user": "UANA", "reaction": "x", "item": ITEM}
    return {"team_id": "T1", "event": {**event, **fields}}


@pytest.mark.parametrize("emoji", ["x", "octagonal_sign"])
def test_a_stop_sign_is_read(emoji: str) -> None:
    sign = stop_sign(body(reaction=emoji))

    assert sign == StopSign("T1", "UANA", "C1", "2.0")
    assert (sign.turn, sign.place) == ("T1:C1:2.0", "T1:C1:")


@pytest.mark.parametrize(
    "fields",
    [
        {"reaction": "eyes"},
        {"reaction": None},
        {"type": "reaction_removed"},
        {"type": "message"},
        {"item": {**ITEM, "type": "file"}},
        {"item": None},
        {"item": {**ITEM, "ts": "soon"}},
        {"item": {**ITEM, "channel": "C1:2"}},
        {"user": None},
    ],
    ids=str,
)
def test_any_other_event_is_none(fields: dict[str, Any]) -> None:
    assert stop_sign(body(**fields)) is None
