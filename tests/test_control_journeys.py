"""What people do to replies, over the wire: stop, change, renew and rate them."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.conversation.reply import STOPPED
from bot.playground.jsonobject import JsonObject
from bot.playground.model.fault import ModelFault
from bot.playground.model.stream import Pace
from bot.playground.people.composer import delete_message, edit_message
from bot.playground.server import Playground
from bot.playground.webapi.faults import refusal
from bot.playground.webapi.reactions import react
from bot.playground.webapi.streams import stop_by_reader
from bot.playground.workspace.message import Message
from bot.slack.controls import ephemeral
from bot.slack.delivery import buttons
from bot.slack.delivery.queuesign import EMOJI
from bot.slack.pacing.budget import UPDATE
from tests.conftest import Bots
from tests.slack.watch import visible

pytestmark = [pytest.mark.no_cover, pytest.mark.usefixtures("haste")]

MODES = ["lines", "edits", "stream", "auto"]
CHANNEL = "C0GENERAL"
SLOW = Pace(0, 30)
FAST = Pace(0, 0)
LONG = "\n".join(f"n{number} is a line." for number in range(2_000))
WITHIN_S = 30
"""The first bot of a process loads the model's libraries."""


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Talk:
    """A running bot, and Ana's questions to it."""

    def __init__(self, playground: Playground) -> None:
        self.playground = playground
        self.workspace = playground.workspace

    def ask(
        self,
        text: str = "write",
        answer: str = LONG,
        *,
        pace: Pace = SLOW,
        channel: str = CHANNEL,
        thread_ts: str = "",
    ) -> Message:
        self.playground.model.scripts.append(answer)
        self.playground.model.pace = pace
        said = text if channel.startswith("D") else f"@Linefeed {text}"
        return self.playground.say("U0ANA", channel, said, thread_ts=thread_ts)

    def shown(self, question: Message) -> str:
        """Return all that the bot's messages show in a question's thread."""
        root = question.thread_ts or question.ts
        place = "" if question.channel.startswith("D") else root
        return "\n".join(visible(self.workspace, question.channel, place))

    def replies(self, question: Message) -> list[Message]:
        root = question.thread_ts or question.ts
        found = self.workspace.messages(question.channel)
        if not question.channel.startswith("D"):
            found = iter(self.workspace.thread(question.channel, root))
        return [message for message in found if message.bot_id]

    def numbers(self, question: Message) -> list[str]:
        return re.findall(r"\bn\d+\b", self.shown(question))

    def private(self, user: str = "U0ANA") -> list[str]:
        found = self.workspace.ephemerals
        return [message.text for message in found if message.only_for == user]

    def buttons(self, question: Message) -> list[tuple[Message, JsonObject]]:
        """Return what can be pressed below a question's replies."""
        return [
            (message, element)
            for message in self.replies(question)
            for block in message.blocks
            if block["type"] in ("actions", "context_actions")
            for element in block["elements"]
        ]

    def actions(self, question: Message) -> list[str]:
        return [element["action_id"] for _, element in self.buttons(question)]

    def press(self, question: Message, action: str, user: str = "U0ANA") -> None:
        message, element = next(
            each
            for each in reversed(self.buttons(question))
            if each[1]["action_id"] == action
        )
        self.press_on(message, element, user)

    def press_on(
        self, message: Message, element: JsonObject, user: str = "U0ANA"
    ) -> None:
        side: Any = element.get("positive_button") or element
        self.playground.interactions.press(
            user, message.channel, message.ts, element["action_id"], side["value"]
        )

    def signs(self, question: Message) -> set[str]:
        reactions = self.workspace.reactions
        return set(reactions.get((question.channel, question.ts), {}))

    async def until(self, condition: Callable[[], bool]) -> None:
        await self.playground.until(condition, within_s=WITHIN_S)

    async def begun(self, question: Message, lines: int = 2) -> None:
        """Wait until people see some lines."""
        await self.until(lambda: len(self.numbers(question)) >= lines)

    async def stopped(self, question: Message) -> None:
        """See the model end long before its text, and the reply say so."""
        request = self.playground.model.requests[-1]
        await self.until(lambda: request.closed_early)
        await self.until(lambda: f"_{STOPPED}_" in self.shown(question))
        shown = self.shown(question).rstrip()
        assert shown.endswith(f"_{STOPPED}_")
        assert 0 < len(self.numbers(question)) < 2_000

    async def remembered(self, question: Message) -> str:
        """Return what the model is told that it said, by asking on."""
        count = len(self.playground.model.requests)
        root = question.thread_ts or question.ts
        thread_ts = "" if question.channel.startswith("D") else root
        self.ask(
            "and?", "Fine.", pace=FAST, channel=question.channel, thread_ts=thread_ts
        )
        await self.until(lambda: len(self.playground.model.requests) > count)
        said = self.playground.model.requests[-1].messages
        return "\n".join(m.text for m in said if m.role == "assistant")


@asynccontextmanager
async def talking(
    playground: Playground, bots: Bots, mode: str = "lines", **variables: object
) -> AsyncGenerator[Talk]:
    given = {"LINEFEED_DELIVERY": mode, "LINEFEED_CONTROLS": "row", **variables}
    async with bots.running(playground, LINEFEED_GRACE_S=0, **given):
        yield Talk(playground)


def by_word(talk: Talk, question: Message) -> None:
    thread_ts = "" if question.channel.startswith("D") else question.ts
    talk.playground.say("U0ANA", question.channel, " Stop ", thread_ts=thread_ts)


def by_sign_on_the_question(talk: Talk, question: Message) -> None:
    react(talk.workspace, "U0ANA", question.channel, question.ts, "octagonal_sign")


def by_sign_on_the_reply(talk: Talk, question: Message) -> None:
    message = talk.replies(question)[-1]
    react(talk.workspace, "U0ANA", message.channel, message.ts, "x")


def by_button(talk: Talk, question: Message) -> None:
    talk.press(question, buttons.STOP)


async def test_a_reply_is_stopped_in_every_way(
    playground: Playground, bots: Bots, mode: str
) -> None:
    ways = (by_word, by_sign_on_the_question, by_sign_on_the_reply)
    async with talking(playground, bots, mode) as talk:
        for stop in ways:
            question = talk.ask()
            await talk.begun(question)
            stop(talk, question)
            await talk.stopped(question)

        seen = talk.numbers(question)
        assert re.findall(r"\bn\d+\b", await talk.remembered(question)) == seen


async def test_a_message_that_grows_has_a_button_that_stops_it(
    playground: Playground, bots: Bots
) -> None:
    async with talking(playground, bots, "edits") as talk:
        question = talk.ask()
        await talk.begun(question)
        assert talk.actions(question) == [buttons.STOP]
        by_button(talk, question)
        await talk.stopped(question)

        assert buttons.STOP not in talk.actions(question)


async def test_a_direct_chat_is_stopped_by_a_word(
    playground: Playground, bots: Bots
) -> None:
    async with talking(playground, bots) as talk:
        question = talk.ask(channel="D0ANA")
        await talk.begun(question)
        by_word(talk, question)
        await talk.stopped(question)


async def test_slacks_own_stop_of_a_stream_ends_the_request_too(
    playground: Playground, bots: Bots
) -> None:
    async with talking(playground, bots, "stream") as talk:
        question = talk.ask()
        await talk.begun(question)
        stop_by_reader(talk.workspace, CHANNEL, talk.replies(question)[-1].ts)
        request = talk.playground.model.requests[-1]
        async with asyncio.timeout(WITHIN_S):
            while not request.closed_early:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)


async def test_another_persons_sign_stops_nothing(
    playground: Playground, bots: Bots
) -> None:
    async with talking(playground, bots) as talk:
        question = talk.ask("write", "n1\nn2\nn3\n", pace=Pace(0, 10))
        await talk.begun(question, 1)
        react(talk.workspace, "U0BEN", CHANNEL, question.ts, "octagonal_sign")

        await talk.begun(question, 3)
        await talk.until(lambda: buttons.REGENERATE in talk.actions(question))
        assert STOPPED not in talk.shown(question)


async def test_where_nothing_runs_the_word_is_answered_to_one_person(
    playground: Playground, bots: Bots
) -> None:
    async with talking(playground, bots, LINEFEED_STOP_WORDS="ストップ, halt") as talk:
        question = talk.ask("hi", "Hello.", pace=FAST)
        # The reply is shown before its turn has ended; the row comes behind both.
        await talk.until(lambda: buttons.REGENERATE in talk.actions(question))
        playground.say("U0ANA", CHANNEL, "HALT", thread_ts=question.ts)

        await talk.until(lambda: talk.private() == [ephemeral.NOTHING_RUNS])
        assert len(playground.model.requests) == 1


async def test_a_question_that_waits_has_a_sign_until_it_is_begun(
    playground: Playground, bots: Bots
) -> None:
    async with talking(playground, bots) as talk:
        first = talk.ask()
        await talk.begun(first)
        second = talk.ask("two", "Two.", thread_ts=first.ts)
        third = talk.ask("three", "Three.", thread_ts=first.ts)
        await talk.until(lambda: talk.signs(second) == talk.signs(third) == {EMOJI})
        react(talk.workspace, "U0ANA", CHANNEL, third.ts, "x")
        await talk.until(lambda: EMOJI not in talk.signs(third))
        react(talk.workspace, "U0ANA", CHANNEL, first.ts, "x")

        await talk.until(lambda: "Two." in talk.shown(first))
        await talk.until(lambda: not talk.signs(second))
        assert "Three." not in talk.shown(first)


async def test_the_row_stands_below_the_newest_reply_only(
    playground: Playground, bots: Bots, mode: str
) -> None:
    async with talking(playground, bots, mode) as talk:
        text = "n1 **bold**\n\n```py\nx = 1\n```\nn2 [a](https://example.com/)\n"
        question = talk.ask("hi", text, pace=FAST)
        row = [buttons.FEEDBACK, buttons.REGENERATE]
        await talk.until(lambda: talk.actions(question) == row)
        message, _ = talk.buttons(question)[0]
        assert message == talk.replies(question)[-1]
        assert message.metadata is not None
        assert not message.is_edited
        assert talk.numbers(question) == ["n1", "n2"]

        talk.ask("again", "n3\n", pace=FAST, thread_ts=question.ts)
        await talk.until(
            lambda: (
                len({m.ts for m, _ in talk.buttons(question)}) == 1
                and talk.buttons(question)[0][0] == talk.replies(question)[-1]
                and "n3" in talk.shown(question)
            )
        )
        assert talk.numbers(question) == ["n1", "n2", "n3"]


async def test_a_reply_is_rated_and_the_person_thanked(
    playground: Playground, bots: Bots
) -> None:
    async with talking(playground, bots) as talk:
        question = talk.ask("hi", "Hello.", pace=FAST)
        await talk.until(lambda: buttons.FEEDBACK in talk.actions(question))
        talk.press(question, buttons.FEEDBACK)
        await talk.until(lambda: talk.private() == [ephemeral.THANKS])
        talk.press(question, buttons.FEEDBACK, "U0BEN")
        await talk.until(lambda: talk.private("U0BEN") == [ephemeral.THANKS])


async def test_where_slack_shows_no_feedback_buttons_there_are_plain_ones(
    playground: Playground, bots: Bots
) -> None:
    playground.webapi.faults.append(refusal(UPDATE, "invalid_blocks"))
    async with talking(playground, bots) as talk:
        question = talk.ask("hi", "Hello.", pace=FAST)
        thumb = f"{buttons.FEEDBACK}_good"
        await talk.until(lambda: thumb in talk.actions(question))
        talk.press(question, thumb)
        await talk.until(lambda: talk.private() == [ephemeral.THANKS])


async def test_without_controls_there_are_no_buttons(
    playground: Playground, bots: Bots
) -> None:
    async with talking(playground, bots, "edits", LINEFEED_CONTROLS="none") as talk:
        question = talk.ask("hi", "n1\nn2\n", pace=Pace(0, 20))
        await talk.begun(question, 1)
        assert talk.actions(question) == []
        await talk.begun(question, 2)
        talk.ask("again", "n3\n", pace=FAST, thread_ts=question.ts)
        await talk.begun(question, 3)

        assert talk.actions(question) == []


async def test_an_old_replys_buttons_say_so_and_can_still_be_rated(
    playground: Playground, bots: Bots
) -> None:
    async with talking(playground, bots) as talk:
        question = talk.ask("hi", "n1\n", pace=FAST)
        await talk.until(lambda: buttons.REGENERATE in talk.actions(question))
        old = talk.replies(question)[0]

    async with talking(playground, bots) as talk:
        talk.ask("again", "n2\n", pace=FAST, thread_ts=question.ts)
        await talk.until(lambda: len(talk.replies(question)) == 2)
        await talk.until(lambda: len({m.ts for m, _ in talk.buttons(question)}) == 2)
        stale = {
            element["action_id"]: element
            for message, element in talk.buttons(question)
            if message.ts == old.ts
        }
        talk.press_on(old, stale[buttons.REGENERATE])
        await talk.until(lambda: talk.private() == [ephemeral.NOT_NEWEST])
        talk.press_on(old, stale[buttons.FEEDBACK])
        await talk.until(lambda: ephemeral.THANKS in talk.private())

        assert len(playground.model.requests) == 2


async def test_a_reply_that_became_too_long_is_gone_on_with(
    playground: Playground, bots: Bots, mode: str
) -> None:
    playground.model.faults.append(ModelFault(after_fragments=20, kind="length"))
    async with talking(playground, bots, mode) as talk:
        text = "\n".join(f"n{number} is a line." for number in range(9))
        question = talk.ask("hi", text, pace=FAST)
        await talk.until(lambda: buttons.CONTINUE in talk.actions(question))
        talk.press(question, buttons.CONTINUE)

        expected = [f"n{number}" for number in range(9)]
        await talk.until(lambda: talk.numbers(question) == expected)
        await talk.until(
            lambda: (
                buttons.CONTINUE not in talk.actions(question)
                and buttons.REGENERATE in talk.actions(question)
            )
        )
        memory = await talk.remembered(question)
        assert re.findall(r"\bn\d+\b", memory) == expected


async def test_a_changed_question_is_answered_anew_while_its_reply_runs(
    playground: Playground, bots: Bots, mode: str
) -> None:
    async with talking(playground, bots, mode) as talk:
        question = talk.ask()
        await talk.begun(question)
        request = playground.model.requests[-1]
        playground.model.scripts.append("New answer.")
        edit_message(
            talk.workspace, "U0ANA", CHANNEL, question.ts, "@Linefeed write new"
        )

        await talk.until(lambda: "New answer." in talk.shown(question))
        await talk.until(lambda: talk.numbers(question) == [])
        assert request.closed_early
        assert "write new" in playground.model.requests[-1].messages[-1].text


async def test_an_ended_reply_is_given_anew_by_a_button_and_by_an_edit(
    playground: Playground, bots: Bots, mode: str
) -> None:
    async with talking(playground, bots, mode) as talk:
        question = talk.ask("hi", "n1\n\nn2\n", pace=FAST)
        await talk.until(lambda: buttons.REGENERATE in talk.actions(question))
        playground.model.scripts.append("n3\n\nn4\n")
        talk.press(question, buttons.REGENERATE)
        await talk.until(lambda: talk.numbers(question) == ["n3", "n4"])
        await talk.until(lambda: talk.actions(question).count(buttons.REGENERATE) == 1)

        # The old one is gone before the new one begins.
        playground.model.pace = Pace(0.5, 0)
        playground.model.scripts.append("n5\n\nn6\n")
        edit_message(talk.workspace, "U0ANA", CHANNEL, question.ts, "@Linefeed ho")
        await talk.until(lambda: talk.numbers(question) == ["n5", "n6"])
        await talk.until(lambda: talk.actions(question).count(buttons.REGENERATE) == 1)
        assert re.findall(r"n\d", await talk.remembered(question)) == ["n5", "n6"]


async def test_a_question_that_becomes_a_command_is_no_question_any_more(
    playground: Playground, bots: Bots
) -> None:
    async with talking(playground, bots) as talk:
        question = talk.ask()
        await talk.begun(question)
        edit_message(talk.workspace, "U0ANA", CHANNEL, question.ts, "@Linefeed memory")

        await talk.stopped(question)
        assert talk.private() == []
        assert len(playground.model.requests) == 1


async def test_a_deleted_questions_reply_disappears(
    playground: Playground, bots: Bots, mode: str
) -> None:
    async with talking(playground, bots, mode) as talk:
        running = talk.ask()
        await talk.begun(running)
        delete_message(talk.workspace, "U0ANA", CHANNEL, running.ts)
        await talk.until(lambda: talk.replies(running) == [])

        ended = talk.ask("hi", "n1\nn2\n", pace=FAST)
        await talk.until(lambda: buttons.REGENERATE in talk.actions(ended))
        delete_message(talk.workspace, "U0ANA", CHANNEL, ended.ts)
        await talk.until(lambda: talk.replies(ended) == [])
