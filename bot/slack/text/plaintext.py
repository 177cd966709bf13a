"""Markdown as plain text: what notifications and screen readers get.

Source: https://docs.slack.dev/reference/methods/chat.postMessage, read 2026-11: beside
blocks, `text` is the fallback; it takes no Markdown, and 4,000 characters.
"""

import html
from bisect import bisect
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from bot.slack.text.calling import WORD_JOINER
from bot.slack.text.emphasis import SPACE

MAX_FALLBACK_CHARS: Final = 3_000
"""The plain text beside the blocks is a notification, not the answer."""
MAX_ESCAPED_CHARS: Final = 4_000
"""What Slack advises for `text`; escaping makes a text longer."""
MAX_SOURCE_CHARS: Final = 6_000
"""More Markdown is not read."""

_PARSER: Final = MarkdownIt("commonmark", {"html": False}).enable(
    ["table", "strikethrough"]
)
_INVISIBLE: Final = str.maketrans("", "", WORD_JOINER + SPACE)
_LENGTHS: Final = {"&": len("&amp;"), "<": len("&lt;"), ">": len("&gt;")}
_LEAD: Final = "• "


def fallback(markdown: str) -> str:
    """Return a readable plain text for a shown one, escaped: it holds no entity.

    A link is its label, an image its description, a list keeps its bullets and numbers,
    a row of a table has ` | ` between its cells. At most `MAX_FALLBACK_CHARS`, escaped
    at most `MAX_ESCAPED_CHARS`; empty only for what is blank.
    """
    source = markdown[:MAX_SOURCE_CHARS]
    root = SyntaxTreeNode(_PARSER.parse(source))
    text = _visible("\n".join(_blocks(root.children)))
    text = text or _visible(source) or source.strip()
    limit_chars = min(MAX_FALLBACK_CHARS, _fitting(text))
    if len(text) > limit_chars or len(markdown) > MAX_SOURCE_CHARS:
        text = text[: limit_chars - 1] + "…"
    return html.escape(text, quote=False)


def _visible(text: str) -> str:
    return text.translate(_INVISIBLE).strip()


def _fitting(text: str) -> int:
    """Return how many characters of a text are short enough when escaped."""
    lengths = accumulate(_LENGTHS.get(char, 1) for char in text[:MAX_FALLBACK_CHARS])
    return bisect(list(lengths), MAX_ESCAPED_CHARS)


def _blocks(nodes: Iterable[SyntaxTreeNode]) -> list[str]:
    """Return the lines of blocks."""
    return [line for node in nodes for line in _block(node)]


def _block(node: SyntaxTreeNode) -> list[str]:
    match node.type:
        case "fence" | "code_block":
            return node.content.removesuffix("\n").split("\n")
        case "bullet_list":
            return [line for item in node.children for line in _item(item, _LEAD)]
        case "ordered_list":
            first = int(node.attrs.get("start", 1))
            return [
                line
                for number, item in enumerate(node.children, first)
                for line in _item(item, f"{number}. ")
            ]
        case "tr":
            return [" | ".join(_inline(cell.children) for cell in node.children)]
        case "blockquote" | "table" | "thead" | "tbody":
            return _blocks(node.children)
        case "hr":
            return []
        case _:
            return _inline(node.children).split("\n")


def _item(node: SyntaxTreeNode, lead: str) -> list[str]:
    lines = _blocks(node.children) or [""]
    indent = " " * len(lead)
    return [lead + lines[0], *(indent + line for line in lines[1:])]


def _inline(nodes: Iterable[SyntaxTreeNode]) -> str:
    return "".join(map(_inline_text, nodes))


def _inline_text(node: SyntaxTreeNode) -> str:
    match node.type:
        case "softbreak" | "hardbreak":
            return "\n"
        case "image":
            return node.content or str(node.attrs["src"])
        case "text" | "code_inline" | "text_special":
            return node.content
        case _:
            return _inline(node.children)
