"""The row of buttons below the newest reply of each thread, in every mode.

It comes by one more edit of the reply's last message when all of it is in Slack, out of
what the budget leaves, and goes when the next reply is there or a button was pressed.
Rows of an earlier process stay, and work: what they ask for is checked when pressed.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from bot.conversation.ports import StoreError
from bot.conversation.turn import ThreadId, Turn, TurnId
from bot.slack.budget import UPDATE
from bot.slack.buttons import Block, reply_row
from bot.slack.footing import Standing
from bot.slack.insistence import Call, Fate, insist, is_set_within
from bot.slack.outlet import ReplyOutlet
from bot.slack.poster import content
from bot.slack.record import metadata
from bot.slack.services import Services
from bot.slack.web import RefusedError

PATIENCE_S: Final = 60.0
"""For how long to try to bring a row, or to take it away."""
PRESSED_PATIENCE_S: Final = 1.0
"""The same where somebody waits for what they pressed."""
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
    channel: str
    standing: Standing


@dataclass(eq=False, slots=True)
class _Work:
    """What is being done in one thread."""

    turn: TurnId
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set to make no further call."""
    is_done: asyncio.Event = field(default_factory=asyncio.Event)


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

    def follow(self, outlet: ReplyOutlet) -> None:
        """Let the row stand below a reply that is in Slack, if people may judge it."""
        if not self._services.has_controls or outlet.footing.last is None:
            return
        thread = outlet.turn.question.thread
        work, before = _Work(outlet.turn.id), self._works.get(thread)
        self._works[thread] = work
        self._start(self._move(outlet, outlet.footing.last, work, before))

    async def clear(self, turn: TurnId) -> None:
        """Take the row of a turn away, if it is known: a button of it was pressed."""
        found = [t for t, row in self._rows.items() if row.turn == turn]
        for thread in found:
            await self._take_away(thread, asyncio.Event(), PRESSED_PATIENCE_S)

    async def _move(
        self,
        outlet: ReplyOutlet,
        standing: Standing,
        work: _Work,
        before: _Work | None,
    ) -> None:
        """Take the thread's old row away and bring the new one."""
        thread = outlet.turn.question.thread
        try:
            if before is not None:
                before.is_over.set()
                await before.is_done.wait()
            old = self._rows.get(thread)
            if old is not None and old.standing.ts in outlet.footing.written:
                # It went when its message grew.
                del self._rows[thread]
            await self._take_away(thread, work.is_over)
            if outlet.footing.offered is not None and await self._stands(
                outlet.turn, work
            ):
                await self._bring(outlet, standing, work)
        finally:
            work.is_done.set()
            if self._works.get(thread) is work:
                del self._works[thread]

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

    async def _bring(
        self, outlet: ReplyOutlet, standing: Standing, work: _Work
    ) -> None:
        turn, cut = outlet.turn, outlet.footing.offered or ""
        row = _Row(turn.id, outlet.address.channel, standing)
        blocks = reply_row(turn.id, cut, is_plain=self._is_plain)
        refusal, fate = await self._write(row, blocks, work.is_over, PATIENCE_S)
        if refusal == "invalid_blocks" and not self._is_plain:
            blocks = reply_row(turn.id, cut, is_plain=True)
            refusal, fate = await self._write(row, blocks, work.is_over, PATIENCE_S)
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
        refusal, fate = await self._write(row, [], is_over, patience_s)
        if (refusal or fate == "done") and self._rows.get(thread) is row:
            del self._rows[thread]

    async def _write(
        self, row: _Row, blocks: list[Block], is_over: asyncio.Event, patience_s: float
    ) -> tuple[str, Fate]:
        """Edit a row's message, all else as it stands; return why not, if refused."""
        standing = row.standing
        if standing.is_plain:
            return "", "not"
        arguments: dict[str, Any] = {
            "channel": row.channel,
            "ts": standing.ts,
            **content(standing.text, blocks),
            # By default an edit, unlike a post, makes links of names.
            "parse": "none",
            "metadata": metadata(row.turn, standing.seq),
        }
        call = Call(UPDATE, arguments, patience_s, RESERVE)
        try:
            return "", await insist(self._services, call, is_over)
        except RefusedError as error:
            log.info("buttons are refused", error=error.error)
            return error.error, "not"
