"""What Slack refuses in the content of a message, one rule at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import cast

from bot.playground.answer import RefusedError
from bot.playground.content.blocks import check_blocks, text_chars
from bot.playground.content.metadata import (
    refuse_large_metadata,
    refuse_malformed_metadata,
)
from bot.playground.jsonobject import JsonObject
from bot.playground.text.expansion import expanded_blocks
from bot.playground.text.translation import translate
from bot.playground.workspace.message import MAX_TEXT_CHARS, Message

MAX_WHOLE_TEXT_CHARS = 4_040
SPLIT_TEXT_CHARS = 4_000
"""See "Truncating content" on
https://docs.slack.dev/reference/methods/chat.postMessage, read 2026-11. Where Slack
begins to split is measured, not documented."""

MAX_UPDATE_CHARS = 4_000
"""Error `msg_too_long` of https://docs.slack.dev/reference/methods/chat.update, read
2026-11. chat.postEphemeral has that error too, without a number: ours is the same."""

MAX_MARKDOWN_CHARS = 12_000
"""Over all `markdown` blocks of a message:
https://docs.slack.dev/reference/block-kit/blocks/markdown-block, read 2026-11."""

MAX_BLOCKS = 50
"""https://docs.slack.dev/reference/block-kit/blocks, read 2026-11."""

MAX_BLOCKS_CHARS = 13_422
BLOCK_COST_CHARS = 125
"""Not documented. Measured at https://github.com/slackapi/bolt-js/issues/2509, read
2026-11: 13,297 characters in one block, or 13,172 beside a divider."""

MAX_TABLES = 1
MAX_TABLE_ROWS = 100
MAX_TABLE_CELLS = 20
MAX_TABLES_CHARS = 10_000
"""https://docs.slack.dev/reference/block-kit/blocks/table-block, read 2026-11."""

MAX_ATTACHMENTS = 100
"""Error `too_many_attachments` of
https://docs.slack.dev/reference/methods/chat.postMessage, read 2026-11."""

TRUNCATED = "message_truncated"
"""The warning that a text was cut."""

Rule = Callable[[JsonObject], None]
"""Raises `RefusedError` for arguments that break it."""


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a message as Slack stores it."""

    text: str
    """Entity-encoded."""
    blocks: tuple[JsonObject, ...]
    markdown: str
    is_truncated: bool = False

    def into(self, message: Message) -> Message:
        """Return a message with this in place of what it held."""
        return replace(
            message, text=self.text, blocks=self.blocks, markdown=self.markdown
        )


def read_content(arguments: JsonObject, *, is_short: bool = False) -> Content:
    """Return what a call's text, blocks and Markdown are stored as.

    An edit and an ephemeral message are to be short.

    Raises:
        RefusedError: if a rule is broken.
    """
    for rule in SHORT_RULES if is_short else RULES:
        rule(arguments)
    source = _markdown(arguments)
    blocks = _translated(arguments)
    refuse_large_tables(blocks)
    text = str(arguments.get("text") or "") or translate(source).text
    is_truncated = len(text) > MAX_TEXT_CHARS
    return Content(text[:MAX_TEXT_CHARS], blocks, source, is_truncated)


def read_blocks(blocks: object) -> tuple[JsonObject, ...]:
    """Return what blocks without any other content are stored as.

    Raises:
        RefusedError: if a rule is broken.
    """
    arguments: JsonObject = {"blocks": blocks}
    for rule in BLOCK_RULES:
        rule(arguments)
    stored = _translated(arguments)
    refuse_large_tables(stored)
    return stored


def split_text(content: Content) -> tuple[str, ...]:
    """Return the texts of the messages that Slack makes of one."""
    text = content.text
    if content.blocks or len(text) <= MAX_WHOLE_TEXT_CHARS:
        return (text,)
    starts = range(0, len(text), SPLIT_TEXT_CHARS)
    return tuple(text[start : start + SPLIT_TEXT_CHARS] for start in starts)


def refuse_empty_content(arguments: JsonObject) -> None:
    """Refuse a message that shows nothing."""
    names = ("text", "markdown_text", "blocks", "attachments")
    if not any(arguments.get(name) for name in names):
        raise RefusedError("no_text")


def refuse_two_sources(arguments: JsonObject) -> None:
    """Refuse Markdown next to another content."""
    has_other = bool(arguments.get("text") or arguments.get("blocks"))
    if arguments.get("markdown_text") and has_other:
        raise RefusedError("markdown_text_conflict")


def refuse_malformed_blocks(arguments: JsonObject) -> None:
    """Refuse blocks that are no list of objects with a type."""
    blocks: object = arguments.get("blocks")
    if blocks and not isinstance(blocks, list):
        raise RefusedError("invalid_blocks_format")
    items: list[object] = arguments.get("blocks") or []
    if not all(isinstance(item, dict) and "type" in item for item in items):
        raise RefusedError("invalid_blocks")


def refuse_broken_blocks(arguments: JsonObject) -> None:
    """Refuse blocks that break the rules of their type."""
    check_blocks(_blocks(arguments))


def refuse_malformed_attachments(arguments: JsonObject) -> None:
    """Refuse attachments that are no list of objects, and too many."""
    attachments: object = arguments.get("attachments") or []
    if not isinstance(attachments, list):
        raise RefusedError("invalid_attachments")
    items = cast("list[object]", attachments)
    if not all(isinstance(item, dict) for item in items):
        raise RefusedError("invalid_attachments")
    if len(items) > MAX_ATTACHMENTS:
        raise RefusedError("too_many_attachments")


def refuse_many_blocks(arguments: JsonObject) -> None:
    """Refuse more blocks than a message holds, as they were sent."""
    if len(_blocks(arguments)) > MAX_BLOCKS:
        raise RefusedError("msg_blocks_too_many")


def refuse_many_expanded_blocks(arguments: JsonObject) -> None:
    """Refuse Markdown that becomes more blocks than a message holds with the others.

    The word is our choice; others saw `invalid_blocks`, see `expanded_blocks`.
    """
    text = arguments.get("markdown_text")
    sources = (str(text),) if text else tuple(_sources(arguments))
    others = sum(block["type"] != "markdown" for block in _blocks(arguments))
    if others + sum(map(expanded_blocks, sources)) > MAX_BLOCKS:
        raise RefusedError("msg_blocks_too_many")


def refuse_long_markdown(arguments: JsonObject) -> None:
    """Refuse too much Markdown in all blocks together."""
    if len("".join(_sources(arguments))) > MAX_MARKDOWN_CHARS:
        raise RefusedError("msg_blocks_too_long")


def refuse_long_blocks(arguments: JsonObject) -> None:
    """Refuse too much text in all blocks together; each block counts too."""
    blocks = _blocks(arguments)
    if text_chars(blocks) + len(blocks) * BLOCK_COST_CHARS > MAX_BLOCKS_CHARS:
        raise RefusedError("msg_blocks_too_long")


def refuse_long_markdown_text(arguments: JsonObject) -> None:
    """Refuse too much Markdown in `markdown_text`."""
    if len(str(arguments.get("markdown_text") or "")) > MAX_MARKDOWN_CHARS:
        raise RefusedError("msg_too_long")


def refuse_long_text(arguments: JsonObject) -> None:
    """Refuse a text that an edit cannot hold; a post is split or cut instead."""
    if len(str(arguments.get("text") or "")) > MAX_UPDATE_CHARS:
        raise RefusedError("msg_too_long")


def refuse_large_tables(blocks: tuple[JsonObject, ...]) -> None:
    """Refuse a table too long, too wide or too full, and a second one.

    The word for a second table is documented, the one for the sizes is our choice.
    """
    tables = [block for block in blocks if block["type"] == "table"]
    if len(tables) > MAX_TABLES:
        raise RefusedError("invalid_attachments", detail="only_one_table_allowed")
    for table in tables:
        cells = max((len(row) for row in table["rows"]), default=0)
        if len(table["rows"]) > MAX_TABLE_ROWS or cells > MAX_TABLE_CELLS:
            raise RefusedError("invalid_blocks")
    if text_chars(tables) > MAX_TABLES_CHARS:
        raise RefusedError("invalid_blocks")


BLOCK_RULES: tuple[Rule, ...] = (
    refuse_malformed_blocks,
    refuse_many_blocks,
    refuse_broken_blocks,
    refuse_long_markdown,
    refuse_long_blocks,
    refuse_many_expanded_blocks,
)
RULES: tuple[Rule, ...] = (
    refuse_empty_content,
    refuse_two_sources,
    *BLOCK_RULES,
    refuse_malformed_attachments,
    refuse_long_markdown_text,
    refuse_malformed_metadata,
    refuse_large_metadata,
)
SHORT_RULES: tuple[Rule, ...] = (*RULES, refuse_long_text)


def _blocks(arguments: JsonObject) -> list[JsonObject]:
    return arguments.get("blocks") or []


def _sources(arguments: JsonObject) -> Iterable[str]:
    """Yield the Markdown of every block that holds some."""
    blocks = _blocks(arguments)
    return (str(b.get("text") or "") for b in blocks if b["type"] == "markdown")


def _markdown(arguments: JsonObject) -> str:
    return str(arguments.get("markdown_text") or "") or "\n\n".join(_sources(arguments))


def _translated(arguments: JsonObject) -> tuple[JsonObject, ...]:
    """Return the blocks that are stored; Slack drops a `markdown` block's id."""
    if arguments.get("markdown_text"):
        return translate(str(arguments["markdown_text"])).blocks
    blocks: list[JsonObject] = []
    for block in _blocks(arguments):
        is_source = block["type"] == "markdown"
        blocks += translate(str(block.get("text"))).blocks if is_source else (block,)
    return tuple(blocks)
