"""Keeping a summary in place of the messages that went into it."""

import time

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.fold import Fold, kept_generations
from bot.storage import tables
from bot.storage.upsert import insert


class StaleError(Exception):
    """Something changed since a fold began; its transaction is to be rolled back."""


async def keep(connection: AsyncConnection, fold: Fold) -> None:
    """Keep a summary and take its messages out of the buffer.

    Raises:
        StaleError: if something changed since the fold's version was read.
    """
    thread, message, summary = tables.thread, tables.message, tables.summary
    # First, and everywhere: who changes a thread holds its row until the end.
    claimed = await connection.execute(
        update(thread)
        .where(thread.c.id == fold.thread, thread.c.version == fold.version)
        .values(version=thread.c.version + 1)
    )
    if claimed.rowcount != 1:
        raise StaleError
    moved = await connection.execute(
        update(message)
        .where(message.c.id.in_(fold.ids), message.c.gen.is_(None))
        .where(message.c.thread == fold.thread)
        .values(gen=fold.gen)
    )
    if moved.rowcount != len(fold.ids):
        raise StaleError
    await connection.execute(
        insert(connection, summary).values(
            thread=fold.thread,
            gen=fold.gen,
            text=fold.text,
            tokens=fold.tokens,
            model=fold.model,
            created_s=time.time(),
        )
    )
    await connection.execute(
        delete(summary).where(
            summary.c.thread == fold.thread,
            summary.c.gen.not_in(kept_generations(fold.gen)),
        )
    )
