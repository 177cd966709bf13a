"""Several processes with one token, one Slack and one PostgreSQL database."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import MappingProxyType

import pytest
from sqlalchemy import select

from bot.chunking import Chunk
from bot.conversation.turn import Message, Speaker, ThreadId, Turn, TurnId
from bot.playground.jsonobject import JsonObject
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.webapi.faults import Fault
from bot.playground.webapi.limits import Limits, Rate
from bot.playground.workspace.identity import BOT_ID, TEAM
from bot.slack.api import web
from bot.slack.api.address import Address
from bot.slack.delivery.delivery import SlackDelivery
from bot.slack.delivery.services import Services
from bot.slack.pacing.budget import POST, Budget
from bot.slack.pacing.sharing import ROUND_S, shared
from bot.storage import database, tables
from bot.storage.pace import SqlPace
from tests import postgres
from tests.conftest import Bots
from tests.slack.journal import ListedJournal

pytestmark = pytest.mark.no_cover

INTERVAL_S = 0.22
LIMITS = Limits(channel_rates=MappingProxyType({POST: Rate(5, 1, 3)}))
"""Slack's published limits, but five posts a second in a channel: it is the same at
five times the speed."""
PROCESSES = 3
LINES = [f"line {number}\n" for number in range(6)]


@asynccontextmanager
async def process(
    playground: Playground, url: str
) -> AsyncGenerator[tuple[SlackDelivery, web.Web]]:
    """Deliver lines as a process of its own would."""
    clock = asyncio.get_running_loop().time
    async with (
        database.opened(Path("unused"), url) as engine,
        web.opened(playground.bot_token, playground.api_url) as slack,
        shared(SqlPace(engine), slack.holds, clock) as sharing,
    ):
        budget = Budget(INTERVAL_S, clock, sharing=sharing)
        services = Services(slack, BOT_ID, ListedJournal(), budget)
        async with SlackDelivery(services, lambda _: "lines") as delivery:
            yield delivery, slack


def ask(playground: Playground) -> Turn:
    """Let Ana ask in a channel; no bot hears it."""
    message = playground.say("U0ANA", "C0DEV", "why?")
    thread = ThreadId(f"slack:{TEAM}:C0DEV:{message.ts}")
    question = Message(thread, message.ts, "person", Speaker("U0ANA"), "why?")
    address = Address(TEAM, TEAM, "U0ANA", "C0DEV", "channel", message.ts, message.ts)
    return Turn(TurnId(f"{TEAM}:C0DEV:{message.ts}"), question, address.dump())


async def reply(delivery: SlackDelivery, turn: Turn) -> None:
    async with delivery.open(turn) as outlet:
        # A model thinks longer than a database.
        await asyncio.sleep(0.3)
        for line in LINES:
            outlet.send(Chunk(line))
            await asyncio.sleep(0.2)


def shows(playground: Playground, turn: Turn) -> str:
    messages = playground.workspace.messages("C0DEV")
    own = [m for m in messages if m.bot_id and m.thread_ts == turn.question.position]
    return "\n".join(message.markdown or message.text for message in own)


async def test_processes_that_share_a_database_get_no_429(
    postgres_server: str,
) -> None:
    async with (
        Playground(PlaygroundOptions(limits=LIMITS)) as playground,
        postgres.database(postgres_server) as url,
        AsyncExitStack() as processes,
        asyncio.TaskGroup() as group,
    ):
        turns = [ask(playground) for _ in range(PROCESSES)]
        for turn in turns:
            delivery, _ = await processes.enter_async_context(process(playground, url))
            group.create_task(reply(delivery, turn))
        await playground.until(
            lambda: all("line 5" in shows(playground, turn) for turn in turns)
        )

        assert {call.status for call in playground.webapi.calls} == {200}
        for turn in turns:
            assert shows(playground, turn).split() == "".join(LINES).split()


async def test_a_429_of_one_process_is_kept_by_the_others(postgres_server: str) -> None:
    async with (
        Playground(PlaygroundOptions(limits=LIMITS)) as playground,
        postgres.database(postgres_server) as url,
        process(playground, url) as (one, slack),
        process(playground, url) as (other, others_slack),
        asyncio.TaskGroup() as group,
    ):
        refusal: JsonObject = {"ok": False, "error": "ratelimited"}
        fault = Fault(POST, 429, refusal, {"Retry-After": "30"})
        playground.webapi.faults.append(fault)
        replies = [
            group.create_task(reply(delivery, ask(playground)))
            for delivery in (one, other)
        ]

        # Nothing in the playground tells when a process learns of it.
        async with asyncio.timeout(10):
            while not all(s.wait_s(POST, "C0DEV") for s in (slack, others_slack)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        called = len(playground.webapi.called(POST))
        await asyncio.sleep(ROUND_S)

        assert len(playground.webapi.called(POST)) == called
        for task in replies:
            task.cancel()


async def test_a_bot_on_a_server_claims_its_slots(
    playground: Playground, bots: Bots, postgres_server: str
) -> None:
    async with postgres.database(postgres_server) as url:
        async with bots.running(
            playground, DATABASE_URL=url, LINEFEED_POST_INTERVAL_S=1.1
        ):
            playground.say("U0ANA", "C0DEV", "@Linefeed hi")
            await playground.until(
                lambda: playground.webapi.called(POST) != [], within_s=30
            )
        async with (
            database.opened(Path("unused"), url) as engine,
            database.transaction(engine) as connection,
        ):
            keys = set(await connection.scalars(select(tables.pace.c.key)))

    assert f"{POST} C0DEV" in keys
