"""The rules for buttons and their questions, at their limits."""

from typing import Any

import pytest

from bot.playground.content.elements import check_element
from bot.playground.jsonobject import JsonObject
from tests.playground.content.test_blocks import button, mrkdwn, plain

SIDE: JsonObject = {"text": plain(75), "value": "v" * 2_000}
FEEDBACK: JsonObject = {
    "type": "feedback_buttons",
    "positive_button": SIDE,
    "negative_button": SIDE,
}
CONFIRM: JsonObject = {
    "title": plain(100),
    "text": mrkdwn(300),
    "confirm": plain(30),
    "deny": plain(30),
    "style": "primary",
}


def confirm(**fields: Any) -> JsonObject:
    """Return a button that asks before it acts."""
    return button(confirm=CONFIRM | fields)


@pytest.mark.parametrize(
    "element",
    [
        button(value="v" * 2_000, action_id="a" * 255, url="u" * 3_000),
        button(style="danger", confirm=CONFIRM),
        confirm(text=plain(1)),
        FEEDBACK,
        {"type": "icon_button", "icon": "trash", "text": plain(1)},
        {"type": "plain_text_input"},
    ],
)
def test_an_element_within_its_limits_is_taken(element: JsonObject) -> None:
    assert list(check_element(element, "")) == []


@pytest.mark.parametrize(
    ("element", "place"),
    [
        ("a", ""),
        ({"text": plain(1)}, ""),
        (button(action_id="a" * 256), "/action_id"),
        (button(text=plain(76)), "/text/text"),
        (button(text=mrkdwn(1)), "/text"),
        (button(value="v" * 2_001), "/value"),
        (button(url="u" * 3_001), "/url"),
        (button(style=""), "/style"),
        (confirm(title=plain(101)), "/confirm/title/text"),
        (confirm(text=plain(301)), "/confirm/text/text"),
        (confirm(confirm=mrkdwn(1)), "/confirm/confirm"),
        (confirm(deny=None), "/confirm/deny"),
        (confirm(style="default"), "/confirm/style"),
        (FEEDBACK | {"positive_button": SIDE | {"text": "a"}}, "/positive_button/text"),
        (
            FEEDBACK | {"negative_button": {"text": plain(1)}},
            "/negative_button/value",
        ),
        ({"type": "icon_button", "icon": "trash"}, "/text"),
    ],
)
def test_an_element_beyond_its_limits_is_pointed_at(
    element: object, place: str
) -> None:
    [fault] = check_element(element, "/elements/0")

    assert fault.endswith(f"[json-pointer:/elements/0{place}]")
