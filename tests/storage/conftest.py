"""A database of its own for every test, of each kind, as a start leaves it."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import database
from tests import postgres


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(postgres_server: str) -> AsyncGenerator[str]:
    """A database on the server that is up to date: the name to copy it by."""
    async with postgres.database(postgres_server) as url:
        async with database.opened(Path("unused"), url):
            pass
        yield postgres.name_of(url)


@asynccontextmanager
async def _opened(
    folder: Path, migrated: Path, server: str, template: str
) -> AsyncGenerator[AsyncEngine]:
    """Open a copy of what is up to date: each migration takes a tenth of a second."""
    if not template:
        shutil.copy(migrated, folder)
        async with database.opened(folder) as engine:
            yield engine
        return
    async with (
        postgres.database(server, template) as url,
        database.opened(folder, url) as engine,
    ):
        yield engine


@pytest.fixture(params=["sqlite", "postgresql"])
def origin(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The server and the database on it to copy; neither is needed for SQLite."""
    if request.param == "sqlite":
        return "", ""
    names = ("postgres_server", "template")
    server, template = (request.getfixturevalue(name) for name in names)
    return server, template


@pytest.fixture
async def engine(
    tmp_path: Path, migrated: Path, origin: tuple[str, str]
) -> AsyncGenerator[AsyncEngine]:
    async with _opened(tmp_path, migrated, *origin) as engine:
        yield engine


@pytest.fixture
async def sqlite(tmp_path: Path, migrated: Path) -> AsyncGenerator[AsyncEngine]:
    async with _opened(tmp_path, migrated, "", "") as engine:
        yield engine


@pytest.fixture
async def postgresql(
    tmp_path: Path, migrated: Path, postgres_server: str, template: str
) -> AsyncGenerator[AsyncEngine]:
    async with _opened(tmp_path, migrated, postgres_server, template) as engine:
        yield engine
