"""Deleting whole threads that nobody used for long."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.turn import ThreadId
from bot.storage import tables
from bot.storage.database import scrub, transaction, uninterrupted

BATCH = 200
"""How many threads one transaction deletes, so that nobody waits for it long."""


class SqlArchive:
    """The archive of `conversation.ports`."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Use a database that `database.opened` gave."""
        self._engine = engine

    async def sweep(self, before_s: float) -> int:
        """Delete the threads that were last used before a Unix time; count them."""
        swept = 0
        while batch := await self._sweep_some(before_s):
            swept += batch
        # Even if it deleted nothing: an earlier one may have been delayed.
        await scrub(self._engine)
        return swept

    @uninterrupted
    async def _sweep_some(self, before_s: float) -> int:
        thread, turn = tables.thread, tables.turn
        is_open = (
            select(turn.c.id)
            .where(turn.c.thread == thread.c.id)
            .where(tables.is_open(turn))
            .exists()
        )
        unused = (
            select(thread.c.id)
            .where(thread.c.last_used_s < before_s, ~is_open)
            .limit(BATCH)
        )
        async with transaction(self._engine) as connection:
            chosen = (await connection.scalars(unused)).all()
            # Said again: somebody may use it just now.
            gone = await connection.scalars(
                delete(thread)
                .where(thread.c.id.in_(chosen), thread.c.last_used_s < before_s)
                .returning(thread.c.id)
            )
            threads = tuple(map(ThreadId, gone))
            await connection.execute(delete(turn).where(turn.c.thread.in_(threads)))
        return len(threads)
