"""`linefeed threads`: what it shows, and how it says what is wrong."""

import asyncio
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner, Result

from bot.__main__ import cli
from bot.conversation.fold import Fold
from bot.conversation.memory import BOT
from bot.storage import database, sqlite
from bot.storage.memory import SqlMemory
from bot.storage.turns import SqlTurns
from tests import postgres
from tests.twins import asked, said

THREAD = "slack:T1:C1:1760000000.000100"
UNSET: dict[str, str | None] = dict.fromkeys(
    ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "DATABASE_URL", "LINEFEED_DATA")
)


def threads(*arguments: str, **variables: str) -> Result:
    """Run the command with an environment of its own."""
    return CliRunner().invoke(cli, ["threads", *arguments], env={**UNSET, **variables})


async def talk(engine: AsyncEngine) -> None:
    """Store what a thread may hold: a summary, a fact, a file, a deletion."""
    turns, memory = SqlTurns(engine), SqlMemory(engine)
    await memory.add(said("older", "1759999999.0", thread=THREAD, is_overheard=True))
    found = await memory.load(said("", thread=THREAD).thread)
    ids = tuple(entry.id for entry in found.entries)
    fold = Fold(said("", thread=THREAD).thread, found.version, 1, ids, "Old.", 4, "m")
    assert await memory.commit(fold)
    turn = asked("why &lt;x&gt; \x1b[31m", "1760000000.000100", thread=THREAD)
    question = replace(turn.question, files=("a.txt",))
    await turns.add(replace(turn, question=question))
    await memory.add(replace(turn.question, role="bot", speaker=BOT, text="so & so"))
    fact = said("port 8080", "1760000001.0", thread=THREAD)
    await memory.add(replace(fact, is_pinned=True))
    await memory.add(said("gone", "1760000002.0", thread=THREAD))
    await memory.delete(turn.question.thread, "1760000002.0", "person")


def filled(folder: Path, url: str = "") -> None:
    async def fill() -> None:
        async with database.opened(folder, url) as engine:
            await talk(engine)

    asyncio.run(fill())


@pytest.fixture
def folder(tmp_path: Path) -> str:
    filled(tmp_path)
    return str(tmp_path)


def test_the_list_is_a_table(folder: str) -> None:
    result = threads("list", LINEFEED_DATA=folder)

    head, line = result.stdout.splitlines()
    assert head.split() == [
        "ID",
        "last",
        "used",
        "(UTC)",
        "messages",
        "summaries",
        "turns",
        "tokens",
    ]
    assert line.split()[0] == THREAD
    assert line.split()[-4:] == ["4", "1", "1", "0"]


def test_the_folder_may_be_named(folder: str) -> None:
    url = "postgresql://127.0.0.1:9/none"

    assert THREAD in threads("--data", folder, "list", DATABASE_URL=url).stdout


def test_an_empty_database_is_said(tmp_path: Path) -> None:
    async def make() -> None:
        async with database.opened(tmp_path):
            pass

    asyncio.run(make())

    assert threads("--data", str(tmp_path), "list").stdout == "Nothing is stored.\n"


def test_a_thread_is_shown_legibly(folder: str) -> None:
    result = threads("--data", folder, "show", THREAD)

    head, summary, facts, said_there = result.stdout.split("\n\n")
    assert head.startswith(f"{THREAD}, last used 2")
    assert head.endswith("; its answers cost 0 tokens")
    assert summary == "Summary 1, by m:\nOld."
    assert facts == "To be kept:\n2025-10-09 08:53  ana: port 8080"
    assert said_there.splitlines() == [
        "2025-10-09 08:53  ana (overheard, in summary 1): older",
        "2025-10-09 08:53  ana (file a.txt): why <x> [31m",
        "2025-10-09 08:53  Linefeed: so & so",
    ]


def test_an_export_is_json_with_all_that_is_stored(folder: str) -> None:
    document = json.loads(threads("--data", folder, "export", THREAD).stdout)

    assert document["id"] == THREAD
    assert [m["text"] for m in document["messages"]][-2:] == ["port 8080", ""]
    assert [s["text"] for s in document["summaries"]] == ["Old."]
    assert document["turns"][0]["state"] == "waiting"
    assert document["turns"][0]["reply"] == []


def test_a_forgotten_thread_shows_nothing(folder: str) -> None:
    with sqlite3.connect(Path(folder) / "linefeed.db") as connection:
        connection.execute("UPDATE turn SET state = 'done'")
    connection.close()

    assert threads("--data", folder, "forget", THREAD).exit_code == 0

    shown = threads("--data", folder, "show", THREAD).stdout
    assert shown.split("\n\n")[1:] == ["No messages.\n"]
    files = b"".join(path.read_bytes() for path in Path(folder).iterdir())
    assert b"8080" not in files


@pytest.mark.parametrize("command", ["show", "export", "forget"])
def test_an_unknown_thread_is_told_in_one_sentence(folder: str, command: str) -> None:
    result = threads("--data", folder, command, "unknown")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "linefeed: There is no thread unknown.\n"


def test_a_folder_without_a_database_stays_so(tmp_path: Path) -> None:
    result = threads("--data", str(tmp_path), "list")

    assert result.exit_code == 2
    assert result.stderr == f"linefeed: There is no database in {tmp_path}.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("revision", "reason"),
    [("9999", "newer"), ("0001", "older"), (None, "no database of Linefeed's")],
)
def test_another_linefeeds_database_is_left_alone(
    folder: str, revision: str | None, reason: str
) -> None:
    with sqlite3.connect(Path(folder) / "linefeed.db") as connection:
        if revision is None:
            connection.execute("DELETE FROM alembic_version")
        else:
            connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
    connection.close()

    result = threads("--data", folder, "list")

    assert result.exit_code == 2
    assert reason in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "linefeed.db").write_text("no database at all, but long enough" * 99)

    result = threads("--data", str(tmp_path), "list")

    assert result.exit_code == 2
    assert "cannot be opened" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_wrong_setting_is_told(folder: str) -> None:
    result = threads("list", LINEFEED_DATA=folder, LINEFEED_AT_ONCE="0")

    assert result.exit_code == 2
    assert "LINEFEED_AT_ONCE is wrong" in result.stderr


def test_a_locked_database_is_told(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0)
    holder = sqlite3.connect(Path(folder) / "linefeed.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    result = threads("--data", folder, "forget", THREAD)

    holder.close()
    assert result.exit_code == 2
    assert "The database does not do that" in result.stderr


async def test_postgresql_is_read_too(postgres_server: str, tmp_path: Path) -> None:
    async with postgres.database(postgres_server) as url:
        await asyncio.to_thread(filled, tmp_path / "unused", url)
        result = await asyncio.to_thread(threads, "list", DATABASE_URL=url)

    assert THREAD in result.stdout


def test_an_unreachable_server_is_told() -> None:
    result = threads("list", DATABASE_URL="postgresql://me:secret@127.0.0.1:9/none")

    assert result.exit_code == 2
    assert "cannot be opened" in result.stderr
    assert "secret" not in result.stderr
