"""What is done for commands and buttons, and who sees it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from bot.conversation.fold import Recollection
from bot.conversation.memory import Memory
from bot.conversation.ports import StoreError
from bot.conversation.steering import Steering
from bot.conversation.tokens import TokenBudget
from bot.conversation.turn import Message, ThreadId
from bot.conversation.turnstore import Crowd
from bot.playground.server import Playground
from bot.playground.webapi.faults import Fault
from bot.playground.workspace.identity import BOT_USER, TEAM
from bot.playground.workspace.message import Message as Shown
from bot.playground.workspace.message import app_message
from bot.slack.api.web import Web
from bot.slack.controls import ephemeral, memorycontrols
from bot.slack.controls.aside import POST
from bot.slack.controls.errands import Errands
from bot.slack.controls.memorycontrols import Controls
from bot.slack.events.command import Command
from bot.slack.events.event import SlackMessage
from bot.slack.events.policy import Policy
from bot.slack.events.press import Press
from tests.twins import ListedMemory, NamingReader, said

THREAD = ThreadId(f"slack:{TEAM}:C0DEV:1.0")
ASKED = SlackMessage(
    team=TEAM,
    actor_team=TEAM,
    user="U0ANA",
    channel="C0DEV",
    kind="channel",
    ts="2.0",
    thread_ts="1.0",
    text="",
    files=(),
    is_mention=True,
)


class FrailMemory(ListedMemory):
    """A memory store that fails while `is_broken`."""

    is_broken = False

    async def load(self, thread: ThreadId) -> Recollection:
        self._check()
        return await super().load(thread)

    async def forget(self, thread: ThreadId) -> None:
        self._check()
        await super().forget(thread)

    def _check(self) -> None:
        if self.is_broken:
            raise StoreError("locked")


@dataclass
class Desk:
    """Controls at work over a memory, and what Ana sees of it."""

    controls: Controls
    store: FrailMemory
    playground: Playground

    async def shown(self, count: int = 1) -> list[Shown]:
        messages = self.playground.workspace.ephemerals
        await self.playground.until(lambda: len(messages) >= count)
        return messages

    async def rested(self) -> None:
        """Wait until everything before was done: commands are begun in order."""
        self.controls.obey(Command("help"), replace(ASKED, user="U0BEN", ts="9.9"))
        messages = self.playground.workspace.ephemerals
        await self.playground.until(
            lambda: any(m.only_for == "U0BEN" for m in messages)
        )
        messages[:] = [m for m in messages if m.only_for != "U0BEN"]


@pytest.fixture
async def desk(web: Web, playground: Playground) -> AsyncGenerator[Desk]:
    async with at_desk(web, playground, said("hi", "1.0", thread=THREAD)) as desk:
        yield desk


@asynccontextmanager
async def at_desk(
    web: Web, playground: Playground, *messages: Message
) -> AsyncGenerator[Desk]:
    store = FrailMemory(messages)
    memory = Memory(store, NamingReader(), TokenBudget(1_000))
    steering = Steering(memory, store, NamingReader())
    errands = Errands()
    controls = Controls(web, steering, Policy(BOT_USER), errands)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(errands.run())
        yield Desk(controls, store, playground)
        running.cancel()


@pytest.fixture
def press(playground: Playground) -> Callable[..., Press]:
    """Ana has the button before her; return that she presses it."""

    def build(thread: str = THREAD, **fields: object) -> Press:
        ts = playground.workspace.next_ts()
        message = replace(app_message("C0DEV", ts, "1.0"), only_for="U0ANA")
        playground.workspace.add_ephemeral(message)
        key = playground.interactions.responses.issue("U0ANA", "C0DEV", ts)
        press = Press(
            team=TEAM,
            actor_team=TEAM,
            is_ours=True,
            user="U0ANA",
            channel="C0DEV",
            thread_ts="1.0",
            action=ephemeral.FORGET,
            value=thread,
            response_url=f"{playground.url}/respond/{key}",
        )
        return replace(press, **fields)

    return build


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("help", ephemeral.help_of()),
        ("remember", ephemeral.REMEMBERED),
        ("memory", "What I remember here: 1 messages"),
        ("forget", "Shall I forget"),
    ],
)
async def test_a_command_is_answered_to_whom_gave_it(
    desk: Desk, name: str, words: str
) -> None:
    desk.controls.obey(Command(name), ASKED)  # type: ignore[arg-type]

    (message,) = await desk.shown()
    assert (message.only_for, message.channel) == ("U0ANA", "C0DEV")
    assert message.thread_ts == "1.0"
    assert message.text.startswith(words)


async def test_a_fact_that_is_too_long_is_said_to_be(desk: Desk) -> None:
    desk.controls.obey(Command("remember", "x" * 2_000), ASKED)

    (message,) = await desk.shown()
    assert message.text == ephemeral.TOO_LONG


async def test_outside_of_threads_the_answer_stands_there_too(desk: Desk) -> None:
    desk.controls.obey(Command("memory"), replace(ASKED, thread_ts=""))

    (message,) = await desk.shown()
    assert (message.thread_ts, message.text) == ("", ephemeral.EMPTY)


async def test_a_command_that_comes_twice_is_obeyed_once(desk: Desk) -> None:
    for _ in range(3):
        desk.controls.obey(Command("help"), ASKED)
    desk.controls.obey(Command("help"), replace(ASKED, ts="3.0"))
    await desk.rested()

    assert len(await desk.shown(2)) == 2


async def test_only_so_many_commands_are_known_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memorycontrols, "MAX_KNOWN", 1)

    for ts in ("1.0", "2.0", "1.0"):
        desk.controls.obey(Command("help"), replace(ASKED, ts=ts))

    assert len(await desk.shown(3)) == 3


async def test_where_nothing_is_remembered_there_is_nothing_to_forget(
    web: Web, playground: Playground
) -> None:
    async with at_desk(web, playground) as desk:
        desk.controls.obey(Command("forget"), ASKED)

        (message,) = await desk.shown()

    assert (message.text, message.blocks) == (ephemeral.EMPTY, ())


async def test_a_database_that_fails_is_said(
    desk: Desk, press: Callable[..., Press]
) -> None:
    desk.store.is_broken = True
    desk.controls.obey(Command("memory"), ASKED)
    assert (await desk.shown())[0].text == ephemeral.UNREADABLE

    desk.controls.press(press())
    await desk.playground.until(
        lambda: desk.playground.workspace.ephemerals[-1].text == ephemeral.NOT_FORGOTTEN
    )
    assert len(desk.store.messages) == 1


async def test_an_answer_that_slack_refuses_ends_no_other(
    desk: Desk, playground: Playground
) -> None:
    refusal = {"ok": False, "error": "user_not_in_channel"}
    playground.webapi.faults.append(Fault(POST, 200, refusal))

    desk.controls.obey(Command("help"), ASKED)
    await playground.until(lambda: not playground.webapi.faults)
    desk.controls.obey(Command("help"), replace(ASKED, ts="3.0"))

    assert len(await desk.shown()) == 1


async def test_a_pressed_button_forgets_and_is_gone(
    desk: Desk, press: Callable[..., Press]
) -> None:
    desk.controls.press(press())
    workspace = desk.playground.workspace
    await desk.playground.until(
        lambda: workspace.ephemerals[-1].text == ephemeral.FORGOTTEN
    )

    assert len(workspace.ephemerals) == 1
    assert desk.store.messages == []


async def test_where_the_button_cannot_be_replaced_it_is_said_anew(
    desk: Desk, press: Callable[..., Press]
) -> None:
    desk.controls.press(press(response_url=""))

    _, said_anew = await desk.shown(2)
    assert (said_anew.text, said_anew.only_for) == (ephemeral.FORGOTTEN, "U0ANA")


@pytest.mark.parametrize(
    "fields",
    [
        {"value": f"slack:{TEAM}:C0DEV:9.0"},
        {"value": f"slack:{TEAM}:C0GENERAL:1.0"},
        {"actor_team": "T2", "is_ours": False},
        {"user": BOT_USER},
        {"action": "another"},
    ],
    ids=str,
)
async def test_a_button_that_is_not_theirs_does_nothing(
    desk: Desk, press: Callable[..., Press], fields: dict[str, object]
) -> None:
    desk.controls.press(press(**fields))
    await desk.rested()

    assert [message.text for message in desk.store.messages] == ["hi"]


@pytest.mark.parametrize(
    ("crowd", "sentence"),
    [("thread", ephemeral.THREAD_FULL), ("person", ephemeral.PERSON_FULL)],
)
async def test_who_asks_one_too_many_is_told_so_alone_and_there(
    desk: Desk, crowd: Crowd, sentence: str
) -> None:
    desk.controls.refuse(ASKED, crowd)

    (shown,) = await desk.shown()
    assert (shown.text, shown.only_for) == (sentence, "U0ANA")
    assert (shown.channel, shown.thread_ts) == ("C0DEV", "1.0")
