"""Processes that die while they deliver a reply, and those that go on with it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from bot.conversation.relay import Draft, Relay
from bot.conversation.turn import Turn
from bot.playground.workspace.identity import BOT_ID
from bot.slack.api.web import Answer
from bot.slack.channels import Wish
from bot.slack.delivery.delivery import SlackDelivery
from bot.slack.delivery.services import Services
from bot.slack.pacing.budget import Budget
from tests.slack.journal import ListedJournal
from tests.slack.virtual import WirelessSlack

MOMENT_S = 0.001
LONGEST_S = 3_000.0
"""A reply that takes longer hangs."""


class MortalWeb:
    """The Web API as one process calls it; a dead one calls nothing more.

    What it sent takes effect all the same.
    """

    def __init__(self, slack: WirelessSlack) -> None:
        self._slack = slack
        self.token_state = slack.token_state
        self.wait_s = slack.wait_s
        self.is_dead = False

    async def write(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        await self._alive()
        return await self._slack.write(method, arguments)

    async def write_message(self, method: str, arguments: dict[str, Any]) -> str:
        await self._alive()
        return await self._slack.write_message(method, arguments)

    async def read(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        await self._alive()
        return await self._slack.read(method, arguments)

    async def ask(self, method: str) -> Answer:
        await self._alive()
        return await self._slack.ask(method)

    async def _alive(self) -> None:
        if self.is_dead:
            await asyncio.sleep(LONGEST_S)


@dataclass(frozen=True)
class Life:
    """How a process lives, and after what pause another one follows it."""

    mode: Wish
    dies_after_s: float = float("inf")
    """It is killed then."""
    unwritten_s: float = 0.0
    """What it recorded so shortly before is not in the database."""
    pause_s: float = 1.0


@dataclass
class Story:
    """A reply, whoever delivers it."""

    slack: WirelessSlack
    turn: Turn
    fragments: Sequence[tuple[str, float]]
    """Each with the pause before it."""
    journal: ListedJournal = field(default_factory=ListedJournal)
    attempts: int = 0
    since_attempt: int = 1

    @property
    def text(self) -> str:
        """Return all that the model has to say."""
        return "".join(fragment for fragment, _ in self.fragments)

    @property
    def present(self) -> Turn:
        """Return the turn as the present attempt has it."""
        return replace(
            self.turn,
            attempts=self.attempts,
            since_attempt=self.since_attempt,
            interruptions=self.attempts - self.since_attempt,
        )

    def change(self, fragments: Sequence[tuple[str, float]]) -> None:
        """Let the reply be given anew, in other words."""
        self.fragments = fragments
        self.since_attempt = self.attempts + 1
        self.journal.forget_whole()

    async def live(self, life: Life) -> bool:
        """Let a process deliver until it dies; say whether it came to an end."""
        self.attempts += 1
        web = MortalWeb(self.slack)
        loop = asyncio.get_running_loop()
        budget = Budget(1.1, loop.time)
        services = Services(cast("Any", web), BOT_ID, self.journal, budget)
        async with asyncio.TaskGroup() as group:
            work = group.create_task(self._deliver(services, life.mode))
            await asyncio.wait({work}, timeout=min(life.dies_after_s, LONGEST_S))
            if work.done():
                return True
            assert life.dies_after_s < LONGEST_S, "the reply hangs"
            web.is_dead, died_s = True, loop.time()
            work.cancel()
        self.journal = self.journal.survived(self._written_s(died_s, life))
        await asyncio.sleep(max(0.0, died_s + life.pause_s - loop.time()))
        return False

    def _written_s(self, died_s: float, life: Life) -> float:
        """Return until when the journal was written.

        That takes moments: who is on the way for seconds is recorded.
        """
        slow = [
            call.begun_s + MOMENT_S
            for call in self.slack.calls
            if (call.ended_s or died_s) >= died_s and call.plan.startswith("held")
        ]
        return max(died_s - life.unwritten_s, *slow, 0.0)

    async def _deliver(self, services: Services, mode: Wish) -> None:
        turn, draft = self.present, Draft()
        async with SlackDelivery(services, lambda _: mode) as delivery:
            is_whole = False
            if turn.is_resumed:
                progress = await delivery.resume(turn)
                assert self.text.startswith(progress.text)
                draft.take(progress.text)
                is_whole = progress.is_whole
            async with delivery.open(turn) as outlet:
                if is_whole:
                    return
                outlet.heard((turn.question,))
                with Relay(draft, outlet) as relay:
                    for fragment, pause_s in self._behind(len(draft.text)):
                        await asyncio.sleep(pause_s)
                        relay.push(fragment)
                    relay.finish()
                outlet.whole(draft.text, "")

    def _behind(self, chars: int) -> list[tuple[str, float]]:
        left: list[tuple[str, float]] = []
        for fragment, pause_s in self.fragments:
            if chars < len(fragment):
                left.append((fragment[chars:], pause_s))
            chars = max(0, chars - len(fragment))
        return left


async def told(
    lives: Sequence[Life],
    fragments: Sequence[tuple[str, float]],
    slack: WirelessSlack,
    turn: Turn,
) -> Story:
    """Let one process follow the other, the last one to the end of the reply."""
    story = Story(slack, turn, fragments)
    for life in lives:
        if await story.live(life):
            break
    return story
