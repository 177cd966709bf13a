"""The log: structlog for our lines and the libraries', without secrets."""

import logging
import re
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_SECRET = re.compile(r"\b(?:xox[a-z]|xapp|sk)-[\w-]+|(?<=ticket=)[\w-]+")
_LOUD_LIBRARIES = (
    "slack_sdk",
    "slack_bolt",
    "openai",
    "httpx2",
    "alembic",
    "aiosqlite",
)
"""Their info lines tell of every call; they speak from warning on, or at debug."""


def configure(level: str, form: Literal["text", "json"]) -> None:
    """Send every log line to standard error, as text or as a JSON object a line."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(form),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    quiet = logging.DEBUG if level == "debug" else max(root.level, logging.WARNING)
    for name in _LOUD_LIBRARIES:
        logging.getLogger(name).setLevel(quiet)


def _renderer(form: Literal["text", "json"]) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer()
    # Rich tracebacks would print variables, and variables hold messages.
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        exception_formatter=structlog.dev.plain_traceback,
    )


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blot out anything that looks like a token, whoever logged it."""
    return {key: _clean(value) for key, value in event.items()}


def _clean(value: object) -> object:
    """Return a value as it is, or as text if it would show a secret."""
    text = value if isinstance(value, str) else repr(value)
    clean = _SECRET.sub("[secret]", text)
    return value if clean == text else clean
