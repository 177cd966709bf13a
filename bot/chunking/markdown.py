"""The state machine that all chunkers share: which blocks of Markdown are open.

It reads whole lines, each once, and keeps the open containers and the one open leaf
in them, as CommonMark's own parsing strategy does.

Source: https://spec.commonmark.org/0.31.2/#appendix-a-parsing-strategy and
https://github.github.com/gfm/#tables-extension-
"""

import re
from typing import Final, Literal

from bot.chunking import syntax
from bot.chunking.definitions import is_definitions_only
from bot.chunking.fence import Fence, opened_fence
from bot.chunking.margin import BLANK, HEADING, ITEM, ROW, TEXT, kind_of
from bot.chunking.seam import Seam

Leaf = Literal["", "paragraph", "fence", "html", "code", "table"]

_FIRST: Final = re.compile(r"[^ ]")
_BLOCK, _ITEM, _ROW, _NESTED, _BLANK, _LINE, _TEXT, _NONE = Seam


class MarkdownState:
    """Which blocks are open behind the lines read so far."""

    def __init__(self) -> None:
        """Begin a document."""
        self.leaf: Leaf = ""
        self.is_heading = False
        """Whether the last line that is not blank ended a heading."""
        self.is_settled = False
        """Whether nothing that follows can belong to the block of the last line."""
        self.math = ""
        """What closes the display math that is open, if one is."""
        self.containers: list[syntax.Container] = []
        """Quotes and list items, the outermost first."""
        self.is_too_deep = False
        """Whether a line was read as text because it stands deeper than is read."""
        self._list = ""
        self.fence: Fence | None = None
        """The last fence that was opened; still open while the leaf is one."""
        self._fence_char = ""
        self._html_end = syntax.BLANK_LINE
        self._header = ""
        self.table = self.table_lead = ""
        """Header and delimiter row of the last table, and what its rows begin with."""
        self._label_lines: list[str] = []
        self._is_first_inside = self._is_behind_blank = False

    @property
    def is_nested(self) -> bool:
        """Say whether a quote or a list item is open."""
        return bool(self.containers)

    def feed(self, line: str) -> Seam:
        """Read a line, its ending included; return how good the seam before it is."""
        leaf = self.leaf
        if self.math or leaf == "html":
            return self._feed_slowly(line)
        if leaf == "fence" and not self.containers:
            is_plain = self._fence_char not in line
            return self._next_row() if is_plain else self._feed_slowly(line)
        kind = kind_of(line)
        if kind == TEXT and leaf != "table":
            if leaf == "paragraph":
                return self._continue_paragraph(line)
            return self._begin_simple_paragraph(line)
        seam = self._read_simple(line, kind) if kind else None
        return self._feed_slowly(line) if seam is None else seam

    def end_paragraph(self) -> None:
        """Let what follows begin a block: it will not be read behind the paragraph."""
        self.leaf = ""
        self.math = ""

    def _read_simple(self, line: str, kind: int) -> Seam | None:
        """Read a line of a simple kind, or return None if more must be looked at."""
        if kind == BLANK:
            return self._read_simple_blank()
        if kind == ITEM:
            return self._read_simple_item(line)
        if kind == HEADING:
            self._begin_simple("")
            self.is_heading = True
            return _BLOCK
        if self.leaf == "table" and not self.containers:
            return self._next_row() if kind == ROW else None
        return None if self.leaf == "paragraph" else self._begin_simple_paragraph(line)

    def _read_simple_blank(self) -> Seam | None:
        containers = self.containers
        if self.leaf == "fence" or self.leaf == "code":
            return None
        if containers and (not containers[-1].has_content or _is_in_quote(containers)):
            return None
        self._is_behind_blank = True
        self.is_settled = False
        self.leaf = ""
        return _NONE if containers or self._list else _BLOCK

    def _read_simple_item(self, line: str) -> Seam:
        marker = line[0]
        seam = self._begin_simple(marker)
        self.containers.append(syntax.Container(marker, len("- "), marker))
        self._open_paragraph(line[len("- ") :])
        return seam

    def _begin_simple(self, kind: str) -> Seam:
        self.is_heading = self.is_settled = self._is_behind_blank = False
        return self._begin(0, kind)

    def _begin_simple_paragraph(self, line: str) -> Seam:
        self.is_heading = self.is_settled = self._is_behind_blank = False
        self.containers.clear()
        self._list = ""
        self._open_paragraph(line)
        return _BLOCK

    def _feed_slowly(self, line: str) -> Seam:
        text = line.rstrip("\r\n").expandtabs(4)
        was_math = bool(self.math)
        self.is_settled = False
        seam = self._read(text)
        if not text.isspace() and text:
            self._is_behind_blank = False
        if was_math or not self.containers:
            self._read_math(text, was_math=was_math)
        return _NONE if was_math and text.strip() else seam

    def _read_math(self, text: str, *, was_math: bool) -> None:
        if was_math:
            body = text.rstrip()
            if not body or body.endswith(self.math):
                self.math = ""
        elif self.leaf == "paragraph":
            self.math = syntax.math_end(text)

    def _read(self, text: str) -> Seam:
        column, depth = syntax.matched(self.containers, text)
        if (first := _FIRST.search(text, column)) is None:
            return self._read_blank(depth)
        if depth == len(self.containers):
            if depth:
                self.containers[-1].has_content = True
            if self.leaf == "fence":
                return self._read_fence(text, column, first.start())
            if self.leaf == "html":
                return self._read_html(text, first.start())
        return self._read_block(text, column, depth)

    def _read_blank(self, depth: int) -> Seam:
        is_outermost = not self.containers
        if depth < len(self.containers):
            self._close_to(depth)
            is_outermost = depth == 0
        elif self.leaf == "fence":
            return self._next_row()
        elif self.leaf == "html" and self._html_end is not syntax.BLANK_LINE:
            return _LINE
        self._is_behind_blank = True
        if self.leaf == "code":
            return _NONE
        self.leaf = ""
        return _BLOCK if is_outermost and not self._list else _NONE

    def _read_fence(self, text: str, column: int, start: int) -> Seam:
        fence = self.fence
        is_shallow = start - column <= syntax.MAX_INDENT
        if fence is None or not is_shallow or not fence.is_closed_by(text[start:]):
            return self._next_row()
        self.leaf = ""
        self.is_settled = not self.containers
        return _NONE

    def _next_row(self) -> Seam:
        seam = _NONE if self._is_first_inside else _ROW
        self._is_first_inside = False
        return seam

    def _read_html(self, text: str, start: int) -> Seam:
        if self._html_end.search(text, start):
            self.leaf = ""
            self.is_settled = not self.containers
        return _LINE

    def _read_block(self, text: str, column: int, depth: int) -> Seam:
        """Read a line that may open blocks; `depth` containers go on."""
        self.is_heading = False
        seam: Seam | None = None
        while True:
            first = _FIRST.search(text, column)
            if first is None:
                self.leaf = ""
                return _LINE if seam is None else seam
            start = first.start()
            if start - column > syntax.MAX_INDENT:
                break
            is_going_on = seam is None and depth == len(self.containers)
            if is_going_on and self._underlines(text, start):
                return _NONE
            is_in_text = is_going_on and self.leaf == "paragraph"
            container = syntax.container(text, start, column, is_in_text=is_in_text)
            outer = depth if seam is None else len(self.containers)
            if container is None or outer == syntax.MAX_DEPTH:
                self.is_too_deep |= container is not None
                break
            seam = self._begin(depth, container.kind) if seam is None else seam
            self.containers.append(container)
            column = container.content(text, start, column)
        return self._read_leaf(text, column, start, depth, seam)

    def _underlines(self, text: str, start: int) -> bool:
        """Make a table or a heading of the paragraph if this line says so."""
        if self.leaf != "paragraph" or text[start] not in "|-:=":
            return False
        header = self._header.rstrip("\r\n")
        if syntax.is_delimiter_row(text, start, header):
            self.leaf = "table"
            self._is_first_inside = True
            lead = self.table_lead = syntax.blanked(text[:start])
            self.table = f"{lead}{header.lstrip()}\n{lead}{text[start:]}\n"
            return True
        if not syntax.UNDERLINE.match(text, start):
            return False
        self.leaf = ""
        if self._label_lines and is_definitions_only("".join(self._label_lines)):
            return False
        self.is_heading = not self.containers
        return True

    def _read_leaf(
        self, text: str, column: int, start: int, depth: int, seam: Seam | None
    ) -> Seam:
        """Read the line from where it opens no container; `seam` if it opened one."""
        is_deep = start - column > syntax.MAX_INDENT
        is_in_text = self.leaf in ("paragraph", "table")
        opens = "" if is_deep else syntax.opened(text, start, is_in_text=is_in_text)
        if not opens and seam is None:
            if self.leaf == "paragraph":
                return self._continue_paragraph("" if is_deep else text[start:])
            if depth == len(self.containers) and self.leaf == "code" and is_deep:
                return _LINE
            if depth == len(self.containers) and self.leaf == "table" and not is_deep:
                return self._next_row()
        seam = self._begin(depth, "") if seam is None else seam
        if opens:
            self._open(opens, text, start)
        elif is_deep:
            self.leaf = "code"
        else:
            self._open_paragraph(text[start:] + "\n")
        return seam

    def _open(self, what: str, text: str, start: int) -> None:
        self.leaf = ""
        if what == "#":
            self.is_heading = not self.containers
        elif what == "-":
            self.is_settled = not self.containers
        elif what == "`":
            self.fence = opened_fence(text[start:], syntax.blanked(text[:start]))
            self._fence_char = text[start]
            self._is_first_inside = True
            self.leaf = "fence"
        else:
            end = syntax.html_end(text, start, is_in_text=False) or syntax.BLANK_LINE
            self._html_end = end
            self.leaf = "html"
            self._read_html(text, start)

    def _begin(self, depth: int, kind: str) -> Seam:
        """Close what is deeper; return the seam before the block that begins."""
        self._close_to(depth)
        if depth:
            other = _BLANK if self._is_behind_blank else _LINE
            return _NESTED if kind not in ("", ">") else other
        is_next_item = kind not in ("", ">") and kind == self._list
        self._list = kind if kind != ">" else ""
        return _ITEM if is_next_item else _BLOCK

    def _close_to(self, depth: int) -> None:
        del self.containers[depth:]
        self.leaf = ""

    def _open_paragraph(self, text: str) -> None:
        self.leaf = "paragraph"
        self._header = text
        self._label_lines = [text] if text.startswith("[") else []

    def _continue_paragraph(self, text: str) -> Seam:
        self._header = text
        if self._label_lines:
            self._label_lines.append(f"{text}\n")
        return _LINE if self.containers else _TEXT


def _is_in_quote(containers: list[syntax.Container]) -> bool:
    return ">" in [container.kind for container in containers]
