"""Whole threads that nobody used for long."""

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.record import Note
from bot.conversation.turn import Ending
from bot.storage import retention, tables
from bot.storage.database import transaction
from bot.storage.demands import SqlDemands
from bot.storage.memory import SqlMemory
from bot.storage.retention import SqlArchive
from bot.storage.turns import SqlTurns
from tests.storage.rows import noted
from tests.storage.test_memory import folded
from tests.twins import THREAD, asked, said


async def used(engine: AsyncEngine, thread: str, last_used_s: float) -> None:
    async with transaction(engine) as connection:
        await connection.execute(
            update(tables.thread)
            .where(tables.thread.c.id == thread)
            .values(last_used_s=last_used_s)
        )


async def counts(engine: AsyncEngine) -> dict[str, int]:
    async with transaction(engine) as connection:
        return {
            table.name: await connection.scalar(select(func.count()).select_from(table))
            or 0
            for table in tables.metadata.sorted_tables
        }


async def test_an_old_thread_is_deleted_with_all_that_belongs_to_it(
    engine: AsyncEngine,
) -> None:
    turns, memory = SqlTurns(engine), SqlMemory(engine)
    await turns.add(asked(position="1"))
    await noted(engine, Note(asked(position="1").id, 0, "1.1", "x"))
    await turns.claim(asked(position="1").question.thread)
    await turns.finish(asked(position="1").id, Ending("done"))
    await SqlDemands(engine).rate(asked(position="1").id, "ana", "good")
    await memory.add(said("x", "2"))
    await memory.commit(folded(await memory.load(THREAD), "1"))
    await memory.add(said("y", thread="new"))
    await used(engine, THREAD, 99)

    assert await SqlArchive(engine).sweep(100) == 1

    assert await counts(engine) == {
        "thread": 1,
        "message": 1,
        "summary": 0,
        "turn": 0,
        "reply_message": 0,
        "feedback": 0,
        "pace": 0,
    }


async def test_a_thread_in_use_stays(engine: AsyncEngine) -> None:
    turns = SqlTurns(engine)
    await turns.add(asked(thread="waiting"))
    await turns.add(asked(thread="running"))
    await turns.claim(asked(thread="running").question.thread)
    await SqlMemory(engine).add(said("x", thread="exactly"))
    for thread in ("waiting", "running"):
        await used(engine, thread, 0)
    await used(engine, "exactly", 100)

    assert await SqlArchive(engine).sweep(100) == 0

    assert (await counts(engine))["thread"] == 3


async def test_what_is_said_makes_a_thread_used(engine: AsyncEngine) -> None:
    memory = SqlMemory(engine)
    await memory.add(said("x", "1"))
    await used(engine, THREAD, 0)

    await memory.add(said("y", "2"))

    assert await SqlArchive(engine).sweep(100) == 0


async def test_any_number_is_deleted(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    memory = SqlMemory(engine)
    for number in range(5):
        await memory.add(said("x", thread=f"thread {number}"))
        await used(engine, f"thread {number}", 0)

    assert await SqlArchive(engine).sweep(1) == 5

    assert sum((await counts(engine)).values()) == 0
