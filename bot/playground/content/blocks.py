"""What Slack refuses in a single block of a message.

Source: https://docs.slack.dev/reference/block-kit/blocks, read 2026-11. Of blocks that
the rules below do not name only the type and the `block_id` are checked.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import cast

from bot.playground.answer import RefusedError
from bot.playground.content.breaches import (
    Breaches,
    breach,
    check_each,
    check_string,
    check_text,
)
from bot.playground.content.elements import check_element
from bot.playground.jsonobject import JsonObject, as_object

MAX_ID_CHARS = 255
MAX_SECTION_CHARS = 3_000
MAX_FIELDS = 10
MAX_FIELD_CHARS = 2_000
MAX_HEADER_CHARS = 150
MAX_CONTEXT_ELEMENTS = 10
MAX_ACTIONS = 25
MAX_CONTEXT_ACTIONS = 5
MAX_ALT_CHARS = 2_000
MAX_LABEL_CHARS = 2_000
MAX_URL_CHARS = 3_000

TYPES = frozenset(
    {
        "actions",
        "card",
        "carousel",
        "container",
        "context",
        "context_actions",
        "data_table",
        "data_visualization",
        "divider",
        "header",
        "image",
        "input",
        "markdown",
        "plan",
        "rich_text",
        "section",
        "table",
        "task_card",
        "video",
    }
)
"""`alert` is for views only, and `file` comes from Slack alone."""

_QUIET_ELEMENTS = ("feedback_buttons", "icon_button")
"""What stands in `context_actions`, and nothing else; nor do they stand elsewhere, see
"Works with block types" on the page of each."""

_CELLS = ("raw_text", "raw_number", "rich_text")


def check_blocks(blocks: Iterable[JsonObject]) -> None:
    """Refuse blocks that Slack cannot show.

    Raises:
        RefusedError: `invalid_blocks`, with Slack's pointers to what is wrong.
    """
    breaches: list[str] = []
    seen: set[object] = set()
    for index, block in enumerate(blocks):
        at = f"/blocks/{index}"
        breaches += _block_breaches(block, at)
        block_id = block.get("block_id")
        if block_id and block_id in seen:
            breaches.append(breach(f"block_id already exists: {block_id}", at))
        seen.add(block_id)
    if breaches:
        messages = [f"[ERROR] {breach}" for breach in breaches]
        metadata = {"messages": messages}
        raise RefusedError(
            "invalid_blocks", errors=breaches, response_metadata=metadata
        )


def text_chars(value: object) -> int:
    """Count the characters of all texts inside a block or a list of blocks."""
    if isinstance(value, list):
        return sum(map(text_chars, cast("list[object]", value)))
    if not isinstance(value, dict):
        return 0
    fields = cast("JsonObject", value)
    text: object = fields.get("text")
    own = len(text) if isinstance(text, str) else 0
    return own + sum(map(text_chars, fields.values()))


def _block_breaches(block: JsonObject, at: str) -> Breaches:
    kind = block["type"]
    if kind not in TYPES:
        yield breach(f"unsupported type: {kind}", f"{at}/type")
        return
    if "block_id" in block:
        yield from check_string(block["block_id"], f"{at}/block_id", MAX_ID_CHARS)
    if kind in _RULES:
        yield from _RULES[kind](block, at)


def _section(block: JsonObject, at: str) -> Breaches:
    if "text" not in block and "fields" not in block:
        yield breach("missing required field: text", at)
    if "text" in block:
        yield from check_text(block["text"], f"{at}/text", MAX_SECTION_CHARS)
    if "fields" in block:
        yield from check_each(block["fields"], f"{at}/fields", MAX_FIELDS, _field)
    if "accessory" in block:
        yield from check_element(block["accessory"], f"{at}/accessory")


def _field(item: object, at: str) -> Breaches:
    return check_text(item, at, MAX_FIELD_CHARS)


def _header(block: JsonObject, at: str) -> Breaches:
    text, place = block.get("text"), f"{at}/text"
    return check_text(text, place, MAX_HEADER_CHARS, ("plain_text",))


def _context(block: JsonObject, at: str) -> Breaches:
    elements, place = block.get("elements"), f"{at}/elements"
    return check_each(elements, place, MAX_CONTEXT_ELEMENTS, _context_element)


def _context_element(item: object, at: str) -> Breaches:
    fields = as_object(item)
    if fields.get("type") == "image":
        return _image(fields, at)
    return check_text(fields, at, MAX_SECTION_CHARS)


def _actions(block: JsonObject, at: str) -> Breaches:
    return _interactive(block, at, MAX_ACTIONS)


def _context_actions(block: JsonObject, at: str) -> Breaches:
    return _interactive(block, at, MAX_CONTEXT_ACTIONS)


def _interactive(block: JsonObject, at: str, most: int) -> Breaches:
    seen: set[object] = set()

    def check(item: object, place: str) -> Breaches:
        yield from check_element(item, place)
        fields = as_object(item)
        is_quiet = block["type"] == "context_actions"
        if (fields.get("type") in _QUIET_ELEMENTS) != is_quiet:
            yield breach("unsupported type", f"{place}/type")
        action = str(fields.get("action_id") or "")
        if action and action in seen:
            yield breach(f"action_id already exists: {action}", place)
        seen.add(action)

    return check_each(block.get("elements"), f"{at}/elements", most, check)


def _image(block: JsonObject, at: str) -> Breaches:
    yield from check_string(block.get("alt_text"), f"{at}/alt_text", MAX_ALT_CHARS)
    if "slack_file" not in block:
        yield from check_string(
            block.get("image_url"), f"{at}/image_url", MAX_URL_CHARS, 1
        )


def _input(block: JsonObject, at: str) -> Breaches:
    label, place = block.get("label"), f"{at}/label"
    yield from check_text(label, place, MAX_LABEL_CHARS, ("plain_text",))
    yield from check_element(block.get("element"), f"{at}/element")


def _markdown(block: JsonObject, at: str) -> Breaches:
    """Check that there is Markdown; how much may come is counted over all blocks."""
    if not isinstance(block.get("text"), str) or not block["text"]:
        yield breach("must be a string that is not empty", f"{at}/text")


def _rich_text(block: JsonObject, at: str) -> Breaches:
    return check_each(block.get("elements"), f"{at}/elements", None, check_element)


def _table(block: JsonObject, at: str) -> Breaches:
    """Check that rows hold cells; how many is counted after translation."""
    return check_each(block.get("rows"), f"{at}/rows", None, _row)


def _row(cells: object, at: str) -> Breaches:
    return check_each(cells, at, None, _cell)


def _cell(item: object, at: str) -> Breaches:
    fields = as_object(item)
    if fields.get("type") not in _CELLS:
        yield breach("must be a table cell", at)


_RULES: Mapping[str, Callable[[JsonObject, str], Breaches]] = MappingProxyType(
    {
        "actions": _actions,
        "context": _context,
        "context_actions": _context_actions,
        "header": _header,
        "image": _image,
        "input": _input,
        "markdown": _markdown,
        "rich_text": _rich_text,
        "section": _section,
        "table": _table,
    }
)
