"""The driver's short way: one trip a statement, and none for what never began."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage import sqlite
from bot.storage.memory import SqlMemory
from tests.twins import THREAD, said

ROWS = text("select x from t order by x")
INSERT = text("insert into t values (:x)")


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Each trip to a connection's thread, as it is made."""
    made: list[object] = []
    execute = aiosqlite.Connection._execute

    async def counted(
        self: aiosqlite.Connection, fn: Callable[..., Any], *args: Any, **named: Any
    ) -> Any:
        made.append(fn)
        return await execute(self, fn, *args, **named)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return made


async def table(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("create table t (x integer primary key)"))


async def numbers(connection: AsyncConnection) -> list[int]:
    return list(await connection.scalars(ROWS))


async def insert(engine: AsyncEngine, *numbers: int) -> None:
    async with engine.begin() as connection:
        for number in numbers:
            await connection.execute(INSERT, {"x": number})


async def test_a_message_takes_two_trips_and_reading_one(
    sqlite: AsyncEngine, trips: list[object]
) -> None:
    memory = SqlMemory(sqlite)
    await memory.add(said("hello", "1"))
    trips.clear()

    await memory.add(said("again", "2"))
    assert len(trips) == 2
    await memory.load(THREAD)
    assert len(trips) == 3


async def test_a_transaction_is_kept_or_undone_as_a_whole(tmp_path: Path) -> None:
    engine = sqlite.engine(tmp_path / "t.db")
    await table(engine)

    async with engine.begin() as connection:
        await connection.execute(INSERT, [{"x": 1}, {"x": 2}])
        inserted = await connection.execute(INSERT, {"x": 3})
        assert inserted.rowcount == 1
    with pytest.raises(IntegrityError):
        await insert(engine, 4, 1)
    async with engine.connect() as connection:
        assert await numbers(connection) == [1, 2, 3]
    await engine.dispose()


@pytest.mark.parametrize("steps", range(12))
async def test_a_statement_that_is_cut_off_leaves_nothing_open(
    tmp_path: Path, steps: int
) -> None:
    """Whenever it is cancelled, also while its thread executes it nevertheless."""
    engine = sqlite.engine(tmp_path / "t.db")
    await table(engine)

    async def insert_and_wait() -> None:
        async with engine.connect() as connection:
            await connection.execute(INSERT, {"x": 1})
            await asyncio.sleep(3_600)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(insert_and_wait())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
    async with engine.begin() as connection:
        assert await numbers(connection) == []
    other = sqlite.engine(tmp_path / "t.db")
    await insert(other, 2)
    await other.dispose()
    await engine.dispose()
