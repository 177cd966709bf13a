"""A message or view as parts: safe HTML, and the buttons that belong to it.

Pure. Each part is `{"kind", "html", "buttons"}`, its kind `text`, `context`, `section`,
`actions` or `quiet`, as Slack shows a block of that type; a Markdown text and what
Slack translated it to are one `text`. Every `html` is escaped, other texts are plain.

Sources: https://docs.slack.dev/reference/block-kit/blocks and
https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object,
read 2026-11.
"""

from collections.abc import Callable, Iterable, Mapping
from html import escape
from types import MappingProxyType
from typing import cast

from bot.playground.jsonobject import JsonObject, as_object
from bot.playground.page.rendering import (
    Names,
    is_safe_url,
    render,
    render_address,
    render_markdown,
    render_mrkdwn,
)
from bot.playground.text.translation import plain_text
from bot.playground.workspace.message import Message

_TRANSLATED = frozenset({"rich_text", "table", "divider"})
"""What Slack makes of Markdown."""

_ICONS: Mapping[str, str] = MappingProxyType({"trash": "🗑"})
"""The trash icon is the only one, says the page of `icon_button`."""


def message_parts(message: Message, names: Names) -> list[JsonObject]:
    """Return what a message shows; its text only if its blocks show nothing."""
    blocks = [block for block in message.blocks if block["type"] not in _TRANSLATED]
    if not blocks:
        return _text(render(message, names))
    if message.markdown:
        blocks.insert(_source_index(message.blocks), _source(message.markdown))
    else:
        blocks = [*message.blocks]
    return view_parts(blocks, names) or _text(render(message, names))


def view_parts(blocks: Iterable[JsonObject], names: Names) -> list[JsonObject]:
    """Return what blocks show; those of a type that is not known here show nothing."""
    parts: list[JsonObject] = []
    for block in blocks:
        rule = _RULES.get(block["type"])
        parts += rule(block, names) if rule else ()
    return parts


def _source(markdown: str) -> JsonObject:
    return {"type": "markdown", "text": markdown}


def _source_index(blocks: Iterable[JsonObject]) -> int:
    """Return how many blocks stand before the first that came from Markdown."""
    types = [block["type"] for block in blocks]
    return next((i for i, kind in enumerate(types) if kind in _TRANSLATED), 0)


def _part(
    kind: str, html: str, elements: Iterable[object], names: Names
) -> list[JsonObject]:
    buttons = [button for each in elements for button in _buttons(each, names)]
    shown = {"kind": kind, "html": html, "buttons": buttons}
    return [shown] if html or buttons else []


def _text(html: str) -> list[JsonObject]:
    return _part("text", html, (), {})


def _objects(value: object) -> list[JsonObject]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [as_object(item) for item in items]


def _text_object(value: object, names: Names) -> str:
    """Render a text object, plain or mrkdwn."""
    fields = as_object(value)
    text = str(fields.get("text") or "")
    if fields.get("type") == "mrkdwn":
        return render_mrkdwn(text, names)
    lines = escape(text).replace("\n", "<br>")
    return f"<p>{lines}</p>" if lines else ""


def _label(value: object) -> str:
    return str(as_object(value).get("text") or "")


def _section(block: JsonObject, names: Names) -> list[JsonObject]:
    html = _text_object(block.get("text"), names)
    fields = [_text_object(field, names) for field in _objects(block.get("fields"))]
    if fields:
        items = "".join(f"<div>{field}</div>" for field in fields)
        html += f'<div class="fields">{items}</div>'
    return _part("section", html, (block.get("accessory"),), names)


def _context(block: JsonObject, names: Names) -> list[JsonObject]:
    elements = _objects(block.get("elements"))
    shown = (
        _image_link(each) if each.get("type") == "image" else _text_object(each, names)
        for each in elements
    )
    html = "".join(f"<div>{each}</div>" for each in shown)
    return _part("context", html, (), names)


def _actions(block: JsonObject, names: Names) -> list[JsonObject]:
    return _part("actions", "", _objects(block.get("elements")), names)


def _context_actions(block: JsonObject, names: Names) -> list[JsonObject]:
    return _part("quiet", "", _objects(block.get("elements")), names)


def _header(block: JsonObject, _: Names) -> list[JsonObject]:
    return _text(f"<h3>{escape(_label(block.get('text')))}</h3>")


def _divider(_: JsonObject, __: Names) -> list[JsonObject]:
    return _text("<hr>")


def _markdown(block: JsonObject, names: Names) -> list[JsonObject]:
    return _text(render_markdown(str(block.get("text") or ""), names))


def _image(block: JsonObject, _: Names) -> list[JsonObject]:
    return _text(f"<p>{_image_link(block)}</p>")


def _image_link(image: JsonObject) -> str:
    """Render a picture as a link: nothing is loaded from elsewhere."""
    url = str(image.get("image_url") or "")
    return render_address(url, str(image.get("alt_text") or url))


def _translated(block: JsonObject, names: Names) -> list[JsonObject]:
    """Render what came without its Markdown by its text, without its styles."""
    return _text(render_mrkdwn(plain_text([block]), names))


_Rule = Callable[[JsonObject, Names], list[JsonObject]]

_RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        "actions": _actions,
        "context": _context,
        "context_actions": _context_actions,
        "divider": _divider,
        "header": _header,
        "image": _image,
        "markdown": _markdown,
        "rich_text": _translated,
        "section": _section,
        "table": _translated,
    }
)


def _buttons(value: object, names: Names) -> Iterable[JsonObject]:
    """Return the buttons of an element; one of another type has none here."""
    element = as_object(value)
    match element.get("type"):
        case "button":
            return [_button(element, element, "button", names)]
        case "icon_button":
            icon = _ICONS.get(str(element.get("icon")), "")
            return [_button(element, element, "icon", names) | {"icon": icon}]
        case "feedback_buttons":
            good, bad = element.get("positive_button"), element.get("negative_button")
            return [
                _button(element, as_object(good), "feedback", names) | {"icon": "👍"},
                _button(element, as_object(bad), "feedback", names) | {"icon": "👎"},
            ]
        case _:
            return ()


def _button(
    element: JsonObject, side: JsonObject, kind: str, names: Names
) -> JsonObject:
    """Return a button, `side` being what is written on it."""
    description = str(side.get("accessibility_label") or "")
    url = str(element.get("url") or "")
    return {
        "kind": kind,
        "action_id": str(element.get("action_id") or ""),
        "value": str(side.get("value") or ""),
        "label": _label(side.get("text")),
        "description": description or _label(side.get("text")),
        "icon": "",
        "url": url if is_safe_url(url) else "",
        "style": str(element.get("style") or ""),
        "only_for": element.get("visible_to_user_ids") or [],
        "confirm": _confirm(element.get("confirm"), names),
    }


def _confirm(value: object, names: Names) -> JsonObject | None:
    if not value:
        return None
    fields = as_object(value)
    return {
        "title": _label(fields.get("title")),
        "html": _text_object(fields.get("text"), names),
        "confirm": _label(fields.get("confirm")),
        "deny": _label(fields.get("deny")),
        "style": str(fields.get("style") or "primary"),
    }
