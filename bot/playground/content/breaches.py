"""How Slack words what is wrong in blocks, and the rules that many fields share."""

from collections.abc import Callable, Iterator
from typing import Any, cast

from bot.playground.jsonobject import as_object

Breaches = Iterator[str]
"""What is wrong, each with a JSON pointer to it, as Slack words it."""

TEXTS = ("mrkdwn", "plain_text")
"""The types of text objects."""


def breach(reason: str, at: str) -> str:
    """Word what is wrong at a place."""
    return f"{reason} [json-pointer:{at}]"


def check_string(value: object, at: str, most: int, least: int = 0) -> Breaches:
    """Check that there is a string of `least` to `most` characters."""
    if not isinstance(value, str):
        yield breach("must be a string", at)
    elif len(value) < least:
        yield breach(f"must be more than {least - 1} characters", at)
    elif len(value) > most:
        yield breach(f"must be less than {most + 1} characters", at)


def check_text(
    value: object, at: str, most: int, kinds: tuple[str, ...] = TEXTS
) -> Breaches:
    """Check that there is a text object with 1 to `most` characters."""
    fields = as_object(value)
    if fields.get("type") not in kinds:
        yield breach("must be a text object", at)
    else:
        yield from check_string(fields.get("text"), f"{at}/text", most, least=1)


def check_each(
    value: object, at: str, most: int | None, rule: Callable[[Any, str], Breaches]
) -> Breaches:
    """Apply a rule to each item of a list that holds 1 to `most`."""
    items = cast("list[object]", value) if isinstance(value, list) else []
    if not items:
        yield breach("must be a list that is not empty", at)
    elif most is not None and len(items) > most:
        yield breach(f"no more than {most} items allowed", at)
    else:
        for index, item in enumerate(items):
            yield from rule(item, f"{at}/{index}")
