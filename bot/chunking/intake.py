"""How fragments become lines: what the chunkers that cut between lines share."""

from abc import ABC, abstractmethod

from bot.chunking.chunk import Chunk
from bot.chunking.errors import FinishedError
from bot.chunking.limit import Length, checked, fitting_chars


class LineIntake(ABC):
    """Collect fragments; hand over each line, and what outgrows the room."""

    def __init__(self, limit: int, length: Length) -> None:
        """Start an empty text with room for `limit`.

        Raises:
            LimitError: if the limit is under `MIN_LIMIT`.
        """
        self._limit = checked(limit)
        self._length = length
        self._room = limit
        """What still fits; negative behind the end, so that no fragment does."""
        self._line: list[str] = []
        self._finished = False

    def push(self, fragment: str) -> tuple[Chunk, ...]:
        """Take the next characters; return the chunks that they complete, in order.

        Raises:
            FinishedError: after `finish`.
        """
        if "\n" not in fragment:
            length = self._length
            room = self._room - length(fragment)
            if room >= 0:
                self._room = room
                self._line.append(fragment)
                return ()
        if self._finished:
            raise FinishedError("push after finish")
        chunks: list[Chunk] = []
        self._consume(fragment, chunks)
        return tuple(chunks)

    def finish(self) -> tuple[Chunk, ...]:
        """End the text; return what was held.

        Raises:
            FinishedError: after `finish`.
        """
        if self._finished:
            raise FinishedError("finish after finish")
        self._finished = True
        chunks: list[Chunk] = []
        self._end_text(chunks)
        self._room = -1
        return tuple(chunks)

    def _consume(self, fragment: str, chunks: list[Chunk]) -> None:
        start, size, length = 0, len(fragment), self._length
        while start < size:
            end = fragment.find("\n", start) + 1
            piece = fragment[start : end or size]
            room = self._room - length(piece)
            if room < 0:
                count = fitting_chars(piece, self._room, length)
                self._line.append(piece[:count])
                start += count
                self._cut(chunks)
                continue
            self._line.append(piece)
            self._room = room
            if not end:
                break
            start = end
            self._end_line(chunks)

    @abstractmethod
    def _end_line(self, chunks: list[Chunk]) -> None:
        """Take the collected line, which is whole or the last."""

    @abstractmethod
    def _end_text(self, chunks: list[Chunk]) -> None:
        """Let out what is held, the collected line included."""

    @abstractmethod
    def _cut(self, chunks: list[Chunk]) -> None:
        """Make room: nothing more fits."""
