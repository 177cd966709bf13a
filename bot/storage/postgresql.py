"""The PostgreSQL server: how it is reached, and why not, in one sentence."""

import time
from typing import Any, cast
from urllib.parse import urlsplit

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.conversation.ports import StoreError

CONNECT_TIMEOUT_S = 10
COMMAND_TIMEOUT_S = 60
POOL_SIZE = 5
MAX_IDLE_S = 5.0
"""A connection that rested longer is tried before it is used."""


class UnreachableError(StoreError):
    """No connection; the message is the rest of a sentence and holds no secret."""


def engine(url: str) -> AsyncEngine:
    """Return an engine for an address, in any form that asyncpg reads.

    Nothing is connected yet.
    """

    async def connect() -> asyncpg.Connection:
        try:
            return await asyncpg.connect(
                url, timeout=CONNECT_TIMEOUT_S, command_timeout=COMMAND_TIMEOUT_S
            )
        except (
            OSError,
            ValueError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
        ) as error:
            # Without cause: its text may quote the address, password included.
            raise UnreachableError(_reason(error)) from None

    made = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=POOL_SIZE,
        max_overflow=0,
        hide_parameters=True,
    )
    event.listen(made.sync_engine, "checkin", _note_use)
    event.listen(made.sync_engine, "checkout", _check)
    return made


def _note_use(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info["used_s"] = time.monotonic()


def _check(
    connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object
) -> None:
    """Let a broken connection be replaced: a server's restart costs no message.

    The server's goodbye is known without asking. Only what cuts an idle connection
    says nothing; SQLAlchemy's own check would ask before every transaction, and wait
    for three answers.

    Raises:
        DisconnectionError: if it is broken.
    """
    driver = cast("asyncpg.Connection", record.driver_connection)
    idle_s = time.monotonic() - record.info.get("used_s", time.monotonic())
    if driver.is_closed():
        raise DisconnectionError
    if idle_s > MAX_IDLE_S:
        try:
            cast("Any", connection).ping()
        except Exception as error:
            raise DisconnectionError from error


def named(url: str) -> str:
    """Return what to call the database of an address: no user, no password."""
    try:
        parts = urlsplit(url)
        host, port, name = parts.hostname, parts.port, parts.path.strip("/")
    except ValueError:
        return "The database of DATABASE_URL"
    place = f"{host or 'localhost'}:{port or 5432}"
    return f"The database {name} of DATABASE_URL at {place}"


def _reason(error: Exception) -> str:
    match error:
        case asyncpg.InvalidPasswordError():
            return "the user or the password is wrong"
        case asyncpg.InvalidAuthorizationSpecificationError():
            return "the server does not let the user in"
        case asyncpg.InvalidCatalogNameError():
            return "it does not exist"
        case TimeoutError():
            return f"no answer within {CONNECT_TIMEOUT_S} s"
        case asyncpg.PostgresError():
            return str(error).partition("\n")[0].rstrip(".")
        case OSError():
            return f"the server cannot be reached ({type(error).__name__})"
        case _:
            return f"the address cannot be used ({type(error).__name__})"
