"""The server: what is wrong with it is said in one sentence without secrets."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.ports import SetupError, StoreError
from bot.storage import database, postgresql
from bot.storage.turns import SqlTurns
from tests import postgres
from tests.twins import THREAD, asked


async def refusal(folder: Path, url: str) -> str:
    with pytest.raises(SetupError) as caught:
        async with database.opened(folder, url):
            pass
    return str(caught.value)


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    sentence = await refusal(tmp_path, "postgresql://ana:secret@127.0.0.1:9/notes")

    assert sentence == (
        "The database notes of DATABASE_URL at 127.0.0.1:9 cannot be opened:"
        " the server cannot be reached (ConnectionRefusedError)."
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ana:secret@127.0.0.1:port/notes",
        "postgresql://ana:secret@[::1/notes",
        "postgresql://ana:secret@127.0.0.1:9/notes?sslmode=secret",
    ],
)
async def test_an_address_that_cannot_be_read_is_not_quoted(
    tmp_path: Path, url: str
) -> None:
    sentence = await refusal(tmp_path, url)

    assert sentence.endswith(("(ValueError).", "(ClientConfigurationError)."))
    assert "secret" not in sentence


async def test_a_database_that_does_not_exist_is_named(
    tmp_path: Path, postgres_server: str
) -> None:
    sentence = await refusal(tmp_path, postgres.address(postgres_server, "nothing"))

    assert sentence == (
        "The database nothing of DATABASE_URL at localhost:5432 cannot be opened:"
        " it does not exist."
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            asyncpg.InvalidPasswordError("for user secret"),
            "the user or the password is wrong",
        ),
        (
            asyncpg.InvalidAuthorizationSpecificationError("no entry for secret"),
            "the server does not let the user in",
        ),
        (TimeoutError(), "no answer within 10 s"),
        (asyncpg.TooManyConnectionsError("too many\nDETAIL: secret"), "too many"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_other_refusals_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    async def connect(*_args: object, **_options: object) -> asyncpg.Connection:
        raise error

    monkeypatch.setattr(postgresql.asyncpg, "connect", connect)

    sentence = await refusal(tmp_path, "postgresql://h/notes")

    assert sentence == (
        f"The database notes of DATABASE_URL at h:5432 cannot be opened: {words}."
    )


async def test_a_database_that_may_not_be_changed_is_named(
    tmp_path: Path, postgres_server: str
) -> None:
    async with postgres.database(postgres_server) as url:
        connection = await asyncpg.connect(url)
        await connection.execute("revoke create on schema public from public")
        await connection.execute("drop role if exists guest; create role guest login")
        await connection.close()

        sentence = await refusal(tmp_path, url.replace("postgres@", "guest@"))

    assert sentence.endswith("cannot be opened: permission denied for schema public.")


async def test_a_database_of_a_newer_version_is_kept(
    tmp_path: Path, postgres_server: str
) -> None:
    async with postgres.database(postgres_server) as url:
        async with database.opened(tmp_path, url):
            pass
        connection = await asyncpg.connect(url)
        await connection.execute("update alembic_version set version_num='9999'")
        await connection.close()

        sentence = await refusal(tmp_path, url)

    assert sentence.endswith("was written by a newer Linefeed; update this one.")


async def test_several_processes_may_start_at_the_same_time(
    tmp_path: Path, postgres_server: str
) -> None:
    async def start(url: str) -> None:
        async with database.opened(tmp_path, url) as engine:
            await SqlTurns(engine).add(asked())

    async with (
        postgres.database(postgres_server) as url,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(4):
            group.create_task(start(url))


async def test_a_server_that_ends_connections_costs_no_message(
    tmp_path: Path, postgres_server: str
) -> None:
    async with (
        postgres.database(postgres_server) as url,
        database.opened(tmp_path, url) as engine,
    ):
        turns = SqlTurns(engine)
        await turns.add(asked())
        goodbye = await terminated(engine)
        connection = await asyncpg.connect(url)
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid != pg_backend_pid()"
        )
        await connection.close()
        # Before it has arrived a statement may fail, as it does in mid-air.
        async with asyncio.timeout(10):
            await goodbye.wait()

        assert await turns.claim(THREAD) is not None


async def terminated(engine: AsyncEngine) -> asyncio.Event:
    """Return what is set when the engine's one connection has been ended."""
    event = asyncio.Event()
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        driver.add_termination_listener(lambda _: event.set())
    return event


@pytest.mark.parametrize("is_cut", [False, True])
async def test_a_connection_that_rested_is_tried_and_replaced_if_it_is_cut(
    tmp_path: Path,
    postgres_server: str,
    monkeypatch: pytest.MonkeyPatch,
    is_cut: bool,
) -> None:
    """A firewall cuts it, say, and tells nobody."""
    tried: list[object] = []
    ping = AsyncAdapt_asyncpg_connection.ping

    def counted(self: AsyncAdapt_asyncpg_connection) -> None:
        tried.append(self)
        if is_cut and len(tried) == 1:
            raise OSError
        ping(self)

    async with (
        postgres.database(postgres_server) as url,
        database.opened(tmp_path, url) as engine,
    ):
        await SqlTurns(engine).add(asked())
        monkeypatch.setattr(AsyncAdapt_asyncpg_connection, "ping", counted)
        assert await SqlTurns(engine).claim(THREAD) is not None
        assert tried == []
        monkeypatch.setattr(postgresql, "MAX_IDLE_S", -1.0)
        assert await SqlTurns(engine).claim(THREAD) is None

    assert len(set(tried)) == (2 if is_cut else 1)


async def test_a_server_that_is_gone_is_a_store_error(
    tmp_path: Path, postgres_server: str
) -> None:
    async with (
        postgres.database(postgres_server) as url,
        database.opened(tmp_path, url) as engine,
    ):
        await engine.dispose()
        name = url.partition("/test_")[2].partition("?")[0]
        connection = await asyncpg.connect(postgres.address(postgres_server))
        await connection.execute(f"drop database test_{name}")
        try:
            with pytest.raises(StoreError, match="it does not exist"):
                await SqlTurns(engine).add(asked())
        finally:
            await connection.execute(f"create database test_{name}")
            await connection.close()


async def test_a_server_that_hangs_is_a_failing_database(
    tmp_path: Path, postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asyncpg says so by a plain TimeoutError, which no caller expects."""
    monkeypatch.setattr(postgresql, "COMMAND_TIMEOUT_S", 0.1)
    async with (
        postgres.database(postgres_server) as url,
        database.opened(tmp_path, url) as engine,
    ):
        with pytest.raises(StoreError):
            async with database.transaction(engine) as connection:
                await connection.execute(text("select pg_sleep(5)"))
