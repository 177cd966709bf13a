"""The log: whole, quiet, and without secrets."""

import json
import logging
from collections.abc import Generator
from typing import NoReturn

import pytest
import structlog

from bot import logs

SECRETS = (
    "xoxb-1-abc",
    "xoxp-1",
    "xapp-1-A1-xyz",
    "sk-proj-abc_DEF",
    "xoxe.xoxp-1-Mi0",
)


@pytest.fixture(autouse=True)
def as_before() -> Generator[None]:
    """Give the root logger and structlog back what they had.

    The very same processors, because loggers that were used keep them.
    """
    root = logging.getLogger()
    handlers, level, configured = root.handlers, root.level, structlog.get_config()
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.configure(**configured)


def fail(reason: str) -> NoReturn:
    raise ValueError(reason)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_logged(
    form: str, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info", form)  # type: ignore[arg-type]
    log = structlog.stdlib.get_logger("bot.test")

    sentence = f"token {secret}"
    log.info(sentence, value=secret, nested={"header": f"Bearer {secret}"})
    try:
        fail(f"bad {secret}")
    except ValueError as error:
        log.exception("failed", error=error)
        logging.getLogger("foreign").exception("failed %s", secret)

    written = capsys.readouterr().err
    assert secret.rpartition(".")[2] not in written
    assert written.count("[secret]") >= 6


def test_the_ticket_of_a_connection_is_a_secret() -> None:
    event = {"event": "wss://x.test/link/?ticket=abc-1&app_id=2", "count": 1}

    assert logs.redact(None, "info", event) == {
        "event": "wss://x.test/link/?ticket=[secret]&app_id=2",
        "count": 1,
    }


@pytest.mark.parametrize("text", ["a task-force", "risk-free", "xoxo"])
def test_words_are_no_secrets(text: str) -> None:
    assert logs.redact(None, "info", {"event": text}) == {"event": text}


def test_every_json_line_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    log = structlog.stdlib.get_logger("bot.test")
    log.info("ours", turn="T:C:1", reason="漢\n字")
    logging.getLogger("foreign").warning("theirs %s", "x")
    try:
        fail("both")
    except ValueError:
        log.exception("failed")

    ours, theirs, failed = map(json.loads, capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["turn"], ours["level"]) == ("ours", "T:C:1", "info")
    assert (theirs["event"], theirs["logger"]) == ("theirs x", "foreign")
    assert "ValueError: both" in failed["exception"]
    assert ours["timestamp"].endswith("Z")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_shows_no_variables(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info", form)  # type: ignore[arg-type]
    whispered = "".join(["what ", "people ", "wrote"])
    try:
        fail(str(len(whispered)))
    except ValueError:
        structlog.stdlib.get_logger("bot.test").exception("failed")
        logging.getLogger("foreign").exception("failed")

    written = capsys.readouterr().err
    assert written.count("ValueError: 17") == 2
    assert whispered not in written


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("debug", {"ours debug", "ours info", "ours error"}),
        ("info", {"ours info", "ours error"}),
        ("warning", {"ours error"}),
        ("error", {"ours error"}),
    ],
)
def test_a_level_shows_our_lines_from_it_on(
    level: str, shown: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(level, "json")
    log = structlog.stdlib.get_logger("bot.test")
    log.debug("ours debug")
    log.info("ours info")
    log.error("ours error")

    lines = map(json.loads, capsys.readouterr().err.splitlines())
    assert {line["event"] for line in lines} == shown


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
@pytest.mark.parametrize("name", ["slack_sdk.web", "slack_bolt", "openai"])
def test_libraries_tell_of_trouble_only_but_for_debug(
    level: str, shown: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(level, "json")
    for theirs in ("debug", "info", "warning", "error"):
        logging.getLogger(name).log(getattr(logging, theirs.upper()), theirs)

    lines = map(json.loads, capsys.readouterr().err.splitlines())
    assert [line["event"] for line in lines] == shown
