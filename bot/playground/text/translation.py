"""What Slack makes of Markdown: rich text and table blocks, and a text to notify with.

Slack translates `markdown` blocks when they arrive and never returns their source:
https://docs.slack.dev/reference/block-kit/blocks/markdown-block, read 2026-11.

Marks of emphasis between full-width characters are read as CommonMark reads them, so
that some show; U+200B is a letter to it, as it was seen to be to Slack (the change log
of https://pypi.org/project/slack-markdown-parser/, read 2026-11; not documented).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from bot.playground.jsonobject import JsonObject
from bot.playground.text.entities import BARE_URL, elements, encode

# Without `text_join` an escaped `\<` stays a token of its own, and so can not become
# the beginning of an entity.
_PARSER = (
    MarkdownIt("commonmark", {"html": False})
    .enable(["table", "strikethrough"])
    .disable("text_join")
)
_STYLES = {"strong": "bold", "em": "italic", "s": "strike"}
_ALIGNMENTS = ("left", "center", "right")


@dataclass(frozen=True, slots=True)
class Translation:
    """A Markdown text, as Slack keeps it."""

    blocks: tuple[JsonObject, ...]
    text: str
    """Entity-encoded; stands for the blocks in notifications."""


def translate(markdown: str) -> Translation:
    """Return what Slack stores for the source of a `markdown` block."""
    blocks: list[JsonObject] = []
    for node in SyntaxTreeNode(_PARSER.parse(markdown)).children:
        if node.type == "table":
            blocks.append(_table(node))
        elif node.type == "hr":
            blocks.append({"type": "divider"})
        else:
            _append_rich(blocks, _rich_parts(node))
    return Translation(tuple(blocks), plain_text(blocks))


def plain_text(blocks: Iterable[JsonObject]) -> str:
    """Return the entity-encoded text of translated blocks, a line for each part."""
    lines: list[str] = []
    for block in blocks:
        if block["type"] == "table":
            lines += [" | ".join(map(_plain, row)) for row in block["rows"]]
        lines += map(_plain, block.get("elements", ()))
    return "\n".join(line for line in lines if line)


def _plain(part: JsonObject) -> str:
    match part["type"]:
        case "text" | "raw_text":
            return encode(part["text"])
        case "user":
            return f"<@{part['user_id']}>"
        case "usergroup":
            return f"<!subteam^{part['usergroup_id']}>"
        case "channel":
            return f"<#{part['channel_id']}>"
        case "broadcast":
            return f"<!{part['range']}>"
        case "link":
            label = f"|{encode(part['text'])}" if "text" in part else ""
            return f"<{encode(part['url'])}{label}>"
        case "rich_text_list":
            return "\n".join(f"• {_plain(item)}" for item in part["elements"])
        case _:
            return "".join(map(_plain, part["elements"]))


def _append_rich(blocks: list[JsonObject], parts: list[JsonObject]) -> None:
    """Add parts to the rich text block at the end, or begin one."""
    if blocks and blocks[-1]["type"] == "rich_text":
        blocks[-1]["elements"] += parts
    else:
        blocks.append({"type": "rich_text", "elements": parts})


def _rich_parts(node: SyntaxTreeNode) -> list[JsonObject]:
    match node.type:
        case "fence" | "code_block":
            return [_preformatted(node)]
        case "blockquote":
            return _quote(node)
        case "bullet_list" | "ordered_list":
            return _list(node, 0)
        case "heading":
            return [_section(_inline(node.children, ("strong",)))]
        case _:
            return [_section(_inline(node.children))]


def _section(parts: list[JsonObject]) -> JsonObject:
    return {"type": "rich_text_section", "elements": parts}


def _preformatted(node: SyntaxTreeNode) -> JsonObject:
    code = {"type": "text", "text": node.content.removesuffix("\n")}
    block: JsonObject = {"type": "rich_text_preformatted", "elements": [code]}
    language = node.info.split(maxsplit=1)[:1]
    return block | {"language": language[0]} if language else block


def _quote(node: SyntaxTreeNode) -> list[JsonObject]:
    """Return a quote; what a quote cannot hold in Slack follows it."""
    parts: list[JsonObject] = []
    for child in node.children:
        for part in _rich_parts(child):
            if part["type"] == "rich_text_section":
                part = part | {"type": "rich_text_quote"}
            parts.append(part)
    return parts


def _list(node: SyntaxTreeNode, indent: int) -> list[JsonObject]:
    """Flatten a nested list: one part for each run of items of equal depth."""
    parts: list[JsonObject] = []
    is_ordered = node.type == "ordered_list"
    start = int(node.attrs.get("start", 1)) - 1
    for number, item in enumerate(node.children, start):
        run: JsonObject = {
            "type": "rich_text_list",
            "style": "ordered" if is_ordered else "bullet",
            "indent": indent,
            "elements": [],
        }
        if is_ordered and number:
            run["offset"] = number
        text, below = _item(item, indent)
        if parts and parts[-1].get("indent") == indent:
            run = parts[-1]
        else:
            parts.append(run)
        run["elements"].append(_section(text))
        parts += below
    return parts


def _item(
    node: SyntaxTreeNode, indent: int
) -> tuple[list[JsonObject], list[JsonObject]]:
    """Return an item's own text, and the parts below it."""
    text: list[JsonObject] = []
    below: list[JsonObject] = []
    for child in node.children:
        if child.type in ("bullet_list", "ordered_list"):
            below += _list(child, indent + 1)
        elif child.type == "paragraph" and not below:
            text += [{"type": "text", "text": "\n"}] if text else []
            text += _inline(child.children)
        elif child.type != "table":
            below += _rich_parts(child)
        else:
            below += [_section(_inline(child.children))]
    return text, below


def _table(node: SyntaxTreeNode) -> JsonObject:
    rows = [row.children for part in node.children for row in part.children]
    settings = [{"align": _alignment(cell)} for cell in rows[0]]
    cells = [[_cell(cell) for cell in row] for row in rows]
    return {"type": "table", "rows": cells, "column_settings": settings}


def _alignment(cell: SyntaxTreeNode) -> str:
    style = str(cell.attrs.get("style", ""))
    return next((name for name in _ALIGNMENTS if style.endswith(name)), "left")


def _cell(node: SyntaxTreeNode) -> JsonObject:
    parts = _inline(node.children)
    if all(part.keys() == {"type", "text"} for part in parts):
        return {"type": "raw_text", "text": "".join(part["text"] for part in parts)}
    return {"type": "rich_text", "elements": [_section(parts)]}


def _inline(
    nodes: Sequence[SyntaxTreeNode], styles: tuple[str, ...] = ()
) -> list[JsonObject]:
    """Return the rich text elements of inline nodes, under the styles around them."""
    parts: list[JsonObject] = []
    for node in nodes:
        for part in _inline_parts(node, styles):
            _append_inline(parts, part)
    return parts


def _append_inline(parts: list[JsonObject], part: JsonObject) -> None:
    """Add an element; texts that look alike become one."""
    last = parts[-1] if parts else {}
    is_same = last.get("type") == part["type"] == "text"
    if is_same and last.get("style") == part.get("style"):
        parts[-1] = last | {"text": last["text"] + part["text"]}
    else:
        parts.append(part)


def _inline_parts(node: SyntaxTreeNode, styles: tuple[str, ...]) -> list[JsonObject]:
    match node.type:
        case "softbreak" | "hardbreak":
            return [{"type": "text", "text": "\n"}]
        case "text_special":
            return [_styled({"type": "text", "text": node.content}, styles)]
        case "text":
            return [_styled(part, styles) for part in _text_parts(node.content)]
        case "code_inline":
            code = {"type": "text", "text": node.content}
            return [_styled(code, (*styles, "code"))]
        case "link":
            return [_styled(_link(node), styles)]
        case "image":
            return [_styled(_named(str(node.attrs["src"]), node.content), styles)]
        case _:
            style = (node.type,) if node.type in _STYLES else ()
            return _inline(node.children, styles + style)


def _text_parts(text: str) -> list[JsonObject]:
    """Split a text at its entities and bare addresses."""
    parts: list[JsonObject] = []
    for part in elements(text):
        if part["type"] != "text":
            parts.append(part)
            continue
        for index, piece in enumerate(re.split(f"({BARE_URL})", part["text"])):
            if piece:
                is_url = index % 2 == 1
                link = {"type": "link", "url": piece}
                parts.append(link if is_url else {"type": "text", "text": piece})
    return parts


def _link(node: SyntaxTreeNode) -> JsonObject:
    if node.info == "auto":
        # An autolink in angle brackets may be Slack's `<url|label>`.
        url, _, label = node.children[0].content.partition("|")
        return _named(url, label)
    label = "".join(str(part.get("text", "")) for part in _inline(node.children))
    return _named(str(node.attrs["href"]), label)


def _named(url: str, label: str) -> JsonObject:
    link: JsonObject = {"type": "link", "url": url}
    return link | {"text": label} if label else link


def _styled(part: JsonObject, styles: tuple[str, ...]) -> JsonObject:
    style = {_STYLES.get(name, name): True for name in styles}
    return part | {"style": style} if style else part
