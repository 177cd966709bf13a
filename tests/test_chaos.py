"""Whatever dies: every question is answered to its end, in order, no line twice.

Bots are processes of their own; the playground plays Slack with its published limits,
delivers some events twice, and its model goes on exactly where it is told to.
"""

import asyncio
import random
import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.conversation.reply import GIVEN_UP
from bot.playground.jsonobject import JsonObject
from bot.playground.model.stream import Pace
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.workspace.message import Message
from bot.slack.delivery import buttons
from tests import postgres
from tests.chunking.texts import leaves_a_fence_open
from tests.fleet import Fleet, fleet
from tests.long import examples
from tests.slack.watch import visible

pytestmark = pytest.mark.no_cover

MODES = ("lines", "edits", "stream", "auto")
SEEDS = examples(1, 5)
KILLS = examples(1, 10)
"""Of each seed: 5 kills in all in a short run, 50 in each place in a long one."""
IS_LONG = SEEDS > 1
PATIENCE_S = 180
QUIET_S = 1.5
"""How long nothing more must come once all is there."""
CHANNELS = ("C0GENERAL", "C0DEV", "C0JAPAN")
PLACES = [(mode, kind) for mode in MODES for kind in ("sqlite", "postgresql")]
SHORT = [
    ("lines", "sqlite"),
    ("edits", "sqlite"),
    ("stream", "postgresql"),
    ("auto", "postgresql"),
    ("lines", "postgresql"),
]


def document(chance: random.Random, lines: int = 40) -> str:
    """Return Markdown whose lines carry numbers, so that none gets lost unseen."""
    parts: list[str] = []
    number = 0
    while number < lines:
        form, frame = chance.choice(
            [
                ("{} is a line of prose.", "{}"),
                ("- {} is an item", "{}"),
                ("x = 1  # {}", "```py\n{}\n```"),
                ("| {} | b |", "| a | b |\n|---|---|\n{}"),
                ("> {} is quoted", "{}"),
            ]
        )
        count = chance.randint(1, 8)
        rows = "\n".join(form.format(f"n{number + i}") for i in range(count))
        parts.append(frame.format(rows))
        number += count
    return "\n\n".join(parts) + "\n"


def numbers(text: str) -> list[str]:
    return re.findall(r"\bn\d+\b", text)


def numbered(text: str) -> list[str]:
    """Return the lines of a text that carry a number, each to its last character."""
    return [line.strip() for line in text.split("\n") if numbers(line)]


def frame(text: str) -> set[str]:
    """Return the lines of a text that carry none: they may be there again."""
    return {line.strip() for line in text.split("\n") if not numbers(line)}


@dataclass
class Questions:
    """What people asked, and what they must read in the end."""

    playground: Playground
    asked: dict[str, tuple[str, str]] = field(
        default_factory=dict[str, tuple[str, str]]
    )
    """Channel and answer, by the question's ts."""

    def ask(self, text: str, channel: str) -> Message:
        """Ask for a text; its event comes twice, or as a twin, now and then."""
        envelopes = self.playground.sockets.envelopes
        if len(self.asked) % 3 == 1:
            envelopes.duplicate_next(is_retry=len(self.asked) % 2 == 0)
        question = self.playground.say("U0ANA", channel, f"@Linefeed echo:\n{text}")
        self.asked[question.ts] = channel, text
        return question

    def messages(self, ts: str) -> list[str]:
        """Return what the bot's messages in a question's thread show."""
        return visible(self.playground.workspace, self.asked[ts][0], ts)

    def are_answered(self) -> bool:
        """Say whether every line of every answer is there."""
        return all(
            set(numbers(text)) <= set(numbers("\n".join(self.messages(ts))))
            for ts, (_, text) in self.asked.items()
        )

    def are_exact(self) -> bool:
        """Say whether every line of every answer is there once, in order."""
        return all(
            numbers("\n".join(self.messages(ts))) == numbers(text)
            for ts, (_, text) in self.asked.items()
        )

    def check(self, logs: Callable[[], str]) -> None:
        """See that every line of every answer is there once, in order, as it was."""
        for ts, (_, text) in self.asked.items():
            shown = self.messages(ts)
            whole = "\n".join(shown)
            assert numbered(whole) == numbered(text), logs()
            assert frame(whole) <= {"", f"_{GIVEN_UP}_", *frame(text)}, logs()
            assert not any(map(leaves_a_fence_open, shown)), logs()

    def go_on(self) -> None:
        """Have every reply gone on with that was given up after three deaths."""
        for ts, (channel, _) in self.asked.items():
            for message in tuple(self.playground.workspace.thread(channel, ts)):
                for block in message.blocks:
                    for element in block.get("elements", ()):
                        if element.get("action_id") == buttons.CONTINUE:
                            self._press(message, element)

    def _press(self, message: Message, element: JsonObject) -> None:
        self.playground.interactions.press(
            "U0ANA", message.channel, message.ts, buttons.CONTINUE, element["value"]
        )

    async def all_answered(self, crew: Fleet) -> None:
        """Wait until all is there and nothing more comes; then check it."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not self.are_answered():
                    self.go_on()
                    await asyncio.sleep(1)
            await asyncio.sleep(QUIET_S)
        finally:
            self.check(crew.logs)
        assert self.playground.workspace.statuses == {}, crew.logs()


def slack() -> Playground:
    """Return a Slack with its published limits, whose model takes its time."""
    return Playground(PlaygroundOptions(pace=Pace(0.1, 150), redelivery_s=(1, 2, 4)))


@pytest.fixture
async def url(request: pytest.FixtureRequest, kind: str) -> AsyncGenerator[str]:
    """The address of an empty database; none is needed for SQLite."""
    if kind == "sqlite":
        yield ""
        return
    async with postgres.database(request.getfixturevalue("postgres_server")) as url:
        yield url


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize(("mode", "kind"), PLACES if IS_LONG else SHORT)
@pytest.mark.parametrize("seed", range(SEEDS))
async def test_replies_survive_kill_9(
    tmp_path: Path, mode: str, kind: str, url: str, seed: int
) -> None:
    """Of two processes with PostgreSQL one is killed; with SQLite there is one."""
    chance = random.Random(f"{mode} {kind} {seed}")  # noqa: S311 - the same every time
    async with (
        slack() as playground,
        fleet(playground, tmp_path, url, LINEFEED_DELIVERY=mode) as crew,
    ):
        questions = Questions(playground)
        for _ in range(2 if url else 1):
            await crew.start()
        for channel in CHANNELS:
            questions.ask(document(chance), channel)
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.2, 3.5))
            await crew.kill(chance.choice(crew.running))
            questions.ask(document(chance, 10), chance.choice(CHANNELS))
            await crew.start()
        await questions.all_answered(crew)
