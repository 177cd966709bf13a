"""The database: brought up to date at the start, written safely.

A SQLite file belongs to one process; a PostgreSQL server may have any number.
"""

import asyncio
import re
import sqlite3
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from filelock import BaseFileLock, FileLock, Timeout
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util import greenlet_spawn

from bot.conversation.ports import SetupError, StoreError
from bot.storage import sqlite

FILE_NAME = "linefeed.db"
LOCK_NAME = "linefeed.lock"
MIGRATION_LOCK = 0x11FEED
"""Any number that no other program locks."""

# How SQLAlchemy introduces an error of asyncpg's.
_CLASS = re.compile(r"^<class '[\w.]+'>: ")

Method = TypeVar("Method", bound=Callable[..., Coroutine[Any, Any, Any]])
Given = TypeVar("Given")


@asynccontextmanager
async def opened(folder: Path, url: str = "") -> AsyncGenerator[AsyncEngine]:
    """Open the PostgreSQL database at an address, or else the SQLite file in a folder.

    The folder is made if it is missing, and kept to this process.

    Raises:
        SetupError: if the server cannot be used, or the folder is not writable or used
            by another process, or the database is damaged or newer than this code.
    """
    if url:
        # Most installations need none of it.
        from bot.storage import postgresql  # noqa: PLC0415

        async with _current(postgresql.engine(url), postgresql.named(url)) as engine:
            yield engine
        return
    lock = await asyncio.to_thread(_locked, folder)
    try:
        file = folder / FILE_NAME
        async with _current(sqlite.engine(file), str(file)) as engine:
            yield engine
    finally:
        lock.release()


@asynccontextmanager
async def visited(folder: Path, url: str = "") -> AsyncGenerator[AsyncEngine]:
    """Open a database as a guest: beside a running bot, and as it is.

    Nothing is made or brought up to date.

    Raises:
        SetupError: if there is none, or it cannot be used, or it is older or newer than
            this code.
    """
    file = folder / FILE_NAME
    if url:
        from bot.storage import postgresql  # noqa: PLC0415 - as above

        engine, name = postgresql.engine(url), postgresql.named(url)
    elif not await asyncio.to_thread(file.is_file):
        raise SetupError(f"There is no database in {folder}.")
    else:
        engine, name = sqlite.engine(file), str(file)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_check_revision, name)
    except (SQLAlchemyError, sqlite3.Error, StoreError) as error:
        await engine.dispose()
        raise SetupError(f"{name} cannot be opened: {_reason(error)}.") from None
    except SetupError:
        await engine.dispose()
        raise
    try:
        yield engine
    finally:
        await engine.dispose()


def forget(folder: Path) -> None:
    """Delete the database in a folder, and nothing else.

    Raises:
        SetupError: if the folder is not writable or another process uses it.
    """
    lock = _locked(folder)
    for ending in ("", "-wal", "-shm"):
        (folder / (FILE_NAME + ending)).unlink(missing_ok=True)
    lock.release()


def uninterrupted(work: Method) -> Method:
    """Let a transaction come to its end before the cancellation of its caller goes on.

    Cancelled in the middle it would leave the connection, and with it the lock on the
    file, to the garbage collector.
    """

    @wraps(work)
    async def run(*args: Any, **kwargs: Any) -> Any:
        # No task group: it would cancel the work with its caller.
        task = asyncio.get_running_loop().create_task(work(*args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            task.exception()
            raise

    return cast("Method", run)


class ConflictError(StoreError):
    """Another row forbids it, of another process perhaps."""


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """Run what is inside in one transaction.

    Raises:
        ConflictError: if another row forbids it; nothing was changed.
        StoreError: for whatever else the database refuses; nothing was changed.
    """
    with _refusals():
        async with engine.begin() as connection:
            yield connection


async def transacted(engine: AsyncEngine, work: Callable[[Connection], Given]) -> Given:
    """Return what work gives that is done in one transaction, without awaiting.

    For what every turn waits for: SQLAlchemy takes a switch of contexts for each word
    on an `AsyncConnection`, here it takes one in all.

    Raises:
        ConflictError: if another row forbids it; nothing was changed.
        StoreError: for whatever else the database refuses; nothing was changed.
    """

    def whole() -> Given:
        with engine.sync_engine.begin() as connection:
            return work(connection)

    with _refusals():
        return await greenlet_spawn(whole)


async def executed(engine: AsyncEngine, work: Callable[[Connection], Given]) -> Given:
    """Return what one statement gives: a server takes no word on its begin and end.

    Raises:
        ConflictError: if another row forbids it; nothing was changed.
        StoreError: for whatever else the database refuses; nothing was changed.
    """
    if engine.dialect.name != "postgresql":
        return await transacted(engine, work)

    def alone() -> Given:
        with engine.sync_engine.connect() as connection:
            return work(connection.execution_options(isolation_level="AUTOCOMMIT"))

    with _refusals():
        return await greenlet_spawn(alone)


@contextmanager
def _refusals() -> Generator[None]:
    try:
        yield
    except (sqlite3.Error, TimeoutError, OSError) as error:
        # A server that hangs or is cut off: SQLAlchemy passes asyncpg's own on.
        raise StoreError(type(error).__name__) from error
    except SQLAlchemyError as error:
        # PostgreSQL's own error may quote the whole row in its details.
        code = getattr(getattr(error, "orig", None), "sqlstate", None)
        name = type(error).__name__
        kind = ConflictError if isinstance(error, IntegrityError) else StoreError
        raise kind(f"{name} {code}" if code else name) from (None if code else error)


@uninterrupted
async def scrub(engine: AsyncEngine) -> None:
    """Let deleted words leave SQLite's files too; a server's own housekeeping does it.

    They are overwritten in the file itself, but stay in the log beside it until that is
    emptied. A reader in another process can delay that until the next time.

    Raises:
        StoreError: if the database refuses.
    """
    if engine.dialect.name != "sqlite":
        return
    async with transaction(engine) as connection:
        # It would wait for readers, and everybody for it.
        await connection.execute(text("PRAGMA busy_timeout = 0"))
        try:
            await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        finally:
            busy_ms = text(f"PRAGMA busy_timeout = {sqlite.BUSY_TIMEOUT_S * 1000}")
            await connection.execute(busy_ms)


@asynccontextmanager
async def _current(engine: AsyncEngine, name: str) -> AsyncGenerator[AsyncEngine]:
    """Bring a database up to date; it is closed on leaving."""
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_migrate)
    except CommandError as error:
        await engine.dispose()
        raise SetupError(
            f"{name} was written by a newer Linefeed; update this one."
        ) from error
    except (SQLAlchemyError, sqlite3.Error, StoreError) as error:
        await engine.dispose()
        raise SetupError(f"{name} cannot be opened: {_reason(error)}.") from None
    try:
        yield engine
    finally:
        await engine.dispose()


def _reason(error: Exception) -> str:
    """Return the first line of what the database itself says."""
    words = str(getattr(error, "orig", None) or error)
    return _CLASS.sub("", words).partition("\n")[0].rstrip(".")


def _locked(folder: Path) -> BaseFileLock:
    # Not bound to a thread: the lock is taken in one and released in another.
    lock = FileLock(folder / LOCK_NAME, thread_local=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise SetupError(f"{folder} is in use by another process.") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise SetupError(f"{folder} is not writable: {reason}.") from error
    return lock


def _scripts() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _check_revision(connection: Connection, name: str) -> None:
    scripts = ScriptDirectory.from_config(_scripts())
    found = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if found is None:
        raise SetupError(f"{name} is no database of Linefeed's.")
    if found not in known:
        raise SetupError(f"{name} was written by a newer Linefeed; update this one.")
    if found != scripts.get_current_head():
        raise SetupError(
            f"{name} was written by an older Linefeed; start the bot once, which"
            " brings it up to date."
        )


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Of several processes that start at the same time, one migrates.
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
    else:
        # The driver begins no transaction before a change of tables: a process that is
        # killed in the middle would leave half of it.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    config = _scripts()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
