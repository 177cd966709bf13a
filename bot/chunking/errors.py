"""What can go wrong between a chunker and who uses it."""


class ChunkingError(Exception):
    """A chunker was used wrongly."""


class FinishedError(ChunkingError):
    """Something was asked of a text that is finished."""


class LimitError(ChunkingError):
    """The limit leaves no room for a reopened fence around something to read."""
