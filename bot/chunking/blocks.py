"""Chunks that are messages of their own: whole lines or whole blocks of Markdown."""

from typing import Literal

from typing_extensions import override

from bot.chunking import definitions
from bot.chunking.chunk import Chunk
from bot.chunking.inline import SPECIAL, InlineState
from bot.chunking.intake import LineIntake
from bot.chunking.limit import Length
from bot.chunking.markdown import MarkdownState
from bot.chunking.resumption import is_told
from bot.chunking.seam import Seam
from bot.chunking.split import Held, Split, lines_of, split, suffix_of

Hold = Literal["lines", "whole"]
BLANKS = " \t\r\n"
"""What a line that is blank in Markdown is made of."""


class BlockChunker(LineIntake):
    """Cut a streamed Markdown text into chunks that can each stand alone.

    With `hold="lines"` a line of a paragraph leaves in the push that brings its
    newline, unless something inline is open or it may be the header of a table; a
    top-level list item with its children leaves with the line that ends it. With
    `hold="whole"` paragraphs and lists are whole. Code, tables, quotes, HTML and
    display math always are, a heading leaves with what follows it, and white space
    and link definitions lead what follows.

    What is over the limit is cut at the best place. The cuts depend on the text alone,
    never on how it came in fragments, and the cost is linear in the text.
    """

    def __init__(
        self, limit: int, *, length: Length = len, hold: Hold = "lines"
    ) -> None:
        """Start an empty text; no chunk's text will be longer than `limit`.

        Raises:
            LimitError: if the limit is under `MIN_LIMIT`.
        """
        super().__init__(limit, length)
        self._holds_lines = hold == "lines"
        self._held: list[str] = []
        self._seams: list[Seam] = []
        self._prefix = ""
        self._lead = ""
        self._state = MarkdownState()
        self._inline: InlineState | None = None
        self._visible_count = self._visible_before = 0
        self._block_start = 0
        self._is_bound = self._was_bound = False
        self._is_candidate = False
        self._definitions: dict[str, str] = {}
        self._found: dict[str, str] = {}

    @override
    def _end_text(self, chunks: list[Chunk]) -> None:
        """Let out what is held, what is open in it closed in the suffix."""
        while True:
            if any(self._line):
                self._end_line(chunks)
            body = "".join(self._held)
            # Unclosed math is text like any other; a fence would take in what follows.
            self._state.math = ""
            suffix = suffix_of(self._state, body)
            if self._length(self._prefix + body + suffix) <= self._limit:
                break
            self._cut(chunks)
        if body:
            chunks.append(self._chunk(body, suffix))

    @override
    def _end_line(self, chunks: list[Chunk]) -> None:
        line = "".join(self._line)
        self._line = []
        lead, self._lead = self._lead, ""
        seam = self._state.feed(lead + line)
        if self._visible_count and self._ends_chunk(seam):
            self._emit(self._visible_count, line, chunks)
            if seam is Seam.TEXT or seam is Seam.LINE:
                self._state.end_paragraph()
                seam = self._state.feed(line)
        self._held.append(line)
        self._seams.append(seam)
        if line.strip(BLANKS) or self._state.leaf == "fence":
            self._read_visible(line, seam, chunks)

    def _read_visible(self, line: str, seam: Seam, chunks: list[Chunk]) -> None:
        """Let what is held leave if the line, which is held now, completes it."""
        if seam is Seam.BLOCK:
            self._block_start = len(self._held) - 1
            self._visible_before = self._visible_count
            self._was_bound = self._is_bound
            self._inline = None
        # Other white space than Markdown's is text that shows nothing.
        if self._visible_count or self._state.leaf == "fence" or not line.isspace():
            self._visible_count = len(self._held)
        self._is_bound = self._state.is_heading
        is_free = self._state.is_settled
        if self._holds_lines and self._state.leaf == "paragraph":
            is_free = self._is_line_free(line)
        if is_free and self._visible_count:
            self._emit(self._visible_count, "", chunks)

    def _ends_chunk(self, seam: Seam) -> bool:
        """Say whether what is held leaves before a line with this seam."""
        if seam is Seam.BLOCK:
            self._learn()
            return self._visible_count > 0 and not self._is_bound
        if not self._holds_lines:
            return False
        return seam is Seam.ITEM or (self._is_candidate and seam is Seam.TEXT)

    def _is_line_free(self, line: str) -> bool:
        """Say whether a line that was just held may leave at once."""
        state = self._state
        if state.is_nested or state.math:
            return False
        if self._inline is not None or SPECIAL.search(line):
            self._inline = self._inline or InlineState()
            self._inline.feed(line)
            if self._inline.is_open:
                self._is_candidate = False
                return False
        self._is_candidate = "|" in line
        first = self._held[self._block_start]
        if self._is_candidate or definitions.BEGINNING.match(first):
            return False
        state.end_paragraph()
        return True

    def _learn(self) -> None:
        """Note what the block that has just ended defines; it may show nothing else."""
        if not self._visible_count:
            return
        first = self._held[self._block_start]
        if not definitions.BEGINNING.match(first):
            return
        block = "".join(self._held[self._block_start : self._visible_count])
        found, end = definitions.leading(block)
        self._found = found | self._found
        if end == len(block):
            self._visible_count = self._visible_before
            self._is_bound = self._was_bound

    def _emit(self, count: int, line: str, chunks: list[Chunk]) -> None:
        """Let held lines leave; `line` has been read but is not held yet."""
        chunks.append(self._chunk("".join(self._held[:count])))
        del self._held[:count], self._seams[:count]
        self._begin("", "".join(self._held) + line)

    def _begin(self, prefix: str, pending: str) -> None:
        """Begin the next chunk with what is pending already."""
        self._prefix = prefix
        self._room = self._limit - self._length(prefix) - self._length(pending)
        self._visible_count = self._visible_before = self._block_start = 0
        self._is_bound = self._was_bound = self._is_candidate = False
        self._inline = None

    def _chunk(self, body: str, suffix: str = "") -> Chunk:
        prefix = self._prefix
        if self._definitions and not suffix and self._state.leaf != "fence":
            carried = definitions.used(body, self._definitions)
            chunk = Chunk(body, carried + prefix, suffix)
            if self._length(chunk.text) <= self._limit:
                prefix = carried + prefix
        self._definitions = self._found | self._definitions
        self._found = {}
        return Chunk(body, prefix, suffix)

    @override
    def _cut(self, chunks: list[Chunk]) -> None:
        """Let the full chunk leave, cut if need be, and read the rest again."""
        rest = "".join(self._line)
        text = "".join(self._held) + rest
        seam = Seam.NONE
        is_known = is_told(self._state, self._lead + rest)
        # In an item white space may be the indent of a line that goes on in it.
        is_blank = (
            self._state.leaf in ("", "paragraph")
            and rest.isspace()
            and (is_known or not self._state.is_nested)
        )
        if rest and not is_blank and is_known:
            seam = self._state.feed(self._lead + rest)
        elif self._state.leaf == "table" and rest:
            seam = Seam.LINE
        if self._visible_count and (is_blank or self._ends_chunk(seam)):
            at = sum(map(len, self._held[: self._visible_count]))
            found = Split(at, "", "")
        else:
            held = Held(self._prefix, self._held, self._seams, rest, seam)
            found = split(held, self._limit, self._length)
        chunks.append(self._chunk(text[: found.at], found.suffix))
        self._restart(found.prefix)
        self._consume(text[found.at :], chunks)

    def _restart(self, prefix: str) -> None:
        self._held, self._seams, self._line = [], [], []
        self._state, self._lead = MarkdownState(), ""
        self._begin(prefix, "")
        for line in lines_of(prefix):
            if line.endswith("\n"):
                self._state.feed(line)
            else:
                self._lead = line
