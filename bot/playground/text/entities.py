"""Slack's entities in a text: `&lt;`, `<@U…>`, `<!channel>`, `<https://…|label>`.

Source: https://docs.slack.dev/messaging/formatting-message-text, read 2026-11.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from bot.playground.jsonobject import JsonObject

BARE_URL = r"https?://[^\s<>、。「」（）]*[^\s<>、。「」（）.,;:!?)'\"]"
"""An address ends before punctuation, and before Japanese punctuation in any case."""

_ENTITY = re.compile(
    r"<@(?P<user>[UW][A-Z0-9]+)(?:\|[^>]*)?>"
    r"|<!(?P<range>here|channel|everyone)(?:\|[^>]*)?>"
    r"|<!subteam\^(?P<usergroup>S[A-Z0-9]+)(?:\|[^>]*)?>"
    r"|<#(?P<channel>[CG][A-Z0-9]+)(?:\|[^>]*)?>"
    r"|<(?P<url>(?:https?|mailto):[^|>\s]+)(?:\|(?P<label>[^>]*))?>"
)


@dataclass(frozen=True, slots=True)
class Mentions:
    """Who is notified by a text."""

    users: frozenset[str] = frozenset()
    is_broadcast: bool = False
    """It addresses a whole channel or user group."""


def encode(text: str) -> str:
    """Replace the three characters that Slack reserves for its entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def decode(text: str) -> str:
    """Undo `encode`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def elements(text: str) -> list[JsonObject]:
    """Split a text at its entities into rich text elements; the rest stays as it is."""
    found: list[JsonObject] = []
    end = 0
    for match in _ENTITY.finditer(text):
        if match.start() > end:
            found.append({"type": "text", "text": text[end : match.start()]})
        found.append(_element(match))
        end = match.end()
    if end < len(text):
        found.append({"type": "text", "text": text[end:]})
    return found


def _element(match: re.Match[str]) -> JsonObject:
    groups = match.groupdict()
    if groups["user"]:
        return {"type": "user", "user_id": groups["user"]}
    if groups["range"]:
        return {"type": "broadcast", "range": groups["range"]}
    if groups["usergroup"]:
        return {"type": "usergroup", "usergroup_id": groups["usergroup"]}
    if groups["channel"]:
        return {"type": "channel", "channel_id": groups["channel"]}
    link: JsonObject = {"type": "link", "url": groups["url"]}
    return link | {"text": groups["label"]} if groups["label"] else link


def rich_text(text: str) -> JsonObject:
    """Return the block that stands for an entity-encoded text that a person typed."""
    parts = [
        {key: decode(value) if key != "type" else value for key, value in part.items()}
        for part in elements(text)
    ]
    section: JsonObject = {"type": "rich_text_section", "elements": parts}
    return {"type": "rich_text", "elements": [section]}


def mentions(text: str, blocks: Iterable[JsonObject] = ()) -> Mentions:
    """Return who an entity-encoded text and the blocks over it notify."""
    named = elements(text)
    for block in blocks:
        named += _nested(block)
    return Mentions(
        frozenset(part["user_id"] for part in named if part["type"] == "user"),
        any(part["type"] in ("broadcast", "usergroup") for part in named),
    )


def _nested(value: object) -> list[JsonObject]:
    """Return the mentions anywhere inside a block, mrkdwn texts of sections too."""
    if isinstance(value, list):
        return [part for item in cast("list[object]", value) for part in _nested(item)]
    if not isinstance(value, dict):
        return []
    inner = cast("JsonObject", value)
    if inner.get("type") in ("user", "broadcast", "usergroup"):
        return [inner]
    if inner.get("type") == "mrkdwn":
        return elements(str(inner.get("text", "")))
    return [part for item in inner.values() for part in _nested(item)]
