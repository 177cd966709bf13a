"""The pieces that a stream is sent in, and the blocks that they make together.

Source: https://docs.slack.dev/reference/methods/chat.appendStream, read 2026-11.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, cast

from bot.playground.answer import RefusedError
from bot.playground.content.rules import (
    MAX_BLOCKS,
    read_blocks,
    refuse_large_tables,
    refuse_long_blocks,
    refuse_many_expanded_blocks,
)
from bot.playground.jsonobject import JsonObject, as_object
from bot.playground.text.entities import encode, rich_text
from bot.playground.text.translation import plain_text, translate
from bot.playground.workspace.message import MAX_TEXT_CHARS, Stream

MAX_TASK_CHARS = 256

MAX_STREAM_CHARS = 12_000
"""Of the Markdown in a streamed message; documented for one call.

For all calls together others measured it: 11,977 characters were taken, the append
beyond was refused (https://github.com/CopilotKit/CopilotKit/pull/6064, read 2026-11).
Who measured in UTF-8 bytes, tasks included, found 10,600 to 11,300
(https://github.com/openclaw/openclaw/pull/143882, read 2026-11). Ours are characters.
"""

BLOCKS_DROPPED = "blocks_dropped"
"""Slack warns, and its word is not documented: our choice."""

_STATUSES = ("pending", "in_progress", "complete", "error")


@dataclass(frozen=True, slots=True)
class Growth:
    """A stream with more in it, and what was left out."""

    stream: Stream
    warnings: tuple[str, ...] = ()


def grow(stream: Stream, arguments: JsonObject) -> Growth:
    """Return a stream with the content of a call added; a call may have none.

    Its first content fixes how the rest must come. Blocks beyond 50 in all chunks are
    left out; Markdown beyond 12,000 characters is refused, and what was there stays.

    Raises:
        RefusedError: if the content is none that Slack takes.
    """
    text: object = arguments.get("markdown_text")
    sent: object = arguments.get("chunks")
    if text and sent:
        raise RefusedError("invalid_arguments")
    if not text and not sent:
        return Growth(stream)
    chunks: object = [{"type": "markdown_text", "text": text}] if text else sent
    _check(chunks)
    mode: Literal["markdown_text", "chunks"] = "markdown_text" if text else "chunks"
    if stream.mode not in ("", mode):
        raise RefusedError("streaming_mode_mismatch")
    growth = Growth(replace(stream, mode=mode))
    for chunk in cast("list[JsonObject]", chunks):
        growth = _added(growth, chunk)
    if len(source(growth.stream.chunks)) > MAX_STREAM_CHARS:
        raise RefusedError("msg_too_long")
    return growth


def source(chunks: Iterable[JsonObject]) -> str:
    """Return all Markdown in a stream, in the order it came."""
    return "".join(c["text"] for c in chunks if c["type"] == "markdown_text")


def arrange(stream: Stream) -> tuple[tuple[JsonObject, ...], str]:
    """Return the blocks of a stream, each in its place, and their text.

    Markdown is translated as a whole wherever nothing stands between two pieces, and
    tasks change where they first stood, see
    https://docs.slack.dev/reference/methods/chat.startStream, read 2026-11. That all
    that a stream holds obeys the rules for the blocks of one message, in the same
    words, is not documented: our choice. Blocks in chunks are counted apart.

    Raises:
        RefusedError: if the blocks are too many or too long, or their tables too large.
    """
    blocks: list[JsonObject] = []
    translated: list[JsonObject] = []
    runs = _runs(stream)
    for run in runs:
        is_source = run["type"] == "markdown"
        made = translate(run["text"]).blocks if is_source else (run,)
        translated += made if is_source else ()
        blocks += made
    sources = [run for run in runs if run["type"] == "markdown"]
    refuse_many_expanded_blocks({"blocks": sources})
    refuse_long_blocks({"blocks": runs})
    refuse_large_tables(tuple(blocks))
    return tuple(blocks), plain_text(translated)[:MAX_TEXT_CHARS]


def _added(growth: Growth, chunk: JsonObject) -> Growth:
    """Return the stream with as much of a chunk as it takes."""
    chunks = growth.stream.chunks
    if chunk["type"] != "blocks":
        return replace(growth, stream=replace(growth.stream, chunks=(*chunks, chunk)))
    present = sum(len(c["blocks"]) for c in chunks if c["type"] == "blocks")
    kept = chunk | {"blocks": chunk["blocks"][: MAX_BLOCKS - present]}
    if kept["blocks"]:
        chunks = (*chunks, kept)
    is_dropped = kept != chunk
    return Growth(
        replace(growth.stream, chunks=chunks),
        (BLOCKS_DROPPED,) if is_dropped else growth.warnings,
    )


def _check(sent: object) -> None:
    if not isinstance(sent, list):
        raise RefusedError("invalid_chunks")
    chunks = cast("list[object]", sent)
    for chunk in chunks:
        fields = as_object(chunk)
        rule = _RULES.get(str(fields.get("type")))
        if rule is None:
            raise RefusedError("invalid_chunks")
        rule(fields)


def _check_markdown(chunk: JsonObject) -> None:
    """Refuse a text that is none; that an empty one is refused is our choice."""
    if not isinstance(chunk.get("text"), str) or not chunk["text"]:
        raise RefusedError("invalid_chunks")


def _check_task(chunk: JsonObject) -> None:
    _check_strings(chunk, ("id", "title", "status"), least=1)
    optional = [name for name in ("details", "output") if chunk.get(name) is not None]
    _check_strings(chunk, optional, least=0)
    if chunk["status"] not in _STATUSES:
        raise RefusedError("invalid_chunks")
    sources: object = chunk.get("sources") or []
    if not isinstance(sources, list):
        raise RefusedError("invalid_chunks")
    for item in cast("list[object]", sources):
        fields = as_object(item)
        if fields.get("type") != "url" or not fields.get("url"):
            raise RefusedError("invalid_chunks")


def _check_plan(chunk: JsonObject) -> None:
    _check_strings(chunk, ("title",), least=1)


def _check_strings(chunk: JsonObject, names: Iterable[str], least: int) -> None:
    for name in names:
        value: object = chunk.get(name)
        if not isinstance(value, str) or not least <= len(value) <= MAX_TASK_CHARS:
            raise RefusedError("invalid_chunks")


def _check_blocks(chunk: JsonObject) -> None:
    """Refuse broken blocks; `file` blocks were seen to end in `internal_error`."""
    blocks: object = chunk.get("blocks")
    if not isinstance(blocks, list) or not blocks:
        raise RefusedError("invalid_chunks")
    items = cast("list[object]", blocks)
    if any(as_object(item).get("type") == "file" for item in items):
        raise RefusedError("internal_error")
    read_blocks(items)


def _runs(stream: Stream) -> list[JsonObject]:
    """Return blocks, with Markdown that belongs together not yet translated."""
    cards = _cards(stream.chunks)
    titles = [c["title"] for c in stream.chunks if c["type"] == "plan_update"]
    title = titles[-1] if titles else ""
    plan: JsonObject = {"type": "plan", "title": title, "tasks": [*cards.values()]}
    runs: list[JsonObject] = []
    for chunk in stream.chunks:
        match chunk["type"]:
            case "markdown_text":
                _append_markdown(runs, chunk["text"])
            case "blocks":
                runs += read_blocks(chunk["blocks"])
            case _ if stream.is_plan:
                runs += [] if plan in runs else [plan]
            case "task_update":
                card = cards[chunk["id"]]
                runs += [] if card in runs else [card]
            case _:  # The title of a plan that there is not.
                continue
    return runs


def _append_markdown(runs: list[JsonObject], text: str) -> None:
    if runs and runs[-1]["type"] == "markdown":
        text = runs.pop()["text"] + text
    runs.append({"type": "markdown", "text": text})


def _cards(chunks: Iterable[JsonObject]) -> dict[str, JsonObject]:
    """Return each task as it is now; details, output and sources add up.

    That they do is seen in the examples of the SDK only:
    https://github.com/slackapi/python-slack-sdk/releases/tag/v3.40.0, read 2026-11.
    """
    cards: dict[str, JsonObject] = {}
    texts: dict[tuple[str, str], str] = {}
    for chunk in chunks:
        if chunk["type"] != "task_update":
            continue
        card = cards.setdefault(chunk["id"], {"type": "task_card"})
        card |= {"task_id": chunk["id"], "title": chunk["title"]}
        card["status"] = chunk["status"]
        for name in ("details", "output"):
            key = (chunk["id"], name)
            texts[key] = texts.get(key, "") + (chunk.get(name) or "")
            if texts[key]:
                card[name] = rich_text(encode(texts[key]))
        if chunk.get("sources"):
            card["sources"] = [*card.get("sources", ()), *chunk["sources"]]
    return cards


_RULES: Mapping[str, Callable[[JsonObject], None]] = MappingProxyType(
    {
        "blocks": _check_blocks,
        "markdown_text": _check_markdown,
        "plan_update": _check_plan,
        "task_update": _check_task,
    }
)
