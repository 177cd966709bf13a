"""What people say while the bot is away, or deaf, is answered, once."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from bot.playground.model.stream import Pace
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.webapi.limits import UNLIMITED, Limits
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.message import Message
from bot.slack.events.catchup import LOOK_BACK_S
from bot.storage import database
from tests.conftest import Bots
from tests.test_journeys import answered, answers, read

pytestmark = pytest.mark.no_cover

LOST = PlaygroundOptions(limits=UNLIMITED, pace=Pace(0, 0), redelivery_s=())
"""What no connection takes at once is never delivered again."""


@pytest.fixture
async def playground() -> AsyncGenerator[Playground]:
    async with Playground(LOST) as playground:
        yield playground


async def looked_up(playground: Playground, times: int = 1) -> None:
    """Wait until the bot has asked for its channels so often, and read them all."""
    webapi, places = playground.webapi, len(playground.workspace.channels)
    await playground.until(
        lambda: (
            len(webapi.called("users.conversations")) >= times
            and len(webapi.called("conversations.history")) >= places * times
        )
    )


def is_lost(playground: Playground, question: Message) -> bool:
    """Say whether no event told the bot of a question."""
    log = playground.sockets.log
    told = [e for e in log if e.payload["event"]["ts"] == question.ts]
    return bool(told) and all(envelope.acked_s is None for envelope in told)


def read_in(playground: Playground, question: Message) -> list[str]:
    """Return what the bot wrote in the question's thread."""
    root = question.thread_ts or question.ts
    return read(answers(playground, question.channel, root))


async def test_a_mention_while_the_bot_is_down_is_answered_once(
    playground: Playground, bots: Bots
) -> None:
    question = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: late")
    async with bots.running(playground):
        await answered(playground, question, "late")
    async with bots.running(playground):
        await looked_up(playground, times=2)

    assert is_lost(playground, question)
    assert read_in(playground, question) == ["late"]


async def test_a_direct_message_while_the_bot_is_down_is_answered_once(
    playground: Playground, bots: Bots
) -> None:
    playground.say("U0ANA", "D0ANA", "echo: late")
    async with bots.running(playground):
        await playground.until(lambda: bool(answers(playground, "D0ANA")))
    async with bots.running(playground):
        await looked_up(playground, times=2)

    assert read(answers(playground, "D0ANA")) == ["late"]


async def test_a_mention_lost_in_a_gap_is_answered_after_the_reconnection(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        await looked_up(playground)
        playground.sockets.drop()
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: late")

        assert await answered(playground, question, "late") == ["late"]
        await looked_up(playground, times=2)

    assert is_lost(playground, question)
    assert len(playground.model.requests) == 1


async def test_an_answer_is_not_given_again_by_a_bot_that_lost_its_database(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        mention = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: once")
        await answered(playground, mention, "once")
        playground.say("U0BEN", "D0BEN", "echo: once")
        await playground.until(lambda: bool(answers(playground, "D0BEN")))
    await asyncio.to_thread(database.forget, bots.data)
    async with bots.running(playground):
        await looked_up(playground, times=2)
        last = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: last")
        await answered(playground, last, "last")

    assert read_in(playground, mention) == ["once"]
    assert read(answers(playground, "D0BEN")) == ["once"]


async def test_a_follow_up_while_the_bot_is_down_is_answered(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        root = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: first")
        await answered(playground, root, "first")
    question = playground.say("U0ANA", "C0GENERAL", "echo: second", thread_ts=root.ts)
    async with bots.running(playground):
        shown = await answered(playground, question, "second")

    assert shown == ["first", "second"]


async def test_what_is_older_than_a_quarter_of_an_hour_is_not_answered(
    playground: Playground, bots: Bots
) -> None:
    clock = playground.workspace.clock
    playground.workspace.clock = lambda: clock() - LOOK_BACK_S - 60
    old = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: old")
    playground.workspace.clock = clock
    async with bots.running(playground):
        new = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: new")
        await answered(playground, new, "new")
        await looked_up(playground)

    assert read_in(playground, old) == []


async def test_sixty_channels_keep_the_limits_and_delay_nobody(bots: Bots) -> None:
    options = replace(LOST, limits=Limits())
    async with Playground(options) as playground:
        everyone = frozenset(playground.workspace.people)
        for number in range(60):
            room = Channel(f"C1R{number}", f"room{number}", "channel", everyone)
            playground.workspace.channels[room.id] = room
        playground.say("U0ANA", "D0ANA", "echo: late")
        async with bots.running(playground):
            await playground.until(lambda: bool(answers(playground, "D0ANA")))
            await playground.until(
                lambda: len(playground.webapi.called("conversations.history")) >= 16
            )
            question = playground.say("U0ANA", "C1R59", "@Linefeed echo: live")
            await answered(playground, question, "live")

        assert {call.status for call in playground.webapi.calls} == {200}
        assert len(playground.webapi.called("conversations.history")) < 63
