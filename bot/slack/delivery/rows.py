"""The row of buttons below the newest reply of each thread, in every mode.

It comes by one more edit of the reply's last message when all of it is in Slack, out of
what the budget leaves, and goes when the next reply is there or a button was pressed.
Where a reply is cut it comes before the turn ends, if it can soon: for a process that
dies behind that nobody brings it, and there would be no way to go on.
Rows of an earlier process stay, and work: what they ask for is checked when pressed.
Another process may have changed the message meanwhile: before each call it is asked
whether it is still as this one left it.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import structlog

from bot.conversation.ports import LostError, StoreError
from bot.conversation.turn import ThreadId, Turn, TurnId
from bot.slack.api.record import metadata
from bot.slack.api.web import RefusedError
from bot.slack.delivery.buttons import Block, reply_row
from bot.slack.delivery.footing import LastState
from bot.slack.delivery.insistence import Call, Fate, insist, is_set_within
from bot.slack.delivery.outlet import ReplyOutlet
from bot.slack.delivery.poster import content
from bot.slack.delivery.services import Services
from bot.slack.pacing.budget import UPDATE

PATIENCE_S: Final = 60.0
"""For how long to try to bring a row, or to take it away."""
PRESSED_PATIENCE_S: Final = 1.0
"""The same where somebody waits for what they pressed."""
CUT_PATIENCE_S: Final = 3.0
"""For how long the end of a turn waits for the row of a cut reply."""
LOOK_S: Final = 0.2
"""How often to look whether a turn has ended whose reply is in Slack."""
RESERVE: Final = 10
"""Edits that are left to replies that grow."""
MAX_ROWS: Final = 2_000
"""Rows that are known to be there; older ones stay."""

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that is there."""

    turn: TurnId
    attempt: int
    """The attempt at the turn that left the message as it is."""
    channel: str
    state: LastState


@dataclass(eq=False, slots=True)
class _Work:
    """What is being done in one thread."""

    turn: TurnId
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set to make no further call."""
    is_done: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class _Effort:
    """For how long a row is written."""

    is_over: asyncio.Event
    patience_s: float
    is_needed: Callable[[], Awaitable[bool]]


class Rows:
    """Brings rows and takes them away, one after the other in each thread."""

    def __init__(
        self,
        services: Services,
        start: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        """Edit messages in the workspace of `services`; `start` runs what does it."""
        self._services = services
        self._start = start
        self._rows: dict[ThreadId, _Row] = {}
        self._works: dict[ThreadId, _Work] = {}
        self._is_plain = False
        """Slack does not show feedback buttons here."""

    async def release(self, turn: Turn) -> None:
        """Let no call on the messages of a turn follow: it is answered once more.

        The row of a reply that is given anew goes with it.
        """
        thread = turn.question.thread
        work = self._works.get(thread)
        if work is not None and work.turn == turn.id:
            work.is_over.set()
            await work.is_done.wait()
        row = self._rows.get(thread)
        if row is not None and row.turn == turn.id and not turn.is_resumed:
            del self._rows[thread]

    async def follow(self, outlet: ReplyOutlet) -> None:
        """Let the row stand below a reply that is in Slack, if people may judge it.

        Where the reply can be gone on with, wait a little until it does.
        """
        last = outlet.footing.last
        if not self._services.has_controls or last is None:
            return
        thread = outlet.turn.question.thread
        work, before = _Work(outlet.turn.id), self._works.get(thread)
        self._works[thread] = work
        self._start(self._move(outlet, last, work, before))
        if outlet.footing.offered:
            await is_set_within(work.is_done, CUT_PATIENCE_S)

    async def clear(self, turn: TurnId) -> None:
        """Take the row of a turn away, if it is known: a button of it was pressed."""
        found = [t for t, row in self._rows.items() if row.turn == turn]
        for thread in found:
            work, before = _Work(turn), self._works.get(thread)
            if before is not None and before.turn != turn:
                # The next reply is there, and takes it.
                continue
            self._works[thread] = work
            async with self._doing(thread, work, before):
                await self._take_away(thread, work.is_over, PRESSED_PATIENCE_S)

    async def _move(
        self,
        outlet: ReplyOutlet,
        state: LastState,
        work: _Work,
        before: _Work | None,
    ) -> None:
        """Take the thread's old row away and bring the new one."""
        turn = outlet.turn
        async with self._doing(turn.question.thread, work, before):
            self._review(outlet)
            await self._take_away(turn.question.thread, work.is_over)
            cut = outlet.footing.offered
            if cut or (cut is not None and await self._stands(turn, work)):
                await self._bring(outlet, state, work)

    @asynccontextmanager
    async def _doing(
        self, thread: ThreadId, work: _Work, before: _Work | None
    ) -> AsyncGenerator[None]:
        """Do something in a thread once what was done before makes no more calls."""
        try:
            if before is not None:
                before.is_over.set()
                await before.is_done.wait()
            yield
        finally:
            work.is_done.set()
            if self._works.get(thread) is work:
                del self._works[thread]

    def _review(self, outlet: ReplyOutlet) -> None:
        """See what a reply made of the row that was in its thread."""
        turn = outlet.turn
        old = self._rows.get(turn.question.thread)
        if old is None:
            return
        if old.state.ts in outlet.footing.written:
            # It went when its message grew.
            del self._rows[turn.question.thread]
        elif (old.turn, old.attempt) == (turn.id, turn.attempts - 1):
            # The reply went on below it, and left it as it was.
            self._rows[turn.question.thread] = replace(old, attempt=turn.attempts)

    async def _stands(self, turn: Turn, work: _Work) -> bool:
        """Wait for the turn's end; say whether its reply is the last word."""
        try:
            while not work.is_over.is_set():
                stands = await self._services.stands(turn)
                if stands is not None:
                    return stands
                await is_set_within(work.is_over, LOOK_S)
        except StoreError as error:
            log.warning("a reply gets no buttons", reason=str(error))
        return False

    async def _bring(self, outlet: ReplyOutlet, state: LastState, work: _Work) -> None:
        turn, cut = outlet.turn, outlet.footing.offered or ""
        row = _Row(turn.id, turn.attempts, outlet.address.channel, state)
        effort = _Effort(work.is_over, PATIENCE_S, partial(self._is_last_word, turn))
        blocks = reply_row(turn.id, cut, is_plain=self._is_plain)
        refusal, fate = await self._write(row, blocks, effort)
        if refusal == "invalid_blocks" and not self._is_plain:
            blocks = reply_row(turn.id, cut, is_plain=True)
            refusal, fate = await self._write(row, blocks, effort)
            self._is_plain = fate == "done"
        if fate != "not":
            while len(self._rows) >= MAX_ROWS:
                del self._rows[next(iter(self._rows))]
            self._rows[turn.question.thread] = row

    async def _take_away(
        self,
        thread: ThreadId,
        is_over: asyncio.Event,
        patience_s: float = PATIENCE_S,
    ) -> None:
        row = self._rows.get(thread)
        if row is None:
            return
        effort = _Effort(is_over, patience_s, partial(self._is_as_it_was, row))
        refusal, fate = await self._write(row, [], effort)
        if (refusal or fate == "done") and self._rows.get(thread) is row:
            del self._rows[thread]

    async def _is_last_word(self, turn: Turn) -> bool:
        """Say whether a reply is the last of its thread, its turn ended or yet ours."""
        try:
            stands = await self._services.stands(turn)
            if stands is None:
                await self._services.assured(turn.id)
        except (LostError, StoreError) as error:
            log.warning("a reply gets no buttons", reason=str(error))
            return False
        return stands is not False

    async def _is_as_it_was(self, row: _Row) -> bool:
        """Say whether no other attempt may have changed a row's message."""
        try:
            return await self._services.is_latest(row.turn, row.attempt)
        except StoreError as error:
            log.warning("buttons stay", reason=str(error))
            return False

    async def _write(
        self, row: _Row, blocks: list[Block], effort: _Effort
    ) -> tuple[str, Fate]:
        """Edit a row's message, all else as it stands; return why not, if refused."""
        state = row.state
        if state.is_plain:
            return "", "not"
        arguments: dict[str, Any] = {
            "channel": row.channel,
            "ts": state.ts,
            **content(state.text, blocks),
            # By default an edit, unlike a post, makes links of names.
            "parse": "none",
            "metadata": metadata(row.turn, state.seq),
        }
        call = Call(UPDATE, arguments, effort.patience_s, RESERVE, effort.is_needed)
        try:
            return "", await insist(self._services, call, effort.is_over)
        except RefusedError as error:
            log.info("buttons are refused", error=error.error)
            return error.error, "not"
