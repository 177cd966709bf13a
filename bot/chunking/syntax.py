"""What one line of Markdown begins or ends, as CommonMark and GFM read it.

Every function takes a line without its line ending, tabs as spaces, and the place
behind the containers and the indent, where the block begins.

Source: https://spec.commonmark.org/0.31.2/ and https://github.github.com/gfm/
"""

import re
from dataclasses import dataclass
from typing import Literal

from bot.chunking.fence import opened_fence

_BLOCK_NAMES = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|"
    "dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|"
    "frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|"
    "noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|"
    "th|thead|title|tr|track|ul"
)
_ATTRIBUTE = (
    r"\s+[a-zA-Z_:][a-zA-Z0-9:._-]*"
    r"(?:\s*=\s*(?:[^\"'=<>`\x00-\x20]+|'[^']*'|\"[^\"]*\"))?"
)
_TAG = rf"<[A-Za-z][A-Za-z0-9-]*(?:{_ATTRIBUTE})*\s*/?>|</[A-Za-z][A-Za-z0-9-]*\s*>"
_HTML_ENDS = (
    (
        re.compile(r"<(?:script|pre|style|textarea)(?=\s|>|$)", re.IGNORECASE),
        re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE),
    ),
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![A-Za-z]"), re.compile(r">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
)
_HTML_BLOCK = re.compile(rf"</?(?:{_BLOCK_NAMES})(?=\s|/?>|$)", re.IGNORECASE)
_HTML_TAG = re.compile(rf"(?:{_TAG})\s*$")
BLANK_LINE = re.compile(r"(?!)")
"""The end of an HTML block that only a blank line ends: no text matches."""

HEADING = re.compile(r"#{1,6}(?: |$)")
RULE = re.compile(r"(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})$")
UNDERLINE = re.compile(r"(?:=+|-+) *$")
_FIRST = re.compile(r"[^ ]")
_MATH = re.compile(r" {0,3}(?:(\$\$)(?!.*\$\$)|\\\[(?= |$)(?!.*\\\]))")
_ITEM = re.compile(r"([-+*]|([0-9]{1,9})[.)])( +|$)")
_DELIMITER_ROW = re.compile(r"\|? *:?-+:? *(?:\| *:?-+:? *)*\|? *$")
_NO_QUOTE = re.compile(r"[^ >]")
_CELL_END = re.compile(r"(?<!\\)\|")
MAX_INDENT = 3
"""Deeper stands code."""
MAX_DEPTH = 64
"""What would be a quote or list item deeper than this is text: our choice, so that a
line of markers alone takes no long time. CommonMark names no limit; cmark-gfm stops at
lists of depth 100 (https://github.com/github/cmark-gfm, src/blocks.c, read 2026-11)."""


@dataclass(slots=True)
class Container:
    """An open block quote or list item."""

    kind: str
    """`>`, or what the items of one list share: `-`, `+`, `*`, `.` or `)`."""
    offset: int
    """How much deeper than its parent's the content of an item stands."""
    opener: str
    """The beginning of the line that opened it, marker included."""
    has_content: bool = True

    def content(self, text: str, start: int, column: int) -> int:
        """Return the column where its content begins on the line that opens it.

        It begins at `start`, and what it stands in at `column`.
        """
        if self.kind == ">":
            return start + 1 + text.startswith(" ", start + 1)
        return column + self.offset

    def continued(self, text: str, column: int) -> int:
        """Return the column of its content if a later line goes on in it, else -1."""
        first = _FIRST.search(text, column)
        start = len(text) if first is None else first.start()
        if self.kind == ">":
            is_quoted = start - column <= MAX_INDENT and text.startswith(">", start)
            return self.content(text, start, column) if is_quoted else -1
        if first is None:
            return column if self.has_content else -1
        return column + self.offset if start - column >= self.offset else -1


def matched(containers: list[Container], text: str) -> tuple[int, int]:
    """Return the column behind the containers that go on, and their number."""
    column = depth = 0
    for container in containers:
        behind = container.continued(text, column)
        if behind < 0:
            break
        column = behind
        depth += 1
    return column, depth


def container(
    text: str, start: int, column: int, *, is_in_text: bool
) -> Container | None:
    """Return the quote or list item that begins at `start`, if one does."""
    char = text[start]
    if char == ">":
        return Container(">", 0, blanked(text[:start]) + ">")
    if char not in "-+*0123456789" or RULE.match(text, start):
        return None
    if is_in_text and not interrupts_a_paragraph(text, start):
        return None
    return item(text, start, start - column)


def item(text: str, at: int, indent: int) -> Container | None:
    """Return the list item that begins here; its text, if any, is behind the marker."""
    match = _ITEM.match(text, at)
    if match is None:
        return None
    marker, _, space = match.groups()
    is_empty = match.end() == len(text)
    is_code_behind = len(space) > MAX_INDENT + 1
    width = len(marker) + (1 if is_empty or is_code_behind else len(space))
    opener = blanked(text[:at]) + marker
    return Container(marker[-1], indent + width, opener, has_content=not is_empty)


def interrupts_a_paragraph(text: str, at: int) -> bool:
    """Say whether the list item that begins here may follow a line of a paragraph."""
    match = _ITEM.match(text, at)
    if match is None or match.end() == len(text):
        return False
    number = match.group(2)
    return number is None or int(number) == 1


def html_end(text: str, at: int, *, is_in_text: bool) -> re.Pattern[str] | None:
    """Return what ends the HTML block that begins here, None if there is none.

    Inside a paragraph or table a lone tag begins no block.
    """
    for start, end in _HTML_ENDS:
        if start.match(text, at):
            return end
    if _HTML_BLOCK.match(text, at):
        return BLANK_LINE
    return BLANK_LINE if not is_in_text and _HTML_TAG.match(text, at) else None


def opened(text: str, at: int, *, is_in_text: bool) -> Literal["", "#", "-", "`", "<"]:
    """Return which leaf begins here, other than a paragraph: by its typical mark."""
    char = text[at]
    if char == "#" and HEADING.match(text, at):
        return "#"
    if char in "-*_" and RULE.match(text, at):
        return "-"
    if char in "`~" and opened_fence(text[at:]):
        return "`"
    if char == "<" and html_end(text, at, is_in_text=is_in_text):
        return "<"
    return ""


def math_end(text: str) -> str:
    """Return what closes the display math that a line of text opens, if it does."""
    match = _MATH.match(text)
    if match is None:
        return ""
    return "$$" if match.group(1) else "\\]"


def is_delimiter_row(text: str, at: int, header: str) -> bool:
    """Say whether this line makes the one before it the header of a table."""
    if "|" not in header or not _DELIMITER_ROW.match(text, at):
        return False
    if text.startswith("- ", at) or text[at:] == "-":
        return False
    columns = [cell for cell in text[at:].split("|") if cell.strip()]
    return len(columns) == _cell_count(header)


def _cell_count(row: str) -> int:
    cells = _CELL_END.split(row.strip())
    return len(cells) - (cells[0] == "") - (len(cells) > 1 and cells[-1] == "")


def blanked(text: str) -> str:
    """Return the beginning of a line as the next line of its blocks would have it."""
    return _NO_QUOTE.sub(" ", text)
