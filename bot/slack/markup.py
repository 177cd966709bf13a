"""Slack's markup: what people see of a message, and what is safe to send.

Source: https://docs.slack.dev/messaging/formatting-message-text, read 2026-11.
"""

import html
import re
from collections.abc import Mapping

MAX_FALLBACK_CHARS = 3_000
"""The plain text beside the blocks is a notification, not the answer."""

_ENTITY = re.compile(r"<([^<>\n]+)>")
_USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
_LESS_THAN = r"<|&lt;|&#0*60;|&#x0*3c;"
_BANG = r"\\?(?:!|&#0*33;|&#x0*21;|&excl;)(?:here|channel|everyone|group|subteam)"
_AT = r"\\?(?:@|&#0*64;|&#x0*40;|&commat;)[UWBS][A-Z0-9]"
_CALLING = re.compile(rf"({_LESS_THAN})(?={_BANG}|{_AT})", re.IGNORECASE)
_CALLING_LINK = re.compile(r"(\](?:\(|:)[ \t]*<?)(?=[!@])")
_BLANK_LINES = re.compile(r"\A(?:[ \t]*\n)+")
WORD_JOINER = "\u2060"
"""Invisible; between `<` and what follows it unmakes an entity."""


def has_table(text: str) -> bool:
    """Say whether a Markdown text may show a table: it has a delimiter row."""
    return any(
        "|" in line and "-" in line and not line.strip(" \t\r|:-")
        for line in text.split("\n")
    )


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


def shown(text: str) -> str:
    """Return a model's text as it is posted: it calls nobody.

    `<!channel>`, `<!here>`, `<!everyone>`, `<!subteam^…>` and `<@U…>` stay readable but
    notify no one, also where HTML entities or link targets spell them. Blank lines at
    the beginning and white space at the end are left out: a message shows neither.
    """
    quiet = _CALLING.sub(rf"\1{WORD_JOINER}", text)
    quiet = _CALLING_LINK.sub(rf"\1{WORD_JOINER}", quiet)
    return _BLANK_LINES.sub("", quiet).rstrip()


def fallback(text: str) -> str:
    """Return the plain text that stands in notifications; no entity survives in it."""
    if len(text) > MAX_FALLBACK_CHARS:
        text = text[: MAX_FALLBACK_CHARS - 1] + "…"
    return escaped(text)


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
