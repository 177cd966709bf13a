"""The migrations and the tables are the same, on both databases."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.ports import SetupError, StoreError
from bot.conversation.turn import ThreadId
from bot.storage import database, migrations, postgresql, sqlite, tables
from bot.storage.database import transaction
from bot.storage.memory import SqlMemory
from tests.twins import said

MIGRATIONS = Path(migrations.__file__).parent


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
    bare = re.sub(r"WHERE \((.*)\)$", r"WHERE \1", bare)
    return re.sub(r"= ANY \(ARRAY\[(.*)\]\)", r"IN (\1)", bare)


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
        "CREATE INDEX turn_of_thread ON turn (thread, position)",
        "CREATE INDEX turn_open ON turn (thread, state, position)"
        " WHERE state IN ('waiting', 'running')",
        "CREATE UNIQUE INDEX turn_running_once_per_thread ON turn (thread)"
        " WHERE state = 'running'",
        "CREATE INDEX turn_accepted ON turn (accepted_s)",
        "CREATE INDEX turn_open_of_person ON turn (speaker)"
        " WHERE state IN ('waiting', 'running')",
        "CREATE INDEX turn_spent ON turn (ended_s, prompt_tokens, answer_tokens)"
        " WHERE ended_s IS NOT NULL",
        "CREATE INDEX turn_spent_by_person ON turn"
        " (speaker, ended_s, prompt_tokens, answer_tokens) WHERE ended_s IS NOT NULL",
        "CREATE INDEX turn_failed ON turn (ended_s) WHERE state = 'failed'",
        "CREATE INDEX reply_message_message ON reply_message (message)",
        "CREATE INDEX message_in_buffer ON message (thread, position)"
        " WHERE gen IS NULL",
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


def at_first_revision(connection: Connection) -> None:
    """Make the tables of the first revision, with three messages of two threads."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
    connection.execute(
        text(
            "insert into turn values ('t', 'a', '1', 'done', 'ana', 'x', '[]', 'here',"
            " 1, 50.5, 51)"
        )
    )
    for number, (thread, role) in enumerate(
        (("a", "person"), ("a", "bot"), ("b", "person"))
    ):
        row = {"id": number + 1, "thread": thread, "role": role, "no": False}
        connection.execute(
            text(
                "insert into message values (:id, :thread, '1', :role, 'ana', 'Ana',"
                " 'x', '[\"f\"]', :no, 5)"
            ).bindparams(**row)
        )


async def test_what_the_first_version_stored_is_in_the_buffer(
    tmp_path: Path, database_url: str
) -> None:
    engine = (
        postgresql.engine(database_url)
        if database_url
        else sqlite.engine(tmp_path / database.FILE_NAME)
    )
    async with engine.begin() as connection:
        await connection.run_sync(at_first_revision)
    await engine.dispose()

    async with database.opened(tmp_path, database_url) as engine:
        found = await SqlMemory(engine).load(ThreadId("a"))
        async with transaction(engine) as connection:
            used_s = await connection.execute(
                select(tables.thread.c.last_used_s).order_by(tables.thread.c.id)
            )
            used, unknown = used_s.scalars().all()
            if not database_url:
                # So that no number is given twice.
                query = "select seq from sqlite_sequence where name = 'message'"
                assert await connection.scalar(text(query)) == 3
            assert await connection.run_sync(differences) == []

    assert [(e.message.role, e.message.files, e.tokens) for e in found.entries] == [
        ("person", ("f",), 5),
        ("bot", ("f",), 5),
    ]
    assert used == 50.5
    assert unknown > 1e9


async def test_a_migration_that_breaks_off_leaves_nothing_half_done(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off() -> None:
        raise StoreError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(database.command, "upgrade", _then(break_off))
        with pytest.raises(SetupError, match="killed"):
            async with database.opened(tmp_path, database_url):
                pass

    async with database.opened(tmp_path, database_url) as engine:
        await SqlMemory(engine).add(said("x"))


def _then(fail: Callable[[], None]) -> Callable[[Config, str], None]:
    upgrade = command.upgrade

    def run(config: Config, revision: str) -> None:
        upgrade(config, revision)
        fail()

    return run
