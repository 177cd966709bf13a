"""The migrations and the tables are the same, on both databases."""

import re

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import tables
from bot.storage.database import transaction
from bot.storage.memory import SqlMemory
from tests.twins import said


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection)
    return list(compare_metadata(context, tables.metadata))


def checks(connection: Connection) -> dict[str, set[str]]:
    """Return the names of the conditions per table, which Alembic does not compare."""
    inspector = inspect(connection)
    return {
        name: {str(check["name"]) for check in inspector.get_check_constraints(name)}
        for name in tables.metadata.tables
    }


def indexes(connection: Connection) -> set[str]:
    is_postgresql = connection.dialect.name == "postgresql"
    query = (
        "select indexdef from pg_indexes where schemaname = 'public'"
        " and indexname !~ '_pkey$|_once$|^alembic'"
        if is_postgresql
        else "select sql from sqlite_schema where type = 'index' and sql is not null"
    )
    return {_plain(sql) for (sql,) in connection.exec_driver_sql(query)}


def _plain(sql: str) -> str:
    """Return an index as SQLite shows it; PostgreSQL adds what goes without saying."""
    bare = re.sub(r"public\.| USING btree|::text|\"", "", " ".join(sql.split()))
    return re.sub(r"WHERE \((.*)\)$", r"WHERE \1", bare)


async def test_the_migrations_make_the_tables(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_migrations_make_the_conditions(engine: AsyncEngine) -> None:
    wanted = {
        name: {
            str(constraint.name)
            for constraint in table.constraints
            if isinstance(constraint, CheckConstraint)
        }
        for name, table in tables.metadata.tables.items()
    }

    async with engine.connect() as connection:
        assert await connection.run_sync(checks) == wanted


async def test_the_migrations_make_the_indexes(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        made = await connection.run_sync(indexes)

    assert made == {
        "CREATE INDEX turn_waiting ON turn (thread, position) WHERE state = 'waiting'",
        "CREATE UNIQUE INDEX turn_running_once_per_thread ON turn (thread)"
        " WHERE state = 'running'",
        "CREATE INDEX turn_accepted ON turn (accepted_s)",
    }


async def test_positions_are_sorted_by_code_points(engine: AsyncEngine) -> None:
    """Under the order of many servers' languages, dots and case count last."""
    ordered = "select position from message order by position"
    async with transaction(engine) as connection:
        if engine.dialect.name == "postgresql":
            column = (
                "select collation_name from information_schema.columns"
                " where column_name = 'position'"
            )
            rows = (await connection.execute(text(column))).all()
            assert rows == [("C",)] * 2
    for position in ("10", "1.5", "b", "A", "é"):
        await SqlMemory(engine).add(said("x", position))

    async with transaction(engine) as connection:
        found = [row[0] for row in await connection.execute(text(ordered))]

    assert found == ["1.5", "10", "A", "b", "é"]
