"""Two bots answer for one app, and what people do to a reply is heard by the other."""

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.playground.model.fault import ModelFault
from bot.playground.people.composer import delete_message, edit_message
from bot.playground.server import Playground
from bot.playground.workspace.message import Message
from bot.slack.controls import ephemeral
from bot.slack.delivery import buttons
from tests import postgres
from tests.conftest import Bots
from tests.test_control_journeys import (
    CHANNEL,
    FAST,
    Talk,
    by_button,
    by_sign_on_the_reply,
    by_word,
    talking,
)

pytestmark = [pytest.mark.no_cover, pytest.mark.usefixtures("haste")]

ONE, OTHER = 0, 1
"""The bots' links, by the order of opening."""


@pytest.fixture(params=["lines", "edits", "stream", "auto"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def shared(
    playground: Playground, bots: Bots, server: str, mode: str
) -> AsyncGenerator[Talk]:
    """Run two bots that know of each other only by their database and Slack."""
    beside = Bots(bots.data / "beside")
    async with (
        postgres.database(server) as url,
        talking(playground, bots, mode, DATABASE_URL=url) as talk,
        talking(playground, beside, mode, DATABASE_URL=url),
    ):
        await talk.until(lambda: playground.sockets.connection_count == 2)
        yield talk


async def begun(talk: Talk) -> Message:
    """Let one bot begin a reply; what comes then is heard by the other."""
    talk.playground.sockets.prefer(ONE)
    question = talk.ask()
    await talk.begun(question)
    talk.playground.sockets.prefer(OTHER)
    return question


async def ended(talk: Talk, answer: str) -> Message:
    """Let one bot give a whole reply; what comes then is heard by the other."""
    talk.playground.sockets.prefer(ONE)
    question = talk.ask("hi", answer, pace=FAST)
    await talk.until(lambda: buttons.REGENERATE in talk.actions(question))
    talk.playground.sockets.prefer(OTHER)
    return question


async def test_a_reply_is_stopped_through_another_process(
    playground: Playground, bots: Bots, postgres_server: str, mode: str
) -> None:
    ways: list[Callable[[Talk, Message], None]] = [by_word, by_sign_on_the_reply]
    if mode == "edits":
        ways.append(by_button)
    async with shared(playground, bots, postgres_server, mode) as talk:
        for way in ways:
            question = await begun(talk)
            way(talk, question)
            await talk.stopped(question)
            said = re.findall(r"\bn\d+\b", await talk.remembered(question))
            assert said == talk.numbers(question)


async def test_a_running_replys_question_changes_or_goes_through_another_process(
    playground: Playground, bots: Bots, postgres_server: str, mode: str
) -> None:
    async with shared(playground, bots, postgres_server, mode) as talk:
        question = await begun(talk)
        request = playground.model.requests[-1]
        playground.model.scripts.append("New answer.")
        edit_message(
            talk.workspace, "U0ANA", CHANNEL, question.ts, "@Linefeed write new"
        )
        await talk.until(lambda: "New answer." in talk.shown(question))
        await talk.until(lambda: talk.numbers(question) == [])
        assert request.closed_early

        question = await begun(talk)
        delete_message(talk.workspace, "U0ANA", CHANNEL, question.ts)
        await talk.until(lambda: talk.replies(question) == [])
        assert playground.model.requests[-1].closed_early


async def test_an_ended_reply_is_rated_and_given_anew_through_another_process(
    playground: Playground, bots: Bots, postgres_server: str, mode: str
) -> None:
    async with shared(playground, bots, postgres_server, mode) as talk:
        question = await ended(talk, "n1\n\nn2\n")
        talk.press(question, buttons.FEEDBACK)
        await talk.until(lambda: talk.private() == [ephemeral.THANKS])
        playground.model.scripts.append("n3\n\nn4\n")
        talk.press(question, buttons.REGENERATE)
        await talk.until(lambda: talk.numbers(question) == ["n3", "n4"])
        await talk.until(lambda: talk.actions(question).count(buttons.REGENERATE) == 1)

        talk.playground.sockets.prefer(ONE)
        playground.model.scripts.append("n5\n\nn6\n")
        edit_message(talk.workspace, "U0ANA", CHANNEL, question.ts, "@Linefeed ho")
        await talk.until(lambda: talk.numbers(question) == ["n5", "n6"])
        await talk.until(lambda: talk.actions(question).count(buttons.REGENERATE) == 1)
        assert re.findall(r"n\d", await talk.remembered(question)) == ["n5", "n6"]

        talk.playground.sockets.prefer(OTHER)
        delete_message(talk.workspace, "U0ANA", CHANNEL, question.ts)
        await talk.until(lambda: "n5" not in talk.shown(question))


async def test_a_reply_that_broke_off_is_gone_on_with_through_another_process(
    playground: Playground, bots: Bots, postgres_server: str, mode: str
) -> None:
    playground.model.faults.append(ModelFault(after_fragments=20, kind="length"))
    text = "\n".join(f"n{number} is a line." for number in range(9))
    expected = [f"n{number}" for number in range(9)]
    async with shared(playground, bots, postgres_server, mode) as talk:
        question = await ended(talk, text)
        await talk.until(lambda: buttons.CONTINUE in talk.actions(question))
        talk.press(question, buttons.CONTINUE)
        await talk.until(lambda: talk.numbers(question) == expected)
        memory = await talk.remembered(question)
        assert re.findall(r"\bn\d+\b", memory) == expected
