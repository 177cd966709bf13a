"""A playground, the Web API against it, and turns that were asked there."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.conversation.ports import StoreError
from bot.conversation.turn import Delivered, ThreadId, Turn, TurnId
from bot.conversation.turn import Message as Said
from bot.conversation.turnstore import Crowd
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.webapi.limits import UNLIMITED
from bot.playground.workspace.identity import BOT_ID, BOT_USER, TEAM
from bot.playground.workspace.message import Message
from bot.slack.api.preflight import Identity
from bot.slack.api.web import Web, opened
from bot.slack.delivery.services import Doubt, Services
from bot.slack.events.command import Command
from bot.slack.events.event import SlackMessage
from bot.slack.events.listeners import Acceptor, Listener
from bot.slack.events.policy import Policy
from bot.slack.events.reaction import StopSign
from bot.slack.pacing.budget import Budget
from tests.slack.journal import ListedJournal, Noted

ME = Identity(TEAM, BOT_USER, BOT_ID)


class GatedInbox:
    """An inbox that takes turns while its gate is open, after so many failures."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.asked = asyncio.Event()
        """Set by each turn, taken or not."""
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures = 0

    async def accept(self, turn: Turn) -> bool:
        self.asked.set()
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise StoreError("disk full")
        self.turns.append(turn)
        return True


class EmptyMemory:
    """A memory in which nobody spoke and nothing is to be kept."""

    def __init__(self) -> None:
        self.gone: list[tuple[ThreadId, Delivered]] = []
        """What was to be retracted."""

    async def add(self, message: Said) -> None:
        raise AssertionError(message)

    async def people(self, thread: ThreadId) -> frozenset[str]:
        return frozenset()

    async def edit(self, message: Said) -> bool:
        return False

    async def retract(self, thread: ThreadId, gone: Delivered) -> bool:
        self.gone.append((thread, gone))
        return False


class ListedSteward:
    """Obeys nothing, but keeps what it was asked to do."""

    def __init__(self) -> None:
        self.commands: list[tuple[Command, SlackMessage]] = []
        self.refused: list[tuple[SlackMessage, Crowd]] = []

    def obey(self, command: Command, message: SlackMessage) -> None:
        self.commands.append((command, message))

    def refuse(self, message: SlackMessage, crowd: Crowd) -> None:
        self.refused.append((message, crowd))


class ListedOverseer:
    """Does nothing to turns, but keeps what it was asked to do."""

    def __init__(self) -> None:
        self.deeds: list[tuple[str, ...]] = []

    async def stop(self, message: SlackMessage) -> None:
        self.deeds.append(("stop", message.ts))

    async def obey_sign(self, sign: StopSign) -> None:
        self.deeds.append(("sign", sign.user, sign.turn))

    async def revise(self, thread: ThreadId, position: str) -> None:
        self.deeds.append(("revise", thread, position))

    async def stop_turn(self, turn: TurnId) -> None:
        self.deeds.append(("stop turn", turn))

    async def withdraw(self, thread: ThreadId, position: str) -> None:
        self.deeds.append(("withdraw", thread, position))


def listening(
    inbox: Acceptor,
    memory: Any,
    steward: ListedSteward | None = None,
    overseer: ListedOverseer | None = None,
    me: Identity = ME,
) -> Listener:
    """Return a listener with twins for what is not given."""
    return Listener(
        inbox,
        memory,
        Policy(me.user, bot_id=me.bot_id),
        steward or ListedSteward(),
        overseer or ListedOverseer(),
    )


@pytest.fixture
def inbox() -> GatedInbox:
    return GatedInbox()


@pytest.fixture
def memory() -> EmptyMemory:
    return EmptyMemory()


@pytest.fixture
def listener(inbox: GatedInbox, memory: EmptyMemory) -> Listener:
    return listening(inbox, memory)


@pytest.fixture
async def playground() -> AsyncGenerator[Playground]:
    options = PlaygroundOptions(limits=UNLIMITED, redelivery_s=(0.1, 0.1, 0.1, 0.1))
    async with Playground(options) as playground:
        yield playground


@pytest.fixture
async def web(playground: Playground) -> AsyncGenerator[Web]:
    async with opened(playground.bot_token, playground.api_url) as web:
        yield web


@pytest.fixture
def notes() -> list[Noted]:
    return []


@pytest.fixture
def journal(notes: list[Noted]) -> ListedJournal:
    return ListedJournal(notes)


@pytest.fixture
def services(web: Web, journal: ListedJournal) -> Services:
    """The workspace without paces and with little patience."""
    return Services(web, BOT_ID, journal, Budget(0, time.monotonic), Doubt(pause_s=0))


@pytest.fixture
def ask(playground: Playground) -> Callable[..., Turn]:
    """Ana says something; return the turn that answers it, at its first attempt."""

    def say(text: str = "hi", channel: str = "C0DEV", thread_ts: str = "") -> Turn:
        message: Message = playground.say("U0ANA", channel, text, thread_ts=thread_ts)
        heard = SlackMessage(
            team=TEAM,
            actor_team=TEAM,
            user="U0ANA",
            channel=channel,
            kind=playground.workspace.channels[channel].kind,
            ts=message.ts,
            thread_ts=thread_ts,
            text=text,
            files=(),
            is_mention=False,
        )
        return replace(heard.as_turn(), attempts=1)

    return say
