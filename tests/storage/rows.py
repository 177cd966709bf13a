"""Rows that a test begins with."""

from dataclasses import asdict

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.record import Note
from bot.storage import tables
from bot.storage.database import transaction


async def noted(engine: AsyncEngine, *notes: Note) -> None:
    """Store notes, whoever owns their turns."""
    async with transaction(engine) as connection:
        await connection.execute(
            insert(tables.reply_message), [asdict(note) for note in notes]
        )
