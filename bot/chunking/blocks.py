"""Chunks that are messages of their own: whole lines, and code blocks whole."""

import re

from bot.chunking.chunk import Chunk
from bot.chunking.fence import Fence, opened_fence

MIN_LIMIT_CHARS = 64
"""Room for a short reopened fence around something to read."""
MIN_SHARE = 4
"""A line over this share of the limit opens no fence: it could not be repeated."""

# What follows a cut must not pass for the line of a fence, nor for a blank one.
_BEHIND_A_SPACE = re.compile(r".+ (?=[^\s`~])")
_BEFORE_A_CHARACTER = re.compile(r"\s*\S.*(?=[^\s`~])")


class BlockChunker:
    """Cut a streamed Markdown text into chunks that can each stand alone.

    A line leaves in the push that brings its newline; a fenced code block when it is
    closed; a table (lines that begin with a bar) with the line behind it; white space
    leads the chunk behind it. Where a chunk would be over the limit it is cut: a code
    block between two lines, its fence closed and opened again; a table between two
    rows; a line at a space. The cuts depend on the text alone, never on how it came
    in fragments, and every character is looked at once.
    """

    def __init__(self, limit_chars: int) -> None:
        """Start an empty text; no chunk's text will be longer than `limit_chars`.

        Raises:
            ValueError: if the limit is under `MIN_LIMIT_CHARS`.
        """
        if limit_chars < MIN_LIMIT_CHARS:
            raise ValueError(f"a chunk needs at least {MIN_LIMIT_CHARS} characters")
        self._limit_chars = limit_chars
        self._held: list[str] = []
        self._line: list[str] = []
        self._has_rows = False
        self._fence: Fence | None = None
        self._prefix = ""
        self._free_chars = limit_chars
        self._finished = False

    def push(self, fragment: str) -> tuple[Chunk, ...]:
        """Take the next characters; return the chunks that they complete, in order.

        Raises:
            RuntimeError: after `finish`.
        """
        if self._finished:
            raise RuntimeError("push after finish")
        if "\n" not in fragment and len(fragment) <= self._free_chars:
            self._line.append(fragment)
            self._free_chars -= len(fragment)
            return ()
        return self._consume(fragment)

    def finish(self) -> tuple[Chunk, ...]:
        """End the text; return what was held, an open fence closed in the suffix.

        Raises:
            RuntimeError: after `finish`.
        """
        if self._finished:
            raise RuntimeError("finish after finish")
        self._finished = True
        chunks = self._end_line() if any(self._line) else []
        if self._held:
            body = "".join(self._held)
            chunks.append(Chunk(body, self._prefix, self._closing(body)))
        return tuple(chunks)

    def _consume(self, fragment: str) -> tuple[Chunk, ...]:
        chunks: list[Chunk] = []
        start = 0
        while start < len(fragment):
            if self._free_chars == 0:
                chunks.append(self._cut())
            stop = min(len(fragment), start + self._free_chars)
            newline = fragment.find("\n", start, stop)
            end = newline + 1 if newline >= 0 else stop
            self._line.append(fragment[start:end])
            self._free_chars -= end - start
            start = end
            if newline >= 0:
                chunks += self._end_line()
        return tuple(chunks)

    def _end_line(self) -> list[Chunk]:
        line = "".join(self._line)
        self._line = []
        if self._fence is not None:
            self._held.append(line)
            return [self._close()] if self._fence.is_closed_by(line) else []
        if line.lstrip(" \t").startswith("|"):
            self._held.append(line)
            self._has_rows = True
            return []
        table = [self._release_before(line)] if self._has_rows else []
        fence = opened_fence(line)
        if fence is not None and len(line) <= self._limit_chars // MIN_SHARE:
            return table + self._open(fence, line)
        self._held.append(line)
        return table if line.isspace() else [*table, self._release()]

    def _open(self, fence: Fence, line: str) -> list[Chunk]:
        """Hold the opener; blank lines before it go ahead if they leave no room."""
        reserve_chars = len(fence.closer) + 1
        chunks: list[Chunk] = []
        if self._free_chars <= reserve_chars:
            chunks.append(self._release_before(line))
        self._held = ["".join([*self._held, line])]
        self._fence = fence
        self._free_chars -= reserve_chars
        return chunks

    def _close(self) -> Chunk:
        self._fence = None
        return self._release()

    def _release(self) -> Chunk:
        """Return what is held; nothing is pending behind it."""
        chunk = Chunk("".join(self._held), self._prefix)
        self._restart("")
        return chunk

    def _release_before(self, line: str) -> Chunk:
        """Return what was held before a line that has just ended."""
        chunk = self._release()
        self._free_chars -= len(line)
        return chunk

    def _cut(self) -> Chunk:
        """Return as much of the full chunk as leaves a good seam."""
        has_code = self._fence is not None and (
            len(self._held) > (0 if self._prefix else 1)
        )
        if has_code or self._has_rows:
            body, rest = "".join(self._held), "".join(self._line)
        else:
            lead, line = "".join(self._held), "".join(self._line)
            at = _seam(line)
            body, rest = lead + line[:at], line[at:]
        chunk = Chunk(body, self._prefix, self._closing(body))
        self._restart(rest)
        return chunk

    def _restart(self, rest: str) -> None:
        """Begin the next chunk with the part of a line that is already here."""
        self._held = []
        self._has_rows = False
        self._line = [rest] if rest else []
        self._prefix = self._fence.opener if self._fence is not None else ""
        self._free_chars = self._limit_chars - len(self._prefix) - len(rest)
        if self._fence is not None:
            self._free_chars -= len(self._fence.closer) + 1

    def _closing(self, body: str) -> str:
        if self._fence is None:
            return ""
        return ("" if body.endswith("\n") else "\n") + self._fence.closer


def _seam(line: str) -> int:
    """Return where to cut a line that is too long: behind its last space, if late."""
    late = _BEHIND_A_SPACE.match(line, len(line) // 2)
    match = late or _BEFORE_A_CHARACTER.match(line)
    return match.end() if match else len(line)
