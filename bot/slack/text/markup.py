"""Slack's markup: what a received message says, and text that holds none.

Source: https://docs.slack.dev/messaging/formatting-message-text, read 2026-11.
"""

import html
import re
from collections.abc import Mapping

_ENTITY = re.compile(r"<([^<>\n]+)>")
_USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")


def mentioned_users(text: str) -> frozenset[str]:
    """Return the ids of the people that a received text mentions."""
    return frozenset(_USER.findall(text))


def legible(text: str, names: Mapping[str, str], bot_user: str) -> str:
    """Return a received text as a person sees it.

    Mentions of the bot disappear; other people get the name in `names`, or keep their
    id. Links show their label and where they lead.
    """
    own = re.compile(rf"<@{re.escape(bot_user)}(?:\|[^<>]*)?>[ \t]?")
    text = own.sub("", text).strip()
    text = _ENTITY.sub(lambda match: _plain(match.group(1), names), text)
    return html.unescape(text) if "&" in text else text


def escaped(text: str) -> str:
    """Return a text in which Slack reads no entity."""
    return html.escape(text, quote=False)


def _plain(entity: str, names: Mapping[str, str]) -> str:
    target, _, label = entity.partition("|")
    kind, rest = target[:1], target[1:]
    if kind == "@":
        return f"@{names.get(rest) or label or rest}"
    if kind == "#":
        return f"#{label or rest}"
    if kind == "!":
        return label or f"@{rest}"
    shown_address = target.removeprefix("mailto:")
    if not label or label in {target, shown_address}:
        return shown_address
    return f"{label} ({shown_address})"
