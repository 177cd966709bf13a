"""The settings: environment variables and `.env`, checked once, then frozen."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic.functional_validators import AfterValidator, BeforeValidator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.conversation.ports import SetupError
from bot.conversation.prompt import DEFAULT_INSTRUCTIONS

SLACK_API_URL = "https://slack.com/api/"
OPENAI_BASE_URL = "https://api.openai.com/v1"
DEFAULT_MODEL = "gpt-5-mini"


def _is_postgresql(value: SecretStr) -> SecretStr:
    """Check that an address, if there is one, names PostgreSQL."""
    url = value.get_secret_value()
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("it must begin with postgresql://")
    return value


def _words(value: object) -> object:
    """Return the words of a list that is written with commas or spaces."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


class Settings(BaseSettings):
    """All that an installation may set. A field's variable is its alias."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        # A token from a mounted file ends with a newline.
        str_strip_whitespace=True,
    )

    slack_bot_token: SecretStr = Field(
        alias="SLACK_BOT_TOKEN",
        description="the bot's token, xoxb-…, from OAuth & Permissions",
    )
    slack_app_token: SecretStr = Field(
        alias="SLACK_APP_TOKEN",
        description="the app-level token, xapp-…, with the scope connections:write",
    )
    slack_api_url: str = Field(
        SLACK_API_URL,
        alias="SLACK_API_URL",
        pattern=r"^https?://.+/$",
        description="where Slack's Web API is, with a slash at the end",
    )
    openai_api_key: SecretStr = Field(
        SecretStr(""), alias="OPENAI_API_KEY", description="the model's key"
    )
    openai_base_url: str = Field(
        OPENAI_BASE_URL,
        alias="OPENAI_BASE_URL",
        pattern=r"^https?://.+",
        description="any server with OpenAI's API",
    )
    model: str = Field(
        DEFAULT_MODEL,
        alias="LINEFEED_MODEL",
        min_length=1,
        description="the model's name; provider:name for another provider of LangChain",
    )
    model_timeout_s: float = Field(
        60,
        alias="LINEFEED_MODEL_TIMEOUT_S",
        gt=0,
        allow_inf_nan=False,
        description="the longest silence of the model, in seconds",
    )
    system_prompt: str = Field(
        DEFAULT_INSTRUCTIONS,
        alias="LINEFEED_SYSTEM_PROMPT",
        description="what the model is told to be",
    )
    channels: Path | None = Field(
        None,
        alias="LINEFEED_CHANNELS",
        description="a file that sets delivery, system_prompt and model of single"
        " channels",
    )
    delivery: Literal["lines", "edits", "stream", "auto"] = Field(
        "lines",
        alias="LINEFEED_DELIVERY",
        description="how a reply appears: lines (each a message), edits (of one"
        " message), stream (Slack's own), auto",
    )
    controls: Literal["row", "none"] = Field(
        "row",
        alias="LINEFEED_CONTROLS",
        description="the buttons of a reply: row (to stop it while it grows, to rate"
        " it, to have it given anew or gone on with), none",
    )
    stop_words: str = Field(
        "stop",
        alias="LINEFEED_STOP_WORDS",
        description="the messages that end a reply, with commas between",
    )
    links: Literal["careful", "all"] = Field(
        "careful",
        alias="LINEFEED_LINKS",
        description="which addresses become links: careful (none with a long query to a"
        " host that nobody named), all",
    )
    data: Path = Field(
        Path(".linefeed"),
        alias="LINEFEED_DATA",
        description="the folder of the database",
    )
    database_url: Annotated[SecretStr, AfterValidator(_is_postgresql)] = Field(
        SecretStr(""),
        alias="DATABASE_URL",
        description="a PostgreSQL database, postgresql://…, in place of a SQLite file",
    )
    memory_tokens: int = Field(
        8_000,
        alias="LINEFEED_MEMORY_TOKENS",
        ge=200,
        description="how much of a thread the model is shown",
    )
    summary_model: str = Field(
        "",
        alias="LINEFEED_SUMMARY_MODEL",
        description="who writes the summaries of long threads; LINEFEED_MODEL if unset",
    )
    retention_days: float = Field(
        0,
        alias="LINEFEED_RETENTION_DAYS",
        ge=0,
        allow_inf_nan=False,
        description="after how many days without use a thread is deleted, 0 for never",
    )
    threads: Literal["auto", "always", "mention"] = Field(
        "auto",
        alias="LINEFEED_THREADS",
        description="when a reply without a mention is answered: auto (while one person"
        " and the bot speak), always, mention (never)",
    )
    allow: Annotated[frozenset[str], NoDecode, BeforeValidator(_words)] = Field(
        frozenset(),
        alias="LINEFEED_ALLOW",
        description="ids of people, channels or workspaces outside yours to answer",
    )
    at_once: int = Field(
        100,
        alias="LINEFEED_AT_ONCE",
        ge=1,
        description="how many replies may run at the same time",
    )
    max_waiting: int = Field(
        10,
        alias="LINEFEED_MAX_WAITING",
        ge=0,
        description="how many messages may wait in a thread, 0 for any number",
    )
    max_open: int = Field(
        20,
        alias="LINEFEED_MAX_OPEN",
        ge=0,
        description="how many messages of one person may wait or be answered at once, 0"
        " for any number",
    )
    hourly_tokens: int = Field(
        0,
        alias="LINEFEED_HOURLY_TOKENS",
        ge=0,
        description="how many tokens one person may use within an hour, 0 for any"
        " number",
    )
    daily_tokens: int = Field(
        0,
        alias="LINEFEED_DAILY_TOKENS",
        ge=0,
        description="how many tokens all may use within 24 hours, 0 for any number",
    )
    post_interval_s: float = Field(
        1.1,
        alias="LINEFEED_POST_INTERVAL_S",
        ge=0,
        allow_inf_nan=False,
        description="the least time between two posts in a channel, in seconds",
    )
    grace_s: float = Field(
        20,
        alias="LINEFEED_GRACE_S",
        ge=0,
        allow_inf_nan=False,
        description="how long running replies may finish after SIGTERM, in seconds",
    )
    health_port: int = Field(
        0,
        alias="LINEFEED_HEALTH_PORT",
        ge=0,
        le=65_535,
        description="the port of `/healthz` on this machine, 0 for none",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        alias="LINEFEED_LOG_LEVEL",
        description="debug also shows messages and prompts",
    )
    log_format: Literal["text", "json"] = Field(
        "text", alias="LINEFEED_LOG_FORMAT", description="text or json"
    )
    tracing: bool = Field(
        default=False,
        alias="LINEFEED_TRACING",
        description="let LangSmith's own variables count",
    )

    @property
    def has_model(self) -> bool:
        """Say whether somebody chose a model."""
        chosen = {"openai_api_key", "openai_base_url", "model"}
        return bool(chosen & self.model_fields_set)


def load(**given: Any) -> Settings:
    """Return the settings; `given` (by variable name) comes before the environment.

    Raises:
        SetupError: naming every variable that is missing or wrong, never its value.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SetupError("; ".join(map(_sentence, error.errors())) + ".") from None
    except (OSError, UnicodeError) as error:
        # Its text would quote the file.
        raise SetupError(f".env cannot be read: {type(error).__name__}.") from None


def require_model(settings: Settings, model: str = "") -> None:
    """Check that the model can be asked: the one that is set, or another.

    Raises:
        SetupError: if OpenAI's own server is meant, but there is no key.
    """
    provider, colon, _ = (model or settings.model).partition(":")
    is_openai = settings.openai_base_url == OPENAI_BASE_URL
    needs_key = is_openai and (not colon or provider == "openai")
    if needs_key and not settings.openai_api_key.get_secret_value():
        raise SetupError(
            "OPENAI_API_KEY is missing"
            " (set it, or OPENAI_BASE_URL for a server of your own)."
        )


def _sentence(problem: Any) -> str:
    variable = str(problem["loc"][0])
    if problem["type"] == "missing":
        fields = Settings.model_fields.values()
        meaning = next(f.description for f in fields if f.alias == variable)
        return f"{variable} is missing ({meaning})"
    return f"{variable} is wrong: {problem['msg'].lower()}"
