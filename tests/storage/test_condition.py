"""Whether the database would take a message now."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage.condition import examine
from bot.storage.database import FILE_NAME, opened
from bot.storage.turns import SqlTurns
from tests.twins import THREAD, asked


async def test_a_database_without_turns_is_fine(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    found = await examine(engine, tmp_path)

    assert found.is_writable
    assert found.oldest_waiting_s is None


async def test_the_oldest_waiting_turn_counts(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    turns = SqlTurns(engine)
    await turns.add(asked(position="1"))
    await turns.claim(THREAD)
    assert (await examine(engine, tmp_path)).oldest_waiting_s is None

    await turns.add(asked(position="2"))
    waiting_s = (await examine(engine, tmp_path)).oldest_waiting_s

    assert waiting_s is not None
    assert 0 <= waiting_s < 60


async def test_a_deleted_file_takes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as engine:
        (tmp_path / FILE_NAME).unlink()

        assert not (await examine(engine, tmp_path)).is_writable


REFUSE_WRITES = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "set session characteristics as transaction read only",
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_a_database_that_refuses_writes_is_named(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    assert (await examine(engine, tmp_path)).is_writable
    async with engine.connect() as connection:
        await connection.execute(text(REFUSE_WRITES[engine.dialect.name]))
        await connection.commit()

    assert not (await examine(engine, tmp_path)).is_writable
