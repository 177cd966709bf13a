"""The command line: `linefeed run` for Slack, `linefeed playground` to try it.

`linefeed threads` shows and forgets what is stored.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from bot import logs, settings, threads
from bot.conversation.ports import SetupError

DEFAULT_PORT = 8765
DEFAULT_DATA = Path(".linefeed/playground")
SETUP_ERROR = 2
"""The exit code where something must be set up differently."""

Result = TypeVar("Result")

cli = typer.Typer(
    help="A Slack bot that answers with a language model, line by line.",
    no_args_is_help=True,
    # Rich tracebacks would print variables, and variables hold tokens.
    pretty_exceptions_enable=False,
)
cli.add_typer(threads.cli, name="threads")


@cli.command()
def run() -> None:
    """Run the bot for Slack, set up by environment variables or a .env file."""
    try:
        chosen = settings.load()
        settings.require_model(chosen)
    except SetupError as error:
        _fail(error)
    # Bolt reads variables of its own (SLACK_CLIENT_ID would switch it to OAuth), and no
    # other library needs the tokens.
    for name in _slack_variables():
        del os.environ[name]
    logs.configure(chosen.log_level, chosen.log_format)
    from bot.app import run_bot  # noqa: PLC0415 - errors above need none of it

    _run(lambda stop: run_bot(chosen, stop))


@cli.command()
def playground(
    port: Annotated[
        int, typer.Option(help="Where the page is.", min=0, max=65_535)
    ] = DEFAULT_PORT,
    data: Annotated[
        Path, typer.Option(help="The folder that keeps messages and memory.")
    ] = DEFAULT_DATA,
    *,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what the folder keeps.")
    ] = False,
) -> None:
    """Try the bot with no account and no key: Slack and the model are emulated.

    A model that the environment names (OPENAI_API_KEY, OPENAI_BASE_URL or
    LINEFEED_MODEL) is used instead of the offline one.
    """
    try:
        chosen = settings.load(SLACK_BOT_TOKEN="-", SLACK_APP_TOKEN="-")  # noqa: S106
        if chosen.has_model:
            settings.require_model(chosen)
    except SetupError as error:
        _fail(error)
    from bot.trial import Trial, run_playground  # noqa: PLC0415 - as above

    model = chosen.model if chosen.has_model else "the offline model, which recites"
    trial = Trial(
        port=port,
        data=data,
        is_fresh=fresh,
        environment=_without_slack(),
        has_model=chosen.has_model,
        announce=lambda url: typer.echo(f"Open {url} - Ctrl+C ends it. Model: {model}"),
    )
    raise typer.Exit(_run(lambda stop: run_playground(trial, stop)))


def main() -> None:
    """Run the command line."""
    cli()


def _run(work: Callable[[asyncio.Event], Coroutine[Any, Any, Result]]) -> Result:
    """Run until done; a signal sets the event that `work` gets."""
    return asyncio.run(_until_done(work))


async def _until_done(
    work: Callable[[asyncio.Event], Coroutine[Any, Any, Result]],
) -> Result:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(number: int) -> None:
        stop.set()
        # The next one of its kind ends the process at once. Of the other kind one may
        # follow: Ctrl+C reaches the playground's bot too, and then it is terminated.
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end, number)
    try:
        return await work(stop)
    except Exception as error:
        causes = _causes(error)
        if not all(isinstance(cause, SetupError) for cause in causes):
            raise
        typer.echo(f"linefeed: {causes[0]}", err=True)
        sys.stderr.flush()
        # All is closed by now, but for a look-up of a name that may hang in its thread
        # and that the end of the loop and of the interpreter would wait for.
        os._exit(SETUP_ERROR)


def _slack_variables() -> list[str]:
    return [name for name in os.environ if name.startswith("SLACK_")]


def _without_slack() -> dict[str, str]:
    hidden = set(_slack_variables())
    return {name: value for name, value in os.environ.items() if name not in hidden}


def _causes(error: Exception) -> list[Exception]:
    """Return what a task group's error is made of, or the error itself."""
    parts: tuple[Exception, ...] = getattr(error, "exceptions", ())
    return [cause for part in parts for cause in _causes(part)] or [error]


def _fail(error: Exception) -> NoReturn:
    typer.echo(f"linefeed: {error}", err=True)
    raise typer.Exit(SETUP_ERROR)


if __name__ == "__main__":
    main()
