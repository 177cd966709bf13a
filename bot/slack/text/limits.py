"""What one message of Slack's holds, and how much of that a Markdown text takes."""

import re
from typing import Final

from bot.chunking import MarkdownState, Seam, lines_of

MAX_MESSAGE_CHARS: Final = 11_000
"""Slack's limit for the markdown of a message is 12,000 characters
(https://docs.slack.dev/reference/block-kit/blocks/markdown-block, read 2026-11)."""
MAX_STREAM_BYTES: Final = 10_000
"""In UTF-8. Slack names 12,000 characters for a call and nothing for the whole of a
stream; others saw it end between 10,600 and 11,300 bytes (openclaw/openclaw#143882)."""
MAX_MARKDOWN_CHARS: Final = 12_000
"""What Slack takes at most: texts grow a little where they are made harmless."""
MAX_BLOCKS: Final = 45
"""Slack makes one or several blocks of a Markdown text, and a message has at most 50
(https://docs.slack.dev/reference/block-kit/blocks, read 2026-11)."""
MAX_TABLES: Final = 1
"""Slack refuses a message with two
(https://docs.slack.dev/reference/block-kit/blocks/table-block, read 2026-11)."""
MAX_TABLE_ROWS: Final = 100
"""The header counts (the same page)."""
MAX_TEXT_CHARS: Final = 4_000
"""Of a text without blocks, escaped: above 4,040 others saw several messages made of
it (measured 2026-08); the documentation advises 4,000."""
MAX_PLAIN_CHARS: Final = 3_000
"""Slack advises 4,000; escaping makes a text longer
(https://docs.slack.dev/reference/methods/chat.postMessage, read 2026-11)."""


_BLANK_LINES: Final = re.compile(r"\A(?:[ \t]*\r?\n)+")


def trimmed(text: str) -> str:
    """Return a text without what a message does not show at its borders."""
    return _BLANK_LINES.sub("", text).rstrip()


def has_table(text: str) -> bool:
    """Say whether a Markdown text may show a table: it has a delimiter row."""
    return any(
        "|" in line and "-" in line and not line.strip(" \t\r|:-")
        for line in text.split("\n")
    )


def longest_table_rows(text: str) -> int:
    """Return how many rows the longest table of a Markdown text may have.

    The delimiter row, which is none, is counted too.
    """
    longest = rows = 0
    for line in text.split("\n"):
        rows = rows + 1 if "|" in line else 0
        longest = max(longest, rows)
    return longest


def estimated_blocks(text: str, state: MarkdownState | None = None) -> int:
    """Return how many blocks Slack may make of a Markdown text, behind `state`.

    What Slack makes is not documented; here every block of the top level is one.
    """
    state = state or MarkdownState()
    seams = ((state.feed(line), line) for line in lines_of(text))
    return sum(begins_block(seam, line) for seam, line in seams)


def begins_block(seam: Seam, line: str) -> bool:
    """Say whether a line, by the seam before it, begins a block of the top level."""
    return seam is Seam.BLOCK and not line.isspace()
