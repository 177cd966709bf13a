"""The SQLite file: opened by one process only, brought up to date, written safely."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from filelock import BaseFileLock, FileLock, Timeout
from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.conversation.ports import SetupError, StoreError

FILE_NAME = "linefeed.db"
LOCK_NAME = "linefeed.lock"
BUSY_TIMEOUT_S = 5

Method = TypeVar("Method", bound=Callable[..., Coroutine[Any, Any, Any]])


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[AsyncEngine]:
    """Open the database in a folder, made if missing, and keep it to this process.

    Raises:
        SetupError: if the folder is not writable, another process uses it, or its
            database is damaged or newer than this code.
    """
    lock = await asyncio.to_thread(_locked, folder)
    try:
        async with _engine(folder / FILE_NAME) as engine:
            yield engine
    finally:
        lock.release()


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


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """Run what is inside in one transaction.

    Raises:
        StoreError: for whatever the database refuses; nothing was changed.
    """
    try:
        async with engine.begin() as connection:
            yield connection
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreError(type(error).__name__) from error


@asynccontextmanager
async def _engine(file: Path) -> AsyncGenerator[AsyncEngine]:
    # One connection: SQLite has one writer, and a reader never waits long for it.
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{file}",
        pool_size=1,
        max_overflow=0,
        connect_args={"timeout": BUSY_TIMEOUT_S},
        # An error's text goes into the log, and parameters hold what people wrote.
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _configure)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_migrate)
    except CommandError as error:
        await engine.dispose()
        raise SetupError(
            f"{file} was written by a newer Linefeed; update this one."
        ) from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        await engine.dispose()
        raise SetupError(f"{file} cannot be opened: {error}.") from error
    try:
        yield engine
    finally:
        await engine.dispose()


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


def _configure(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    # FULL: a turn that was acked to Slack survives a power cut.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
