"""Settings: every variable, and one sentence for all that is wrong."""

from pathlib import Path
from typing import Any

import pytest

from bot import settings
from bot.conversation.ports import SetupError

TOKENS = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
VARIABLES = {str(field.alias) for field in settings.Settings.model_fields.values()}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in, and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("SLACK_API_URL", "http://127.0.0.1:1/api/", "slack_api_url", None),
        ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1", "openai_base_url", None),
        ("LINEFEED_MODEL", "m", "model", None),
        ("LINEFEED_MODEL_TIMEOUT_S", "2.5", "model_timeout_s", 2.5),
        ("LINEFEED_SYSTEM_PROMPT", "Be kind.", "system_prompt", None),
        ("LINEFEED_CHANNELS", "x/c.toml", "channels", Path("x/c.toml")),
        ("LINEFEED_DELIVERY", "stream", "delivery", None),
        ("LINEFEED_LINKS", "all", "links", None),
        ("LINEFEED_DATA", "/x/y", "data", Path("/x/y")),
        ("LINEFEED_MEMORY_TOKENS", "500", "memory_tokens", 500),
        ("LINEFEED_SUMMARY_MODEL", "m", "summary_model", None),
        ("LINEFEED_RETENTION_DAYS", "30", "retention_days", 30),
        ("LINEFEED_THREADS", "always", "threads", None),
        ("LINEFEED_ALLOW", "U1, T2 C3,,C4", "allow", {"U1", "T2", "C3", "C4"}),
        ("LINEFEED_AT_ONCE", "3", "at_once", 3),
        ("LINEFEED_POST_INTERVAL_S", "0", "post_interval_s", 0),
        ("LINEFEED_GRACE_S", "0.5", "grace_s", 0.5),
        ("LINEFEED_LOG_LEVEL", "debug", "log_level", None),
        ("LINEFEED_LOG_FORMAT", "json", "log_format", None),
        ("LINEFEED_TRACING", "true", "tracing", True),
    ],
)
@pytest.mark.parametrize("is_in_file", [False, True])
def test_a_variable_is_read_from_the_environment_and_from_the_file(
    variable: str,
    text: str,
    field: str,
    value: Any,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_in_file: bool,
) -> None:
    if is_in_file:
        Path(".env").write_text(f'{variable}="{text}"\n', encoding="utf-8")
    else:
        monkeypatch.setenv(variable, text)

    chosen = settings.load(**TOKENS)

    assert getattr(chosen, field) == (text if value is None else value)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-secret"),
        ("SLACK_APP_TOKEN", "xoxb-secret"),
        ("OPENAI_API_KEY", "xoxb-secret"),
        ("DATABASE_URL", "postgresql://ana:xoxb-secret@h/notes"),
        ("DATABASE_URL", "postgres://ana:xoxb-secret@h/notes"),
    ],
)
def test_a_secret_is_read_and_not_shown(
    variable: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, text)

    chosen = settings.load(**{k: v for k, v in TOKENS.items() if k != variable})

    secret = getattr(chosen, variable.lower())
    assert secret.get_secret_value() == text
    assert "xoxb-secret" not in repr(chosen)


def test_white_space_around_a_token_is_not_part_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", " xoxb-1\n")

    chosen = settings.load(SLACK_APP_TOKEN="xapp-1")

    assert chosen.slack_bot_token.get_secret_value() == "xoxb-1"


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("SLACK_API_URL", "https://secret.test/api"),
        ("SLACK_API_URL", "ftp://secret.test/"),
        ("OPENAI_BASE_URL", "secret.test"),
        ("LINEFEED_MODEL_TIMEOUT_S", "0"),
        ("LINEFEED_MODEL_TIMEOUT_S", "secret"),
        ("LINEFEED_MODEL_TIMEOUT_S", "nan"),
        ("DATABASE_URL", "mysql://secret"),
        ("LINEFEED_MEMORY_TOKENS", "199"),
        ("LINEFEED_MEMORY_TOKENS", "secret"),
        ("LINEFEED_DELIVERY", "secret"),
        ("LINEFEED_LINKS", "secret"),
        ("LINEFEED_RETENTION_DAYS", "-1"),
        ("LINEFEED_THREADS", "secret"),
        ("LINEFEED_AT_ONCE", "0"),
        ("LINEFEED_AT_ONCE", "1.5"),
        ("LINEFEED_POST_INTERVAL_S", "-1"),
        ("LINEFEED_GRACE_S", "-1"),
        ("LINEFEED_LOG_LEVEL", "secret"),
        ("LINEFEED_LOG_FORMAT", "secret"),
        ("LINEFEED_TRACING", "secret"),
    ],
)
def test_a_bad_value_is_named_and_not_quoted(
    variable: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, text)

    with pytest.raises(SetupError) as failed:
        settings.load(**TOKENS)

    sentence = str(failed.value)
    assert sentence.startswith(f"{variable} is wrong: ")
    assert "secret" not in sentence
    assert "\n" not in sentence
    assert failed.value.__cause__ is None


def test_all_that_is_wrong_stands_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LINEFEED_AT_ONCE", "0")

    with pytest.raises(SetupError) as failed:
        settings.load()

    assert str(failed.value) == (
        "SLACK_BOT_TOKEN is missing (the bot's token, xoxb-…, from OAuth &"
        " Permissions); SLACK_APP_TOKEN is missing (the app-level token, xapp-…, with"
        " the scope connections:write); LINEFEED_AT_ONCE is wrong: input should be"
        " greater than or equal to 1."
    )


def test_the_environment_comes_before_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("LINEFEED_MODEL=filed\nUNKNOWN=1\n", encoding="utf-8")
    monkeypatch.setenv("LINEFEED_MODEL", "set")

    assert settings.load(**TOKENS).model == "set"
    assert settings.load(**TOKENS, LINEFEED_MODEL="given").model == "given"


def test_a_file_that_is_not_utf_8_is_named() -> None:
    Path(".env").write_bytes("LINEFEED_MODEL=é\n".encode("utf-16"))

    with pytest.raises(SetupError, match=r"\.env"):
        settings.load(**TOKENS)


@pytest.mark.parametrize("is_in_file", [False, True])
def test_an_empty_variable_counts_as_unset(
    monkeypatch: pytest.MonkeyPatch, *, is_in_file: bool
) -> None:
    if is_in_file:
        lines = "".join(f"{name}=\n" for name in VARIABLES - set(TOKENS))
        Path(".env").write_text(lines, encoding="utf-8")
    else:
        for name in VARIABLES - set(TOKENS):
            monkeypatch.setenv(name, "")

    chosen = settings.load(**TOKENS)

    assert chosen.model == settings.DEFAULT_MODEL
    assert chosen.allow == frozenset()
    assert not chosen.has_model


@pytest.mark.parametrize(
    "variable", ["OPENAI_API_KEY", "OPENAI_BASE_URL", "LINEFEED_MODEL"]
)
def test_whoever_names_a_model_gets_it(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:1/v1")

    assert settings.load(**TOKENS).has_model


@pytest.mark.parametrize("model", ["gpt-5-mini", "openai:gpt-5-mini"])
def test_openai_wants_a_key(model: str) -> None:
    chosen = settings.load(**TOKENS, LINEFEED_MODEL=model)

    with pytest.raises(SetupError, match="OPENAI_API_KEY is missing"):
        settings.require_model(chosen)


def test_a_model_of_openai_in_one_channel_wants_a_key_too() -> None:
    chosen = settings.load(**TOKENS, LINEFEED_MODEL="anthropic:claude")
    settings.require_model(chosen)

    with pytest.raises(SetupError, match="OPENAI_API_KEY is missing"):
        settings.require_model(chosen, "gpt-5")


@pytest.mark.parametrize(
    "given",
    [
        {"OPENAI_API_KEY": "sk-1"},
        {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"},
        {"LINEFEED_MODEL": "anthropic:claude"},
    ],
    ids=str,
)
def test_others_need_none(given: dict[str, str]) -> None:
    settings.require_model(settings.load(**TOKENS, **given))

    assert not settings.load(**TOKENS).has_model
