"""Hundreds of questions over a line that fails at random: each is answered once."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable

import pytest
import structlog

from bot.playground.model.stream import Pace
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.webapi.faults import Fault
from bot.playground.webapi.limits import UNLIMITED
from bot.slack.socket import connection, link
from tests.conftest import Bots
from tests.long import examples
from tests.test_journeys import answers, read

pytestmark = pytest.mark.no_cover

QUESTIONS = examples(40, 1_000)
LASTS_S = examples(4, 300)
PATIENCE_S = examples(40, 240)
POST = "chat.postMessage"
OPEN = "apps.connections.open"
CHANNELS = ("C0GENERAL", "C0DEV", "C0JAPAN")
OPTIONS = PlaygroundOptions(
    limits=UNLIMITED, pace=Pace(0, 0), redelivery_s=(0.3, 1, 3), warning_s=0.5
)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a short run the bot notices in tenths of seconds what takes it seconds."""
    if LASTS_S < 60:
        monkeypatch.setattr(link, "PING_S", 0.1)
        monkeypatch.setattr(link, "SILENCE_S", 0.4)
        monkeypatch.setattr(connection, "MAX_PAUSE_S", 0.5)


def faults(playground: Playground) -> dict[str, Callable[[], None]]:
    """Return what may go wrong, by name."""
    sockets, webapi = playground.sockets, playground.webapi
    return {
        "reset": sockets.drop,
        "refresh": sockets.disconnect,
        "warning": lambda: sockets.disconnect("warning"),
        "black hole": sockets.black_hole,
        "duplicate": sockets.envelopes.duplicate_next,
        "twin": lambda: sockets.envelopes.duplicate_next(is_retry=False),
        "out of order": lambda: sockets.envelopes.hold_next(2),
        "no address": lambda: webapi.faults.append(Fault(OPEN)),
        "lost post": lambda: webapi.faults.append(Fault(POST, kind="cut_before")),
        "unsure post": lambda: webapi.faults.append(Fault(POST, kind="cut_after")),
    }


async def spoil(playground: Playground, chance: random.Random) -> Counter[str]:
    """Let something go wrong now and then; return how often what did."""
    done: Counter[str] = Counter()
    ways = faults(playground)
    loop = asyncio.get_running_loop()
    end_s = loop.time() + LASTS_S
    while loop.time() < end_s:
        await asyncio.sleep(chance.expovariate(1) * LASTS_S / 40)
        name = chance.choice(sorted(ways))
        ways[name]()
        done[name] += 1
    return done


async def ask(playground: Playground, chance: random.Random) -> dict[str, str]:
    """Ask at random moments; return the channel of each question by its ts."""
    asked: dict[str, str] = {}
    for number in range(QUESTIONS):
        await asyncio.sleep(chance.expovariate(1) * LASTS_S / QUESTIONS)
        channel = chance.choice(CHANNELS)
        text = f"@Linefeed echo: {number}"
        asked[playground.say("U0ANA", channel, text).ts] = channel
    return asked


@pytest.mark.usefixtures("hurried")
@pytest.mark.timeout(1_800)
async def test_each_question_over_a_failing_line_is_answered_once(bots: Bots) -> None:
    chance = random.Random(3)  # noqa: S311 - the same faults in every run
    async with Playground(OPTIONS) as playground, bots.running(playground):
        async with asyncio.TaskGroup() as group:
            spoiling = group.create_task(spoil(playground, chance))
            asking = group.create_task(ask(playground, chance))
        asked = asking.result()

        def replies() -> list[list[str]]:
            return [read(answers(playground, asked[ts], ts)) for ts in asked]

        await playground.until(lambda: all(replies()), within_s=PATIENCE_S)
        # What would be answered twice is on its way by now.
        await asyncio.sleep(1)

    assert replies() == [[str(number)] for number in range(QUESTIONS)]
    assert len(playground.model.requests) == min(QUESTIONS, 200)
    log = playground.sockets.log
    structlog.stdlib.get_logger().info(
        "soak",
        questions=QUESTIONS,
        lasted_s=LASTS_S,
        faults=dict(spoiling.result()),
        events=len(log),
        delivered_again=sum(envelope.tries > 1 for envelope in log),
        never_acked=sum(envelope.acked_s is None for envelope in log),
        connections=len(playground.webapi.called(OPEN)),
    )
