"""The SQLite file: how it is opened, and how few trips a statement takes."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import aiosqlite
from aiosqlite.context import contextmanager
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from typing_extensions import override

BUSY_TIMEOUT_S = 5
PRAGMAS = (
    "journal_mode=WAL",
    # A turn that was acked to Slack survives a power cut.
    "synchronous=FULL",
    "foreign_keys=ON",
    # What is deleted is overwritten.
    "secure_delete=ON",
)
_CHUNK_ROWS = 64
"""Of no use here: all rows come at once."""

Found = TypeVar("Found")


def engine(file: Path) -> AsyncEngine:
    """Return an engine for a file; nothing is opened yet."""
    # One connection: SQLite has one writer, and a reader never waits long for it.
    made = create_async_engine(
        "sqlite+aiosqlite://" + f"/{file}",
        async_creator=partial(_connection, file),
        pool_size=1,
        max_overflow=0,
        # An error's text goes into the log, and parameters hold what people wrote.
        hide_parameters=True,
    )
    event.listen(made.sync_engine, "connect", _configure)
    return made


def _connection(file: Path) -> "Connection":
    return Connection(
        partial(sqlite3.connect, file, timeout=BUSY_TIMEOUT_S, check_same_thread=False),
        _CHUNK_ROWS,
    )


def _configure(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class Cursor(aiosqlite.Cursor):
    """One statement and its rows, by one trip to the connection's thread."""

    def __init__(self, connection: "Connection") -> None:
        """Be of use to one statement at a time."""
        self._connection = connection
        self._rows: list[Any] = []

    @override
    async def execute(
        self, sql: str, parameters: Iterable[Any] | None = None
    ) -> aiosqlite.Cursor:
        """Execute a statement and fetch what it returns."""
        self._cursor, self._rows = await self._connection.whole(
            sql, tuple(parameters or ())
        )
        return self

    @override
    async def executemany(
        self, sql: str, parameters: Iterable[Iterable[Any]]
    ) -> aiosqlite.Cursor:
        """Execute a statement that returns nothing with each of several values."""
        self._cursor = await self._connection.many(sql, parameters)
        return self

    @override
    async def fetchall(self) -> Iterable[sqlite3.Row]:
        """Return what the statement returned."""
        return self._rows

    @override
    async def close(self) -> None:
        """Do nothing: the statement is closed since it was executed."""


class Connection(aiosqlite.Connection):
    """A connection for SQLAlchemy with one trip to its thread where others take four.

    aiosqlite goes there for the cursor, the statement, the rows and the closing, and
    for an end of what never began.
    """

    _may_be_open = False
    """Whether there may be a transaction to end."""

    def __init__(self, *args: Any) -> None:
        """Let the thread end with the process, as SQLAlchemy does."""
        super().__init__(*args)
        self._thread.daemon = True

    @override
    @contextmanager
    async def cursor(self) -> aiosqlite.Cursor:
        """Return a cursor; none is opened before there is a statement."""
        return Cursor(self)

    async def whole(
        self, sql: str, parameters: Sequence[Any]
    ) -> tuple[sqlite3.Cursor, list[Any]]:
        """Execute a statement; return its cursor, closed, and its rows."""
        # Cancelled, it leaves that so: its statement is executed nevertheless.
        self._may_be_open = True
        found = await self._trip(partial(_whole, self._conn, sql, parameters))
        self._may_be_open = self.in_transaction
        return found

    async def many(
        self, sql: str, parameters: Iterable[Iterable[Any]]
    ) -> sqlite3.Cursor:
        """Execute a statement with each of several values; return its cursor."""
        self._may_be_open = True
        return await self._trip(
            partial(self._conn.executemany, sql, map(tuple, parameters))
        )

    async def _trip(self, work: Callable[[], Found]) -> Found:
        # aiosqlite names no types here.
        execute = cast("Any", super())._execute
        found: Found = await execute(work)
        return found

    @override
    async def commit(self) -> None:
        """Commit, if there is something to."""
        if self._may_be_open:
            await super().commit()
            self._may_be_open = False

    @override
    async def rollback(self) -> None:
        """Roll back, if there is something to."""
        if self._may_be_open:
            await super().rollback()
            self._may_be_open = False


def _whole(
    connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]
) -> tuple[sqlite3.Cursor, list[Any]]:
    cursor = connection.execute(sql, parameters)
    rows = cursor.fetchall() if cursor.description else []
    cursor.close()
    return cursor, rows
