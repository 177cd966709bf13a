"""The migrations and the tables are the same."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import tables


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection)
    return list(compare_metadata(context, tables.metadata))


def checks(connection: Connection) -> dict[str, set[str]]:
    """Return the conditions per table, which Alembic does not compare."""
    inspector = inspect(connection)
    return {
        name: {check["sqltext"] for check in inspector.get_check_constraints(name)}
        for name in tables.metadata.tables
    }


def indexes(connection: Connection) -> set[str]:
    rows = connection.exec_driver_sql(
        "select sql from sqlite_schema where type = 'index' and sql is not null"
    )
    return {" ".join(sql.split()) for (sql,) in rows}


async def test_the_migrations_make_the_tables(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_migrations_make_the_conditions(engine: AsyncEngine) -> None:
    wanted = {
        name: {
            str(constraint.sqltext)
            for constraint in table.constraints
            if isinstance(constraint, CheckConstraint)
        }
        for name, table in tables.metadata.tables.items()
    }

    async with engine.connect() as connection:
        assert await connection.run_sync(checks) == wanted


async def test_the_migrations_make_the_partial_indexes(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        made = await connection.run_sync(indexes)

    assert made == {
        "CREATE INDEX turn_waiting ON turn (thread, position) WHERE state = 'waiting'",
        "CREATE UNIQUE INDEX turn_running_once_per_thread ON turn (thread)"
        " WHERE state = 'running'",
    }
