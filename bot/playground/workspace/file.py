"""What is attached to a message: a file, as Slack keeps it."""

import mimetypes
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """A file that somebody shared; its content lies in the workspace, by its id."""

    id: str
    name: str
    channel: str
    """Where it was shared."""
    user: str
    mimetype: str = "application/octet-stream"
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a person attaches."""

    name: str
    content: bytes = b""
    mimetype: str = ""
    """Guessed from the name if it is empty."""


def stored_file(upload: Upload | str, file_id: str, channel: str, user: str) -> File:
    """Return what Slack keeps of an upload; a mere name is an empty file."""
    if isinstance(upload, str):
        upload = Upload(upload)
    guessed = mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
    return File(
        file_id,
        upload.name,
        channel,
        user,
        mimetype=upload.mimetype or guessed,
        size_bytes=len(upload.content),
    )
