"""A JSON object, as Slack and OpenAI document theirs: decoded, its fields unchecked."""

from typing import Any, cast

JsonObject = dict[str, Any]


def as_object(value: object) -> JsonObject:
    """Return a decoded JSON value if it is an object, else an empty one."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}
