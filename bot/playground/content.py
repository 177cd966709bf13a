"""What Slack refuses in the content of a message, one rule at a time."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.playground.answer import RefusedError
from bot.playground.composer import MAX_TEXT_CHARS
from bot.playground.translation import translate
from bot.playground.workspace import JsonObject

# "Truncating content" on https://docs.slack.dev/reference/methods/chat.postMessage,
# read 2026-11. Where Slack begins to split is measured, not documented.
MAX_WHOLE_TEXT_CHARS = 4_040
SPLIT_TEXT_CHARS = 4_000
# Error `msg_too_long` of
# https://docs.slack.dev/reference/methods/chat.update, read 2026-11.
MAX_UPDATE_CHARS = 4_000
# Over all `markdown` blocks of a message:
# https://docs.slack.dev/reference/block-kit/blocks/markdown-block, read 2026-11.
MAX_MARKDOWN_CHARS = 12_000
# https://docs.slack.dev/reference/block-kit/blocks, read 2026-11.
MAX_BLOCKS = 50
# https://docs.slack.dev/reference/block-kit/blocks/table-block, read 2026-11.
MAX_TABLES = 1
MAX_TABLE_ROWS = 100
MAX_TABLE_CELLS = 20
# Error `metadata_too_large` of
# https://docs.slack.dev/reference/methods/chat.postMessage, read 2026-11, which does
# not say what is too large: this is our cautious guess.
MAX_METADATA_BYTES = 16_384

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


def read_content(arguments: JsonObject, *, is_update: bool = False) -> Content:
    """Return what a call's text, blocks and Markdown are stored as.

    Raises:
        RefusedError: A rule is broken.
    """
    for rule in UPDATE_RULES if is_update else RULES:
        rule(arguments)
    source = _markdown(arguments)
    blocks = _translated(arguments)
    for stored_rule in STORED_RULES:
        stored_rule(blocks)
    text = str(arguments.get("text") or "") or translate(source).text
    is_truncated = len(text) > MAX_TEXT_CHARS
    return Content(text[:MAX_TEXT_CHARS], blocks, source, is_truncated)


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


def refuse_many_blocks(arguments: JsonObject) -> None:
    """Refuse more blocks than a message holds, as they were sent."""
    if len(_blocks(arguments)) > MAX_BLOCKS:
        raise RefusedError("msg_blocks_too_many")


def refuse_long_markdown(arguments: JsonObject) -> None:
    """Refuse too much Markdown in all blocks together."""
    if len("".join(_sources(arguments))) > MAX_MARKDOWN_CHARS:
        raise RefusedError("msg_blocks_too_long")


def refuse_long_markdown_text(arguments: JsonObject) -> None:
    """Refuse too much Markdown in `markdown_text`."""
    if len(str(arguments.get("markdown_text") or "")) > MAX_MARKDOWN_CHARS:
        raise RefusedError("msg_too_long")


def refuse_malformed_metadata(arguments: JsonObject) -> None:
    """Refuse metadata without type and payload; empty metadata clears it."""
    metadata: object = arguments.get("metadata")
    if metadata is None or metadata == {}:
        return
    fields: JsonObject = arguments["metadata"] if isinstance(metadata, dict) else {}
    if not isinstance(fields.get("event_type"), str):
        raise RefusedError("invalid_metadata_format")
    if not isinstance(fields.get("event_payload"), dict):
        raise RefusedError("invalid_metadata_format")


def refuse_large_metadata(arguments: JsonObject) -> None:
    """Refuse more metadata than Slack keeps with a message."""
    metadata = json.dumps(arguments.get("metadata"), ensure_ascii=False)
    if len(metadata.encode()) > MAX_METADATA_BYTES:
        raise RefusedError("metadata_too_large")


def refuse_long_update(arguments: JsonObject) -> None:
    """Refuse a text that an edit cannot hold; a post is split or cut instead."""
    if len(str(arguments.get("text") or "")) > MAX_UPDATE_CHARS:
        raise RefusedError("msg_too_long")


def refuse_many_stored_blocks(blocks: tuple[JsonObject, ...]) -> None:
    """Refuse more blocks than a message holds, after translation."""
    if len(blocks) > MAX_BLOCKS:
        raise RefusedError("msg_blocks_too_many")


def refuse_large_tables(blocks: tuple[JsonObject, ...]) -> None:
    """Refuse a table too long or too wide, and a second one."""
    tables = [block for block in blocks if block["type"] == "table"]
    if len(tables) > MAX_TABLES:
        raise RefusedError("invalid_attachments", detail="only_one_table_allowed")
    for table in tables:
        cells = max((len(row) for row in table["rows"]), default=0)
        if len(table["rows"]) > MAX_TABLE_ROWS or cells > MAX_TABLE_CELLS:
            raise RefusedError("invalid_blocks")


RULES: tuple[Rule, ...] = (
    refuse_empty_content,
    refuse_two_sources,
    refuse_malformed_blocks,
    refuse_many_blocks,
    refuse_long_markdown,
    refuse_long_markdown_text,
    refuse_malformed_metadata,
    refuse_large_metadata,
)
UPDATE_RULES: tuple[Rule, ...] = (*RULES, refuse_long_update)
STORED_RULES = (refuse_many_stored_blocks, refuse_large_tables)


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
