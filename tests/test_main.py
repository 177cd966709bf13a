"""The command line: one line for what must be set up, a code for how it ended."""

import asyncio
import os
import signal
import sqlite3
import sys
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import cli
from bot.playground.server import Playground
from tests.forks import Command

TOKENS = {"SLACK_BOT_TOKEN": "xoxb-playground", "SLACK_APP_TOKEN": "xapp-playground"}
ROOT = Path(__file__).parents[1]


def environment(**variables: str) -> dict[str, str]:
    """Return an environment without settings but those given."""
    prefixes = ("SLACK_", "LINEFEED_", "OPENAI_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(prefixes)}  # noqa: TID251
    return {**kept, "PYTHONPATH": str(ROOT), **variables}


def for_playground(playground: Playground, folder: Path) -> dict[str, str]:
    return environment(
        **TOKENS,
        SLACK_API_URL=playground.api_url,
        OPENAI_BASE_URL=playground.model_url,
        LINEFEED_MODEL="offline",
        LINEFEED_DATA=str(folder / "data"),
    )


async def errors_of(
    folder: Path, variables: dict[str, str], *arguments: str
) -> tuple[int | None, str]:
    """Run to the end; return the exit code and what was written."""
    log = folder / "command.log"
    process = Command(arguments, variables, folder, log).start()
    await asyncio.to_thread(process.join)
    return process.exitcode, log.read_text()


async def running(
    folder: Path, variables: dict[str, str]
) -> tuple[ForkServerProcess, Path]:
    """Start the bot; return its process and its log once it is ready."""
    log = folder / "running.log"
    process = Command(("run",), variables, folder, log).start()
    while not is_ready(log):
        assert process.exitcode is None
        await asyncio.sleep(0.02)
    return process, log


def is_ready(log: Path) -> bool:
    return log.exists() and "ready" in log.read_text()


async def end(process: ForkServerProcess, *numbers: signal.Signals) -> int | None:
    """Send signals, one right after the other; return the exit code."""
    assert process.pid is not None
    for number in numbers:
        os.kill(process.pid, number)
    await asyncio.to_thread(process.join)
    return process.exitcode


def is_one_line(errors: str) -> bool:
    return errors.count("\n") == 1 and errors.startswith("linefeed: ")


async def test_missing_variables_are_told_in_one_line(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run"),
        env=environment(),
        cwd=tmp_path,
        stderr=asyncio.subprocess.PIPE,
    )
    _, written = await process.communicate()
    errors = written.decode()

    assert process.returncode == 2
    assert is_one_line(errors)
    assert "SLACK_BOT_TOKEN is missing" in errors
    assert "SLACK_APP_TOKEN is missing" in errors


async def test_a_missing_key_is_told_in_one_line(tmp_path: Path) -> None:
    code, errors = await errors_of(tmp_path, environment(**TOKENS), "run")

    assert code == 2
    assert is_one_line(errors)
    assert "OPENAI_API_KEY is missing" in errors


async def test_an_unwritable_folder_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    async with Playground() as playground:
        variables = for_playground(playground, tmp_path)
        code, errors = await errors_of(tmp_path, variables, "run")

    assert code == 2
    assert is_one_line(errors)
    assert "data is not writable" in errors


async def test_a_newer_database_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    database = sqlite3.connect(tmp_path / "data" / "linefeed.db")
    database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
    database.execute("INSERT INTO alembic_version VALUES ('9999')")
    database.commit()
    database.close()
    async with Playground() as playground:
        variables = for_playground(playground, tmp_path)
        code, errors = await errors_of(tmp_path, variables, "run")

    assert code == 2
    assert is_one_line(errors)
    assert "newer Linefeed" in errors


async def test_a_wrong_token_is_told_in_one_line(tmp_path: Path) -> None:
    async with Playground() as playground:
        variables = for_playground(playground, tmp_path)
        for name in TOKENS:
            code, errors = await errors_of(
                tmp_path, {**variables, name: "xoxb-wrong"}, "run"
            )

            assert code == 2
            assert is_one_line(errors.splitlines(keepends=True)[-1])
            assert f"Slack refuses {name}" in errors
            assert "Traceback" not in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_bot_and_a_second_bot_cannot_share_its_folder(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with Playground() as playground:
        variables = for_playground(playground, tmp_path)
        process, log = await running(tmp_path, variables)
        code, errors = await errors_of(tmp_path, variables, "run")
        ended = await end(process, number)

    assert code == 2
    assert is_one_line(errors)
    assert "is in use by another process" in errors
    assert ended == 0
    assert "stopped" in log.read_text()
    assert "Traceback" not in log.read_text()


async def test_a_signal_of_another_kind_does_not_cut_the_end_short(
    tmp_path: Path,
) -> None:
    async with Playground() as playground:
        variables = for_playground(playground, tmp_path)
        process, log = await running(tmp_path, variables)
        ended = await end(process, signal.SIGINT, signal.SIGTERM)

    assert ended == 0
    assert "stopped" in log.read_text()


async def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    async with Playground() as playground:
        port = playground.url.rpartition(":")[2]
        code, errors = await errors_of(
            tmp_path, environment(), "playground", "--port", port
        )

    assert code == 2
    assert is_one_line(errors)
    assert f"Port {port} is taken" in errors


@pytest.mark.parametrize("arguments", [(), ("--fresh",)], ids=["kept", "fresh"])
async def test_a_playground_without_a_folder_is_told_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "data").touch()

    code, errors = await errors_of(
        tmp_path,
        environment(),
        *("playground", "--port", "0", "--data", "data"),
        *arguments,
    )

    assert code == 2
    assert "data" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("command", "variables", "sentence"),
    [
        ("run", {}, "SLACK_BOT_TOKEN is missing"),
        ("run", TOKENS, "OPENAI_API_KEY is missing"),
        ("playground", {"LINEFEED_AT_ONCE": "0"}, "LINEFEED_AT_ONCE is wrong"),
        ("playground", {"LINEFEED_MODEL": "m"}, "OPENAI_API_KEY is missing"),
    ],
)
def test_what_must_be_set_up_is_checked_first(
    command: str,
    variables: dict[str, str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    unset: dict[str, str | None] = dict.fromkeys(TOKENS)

    result = CliRunner().invoke(cli, [command], env={**unset, **variables})

    assert result.exit_code == 2
    assert result.stderr.startswith("linefeed: ")
    assert sentence in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_a_command_the_help_is_shown() -> None:
    result = CliRunner().invoke(cli, [])

    assert "playground" in result.output
    assert "run" in result.output
