"""One reply in a virtual workspace: what delivers it, and what becomes of it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, cast

from bot.chunking import Chunk
from bot.conversation.turn import Message, Speaker, ThreadId, Turn, TurnId
from bot.playground.people.composer import Speech, say
from bot.playground.webapi.limits import UNLIMITED, Limits
from bot.playground.workspace.identity import BOT_ID, BOT_USER, TEAM
from bot.slack.api.address import Address
from bot.slack.delivery.delivery import SlackDelivery
from bot.slack.delivery.outlet import ReplyOutlet, Writer
from bot.slack.delivery.poster import ChannelPoster
from bot.slack.delivery.services import Services
from bot.slack.pacing.budget import Budget
from tests.slack.call import Call
from tests.slack.journal import ListedJournal
from tests.slack.schedule import Schedule
from tests.slack.virtual import WirelessSlack, virtually
from tests.slack.watch import visible

INTERVAL_S = 1.1


class Idle:
    """A writer that does nothing."""

    def add(self, text: str) -> None:
        """Forget a text."""

    def remark(self, sentence: str) -> None:
        """Forget a remark."""

    def end(self) -> None:
        """Do not settle."""

    def give_up(self) -> None:
        """Do nothing less."""


class Stage:
    """A workspace, and what a writer of replies needs there."""

    def __init__(self, slack: WirelessSlack, interval_s: float) -> None:
        self.slack = slack
        self.notes = ListedJournal()
        clock = asyncio.get_running_loop().time
        self.budget = Budget(interval_s, clock)
        self.services = Services(cast("Any", slack), BOT_ID, self.notes, self.budget)
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []
        self._posters: dict[str, ChannelPoster] = {}

    @property
    def now_s(self) -> float:
        """Return the time since the start."""
        return asyncio.get_running_loop().time()

    def ask(self, channel: str = "C0DEV", *, attempts: int = 1) -> Turn:
        """Let Ana ask; return the turn."""
        workspace = self.slack.workspace
        message = say(workspace, Speech("U0ANA", channel, "why?"))
        kind = workspace.channels[channel].kind
        thread_ts = "" if kind == "im" else message.ts
        thread = ThreadId(f"slack:{TEAM}:{channel}:{thread_ts}")
        question = Message(thread, message.ts, "person", Speaker("U0ANA"), "why?")
        address = Address(TEAM, TEAM, "U0ANA", channel, kind, message.ts, thread_ts)
        turn = TurnId(f"{TEAM}:{channel}:{message.ts}")
        return Turn(turn, question, address.dump(), attempts)

    def outlet(
        self, turn: Turn | None = None, writer: Writer | None = None
    ) -> ReplyOutlet:
        """Return the outlet of a reply; without a writer nothing delivers it."""
        return ReplyOutlet(turn or self.ask(), 0, lambda _: writer or Idle())

    def start(self, work: Coroutine[None, None, None]) -> Callable[[], object]:
        """Start a task that ends with the test; return what cancels it."""
        task = self._group.create_task(work)
        self._tasks.append(task)
        return task.cancel

    def poster(self, channel: str = "C0DEV") -> ChannelPoster:
        """Return the poster of a channel."""
        if channel not in self._posters:
            poster = ChannelPoster(self.services, channel, self.start)
            self._posters[channel] = poster
        return self._posters[channel]

    def shows(self, turn: Turn) -> list[str]:
        """Return what the bot's messages show in a turn's place, as people see it."""
        address = Address.load(turn.address)
        found = visible(self.slack.workspace, address.channel, address.thread_ts)
        return [text.rstrip() for text in found]

    def messages(self, turn: Turn) -> list[str]:
        """Return the ts of the bot's messages in a turn's thread, in order."""
        thread = self.slack.workspace.thread("C0DEV", turn.question.position)
        return [message.ts for message in thread if message.user == BOT_USER]

    def calls(self, method: str) -> list[Call]:
        """Return the calls of a method, in order."""
        return [call for call in self.slack.calls if call.method == method]

    async def run(self, work: Callable[["Stage"], Awaitable[None]]) -> None:
        """Do something, then end what was started."""
        async with self._group:
            await work(self)
            for task in self._tasks:
                task.cancel()

    def delivery(self, mode: Any) -> SlackDelivery:
        """Return a delivery in one mode."""
        return SlackDelivery(self.services, lambda _: mode)

    async def reply(
        self, mode: Any, pieces: Iterable[str], pause_s: float, turn: Turn
    ) -> None:
        """Deliver a reply in one mode, its pieces a pause apart, to its end."""
        async with self.delivery(mode) as delivery, delivery.open(turn) as outlet:
            for piece in pieces:
                outlet.send(Chunk(piece))
                await asyncio.sleep(pause_s)


def staged(
    work: Callable[[Stage], Awaitable[None]],
    *,
    limits: Limits = UNLIMITED,
    interval_s: float = INTERVAL_S,
    **by_method: list[str],
) -> None:
    """Play in virtual time; `chat_update=["lost after"]` says what becomes of calls."""
    plan = {method.replace("_", ".", 1): words for method, words in by_method.items()}

    async def play() -> None:
        slack = WirelessSlack(limits, schedule=Schedule(by_method=plan))
        await Stage(slack, interval_s).run(work)

    virtually(play())
