"""The SQLite file: one process's own, up to date, and safe."""

import asyncio
import subprocess
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.ports import SetupError, StoreError
from bot.storage import database
from bot.storage.database import transaction
from bot.storage.turns import SqlTurns
from tests.twins import THREAD, asked

WORDS = "my secret"
HOLD_LOCK = """
import sys
from filelock import FileLock
lock = FileLock(sys.argv[1])
lock.acquire()
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked_by_another_process(folder: Path) -> Generator[None]:
    command = [sys.executable, "-c", HOLD_LOCK, str(folder / database.LOCK_NAME)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        yield
        process.communicate()


async def change(engine: AsyncEngine, *statements: str) -> None:
    async with transaction(engine) as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def test_a_folder_is_made_and_the_turns_outlive_the_process(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "new" / "data"
    async with database.opened(folder) as engine:
        await SqlTurns(engine).add(asked())

    async with database.opened(folder) as engine:
        turn = await SqlTurns(engine).claim(THREAD)

    assert turn is not None


async def test_another_process_keeps_its_database(tmp_path: Path) -> None:
    with (
        locked_by_another_process(tmp_path),
        pytest.raises(SetupError, match="is in use by another process"),
    ):
        async with database.opened(tmp_path):
            pass

    async with database.opened(tmp_path):
        pass


async def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.touch()

    with pytest.raises(SetupError, match=f"{file} is not writable: "):
        async with database.opened(file):
            pass


async def test_a_damaged_file_is_named_and_kept(tmp_path: Path) -> None:
    file = tmp_path / database.FILE_NAME
    file.write_bytes(b"no database" * 1000)

    with pytest.raises(SetupError, match=f"{file} cannot be opened: "):
        async with database.opened(tmp_path):
            pass

    assert file.read_bytes() == b"no database" * 1000


async def test_a_database_of_a_newer_version_is_kept(tmp_path: Path) -> None:
    async with database.opened(tmp_path) as engine, transaction(engine) as connection:
        await connection.execute(text("update alembic_version set version_num='9999'"))

    with pytest.raises(SetupError, match="was written by a newer Linefeed"):
        async with database.opened(tmp_path):
            pass


async def test_a_folder_can_be_opened_after_a_failure(tmp_path: Path) -> None:
    (tmp_path / database.FILE_NAME).write_bytes(b"no database" * 1000)
    with pytest.raises(SetupError):
        async with database.opened(tmp_path):
            pass
    (tmp_path / database.FILE_NAME).unlink()

    async with database.opened(tmp_path) as engine:
        assert await SqlTurns(engine).add(asked())


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)],
)
async def test_the_connection_is_safe(
    sqlite: AsyncEngine, pragma: str, value: object
) -> None:
    async with sqlite.connect() as connection:
        assert await connection.scalar(text(f"pragma {pragma}")) == value


async def test_a_transaction_that_fails_changes_nothing(engine: AsyncEngine) -> None:
    await SqlTurns(engine).add(asked())
    with pytest.raises(StoreError, match=r"OperationalError|ProgrammingError 42"):
        await change(
            engine, "update turn set state = 'done'", "insert into nothing values (1)"
        )

    assert await SqlTurns(engine).claim(THREAD) is not None


async def test_an_error_of_another_kind_changes_nothing_either(
    sqlite: AsyncEngine,
) -> None:
    await SqlTurns(sqlite).add(asked())
    with pytest.raises(UnicodeEncodeError):
        await change(sqlite, "update turn set state = 'done'", "\ud83d")

    assert await SqlTurns(sqlite).claim(THREAD) is not None


async def test_a_cancelled_transaction_changes_nothing(engine: AsyncEngine) -> None:
    await SqlTurns(engine).add(asked())
    begun = asyncio.Event()

    async def change() -> None:
        async with transaction(engine) as connection:
            await connection.execute(text("update turn set state = 'done'"))
            begun.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        changing = group.create_task(change())
        await begun.wait()
        changing.cancel()

    assert await SqlTurns(engine).claim(THREAD) is not None


@pytest.mark.parametrize("steps", [0, 6, 18, 24, 27, 36, 48])
async def test_a_claim_cancelled_anywhere_leaves_the_database_usable(
    engine: AsyncEngine, steps: int
) -> None:
    turns = SqlTurns(engine)
    await turns.add(asked())
    async with asyncio.TaskGroup() as group:
        claiming = group.create_task(turns.claim(THREAD))
        for _ in range(steps):
            await asyncio.sleep(0)
        claiming.cancel()

    await turns.resume()

    is_claimed = asked().id in await turns.renew()
    assert is_claimed or await turns.claim(THREAD) is not None


async def test_a_full_disk_takes_nothing_and_keeps_the_rest(
    sqlite: AsyncEngine,
) -> None:
    turns = SqlTurns(sqlite)
    async with sqlite.connect() as connection:
        pages = await connection.scalar(text("pragma page_count"))
        await connection.execute(text(f"pragma max_page_count = {pages}"))

    with pytest.raises(StoreError, match="OperationalError"):
        await turns.add(asked("long " * 10_000, "2"))

    assert await turns.add(asked("short", "1"))


@pytest.mark.parametrize(
    "statement",
    [
        "insert into nothing values (:a)",
        "update turn set text = :a, state = 'lost'",
        "update turn set attempts = cast(:a as integer), state = 'lost'",
    ],
)
async def test_an_errors_text_holds_nothing_that_people_wrote(
    engine: AsyncEngine, statement: str
) -> None:
    await SqlTurns(engine).add(asked(WORDS))
    with pytest.raises(StoreError) as caught:
        async with transaction(engine) as connection:
            await connection.execute(text(statement), {"a": WORDS})

    assert WORDS not in "".join(traceback.format_exception(caught.value))


def test_forgetting_deletes_the_database_and_nothing_else(tmp_path: Path) -> None:
    endings = ("", "-wal", "-shm")
    for name in (*(database.FILE_NAME + ending for ending in endings), "other"):
        (tmp_path / name).touch()

    database.forget(tmp_path)
    database.forget(tmp_path)

    left = {path.name for path in tmp_path.iterdir()}
    assert left - {database.LOCK_NAME} == {"other"}


def test_what_another_process_uses_is_not_forgotten(tmp_path: Path) -> None:
    file = tmp_path / database.FILE_NAME
    file.touch()

    with (
        locked_by_another_process(tmp_path),
        pytest.raises(SetupError, match="in use"),
    ):
        database.forget(tmp_path)

    assert file.exists()


async def test_a_guest_needs_no_lock_and_sees_what_is_stored(tmp_path: Path) -> None:
    async with database.opened(tmp_path) as host:
        await SqlTurns(host).add(asked("why"))
        async with database.visited(tmp_path) as guest:
            turn = await SqlTurns(guest).claim(THREAD)
        assert await SqlTurns(host).claim(THREAD) is None

    assert turn is not None
    assert turn.question.text == "why"


async def test_a_guest_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no database in"):
        async with database.visited(tmp_path / "none"):
            raise AssertionError

    assert not await asyncio.to_thread((tmp_path / "none").exists)


@pytest.mark.parametrize(
    ("revision", "reason"),
    [("9999", "newer Linefeed"), ("0001", "older Linefeed")],
)
async def test_a_guest_changes_no_tables(
    tmp_path: Path, database_url: str, revision: str, reason: str
) -> None:
    stored = text("update alembic_version set version_num = :revision")
    async with (
        database.opened(tmp_path, database_url) as engine,
        transaction(engine) as connection,
    ):
        await connection.execute(stored, {"revision": revision})

    with pytest.raises(SetupError, match=reason):
        async with database.visited(tmp_path, database_url):
            raise AssertionError
