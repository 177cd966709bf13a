"""How the database is: whether it takes a write, and how long turns wait in it."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.ports import StoreError
from bot.storage import tables
from bot.storage.database import FILE_NAME, transaction, uninterrupted


@dataclass(frozen=True, slots=True)
class Condition:
    """What was found out."""

    is_writable: bool
    oldest_waiting_s: float | None = None
    """None if no turn waits."""


async def examine(engine: AsyncEngine, folder: Path) -> Condition:
    """Write to the database, which may be a file in a folder; change nothing in it."""
    # SQLite goes on writing to a file that was deleted.
    is_file = engine.dialect.name == "sqlite"
    if is_file and not await asyncio.to_thread((folder / FILE_NAME).exists):
        return Condition(is_writable=False)
    try:
        accepted_s = await _oldest_waiting(engine)
    except StoreError:
        return Condition(is_writable=False)
    waiting_s = None if accepted_s is None else max(0.0, time.time() - accepted_s)
    return Condition(is_writable=True, oldest_waiting_s=waiting_s)


@uninterrupted
async def _oldest_waiting(engine: AsyncEngine) -> float | None:
    turn = tables.turn
    oldest = select(func.min(turn.c.accepted_s)).where(turn.c.state == "waiting")
    async with transaction(engine) as connection:
        # The same again; but the row is written.
        same = text("update alembic_version set version_num = version_num")
        await connection.execute(same)
        accepted_s: float | None = await connection.scalar(oldest)
        return accepted_s
