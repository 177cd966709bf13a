"""A database of its own for every test, of each kind."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import database
from tests import postgres


@pytest.fixture
async def engine(tmp_path: Path, database_url: str) -> AsyncGenerator[AsyncEngine]:
    async with database.opened(tmp_path, database_url) as engine:
        yield engine


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncGenerator[AsyncEngine]:
    async with database.opened(tmp_path) as engine:
        yield engine


@pytest.fixture
async def postgresql(
    tmp_path: Path, postgres_server: str
) -> AsyncGenerator[AsyncEngine]:
    async with (
        postgres.database(postgres_server) as url,
        database.opened(tmp_path, url) as engine,
    ):
        yield engine
