"""A playground for every test that wants one, and the bot in it."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from functools import cache, partial
from importlib import import_module
from pathlib import Path

import httpcore2
import hypothesis
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from bot import app, logs, settings
from bot.app import run_bot
from bot.playground.model.stream import Pace
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.webapi.limits import UNLIMITED
from bot.slack.delivery.services import Doubt, Services
from bot.storage import database
from tests import postgres
from tests.browser import ARGUMENTS, CHROMIUM
from tests.long import examples

# No test's outcome may depend on how fast the machine is.
hypothesis.settings.register_profile(
    "linefeed", deadline=None, max_examples=examples(50, 1_000)
)
hypothesis.settings.load_profile("linefeed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count no coverage in properties: what is counted takes three times as long.

    The same lines are counted where a test names a case. `no_cover` on a module says so
    of tests that run whole bots, processes or a browser.
    """
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("no_cover")


@pytest.fixture(autouse=True, scope="session")
def _logs() -> None:
    """Log as the program does: structlog's own default prints variables."""
    logs.configure("info", "text")


@pytest.fixture(autouse=True, scope="session")
def _one_tls_context() -> Generator[None]:
    """Read the certificates once: no test speaks TLS, and each bot reads them twice."""
    with pytest.MonkeyPatch.context() as patch:
        context = cache(httpcore2.default_ssl_context)
        patch.setattr(httpcore2, "default_ssl_context", context)
        yield


@pytest.fixture
def haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let bots of this process look for late messages at once, and not for long."""
    doubt = Doubt(pause_s=0.02, patience_s=0.5)
    monkeypatch.setattr(app, "Services", partial(Services, doubt=doubt))


@pytest.fixture
async def playground() -> AsyncGenerator[Playground]:
    """A playground without rate limits, whose model writes as fast as it can."""
    options = PlaygroundOptions(limits=UNLIMITED, pace=Pace(0, 0))
    async with Playground(options) as playground:
        yield playground


class Bots:
    """Starts bots in this process, for a playground and a data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data

    @asynccontextmanager
    async def running(
        self, playground: Playground, **variables: object
    ) -> AsyncGenerator[asyncio.Task[None]]:
        """Run the bot from entering to leaving, which lets running replies finish.

        `variables` are settings by their names in the environment. Cancel the task to
        let the bot die in the middle of whatever it does.
        """
        given = {
            "SLACK_API_URL": playground.api_url,
            "SLACK_BOT_TOKEN": playground.bot_token,
            "SLACK_APP_TOKEN": playground.app_token,
            "OPENAI_BASE_URL": playground.model_url,
            "LINEFEED_MODEL": "offline",
            "LINEFEED_DATA": self.data,
            "LINEFEED_POST_INTERVAL_S": 0,
            # Its edits are nobody's concern but that of the tests of controls.
            "LINEFEED_CONTROLS": "none",
            # Tests ask more at once than people do.
            "LINEFEED_MAX_WAITING": 0,
            "LINEFEED_MAX_OPEN": 0,
            **variables,
        }
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            bot = group.create_task(run_bot(settings.load(**given), stop))
            sockets = playground.sockets
            await playground.until(lambda: bot.done() or sockets.connection_count > 0)
            yield bot
            stop.set()


@pytest.fixture(scope="session")
def _libraries() -> None:
    """Load what the first answer of a process else waits for, longer than a test."""
    import_module("bot.llm.model")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite file, up to date: each that is migrated waits for the disk."""
    folder = tmp_path_factory.mktemp("migrated")
    async with database.opened(folder):
        return folder / database.FILE_NAME


@pytest.fixture
def bots(tmp_path: Path, migrated: Path, _libraries: None) -> Bots:
    """Bots that share one data folder, so that one may go on where another ended."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(migrated, data)
    return Bots(data)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncGenerator[Browser]:
    """A browser without a window; tests that want it share a module's loop."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=ARGUMENTS
        )
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def postgres_server(worker_id: str, request: pytest.FixtureRequest) -> Generator[str]:
    """A PostgreSQL server for the whole run: its folder of sockets."""
    is_alone = worker_id == "master"
    run = str(os.getpid()) if is_alone else request.getfixturevalue("testrun_uid")
    with postgres.running(run[:12]) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest) -> AsyncGenerator[str]:
    """The address of an empty database of each kind; none is needed for SQLite."""
    if request.param == "sqlite":
        yield ""
        return
    server: str = request.getfixturevalue("postgres_server")
    async with postgres.database(server) as url:
        yield url
