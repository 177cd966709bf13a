"""The rules for single blocks, at their limits."""

from typing import Any

import pytest

from bot.playground.answer import RefusedError
from bot.playground.content.blocks import check_blocks, text_chars
from bot.playground.jsonobject import JsonObject


def mrkdwn(chars: int) -> JsonObject:
    return {"type": "mrkdwn", "text": "a" * chars}


def plain(chars: int) -> JsonObject:
    return {"type": "plain_text", "text": "a" * chars}


def button(**fields: Any) -> JsonObject:
    return {"type": "button", "text": plain(75), **fields}


IMAGE: JsonObject = {"type": "image", "image_url": "https://x", "alt_text": "a"}
CELL: JsonObject = {"type": "raw_text", "text": "a"}
DIVIDER: JsonObject = {"type": "divider"}


ICON = {"type": "icon_button", "icon": "trash", "text": plain(1)}


@pytest.mark.parametrize(
    "block",
    [
        DIVIDER | {"block_id": "b" * 255},
        {"type": "section", "text": mrkdwn(3_000)},
        {"type": "section", "text": plain(1), "accessory": button()},
        {"type": "section", "fields": [mrkdwn(2_000)] * 10},
        {"type": "header", "text": plain(150)},
        {"type": "context", "elements": [mrkdwn(1), plain(1), IMAGE] * 3},
        {"type": "actions", "elements": [button()] * 25},
        {"type": "context_actions", "elements": [ICON] * 5},
        IMAGE,
        {"type": "image", "slack_file": {"id": "F1"}, "alt_text": ""},
        {"type": "markdown", "text": "a"},
        {"type": "rich_text", "elements": [{"type": "rich_text_section"}]},
        {"type": "table", "rows": [[CELL, {"type": "rich_text"}]]},
        {"type": "input", "label": plain(1), "element": {"type": "plain_text_input"}},
        {"type": "task_card", "task_id": "1"},
    ],
)
def test_a_block_within_its_limits_is_taken(block: JsonObject) -> None:
    check_blocks([block])


@pytest.mark.parametrize(
    ("block", "place"),
    [
        ({"type": "alert"}, "/type"),
        ({"type": "file"}, "/type"),
        (DIVIDER | {"block_id": "b" * 256}, "/block_id"),
        (DIVIDER | {"block_id": 1}, "/block_id"),
        ({"type": "section"}, ""),
        ({"type": "section", "text": "a"}, "/text"),
        ({"type": "section", "text": mrkdwn(0)}, "/text/text"),
        ({"type": "section", "text": mrkdwn(3_001)}, "/text/text"),
        ({"type": "section", "fields": [mrkdwn(1)] * 11}, "/fields"),
        ({"type": "section", "fields": [mrkdwn(2_001)]}, "/fields/0/text"),
        ({"type": "section", "text": plain(1), "accessory": {}}, "/accessory"),
        ({"type": "header", "text": mrkdwn(1)}, "/text"),
        ({"type": "header", "text": plain(151)}, "/text/text"),
        ({"type": "context", "elements": []}, "/elements"),
        ({"type": "context", "elements": [plain(1)] * 11}, "/elements"),
        ({"type": "context", "elements": [DIVIDER]}, "/elements/0"),
        ({"type": "actions", "elements": [button()] * 26}, "/elements"),
        ({"type": "actions", "elements": [{}]}, "/elements/0"),
        ({"type": "actions", "elements": [button(action_id="a")] * 2}, "/elements/1"),
        ({"type": "context_actions", "elements": [ICON] * 6}, "/elements"),
        ({"type": "context_actions", "elements": [button()]}, "/elements/0/type"),
        ({"type": "actions", "elements": [ICON]}, "/elements/0/type"),
        ({"type": "image", "image_url": "https://x"}, "/alt_text"),
        ({"type": "image", "alt_text": "a"}, "/image_url"),
        ({"type": "markdown"}, "/text"),
        ({"type": "markdown", "text": ""}, "/text"),
        ({"type": "markdown", "text": {"a": 1}}, "/text"),
        ({"type": "rich_text"}, "/elements"),
        ({"type": "table", "rows": [["a"]]}, "/rows/0/0"),
        ({"type": "input", "label": plain(1)}, "/element"),
    ],
)
def test_a_block_beyond_its_limits_is_refused_and_pointed_at(
    block: JsonObject, place: str
) -> None:
    with pytest.raises(RefusedError, match="invalid_blocks") as caught:
        check_blocks([DIVIDER, block])

    (fault,) = caught.value.body["errors"]
    assert fault.endswith(f"[json-pointer:/blocks/1{place}]")
    messages = caught.value.body["response_metadata"]["messages"]
    assert messages == [f"[ERROR] {fault}"]


def test_a_block_id_stands_once_in_a_message() -> None:
    check_blocks([DIVIDER | {"block_id": "a"}, DIVIDER | {"block_id": "b"}, DIVIDER])

    with pytest.raises(RefusedError, match="invalid_blocks"):
        check_blocks([DIVIDER | {"block_id": "a"}] * 2)


def test_all_texts_inside_a_block_are_counted() -> None:
    block = {
        "type": "section",
        "text": mrkdwn(3),
        "fields": [plain(4)],
        "accessory": button(),
    }

    assert text_chars([block, DIVIDER]) == 3 + 4 + 75
