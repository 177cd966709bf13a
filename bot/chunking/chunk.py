"""What is delivered at once."""

from collections.abc import Iterable
from typing import NamedTuple


class Chunk(NamedTuple):
    """One or more whole lines, and what makes them readable on their own.

    The bodies of all chunks of a text concatenate to that text. `prefix` and `suffix`
    hold what the text itself does not: a code fence opened again, and closed; the
    header of a table; definitions of links, which a blank line ends.
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

    What a prefix opens again is open already, so only the first one stays, and the
    definitions of the others before it. A suffix that the next chunk's prefix undoes
    leaves no trace; any other stays.
    """
    parts: list[str] = []
    definitions: dict[str, None] = {}
    first = suffix = ""
    for chunk in chunks:
        lines, gap, opening = chunk.prefix.rpartition("\n\n")
        if gap:
            definitions |= dict.fromkeys(lines.split("\n"))
        if not parts:
            first = opening
        elif not opening:
            parts.append(suffix)
        parts.append(chunk.body)
        suffix = chunk.suffix
    lead = "".join(f"{line}\n" for line in definitions)
    return "".join([lead, "\n" if lead else "", first, *parts, suffix])
