"""The cursors that pages of a long answer are asked for with: `name:value`, encoded.

What is in one is not documented; clients are told to hand it back as it is.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from bot.playground.answer import RefusedError


def write_cursor(name: str, value: object) -> str:
    """Return the cursor of the page that begins with a value."""
    return urlsafe_b64encode(f"{name}:{value}".encode()).decode()


def read_cursor(cursor: str, name: str) -> str:
    """Return the value in a cursor of this name.

    Raises:
        RefusedError: if it is none.
    """
    try:
        found, _, value = urlsafe_b64decode(cursor).decode().partition(":")
    except ValueError as error:
        raise RefusedError("invalid_cursor") from error
    if found != name:
        raise RefusedError("invalid_cursor")
    return value
