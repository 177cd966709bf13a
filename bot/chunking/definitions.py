"""Link reference definitions: what `[label]` means in the rest of the text.

Source: https://spec.commonmark.org/0.31.2/#link-reference-definitions
"""

import re
from typing import Final

_TITLE = r"(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\))"
_DEFINITION: Final = re.compile(
    r" {0,3}\[((?:[^\[\]\\]|\\.){1,999})\]:[ \t]*(?:\r?\n)?[ \t]*"
    r"(?:<[^<>\r\n]*>|(?!<)[^\s\x00-\x1f]+)"
    rf"(?:(?:[ \t]+|[ \t]*\r?\n[ \t]*){_TITLE}(?=[ \t]*(?:\r?\n|$)))?"
    r"[ \t]*(?:\r?\n|$)",
    re.DOTALL,
)
_LABEL: Final = re.compile(r"\[((?:[^\[\]\\]|\\.){1,999})\]", re.DOTALL)
BEGINNING: Final = re.compile(r" {0,3}\[(?:[^\[\]\\]|\\.){1,999}\]:")


def normalised(label: str) -> str:
    """Return a label as labels are compared: case folded, white space collapsed."""
    return " ".join(label.split()).casefold()


def leading(paragraph: str) -> tuple[dict[str, str], int]:
    """Return the definitions that a paragraph begins with, and where they end."""
    found: dict[str, str] = {}
    end = 0
    while match := _DEFINITION.match(paragraph, end):
        label = normalised(match.group(1))
        if not label:
            break
        found.setdefault(label, match.group().strip())
        end = match.end()
    return found, end


def is_definitions_only(paragraph: str) -> bool:
    """Say whether a paragraph shows nothing, because it only defines."""
    return leading(paragraph)[1] == len(paragraph)


def used(text: str, known: dict[str, str]) -> str:
    """Return those of the known definitions whose label stands in a text.

    One a line and a blank line behind them; empty if there are none.
    """
    if not known or "[" not in text:
        return ""
    labels = dict.fromkeys(normalised(m.group(1)) for m in _LABEL.finditer(text))
    lines = [known[label] for label in labels if label in known]
    return "".join(f"{line}\n" for line in lines) + "\n" if lines else ""
