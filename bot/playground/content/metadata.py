"""What Slack refuses in the metadata of a message."""

import json
from typing import cast

from bot.playground.answer import RefusedError
from bot.playground.jsonobject import JsonObject, as_object

MAX_METADATA_BYTES = 16_384
"""Error `metadata_too_large` of
https://docs.slack.dev/reference/methods/chat.postMessage, read 2026-11, which does
not say what is too large: this is our cautious guess."""

_SCALARS = (str, int, float, bool)


def refuse_malformed_metadata(arguments: JsonObject) -> None:
    """Refuse metadata without type and payload; empty metadata clears it.

    A payload's values are texts, numbers, flags, flat objects of these, or lists of
    such objects: https://docs.slack.dev/tools/node-slack-sdk/reference/types/interfaces/MessageMetadata,
    read 2026-11. That others are refused, and in which word, is not documented: our
    choice.
    """
    metadata: object = arguments.get("metadata")
    if metadata is None or metadata == {}:
        return
    fields = as_object(metadata)
    event_type: object = fields.get("event_type")
    payload: object = fields.get("event_payload")
    if not isinstance(event_type, str) or not event_type:
        raise RefusedError("invalid_metadata_format")
    if not isinstance(payload, dict):
        raise RefusedError("invalid_metadata_format")
    values = cast("JsonObject", payload).values()
    if not all(_is_scalar(value) or _is_flat(value) for value in values):
        raise RefusedError("invalid_metadata_format")


def refuse_large_metadata(arguments: JsonObject) -> None:
    """Refuse more metadata than Slack keeps with a message."""
    metadata = json.dumps(arguments.get("metadata"), ensure_ascii=False)
    if len(metadata.encode()) > MAX_METADATA_BYTES:
        raise RefusedError("metadata_too_large")


def _is_scalar(value: object) -> bool:
    return isinstance(value, _SCALARS)


def _is_flat(value: object) -> bool:
    """Say whether a value is an object of scalars, or a list of such objects."""
    if isinstance(value, list):
        items = cast("list[object]", value)
        return all(map(_is_object, items))
    return _is_object(value)


def _is_object(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    return all(map(_is_scalar, cast("JsonObject", value).values()))
