"""The fields of what Slack sends, which may be missing or of any type."""

import re
from typing import Any, cast

ID = re.compile(r"[\w-]+", re.ASCII)
"""Ids are opaque, but hold nothing that separates them in ours."""
TS = re.compile(r"\d+\.\d+", re.ASCII)
"""Source: https://docs.slack.dev/reference/events/message, read 2026-11."""


class MalformedError(Exception):
    """A field has not its type; the message is the field's name."""


def matching(pattern: re.Pattern[str], holder: dict[str, Any], name: str) -> str:
    """Return a text that must be there and match a pattern.

    Raises:
        MalformedError: if it does not.
    """
    value = holder.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise MalformedError(name)
    return value


def optional_text(holder: dict[str, Any], name: str) -> str:
    """Return a text that may be missing or null, but nothing else.

    Raises:
        MalformedError: if it is something else.
    """
    value = holder.get(name)
    if value is not None and not isinstance(value, str):
        raise MalformedError(name)
    return value or ""


def as_object(value: object) -> dict[str, Any]:
    """Return an object; an empty one for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[object]:
    """Return a list; an empty one for anything else."""
    return cast("list[object]", value) if isinstance(value, list) else []


def well_formed(text: str) -> str:
    """Return a text that can be stored: half a surrogate pair is no character."""
    return text.encode("utf-8", "replace").decode()
