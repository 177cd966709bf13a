"""What Slack refuses in the elements of a block: buttons, and what they ask first.

Sources: https://docs.slack.dev/reference/block-kit/block-elements/button-element, with
`feedback-buttons-element` and `icon-button-element` beside that page, and
https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object,
read 2026-11. Of elements of other types only the `action_id` is checked.
"""

from bot.playground.content.breaches import Breaches, breach, check_string, check_text
from bot.playground.jsonobject import JsonObject, as_object

MAX_ID_CHARS = 255
MAX_URL_CHARS = 3_000
MAX_BUTTON_CHARS = 75
MAX_VALUE_CHARS = 2_000
MAX_CONFIRM_TITLE_CHARS = 100
MAX_CONFIRM_TEXT_CHARS = 300
MAX_CONFIRM_BUTTON_CHARS = 30

_STYLES = ("primary", "danger")


def check_element(item: object, at: str) -> Breaches:
    """Check what stands inside a block."""
    fields = as_object(item)
    if not isinstance(fields.get("type"), str):
        yield breach("must be an element", at)
        return
    if "action_id" in fields:
        yield from check_string(fields["action_id"], f"{at}/action_id", MAX_ID_CHARS)
    if fields["type"] == "feedback_buttons":
        for name in ("positive_button", "negative_button"):
            yield from _feedback(fields.get(name), f"{at}/{name}")
    if fields["type"] in ("button", "icon_button"):
        yield from _button(fields, at)


def _feedback(item: object, at: str) -> Breaches:
    fields = as_object(item)
    text, place = fields.get("text"), f"{at}/text"
    yield from check_text(text, place, MAX_BUTTON_CHARS, ("plain_text",))
    yield from check_string(fields.get("value"), f"{at}/value", MAX_VALUE_CHARS)


def _button(fields: JsonObject, at: str) -> Breaches:
    yield from check_text(
        fields.get("text"), f"{at}/text", MAX_BUTTON_CHARS, ("plain_text",)
    )
    for name, most in (("value", MAX_VALUE_CHARS), ("url", MAX_URL_CHARS)):
        if name in fields:
            yield from check_string(fields[name], f"{at}/{name}", most)
    if "confirm" in fields:
        yield from _confirm(fields["confirm"], f"{at}/confirm")
    yield from _style(fields, at)


def _confirm(item: object, at: str) -> Breaches:
    """Check the question that is asked before a button acts.

    The page says that its text is plain, an example there that it may be mrkdwn.
    """
    fields = as_object(item)
    most = MAX_CONFIRM_TEXT_CHARS
    yield from check_text(fields.get("text"), f"{at}/text", most)
    for name, most in (
        ("title", MAX_CONFIRM_TITLE_CHARS),
        ("confirm", MAX_CONFIRM_BUTTON_CHARS),
        ("deny", MAX_CONFIRM_BUTTON_CHARS),
    ):
        yield from check_text(fields.get(name), f"{at}/{name}", most, ("plain_text",))
    yield from _style(fields, at)


def _style(fields: JsonObject, at: str) -> Breaches:
    if fields.get("style", "primary") not in _STYLES:
        yield breach(f"must be one of {', '.join(_STYLES)}", f"{at}/style")
