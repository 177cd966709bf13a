"""The composition root: builds every part, wires them, and ends them in order."""

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from dataclasses import dataclass, replace
from uuid import uuid4

import structlog

from bot import models
from bot.conversation.alarm import Alarm
from bot.conversation.allowance import Allowance, Limits
from bot.conversation.condenser import Condenser
from bot.conversation.ledger import Ledger
from bot.conversation.memory import Memory
from bot.conversation.memorystore import Archive, MemoryStore
from bot.conversation.ports import Briefings
from bot.conversation.prompt import SEVERAL_PEOPLE
from bot.conversation.reply import Answerer
from bot.conversation.retention import Retention
from bot.conversation.steering import Steering
from bot.conversation.tokens import TokenBudget
from bot.conversation.turnstore import Caps
from bot.hearing import Site, heard
from bot.reception import Queue, queue_of, reception_of
from bot.settings import Settings, require_model
from bot.slack import channels
from bot.slack.api import preflight
from bot.slack.api import web as slack_web
from bot.slack.api.people import People
from bot.slack.delivery.delivery import SlackDelivery
from bot.slack.delivery.services import Services
from bot.slack.events.command import stop_words_of
from bot.slack.events.earlier import ThreadHistory
from bot.slack.events.policy import Policy
from bot.slack.pacing.budget import Budget
from bot.slack.pacing.pacing import SharedPace
from bot.slack.pacing.sharing import shared
from bot.slack.socket.connection import Connection
from bot.storage import condition, database, journal, pace
from bot.storage.demands import SqlDemands
from bot.storage.ledger import SqlLedger
from bot.storage.memory import SqlMemory
from bot.storage.notes import SqlNotes
from bot.storage.retention import SqlArchive
from bot.storage.threads import Database
from bot.storage.turns import SqlTurns
from bot.web import health

log = structlog.stdlib.get_logger()


async def run_bot(settings: Settings, stop: asyncio.Event) -> None:
    """Run the bot until `stop` is set and running replies had time to finish.

    Raises:
        SetupError: in an exception group, if a part cannot be set up.
    """
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(_serve(settings, stop, ready))
        waiting = group.create_task(_give_up_start(serving, stop, ready))
        await asyncio.wait({serving})
        waiting.cancel()
    log.info("stopped")


async def _give_up_start(
    serving: asyncio.Task[None], stop: asyncio.Event, ready: asyncio.Event
) -> None:
    """End a start that is asked to stop: nothing runs yet that must finish."""
    await stop.wait()
    if not ready.is_set():
        serving.cancel()


async def _serve(settings: Settings, stop: asyncio.Event, ready: asyncio.Event) -> None:
    book = _book(settings)
    owner = uuid4().hex
    url = settings.database_url.get_secret_value()
    async with (
        database.opened(settings.data, url) as engine,
        _slack(settings) as slack,
        journal.running(SqlNotes(engine, owner)) as notes,
        _budgeted(settings, slack, pace.of(engine)) as budget,
        AsyncExitStack() as answering,
        AsyncExitStack() as hearing,
    ):
        bot = await preflight.identify(slack)
        policy = _policy(settings, bot)
        site = Site(settings, book, slack, bot, policy)
        turns = SqlTurns(engine, owner, _caps(settings))
        queue = queue_of(turns, SqlDemands(engine), settings.at_once)
        allowance = _allowance(settings, SqlLedger(engine))
        services = Services(slack, bot.bot_id, notes, budget)
        delivery = SlackDelivery(_services(settings, queue, services), site.wish)
        await answering.enter_async_context(delivery)
        mind = _mind(_budget(settings, book), slack, bot, policy, SqlMemory(engine))
        reception = reception_of(slack, mind, policy, queue, delivery)
        # Slack first: what it sends is stored while the model's libraries load.
        connection = await hearing.enter_async_context(
            heard(site, reception, queue.turns, allowance)
        )
        await hearing.enter_async_context(
            _examined(settings, slack, connection, engine)
        )
        async with _remembering(settings, book, mind, SqlArchive(engine)) as briefings:
            answerer = Answerer(
                briefings, mind.memory, delivery, mind.people, allowance=allowance
            )
            async with _answering(queue, answerer, settings.grace_s):
                ready.set()
                log.info("ready", model=settings.model)
                await stop.wait()
                log.info("stopping")
                await hearing.aclose()


@asynccontextmanager
async def _answering(
    queue: Queue, answerer: Answerer, grace_s: float
) -> AsyncGenerator[None]:
    """Answer while inside, and behind that what runs, for some time."""
    async with asyncio.TaskGroup() as group:
        group.create_task(queue.inbox.run(answerer, grace_s))
        _settle_garbage()
        yield
        queue.inbox.close()


def _slack(settings: Settings) -> AbstractAsyncContextManager[slack_web.Web]:
    token = settings.slack_bot_token.get_secret_value()
    return slack_web.opened(token, settings.slack_api_url)


def _services(settings: Settings, queue: Queue, plain: Services) -> Services:
    """Return what writers of replies share, told how it stands with their turns."""
    return replace(
        plain,
        assured=queue.leases.assured,
        stands=queue.demands.stands,
        is_latest=queue.demands.is_latest,
        waits=queue.demands.waits,
        has_controls=settings.controls == "row",
        shows_all_links=settings.links == "all",
    )


def _policy(settings: Settings, bot: preflight.Identity) -> Policy:
    return Policy(
        bot_user=bot.user,
        threads=settings.threads,
        allow=settings.allow,
        stop_words=stop_words_of(settings.stop_words),
        bot_id=bot.bot_id,
    )


@asynccontextmanager
async def _budgeted(
    settings: Settings, slack: slack_web.Web, common: SharedPace | None
) -> AsyncGenerator[Budget]:
    """Pace what is called, together with other processes where there may be some."""
    clock = asyncio.get_running_loop().time
    if common is None:
        yield Budget(settings.post_interval_s, clock)
        return
    async with shared(common, slack.holds, clock) as sharing:
        yield Budget(settings.post_interval_s, clock, sharing=sharing)


def _caps(settings: Settings) -> Caps:
    return Caps(settings.max_waiting, settings.max_open)


def _allowance(settings: Settings, ledger: Ledger) -> Allowance:
    return Allowance(ledger, Limits(settings.hourly_tokens, settings.daily_tokens))


@dataclass(frozen=True, slots=True)
class _Mind:
    """What remembers, before there is a model to fold what is remembered."""

    store: MemoryStore
    people: People
    budget: TokenBudget
    alarm: Alarm
    memory: Memory

    @property
    def steering(self) -> Steering:
        """Return what people may see of it and do to it."""
        return Steering(self.memory, self.store, self.people)


def _budget(settings: Settings, book: channels.ChannelBook) -> TokenBudget:
    """Return what a prompt may hold, whichever instructions it begins with."""
    prompts = (settings.system_prompt, *book.system_prompts())
    return TokenBudget(
        settings.memory_tokens, [f"{prompt}\n\n{SEVERAL_PEOPLE}" for prompt in prompts]
    )


def _mind(
    budget: TokenBudget,
    slack: slack_web.Web,
    bot: preflight.Identity,
    policy: Policy,
    store: MemoryStore,
) -> _Mind:
    people = People(slack, bot.user)
    alarm = Alarm()
    earlier = ThreadHistory(slack, bot, policy, people)
    memory = Memory(store, people, budget, alarm.wake, earlier)
    return _Mind(store, people, budget, alarm, memory)


def _book(settings: Settings) -> channels.ChannelBook:
    """Read the channels file, and check that its models can be asked.

    Raises:
        SetupError: naming what is wrong.
    """
    book = channels.load(settings.channels)
    for model in filter(None, (*book.models(), settings.summary_model)):
        require_model(settings, model)
    return book


@asynccontextmanager
async def _examined(
    settings: Settings,
    slack: slack_web.Web,
    connection: Connection,
    engine: Database,
) -> AsyncGenerator[None]:
    """Answer `/healthz`, if a port is set for it."""

    async def examine() -> health.Health:
        found = await condition.examine(engine, settings.data)
        return health.Health(
            is_connected=connection.is_open,
            is_token_accepted=not slack.token_state.is_refused,
            is_database_writable=found.is_writable,
            oldest_waiting_s=found.oldest_waiting_s,
        )

    if not settings.health_port:
        yield
        return
    async with health.serving(settings.health_port, examine):
        yield


@asynccontextmanager
async def _remembering(
    settings: Settings,
    book: channels.ChannelBook,
    mind: _Mind,
    archive: Archive,
) -> AsyncGenerator[Briefings]:
    """Set up the models, one of which folds what is remembered in the background."""
    async with (
        models.opened(settings, book, mind.budget) as (briefings, summarizer),
        asyncio.TaskGroup() as group,
    ):
        condenser = Condenser(mind.store, mind.people, summarizer, mind.budget)
        mind.alarm.listen(condenser.wake)
        retention = Retention(archive, settings.retention_days)
        works = (
            group.create_task(condenser.run()),
            group.create_task(retention.run()),
        )
        yield briefings
        for work in works:
            work.cancel()


def _settle_garbage() -> None:
    """Keep the collector off what start-up built, and let it run more seldom.

    Streams make many small objects that die young; nothing here makes cycles of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
