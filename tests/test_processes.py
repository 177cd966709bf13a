"""Several processes answer for one app: shared work, and none that dies is missed."""

import asyncio
import random
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.playground.model.stream import Pace
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.webapi.limits import UNLIMITED
from bot.playground.workspace.message import Message
from tests import postgres
from tests.fleet import Fleet, fleet
from tests.long import examples
from tests.test_chaos import PATIENCE_S, Questions, document, numbers

pytestmark = pytest.mark.no_cover

EVENTS = examples(90, 1_000)
LEASE_S = 5


@pytest.fixture
async def url(postgres_server: str) -> AsyncGenerator[str]:
    async with postgres.database(postgres_server) as url:
        yield url


@pytest.fixture
async def playground() -> AsyncGenerator[Playground]:
    # Slow enough that a reply still runs when the next process has started.
    options = PlaygroundOptions(limits=UNLIMITED, pace=Pace(0, 40))
    async with Playground(options) as playground:
        yield playground


async def started(crew: Fleet, count: int) -> None:
    for _ in range(count):
        await crew.start()


async def begun(playground: Playground, questions: Questions, asked: Message) -> None:
    """Wait until a reply shows several messages, or lines."""
    await playground.until(
        lambda: len(numbers("\n".join(questions.messages(asked.ts)))) > 5,
        within_s=PATIENCE_S,
    )


async def test_a_frozen_process_that_wakes_up_leaves_no_line_twice(
    playground: Playground, tmp_path: Path, url: str
) -> None:
    """Its turns were taken over: at most the call in flight lands, and goes again."""
    chance = random.Random(7)  # noqa: S311 - the same every time
    async with fleet(playground, tmp_path, url) as crew:
        zombie = await crew.start()
        questions = Questions(playground)
        asked = questions.ask(document(chance, 60), "C0GENERAL")
        questions.ask(document(chance, 60), "C0DEV")
        await begun(playground, questions, asked)
        crew.freeze(zombie)
        await crew.start()
        await playground.until(questions.are_answered, within_s=PATIENCE_S)
        crew.thaw(zombie)
        async with asyncio.timeout(PATIENCE_S):
            while "another process has it" not in crew.logs():  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.1)
        # What it had on its way stands twice until it is found and taken away.
        await playground.until(questions.are_exact, within_s=PATIENCE_S)
        await questions.all_answered(crew)


async def test_a_dead_processes_turns_are_taken_over_in_time(
    playground: Playground, tmp_path: Path, url: str
) -> None:
    chance = random.Random(8)  # noqa: S311 - the same every time
    async with fleet(playground, tmp_path, url) as crew:
        first = await crew.start()
        questions = Questions(playground)
        asked = questions.ask(document(chance, 60), "C0GENERAL")
        await begun(playground, questions, asked)
        await crew.start()
        shown = len(questions.messages(asked.ts))
        loop = asyncio.get_running_loop()
        await crew.kill(first)
        died_s = loop.time()
        await playground.until(
            lambda: len(questions.messages(asked.ts)) > shown, within_s=PATIENCE_S
        )
        taken_over_s = loop.time() - died_s
        await questions.all_answered(crew)

    assert taken_over_s <= 2 * LEASE_S


async def test_a_stopped_process_hands_over_and_leaves_nothing_behind(
    playground: Playground, tmp_path: Path, url: str
) -> None:
    chance = random.Random(9)  # noqa: S311 - the same every time
    async with fleet(
        playground, tmp_path, url, LINEFEED_GRACE_S="0.2", LINEFEED_DELIVERY="stream"
    ) as crew:
        first = await crew.start()
        questions = Questions(playground)
        asked = questions.ask(document(chance, 60), "C0GENERAL")
        await begun(playground, questions, asked)
        await crew.start()

        assert await crew.terminate(first) == 0
        await questions.all_answered(crew)


async def test_a_storm_of_questions_keeps_its_order_and_loses_none(
    playground: Playground, tmp_path: Path, url: str
) -> None:
    """One thread and many, over three processes, some events twice."""
    playground.model.pace = Pace(0, 0)
    # By Slack's pace a thousand replies take a quarter of an hour.
    pace = {"LINEFEED_POST_INTERVAL_S": "0"}
    async with fleet(playground, tmp_path, url, **pace) as crew:
        await started(crew, 3)
        root = playground.say("U0ANA", "C0DEV", "@Linefeed echo: root")
        many: list[str] = []
        for number in range(EVENTS):
            if number % 7 == 0:
                playground.sockets.envelopes.duplicate_next(is_retry=False)
            if number % 2:
                said = playground.say(
                    "U0ANA", "C0GENERAL", f"@Linefeed echo: n{number}"
                )
                many.append(said.ts)
            else:
                text = f"@Linefeed echo: n{number}"
                playground.say("U0ANA", "C0DEV", text, thread_ts=root.ts)
        questions = Questions(playground)
        answers = ["root", *(f"n{number}" for number in range(0, EVENTS, 2))]
        questions.asked[root.ts] = "C0DEV", "\n".join(answers)
        for number, ts in zip(range(1, EVENTS, 2), many, strict=True):
            questions.asked[ts] = "C0GENERAL", f"n{number}"
        await questions.all_answered(crew)


async def test_every_socket_of_three_can_be_refreshed(
    playground: Playground, tmp_path: Path, url: str
) -> None:
    async with fleet(playground, tmp_path, url) as crew:
        await started(crew, 3)
        questions = Questions(playground)
        for number in range(12):
            if number % 3 == 0:
                playground.sockets.disconnect("refresh_requested")
            questions.ask(f"n{number}\n", "C0GENERAL")
            await asyncio.sleep(0.1)
        await questions.all_answered(crew)


async def test_a_database_that_restarts_under_load_costs_no_answer(
    playground: Playground, tmp_path: Path
) -> None:
    chance = random.Random(10)  # noqa: S311 - the same every time
    with postgres.running("restart", is_hurried=True) as server:
        url = postgres.address(server)
        async with fleet(playground, tmp_path, url) as crew:
            await started(crew, 2)
            questions = Questions(playground)
            for channel in ("C0GENERAL", "C0DEV", "C0JAPAN"):
                questions.ask(document(chance, 60), channel)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(postgres.restart, server)
            questions.ask(document(chance, 10), "C0DEV")
            await questions.all_answered(crew)
