"""What closes a chunk and opens the next where a cut parts what must not stay open."""

import re
from typing import Final

from bot.chunking import syntax
from bot.chunking.markdown import MarkdownState

_HARDLY_BEGUN: Final = re.compile(
    r"[ >]{0,9}(?:\|[|:\- ]*|[:-][|:-][|:\- ]*|[:=-]=*) *"
)
_TOLD_CHARS: Final = 3
"""So many characters tell whether a line ends a table, but for long numbers."""


def closing(state: MarkdownState) -> str:
    """Return the line, without its ending, that closes what must not stay open.

    What stands in a quote or an item ends with it.
    """
    if state.leaf == "fence" and state.fence is not None and not state.containers:
        return state.fence.closer
    return state.math


def reopening(state: MarkdownState, rest: str, *, is_within_line: bool) -> str:
    """Return what opens again, before the rest of the text, what it stands in.

    Within a line the rest continues the last line read, else it begins a line.
    """
    line = rest.partition("\n")[0]
    if state.math or not (line.strip() or state.leaf):
        # An item that is opened again must not be empty: that would end it.
        return reopening_leaf(state, is_within_line=is_within_line)
    depth = len(state.containers)
    if not is_within_line:
        depth = syntax.matched(state.containers, line.expandtabs(4))[1]
    items = [c for c in state.containers[:depth] if c.kind != ">"]
    lines = "".join(f"{item.opener}\n" for item in items)
    opener, lead = _leaf_opener(state)
    if not is_within_line and state.leaf == "table" and not is_told(state, line):
        return lines
    if not is_within_line:
        return lines + (opener if depth == len(state.containers) else "")
    if not opener and items and items[-1] is state.containers[-1]:
        return lines[:-1] + " "
    return lines + opener + lead


def reopening_leaf(state: MarkdownState, *, is_within_line: bool) -> str:
    """Return the same without list items and info string, where there is less room."""
    opener, lead = _leaf_opener(state)
    if state.leaf == "fence" and state.fence is not None:
        opener = f"{state.fence.closer}\n"
    return opener + lead if is_within_line else opener


def is_told(state: MarkdownState, beginning: str) -> bool:
    """Say whether the beginning of a line tells what the line is.

    It does not where it may become a delimiter row, an underline, the closer of a
    fence or what ends a table.
    """
    is_quoted = any(container.kind == ">" for container in state.containers)
    if not beginning.strip():
        return is_quoted
    if state.leaf == "fence" and state.fence is not None:
        text = beginning.strip(" \t>" if is_quoted else " \t")
        return len(text) >= len(state.fence.marker) or bool(text.strip("`~"))
    if state.leaf == "paragraph":
        begins_quote = not is_quoted and beginning.lstrip().startswith(">")
        return begins_quote or _HARDLY_BEGUN.fullmatch(beginning) is None
    return (
        state.leaf != "table"
        or "|" in beginning
        or len(beginning.strip()) > _TOLD_CHARS
    )


def _leaf_opener(state: MarkdownState) -> tuple[str, str]:
    """Return the lines that open the leaf again, and what each line begins with."""
    if state.leaf == "fence" and state.fence is not None:
        return state.fence.opener, state.fence.lead
    if state.leaf == "table":
        return state.table, state.table_lead
    if state.math:
        return ("$$\n" if state.math == "$$" else "\\[\n"), ""
    if state.leaf == "code":
        return "", " " * (syntax.MAX_INDENT + 1)
    return "", "> " * sum(c.kind == ">" for c in state.containers)
