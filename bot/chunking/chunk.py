"""What is delivered at once."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """One or more whole lines, and what makes them readable on their own.

    The bodies of all chunks of a text concatenate to that text. `prefix` and `suffix`
    hold what the text itself does not: a code fence opened again, and closed.
    """

    body: str
    prefix: str = ""
    suffix: str = ""

    @property
    def text(self) -> str:
        """Return the chunk as a message of its own."""
        return self.prefix + self.body + self.suffix


def joined(chunks: Iterable[Chunk]) -> str:
    """Return neighbouring chunks as one text, in order, without the seams.

    A suffix that the next chunk's prefix undoes (a fence closed only to be opened
    again) leaves no trace; any other suffix stays.
    """
    parts: list[str] = []
    suffix = ""
    for chunk in chunks:
        is_seam = bool(suffix and chunk.prefix)
        if not is_seam:
            parts += [suffix, chunk.prefix]
        parts.append(chunk.body)
        suffix = chunk.suffix
    return "".join([*parts, suffix])
