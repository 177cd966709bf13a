"""The command line's look at what is stored: `linefeed threads`.

It works beside a running bot, and touches nothing but what it is asked to.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from bot import settings
from bot.conversation.ports import SetupError, StoreError
from bot.conversation.turn import ThreadId
from bot.slack.text import markup

if TYPE_CHECKING:
    from bot.storage.threads import Database, ThreadLine, ThreadRecord

Result = TypeVar("Result")
Row = dict[str, Any]
Work = Callable[["Database"], Awaitable[Result]]
Id = Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]

DEFAULT_LIMIT = 50
FAILED = 2
"""The exit code where nothing could be done."""

cli = typer.Typer(
    help="See, export and forget what is stored of threads, beside a running bot.",
    no_args_is_help=True,
)


@dataclass(frozen=True, slots=True)
class _Place:
    folder: Path
    url: str
    """Of PostgreSQL; empty for the file in the folder."""


@cli.callback()
def choose(
    context: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option(help="The folder of the database, in place of what is set."),
    ] = None,
) -> None:
    """Choose the database: of the settings, or in a folder."""
    try:
        # Nobody is connected to Slack here.
        chosen = settings.load(SLACK_BOT_TOKEN="-", SLACK_APP_TOKEN="-")  # noqa: S106
    except SetupError as error:
        _fail(error)
    url = "" if data else chosen.database_url.get_secret_value()
    context.obj = _Place(data or chosen.data, url)


@cli.command("list")
def list_threads(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = DEFAULT_LIMIT,
) -> None:
    """List the threads that were used last."""
    from bot.storage.threads import SqlThreads  # noqa: PLC0415 - `run` needs none of it

    lines = _in_database(context, lambda engine: SqlThreads(engine).newest(limit))
    _tell(_table(lines))


@cli.command()
def show(context: typer.Context, thread: Id) -> None:
    """Show a thread: its summary, its facts and its messages."""
    _tell(_text(_record(context, thread)))


@cli.command()
def export(context: typer.Context, thread: Id) -> None:
    """Write all that is stored of a thread as JSON."""
    record = _record(context, thread)
    document = {
        **record.thread,
        "summaries": record.summaries,
        "messages": record.messages,
        "turns": [
            {**turn, "reply": [p for p in record.parts if p["turn"] == turn["id"]]}
            for turn in record.turns
        ],
    }
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


@cli.command()
def forget(context: typer.Context, thread: Id) -> None:
    """Erase what was said in a thread; questions that wait for an answer stay."""
    from bot.storage.memory import SqlMemory  # noqa: PLC0415 - as above

    _record(context, thread)
    _in_database(context, lambda engine: SqlMemory(engine).forget(ThreadId(thread)))
    _tell(f"Forgotten: {thread}")


def _record(context: typer.Context, thread: str) -> "ThreadRecord":
    from bot.storage.threads import SqlThreads  # noqa: PLC0415 - as above

    record = _in_database(
        context, lambda engine: SqlThreads(engine).record(ThreadId(thread))
    )
    if record is None:
        _fail(f"There is no thread {thread}.")
    return record


def _in_database(context: typer.Context, work: Work[Result]) -> Result:
    """Return what some work in the database gives, or end with a sentence."""
    from bot.storage import database  # noqa: PLC0415 - as above

    place: _Place = context.obj

    async def run() -> Result:
        async with database.visited(place.folder, place.url) as engine:
            return await work(engine)

    try:
        return asyncio.run(run())
    except SetupError as error:
        _fail(error)
    except StoreError as error:
        _fail(f"The database does not do that: {error}.")


def _table(lines: "tuple[ThreadLine, ...]") -> str:
    if not lines:
        return "Nothing is stored."
    width = max(len(line.id) for line in lines)
    rows = [
        f"{'ID':{width}}  {'last used (UTC)':16}  messages  summaries  turns     tokens"
    ]
    rows += [
        f"{line.id:{width}}  {_time(line.last_used_s):16}  {line.messages:8}"
        f"  {line.summaries:9}  {line.turns:5}  {line.tokens:9,}"
        for line in lines
    ]
    return "\n".join(rows)


def _text(record: "ThreadRecord") -> str:
    used = _time(record.thread["last_used_s"])
    cost = f"its answers cost {record.tokens:,} tokens"
    parts = [f"{record.thread['id']}, last used {used} (UTC); {cost}"]
    if record.summaries:
        newest = record.summaries[-1]
        parts.append(
            f"Summary {newest['gen']}, by {newest['model']}:\n{newest['text']}"
        )
    kept = record.kept
    facts = [_line(message) for message in kept if message["is_pinned"]]
    if facts:
        parts.append("To be kept:\n" + "\n".join(facts))
    said = [_line(message) for message in kept if not message["is_pinned"]]
    parts.append("\n".join(said) or "No messages.")
    return "\n\n".join(parts)


def _line(message: Row) -> str:
    """Return a message in one paragraph, with a mark where a summary contains it."""
    is_bot = message["role"] == "bot"
    text = message["text"] if is_bot else markup.legible(message["text"], {}, "")
    who = "Linefeed" if is_bot else message["name"] or message["speaker"]
    marks = [
        *(["overheard"] if message["is_overheard"] else []),
        *([f"in summary {message['gen']}"] if message["gen"] is not None else []),
        *(f"file {name}" for name in message["files"]),
    ]
    aside = f" ({', '.join(marks)})" if marks else ""
    return f"{_moment(message['position'])}  {who}{aside}: {text}"


def _moment(position: str) -> str:
    """Return when a message was said, where its position tells that."""
    seconds = position.partition(".")[0]
    return _time(float(seconds)) if seconds.isdecimal() else position


def _time(unix_s: float) -> str:
    try:
        return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError):
        return "?"


def _tell(text: str) -> None:
    """Write a text without what a terminal would obey."""
    typer.echo("".join(c for c in text if c.isprintable() or c == "\n"))


def _fail(reason: object) -> NoReturn:
    typer.echo(f"linefeed: {reason}", err=True)
    raise typer.Exit(FAILED)
