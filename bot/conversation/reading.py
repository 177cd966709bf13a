"""Stored messages, as people see them."""

from collections.abc import Iterable

from bot.conversation.fold import Entry
from bot.conversation.ports import Reader
from bot.conversation.turn import Message


async def read(reader: Reader, entries: Iterable[Entry]) -> tuple[Message, ...]:
    """Return the messages of entries, legible; the bot's own words are so already."""
    return tuple(
        [
            entry.message
            if entry.message.role == "bot"
            else await reader.legible(entry.message)
            for entry in entries
        ]
    )
