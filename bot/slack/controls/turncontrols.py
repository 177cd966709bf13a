"""What people demand of replies: by a word, an emoji, a button, an edit, a deletion.

Whoever is answered in a place may stop replies there, press their buttons and rate
them. An emoji counts only if it is the asker's: others may mean something else by it.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from bot.conversation.ports import StoreError
from bot.conversation.turn import ThreadId, TurnId
from bot.conversation.turnstore import Halted, Opinion
from bot.slack.api.web import Web
from bot.slack.controls import aside, ephemeral
from bot.slack.controls.aside import reader_of
from bot.slack.controls.errands import Errands
from bot.slack.delivery import buttons
from bot.slack.events.event import SlackMessage
from bot.slack.events.policy import Policy
from bot.slack.events.press import Press
from bot.slack.events.reaction import StopSign

MAX_KNOWN = 1_000
"""How many orders to stop are known again: each comes as two events, or anew."""

log = structlog.stdlib.get_logger()


class Demanding(Protocol):
    """Carries demands out: `conversation.demands.Demands`."""

    async def stop(self, thread: ThreadId) -> Halted:
        """End a thread's running turn, and those that wait behind it."""
        ...

    async def stop_turn(self, turn: TurnId, asker: str = "") -> Halted:
        """End one turn; if an asker is named, only one of theirs."""
        ...

    async def revise(self, thread: ThreadId, position: str) -> bool:
        """Answer a changed question anew, if it is the newest one of its thread."""
        ...

    async def withdraw(self, thread: ThreadId, position: str) -> bool:
        """Let the reply to a deleted question end, and disappear."""
        ...

    async def reopen(self, turn: TurnId, *, anew: bool) -> bool:
        """Answer an ended turn anew, or go on with its reply; False if it may not."""
        ...

    async def rate(self, turn: TurnId, person: str, opinion: Opinion) -> bool:
        """Keep what a person thinks of a reply; False if there is no such turn."""
        ...


class Replies(Protocol):
    """Knows the messages of replies."""

    async def replied(self, message: str, place: str) -> TurnId | None:
        """Return the turn whose reply has a message; its id begins with `place`."""
        ...


class TurnControls:
    """Carries out what people demand of turns; every method may raise `StoreError`.

    Then nothing was done. What a button asks for is done by an errand instead: stops by
    `stops`, so that whatever is slow holds up none.
    """

    def __init__(
        self,
        demands: Demanding,
        replies: Replies,
        policy: Policy,
        errands: Errands,
        panel: "Panel",
    ) -> None:
        """Make demands of those whom `policy` admits; tell them on the `panel`."""
        self._demands = demands
        self._replies = replies
        self._policy = policy
        self._errands = errands
        self._panel = panel
        self.stops = Errands()
        self._known: dict[tuple[str, str], None] = {}

    async def stop(self, message: SlackMessage) -> None:
        """End what runs and waits in a message's thread, once for each message."""
        key = message.channel, message.ts
        if key in self._known:
            return
        halted = await self._demands.stop(message.thread)
        while len(self._known) >= MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[key] = None
        if halted.is_nothing:
            self._tell(reader_of(message), ephemeral.NOTHING_RUNS)

    async def obey_sign(self, sign: StopSign) -> None:
        """End the turn of a question or a reply that its asker put an emoji on."""
        halted = await self._demands.stop_turn(sign.turn, sign.user)
        if halted.is_nothing:
            turn = await self._replies.replied(sign.ts, sign.place)
            if turn is not None:
                await self._demands.stop_turn(turn, sign.user)

    async def revise(self, thread: ThreadId, position: str) -> None:
        """Let a question whose text was changed be answered anew."""
        await self._demands.revise(thread, position)

    async def stop_turn(self, turn: TurnId) -> None:
        """End the turn of a message that is no question any more."""
        await self._demands.stop_turn(turn)

    async def withdraw(self, thread: ThreadId, position: str) -> None:
        """Let the reply to a deleted question disappear."""
        await self._demands.withdraw(thread, position)

    def press(self, press: Press) -> None:
        """Do what a button of a reply says; never waits. Others are ignored."""
        turn = TurnId(press.value)
        if press.action == buttons.STOP:
            self.stops.add(
                lambda: self._guarded(press, turn, lambda: self._stopped(turn))
            )
        elif press.action in {buttons.REGENERATE, buttons.CONTINUE}:
            self._errands.add(
                lambda: self._guarded(press, turn, lambda: self._reopened(press, turn))
            )
        elif press.action.startswith(buttons.FEEDBACK):
            self._errands.add(lambda: self._judge(press))

    async def _judge(self, press: Press) -> None:
        judged = buttons.judged(press.value)
        if judged is not None:
            opinion, turn = judged
            await self._guarded(press, turn, lambda: self._rate(press, opinion, turn))

    async def _guarded(
        self, press: Press, turn: TurnId, work: Callable[[], Awaitable[str]]
    ) -> None:
        """Do what a person may do, and tell them what there is to tell."""
        is_admitted = self._policy.admits(
            press.user, press.channel, press.actor_team, press.is_ours
        )
        if not is_admitted or not turn.startswith(press.place):
            log.warning("a button is not theirs to press", user=press.user)
            return
        try:
            sentence = await work()
        except StoreError:
            log.exception("what a button asks for could not be done", turn=turn)
            sentence = ephemeral.NOT_DONE
        if sentence:
            self._tell(reader_of(press), sentence)

    def _tell(self, reader: aside.Reader, sentence: str) -> None:
        self._errands.add(lambda: self._panel.tell(reader, sentence))

    async def _rate(self, press: Press, opinion: Opinion, turn: TurnId) -> str:
        is_known = await self._demands.rate(turn, press.user, opinion)
        log.info("a reply was rated", turn=turn, opinion=opinion, is_known=is_known)
        return ephemeral.THANKS if is_known else ephemeral.UNKNOWN

    async def _stopped(self, turn: TurnId) -> str:
        halted = await self._demands.stop_turn(turn)
        return ephemeral.NOTHING_RUNS if halted.is_nothing else ""

    async def _reopened(self, press: Press, turn: TurnId) -> str:
        is_anew = press.action == buttons.REGENERATE
        if not await self._demands.reopen(turn, anew=is_anew):
            return ephemeral.NOT_NEWEST
        await self._panel.clear(turn)
        return ""


class Panel:
    """What people see of controls: words to one of them, and the row of buttons."""

    def __init__(self, web: Web, clear: Callable[[TurnId], Awaitable[None]]) -> None:
        """Speak over `web`; `clear` takes the row of a turn away."""
        self._web = web
        self.clear = clear

    async def tell(self, reader: aside.Reader, sentence: str) -> None:
        """Tell one person something."""
        await aside.show(self._web, reader, ephemeral.word(sentence))
