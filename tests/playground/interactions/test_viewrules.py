"""A view that Slack would refuse is refused."""

from typing import Any

import pytest

from bot.playground.answer import RefusedError
from bot.playground.interactions.viewrules import MAX_VIEW_BYTES, read_view

DIVIDER = {"type": "divider"}
INPUT = {
    "type": "input",
    "label": {"type": "plain_text", "text": "Name"},
    "element": {"type": "plain_text_input", "action_id": "name"},
}


def label(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def modal(**fields: Any) -> dict[str, Any]:
    return {"type": "modal", "title": label("T"), "blocks": [DIVIDER], **fields}


def test_what_just_fits_is_no_fault() -> None:
    view = modal(
        title=label("x" * 24),
        submit=label("Go"),
        blocks=[INPUT, *[DIVIDER] * 99],
        private_metadata="x" * 3000,
        callback_id="x" * 255,
    )

    assert read_view(view, "modal") is view
    assert read_view({"type": "home", "blocks": []}, "modal", "home")["type"] == "home"


@pytest.mark.parametrize(
    ("view", "fault"),
    [
        ("{", "valid object: view"),
        ({"type": "home", "blocks": []}, "one of modal: type"),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "modal", "title": label("T")}, "missing required field: blocks"),
        (modal(title=label("x" * 25)), "more than 24 characters: title"),
        (modal(title={"type": "mrkdwn", "text": "T"}), "plain_text object: title"),
        (modal(close="no"), "plain_text object: close"),
        (modal(private_metadata="x" * 3001), "3000 characters: private_metadata"),
        (modal(callback_id="x" * 256), "255 characters: callback_id"),
        (modal(blocks=[DIVIDER] * 101), "no more than 100 items allowed: blocks"),
        (modal(blocks=["x"]), "valid object: blocks"),
        (modal(blocks=[INPUT]), "missing required field: submit"),
        (modal(blocks=[{"type": "nonsense"}]), "nonsense"),
    ],
)
def test_a_broken_rule_is_named(view: Any, fault: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read_view(view, "modal")

    assert str(caught.value) == "invalid_arguments"
    messages = caught.value.body["response_metadata"]["messages"]
    assert any(fault in message for message in messages)


def test_a_view_may_be_too_large() -> None:
    with pytest.raises(RefusedError, match="view_too_large"):
        read_view(modal(private_metadata="x" * MAX_VIEW_BYTES), "modal")
