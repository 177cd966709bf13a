"""Which blocks of Markdown are open, and how they are opened and closed."""

from typing import Literal

from bot.chunking import syntax
from bot.chunking.fence import Fence
from bot.chunking.seam import Seam

Leaf = Literal["", "paragraph", "fence", "html", "code", "table"]

_BLOCK, _ITEM, _ROW, _NESTED, _BLANK, _LINE, _TEXT, _NONE = Seam


class OpenBlocks:
    """The containers that are open, and the leaf in the last of them.

    What reads lines tells it what they open and close.
    """

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

    def end_paragraph(self) -> None:
        """Let what follows begin a block: it will not be read behind the paragraph."""
        self.leaf = ""
        self.math = ""

    def _enter(self, fence: Fence) -> None:
        self.fence = fence
        self._fence_char = fence.marker[0]
        self._is_first_inside = True
        self.leaf = "fence"

    def _begin_simple(self) -> None:
        self.is_heading = self.is_settled = self._is_behind_blank = False
        self.containers.clear()
        self.leaf = self._list = ""

    def _begin_simple_paragraph(self, line: str) -> Seam:
        self._begin_simple()
        self._open_paragraph(line)
        return _BLOCK

    def _next_row(self) -> Seam:
        seam = _NONE if self._is_first_inside else _ROW
        self._is_first_inside = False
        return seam

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
