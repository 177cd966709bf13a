"""The state machine that all chunkers share: which blocks of Markdown are open.

It reads whole lines, each once, and keeps the open containers and the one open leaf
in them, as CommonMark's own parsing strategy does.

Source: https://spec.commonmark.org/0.31.2/#appendix-a-parsing-strategy and
https://github.github.com/gfm/#tables-extension-
"""

import re
from typing import Final

from bot.chunking import syntax
from bot.chunking.definitions import is_definitions_only
from bot.chunking.fence import opened_fence
from bot.chunking.margin import BLANK, FENCE, HEADING, ITEM, ROW, TEXT, kind_of
from bot.chunking.open_blocks import OpenBlocks
from bot.chunking.seam import Seam

_FIRST: Final = re.compile(r"[^ ]")
_BLOCK, _ITEM, _ROW, _NESTED, _BLANK, _LINE, _TEXT, _NONE = Seam

_SIMPLE_ITEMS: Final = {
    marker: syntax.Container(marker, len("- "), marker) for marker in "-+*"
}
"""Shared: an item that has content stays as it is."""


class MarkdownState(OpenBlocks):
    """Which blocks are open behind the lines read so far."""

    def feed(self, line: str) -> Seam:
        """Read a line, its ending included; return how good the seam before it is."""
        leaf = self.leaf
        if self.math or leaf == "html":
            return self._feed_slowly(line)
        if (leaf == "fence" or leaf == "table") and not self.containers:
            if self._fence_char not in line if leaf == "fence" else line[0] == "|":
                return self._next_row()
            if leaf == "fence":
                return self._close_simple_fence(line)
        kind = kind_of(line)
        if kind == TEXT and leaf != "table":
            if leaf == "paragraph":
                return self._continue_paragraph(line)
            return self._begin_simple_paragraph(line)
        seam = self._read_simple(line, kind) if kind else None
        return self._feed_slowly(line) if seam is None else seam

    def feed_blank(self) -> Seam:
        """Read a blank line; return how good the seam before it is."""
        leaf = self.leaf
        if self.containers or self.math or not (leaf == "paragraph" or leaf == ""):
            return self.feed("\n")
        self._is_behind_blank = True
        self.is_settled = False
        self.leaf = ""
        return _NONE if self._list else _BLOCK

    def feed_row(self, line: str) -> bool:
        """Read a line if at first sight it is the next one of a table or of code."""
        leaf = self.leaf
        if self.math or self.containers:
            return False
        if leaf == "fence":
            is_row = self._fence_char not in line
        else:
            is_row = leaf == "table" and line[0] == "|"
        if is_row:
            self._is_first_inside = False
        return is_row

    def _read_simple(self, line: str, kind: int) -> Seam | None:
        """Read a line of a simple kind, or return None if more must be looked at."""
        if kind == BLANK:
            return self._read_simple_blank()
        if kind == ITEM:
            return self._read_simple_item(line)
        if kind == ROW:
            return self._read_simple_row(line)
        if kind == FENCE:
            return self._open_simple_fence(line)
        if kind == HEADING:
            self._begin_simple()
            self.is_heading = True
            return _BLOCK
        return None

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
        seam = _ITEM if marker == self._list else _BLOCK
        self._begin_simple()
        self._list = marker
        self.containers.append(_SIMPLE_ITEMS[marker])
        self._open_paragraph(line[len("- ") :])
        return seam

    def _read_simple_row(self, line: str) -> Seam | None:
        if self.leaf != "paragraph":
            return None if self.leaf == "table" else self._begin_simple_paragraph(line)
        if self.containers or not self._underlines(line.rstrip().expandtabs(4), 0):
            return None
        self.is_heading = self.is_settled = self._is_behind_blank = False
        return _NONE

    def _open_simple_fence(self, line: str) -> Seam | None:
        fence = None if "\t" in line else opened_fence(line)
        if fence is None:
            return None
        self._begin_simple()
        self._enter(fence)
        return _BLOCK

    def _close_simple_fence(self, line: str) -> Seam:
        fence = self.fence
        if fence is None or line[0] == " " or not fence.is_closed_by(line):
            return self._feed_slowly(line)
        self._is_behind_blank = False
        self.leaf = ""
        self.is_settled = True
        return _NONE

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
            fence = opened_fence(text[start:], syntax.blanked(text[:start]))
            if fence is not None:
                self._enter(fence)
        else:
            end = syntax.html_end(text, start, is_in_text=False) or syntax.BLANK_LINE
            self._html_end = end
            self.leaf = "html"
            self._read_html(text, start)


def _is_in_quote(containers: list[syntax.Container]) -> bool:
    return ">" in [container.kind for container in containers]
