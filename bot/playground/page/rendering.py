"""A message as safe HTML: people's mrkdwn, and the bot's Markdown.

Pure. Everything is escaped, nothing is ever loaded from elsewhere: pictures become
links, and links lead to the web or to mail only. Classes stand in for `style`
attributes, which the page's Content-Security-Policy forbids.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from html import escape
from itertools import groupby
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from bot.playground.workspace.message import Message

Names = Mapping[str, str]
"""Shown name by id, of people and channels."""

LINK_ATTRIBUTES = 'target="_blank" rel="noopener noreferrer"'

_SAFE_URL = re.compile(r"(?:https?://|mailto:)\S", re.IGNORECASE)

_ENTITY = re.compile(r"<(?P<entity>[^<>|\n][^<>\n]*)>")
_MENTION = re.compile(r"<([@#!][^<>\n]+)>")
_CODE_BLOCK = re.compile(r"```\n?(.*?)\n?```\n?", re.DOTALL)
_QUOTE = re.compile(r"(?:&gt;|>) ?")


def _between(mark: str, name: str) -> str:
    """Return the pattern of a text between two marks that hug it."""
    mark = re.escape(mark)
    return rf"(?<!\w){mark}(?P<{name}>(?!\s)[^{mark}\n]+(?<!\s)){mark}(?!\w)"


_INLINE = re.compile(
    "|".join(
        (
            r"`(?P<code>[^`\n]+)`",
            _ENTITY.pattern,
            _between("*", "strong"),
            _between("_", "em"),
            _between("~", "del"),
        )
    )
)


def render(message: Message, names: Names) -> str:
    """Return a message's body as HTML for the page."""
    if message.markdown:
        return render_markdown(message.markdown, names)
    return render_mrkdwn(message.text, names)


def render_markdown(markdown: str, names: Names) -> str:
    """Return Markdown as HTML, as Slack shows a `markdown` block."""
    return str(_markdown().render(markdown, {"names": names}))


def render_mrkdwn(text: str, names: Names) -> str:
    """Return Slack's entity-encoded mrkdwn as HTML."""
    parts = _CODE_BLOCK.split(text)
    html = list[str]()
    for index, part in enumerate(parts):
        if index % 2:
            html.append(f"<pre><code>{_without_markup(part)}</code></pre>")
        elif part.strip():
            html.append(_paragraphs(part.rstrip("\n"), names))
    return "".join(html)


def render_address(url: str, label: str) -> str:
    """Return a link with a plain label, or the label alone if it leads astray."""
    shown = escape(label)
    return _link(url, shown) if is_safe_url(url) else shown


def is_safe_url(url: str) -> bool:
    """Say whether an address leads to the web or to mail."""
    return bool(_SAFE_URL.match(url))


def _paragraphs(text: str, names: Names) -> str:
    """Render lines, those behind a `>` as a quote."""
    html = list[str]()
    for is_quote, lines in groupby(
        text.split("\n"), lambda line: bool(_QUOTE.match(line))
    ):
        tag = "blockquote" if is_quote else "p"
        shown = [_QUOTE.sub("", line, count=1) if is_quote else line for line in lines]
        body = "<br>".join(_inline(line, names) for line in shown)
        html.append(f"<{tag}>{body}</{tag}>")
    return "".join(html)


def _inline(text: str, names: Names) -> str:
    html, end = list[str](), 0
    for found in _INLINE.finditer(text):
        html += (_plain(text[end : found.start()]), _marked(found, names))
        end = found.end()
    return "".join((*html, _plain(text[end:])))


def _marked(found: re.Match[str], names: Names) -> str:
    kind = found.lastgroup or ""
    body = found[kind]
    if kind == "code":
        return f"<code>{_without_markup(body)}</code>"
    if kind == "entity":
        return _entity(body, names)
    return f"<{kind}>{_inline(body, names)}</{kind}>"


def _entity(entity: str, names: Names) -> str:
    """Render what stands between `<` and `>`: a mention or a link."""
    target, _, label = entity.partition("|")
    if target[0] in "@#":
        name = names.get(target[1:]) or _decode(label) or target[1:]
        return f'<span class="mention">{escape(target[0] + name)}</span>'
    if target[0] == "!":
        name = _decode(label).lstrip("@") or target[1:].partition("^")[0]
        return f'<span class="mention broadcast">@{escape(name)}</span>'
    return render_address(
        _decode(target), _decode(label or target.removeprefix("mailto:"))
    )


def _link(url: str, html: str) -> str:
    return f'<a href="{escape(url)}" {LINK_ATTRIBUTES}>{html}</a>'


def _without_markup(text: str) -> str:
    return _plain(_ENTITY.sub(lambda found: found["entity"].rpartition("|")[2], text))


def _plain(text: str) -> str:
    return escape(_decode(text))


def _decode(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _text(
    _: RendererHTML,
    tokens: Sequence[Token],
    idx: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    names: Names = env["names"]
    parts = _MENTION.split(tokens[idx].content)
    return "".join(
        _entity(part, names) if index % 2 else escape(part)
        for index, part in enumerate(parts)
    )


def _link_open(_: RendererHTML, tokens: Sequence[Token], idx: int, *_more: Any) -> str:
    return f'<a href="{escape(str(tokens[idx].attrs["href"]))}" {LINK_ATTRIBUTES}>'


def _image(_: RendererHTML, tokens: Sequence[Token], idx: int, *_more: Any) -> str:
    url = str(tokens[idx].attrs["src"])
    shown = escape(tokens[idx].content or url)
    is_in_link = sum(token.nesting for token in tokens[:idx] if token.tag == "a") > 0
    return shown if is_in_link else _link(url, shown)


def _table_open(*_: Any) -> str:
    return '<div class="table" tabindex="0"><table>\n'


def _table_close(*_: Any) -> str:
    return "</table></div>\n"


def _cell_open(_: RendererHTML, tokens: Sequence[Token], idx: int, *_more: Any) -> str:
    align = str(tokens[idx].attrs.get("style", "")).removeprefix("text-align:")
    return f'<{tokens[idx].tag} class="{escape(align or "left")}">'


_RULES: dict[str, Callable[..., str]] = {
    "text": _text,
    "link_open": _link_open,
    "image": _image,
    "table_open": _table_open,
    "table_close": _table_close,
    "th_open": _cell_open,
    "td_open": _cell_open,
}


@cache
def _markdown() -> MarkdownIt:
    options = {"html": False, "linkify": False, "breaks": True}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    for name, rule in _RULES.items():
        parser.add_render_rule(name, rule)
    # markdown-it offers this hook as a method to replace; a refused link stays text.
    parser.validateLink = is_safe_url  # type: ignore[method-assign]
    return parser
