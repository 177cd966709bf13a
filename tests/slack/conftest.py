"""A playground, the Web API against it, and turns that were asked there."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

import pytest

from bot.conversation.turn import Turn, TurnId
from bot.playground.limits import UNLIMITED
from bot.playground.server import Playground, PlaygroundOptions
from bot.playground.workspace import TEAM, Message
from bot.slack.event import SlackMessage
from bot.slack.web import Web, opened

Note = tuple[TurnId, int, str]


class ListedJournal:
    """A journal that is a list."""

    def __init__(self, notes: list[Note]) -> None:
        self._notes = notes

    def note(self, turn: TurnId, seq: int, message: str) -> None:
        self._notes.append((turn, seq, message))


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
def notes() -> list[Note]:
    return []


@pytest.fixture
def journal(notes: list[Note]) -> ListedJournal:
    return ListedJournal(notes)


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
