"""What Slack refuses in a view.

Sources: https://docs.slack.dev/reference/views/modal-views and
https://docs.slack.dev/reference/views/home-tab-views, read 2026-11.
"""

import json
from collections.abc import Iterator
from typing import Literal, cast

from bot.playground.answer import RefusedError
from bot.playground.content.blocks import check_blocks
from bot.playground.jsonobject import JsonObject, as_object

MAX_LABEL_CHARS = 24
MAX_VIEW_BLOCKS = 100
MAX_PRIVATE_CHARS = 3_000
MAX_NAME_CHARS = 255
MAX_VIEW_BYTES = 250_000
"""Error `view_too_large` of https://docs.slack.dev/reference/methods/views.open, read
2026-11: "greater than 250kb"."""

ViewKind = Literal["modal", "home"]


def read_view(view: object, *kinds: ViewKind) -> JsonObject:
    """Return a view that is one of these kinds and breaks no rule.

    Raises:
        RefusedError: `view_too_large`, or `invalid_arguments` with what is wrong.
    """
    if not isinstance(view, dict):
        raise _invalid(["must be a valid object: view"])
    fields = cast("JsonObject", view)
    if len(json.dumps(fields).encode()) > MAX_VIEW_BYTES:
        raise RefusedError("view_too_large")
    breaches = list(_breaches(fields, kinds))
    if breaches:
        raise _invalid(breaches)
    _check_blocks(fields["blocks"])
    return fields


def _breaches(view: JsonObject, kinds: tuple[ViewKind, ...]) -> Iterator[str]:
    if view.get("type") not in kinds:
        yield f"must be one of {', '.join(kinds)}: type"
    if view.get("type") == "modal":
        yield from _label_breaches(view)
    for name, most in (
        ("private_metadata", MAX_PRIVATE_CHARS),
        ("callback_id", MAX_NAME_CHARS),
        ("external_id", MAX_NAME_CHARS),
    ):
        if len(str(view.get(name) or "")) > most:
            yield f"must be no more than {most} characters: {name}"
    yield from _block_breaches(view)


def _label_breaches(view: JsonObject) -> Iterator[str]:
    if "title" not in view:
        yield "missing required field: title"
    for name in ("title", "submit", "close"):
        label: object = view.get(name)
        if label is None:
            continue
        fields = as_object(label)
        text = fields.get("text")
        if fields.get("type") != "plain_text" or not isinstance(text, str) or not text:
            yield f"must be a plain_text object: {name}"
        elif len(text) > MAX_LABEL_CHARS:
            yield f"must be no more than {MAX_LABEL_CHARS} characters: {name}"


def _block_breaches(view: JsonObject) -> Iterator[str]:
    blocks: object = view.get("blocks")
    if not isinstance(blocks, list):
        yield "missing required field: blocks"
        return
    items = cast("list[object]", blocks)
    if len(items) > MAX_VIEW_BLOCKS:
        yield f"no more than {MAX_VIEW_BLOCKS} items allowed: blocks"
    kinds = [as_object(item).get("type") for item in items]
    if not all(isinstance(item, dict) for item in items):
        yield "must be a valid object: blocks"
    if "input" in kinds and view.get("type") == "modal" and not view.get("submit"):
        yield "missing required field: submit"


def _check_blocks(blocks: list[JsonObject]) -> None:
    try:
        check_blocks(blocks)
    except RefusedError as error:
        raise _invalid(list(error.body["errors"])) from error


def _invalid(breaches: list[str]) -> RefusedError:
    messages = [f"[ERROR] {breach}" for breach in breaches]
    return RefusedError("invalid_arguments", response_metadata={"messages": messages})
