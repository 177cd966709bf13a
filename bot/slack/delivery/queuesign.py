"""The sign on a question that waits behind another one."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog

from bot.conversation.ports import StoreError
from bot.conversation.turn import Turn, TurnId
from bot.slack.api.address import Address
from bot.slack.api.web import RefusedError
from bot.slack.delivery.insistence import Call, insist, is_set_within
from bot.slack.delivery.services import Services
from bot.slack.pacing.budget import REACT, UNREACT

EMOJI: Final = "hourglass_flowing_sand"
SHOWING_S: Final = 60.0
"""For how long to try to show it."""
REMOVAL_S: Final = 600.0
"""For how long to try to take it away: it does not vanish by itself."""
LATE_S: Final = 2.0
"""How long another process's sign may be on its way."""
LOOK_S: Final = 5.0
"""How often to look whether a turn waits yet: it may be another process's to begin."""
MAX_KNOWN: Final = 5_000
"""Signs that are known to be there or gone."""

log = structlog.stdlib.get_logger()


@dataclass(eq=False, slots=True)
class _Sign:
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    """Nobody waits any more."""
    is_settled: asyncio.Event = field(default_factory=asyncio.Event)
    """It is known whether it may be there."""
    may_be_there: bool = False
    counted: ExitStack = field(default_factory=ExitStack)
    """Holds a call for its removal."""


class QueueSigns:
    """Shows that turns wait, and shows it no longer; never waits itself."""

    def __init__(
        self,
        services: Services,
        start: Callable[[Coroutine[None, None, None]], object],
        watch: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        """React in the workspace of `services`; `start` runs what does it.

        `watch` runs what looks whether turns wait yet.
        """
        self._services = services
        self._start = start
        self._watch_with = watch
        self._is_watching = False
        self._signs: dict[TurnId, _Sign] = {}
        self._shown: dict[TurnId, tuple[Turn, _Sign]] = {}
        """Those of this process that count, or will."""

    def show(self, turn: Turn) -> None:
        """Put the sign on a turn's question, unless it was begun already."""
        if turn.id not in self._signs:
            sign = self._known(turn)
            self._shown[turn.id] = turn, sign
            self._start(self._show(turn, sign))
            if not self._is_watching:
                self._is_watching = True
                self._watch_with(self._watch())

    def hide(self, turn: Turn) -> None:
        """Take the sign away, whoever put it there."""
        is_own = turn.id in self._signs or turn.id in self._shown
        shown = self._shown.pop(turn.id, None)
        sign = shown[1] if shown is not None else self._known(turn)
        sign.is_over.set()
        if is_own:
            self._start(self._hide_own(turn, sign))
        else:
            sign.is_settled.set()
            self._start(self._hide_others(turn))

    def _known(self, turn: Turn) -> _Sign:
        while len(self._signs) >= MAX_KNOWN:
            del self._signs[next(iter(self._signs))]
        return self._signs.setdefault(turn.id, _Sign())

    async def _show(self, turn: Turn, sign: _Sign) -> None:
        budget = self._services.budget
        try:
            while not sign.is_over.is_set() and (wait_s := budget.reaction_wait_s()):
                await is_set_within(sign.is_over, wait_s)
            sign.counted.enter_context(budget.reacting())
            is_needed = partial(self._waits, turn)
            call = Call(REACT, _place(turn), SHOWING_S, is_needed=is_needed)
            sign.may_be_there = True
            fate = await insist(self._services, call, sign.is_over)
            sign.may_be_there = fate != "not"
        except RefusedError as error:
            log.debug("a sign is refused", error=error.error)
            sign.may_be_there = error.error == "already_reacted"
        finally:
            if not sign.may_be_there:
                sign.counted.close()
                self._shown.pop(turn.id, None)
            sign.is_settled.set()

    async def _watch(self) -> None:
        """Hide the signs of turns that wait no more, for as long as there are any."""
        try:
            while self._shown:
                await asyncio.sleep(LOOK_S)
                for turn, _ in tuple(self._shown.values()):
                    if not await self._waits(turn):
                        self.hide(turn)
        finally:
            self._is_watching = False

    async def _waits(self, turn: Turn) -> bool:
        try:
            return await self._services.waits(turn.id)
        except StoreError as error:
            log.debug("it is not known whether a turn waits", reason=str(error))
            return True

    async def _hide_own(self, turn: Turn, sign: _Sign) -> None:
        await sign.is_settled.wait()
        with sign.counted:
            if sign.may_be_there:
                sign.may_be_there = False
                await self._remove(turn)

    async def _hide_others(self, turn: Turn) -> None:
        if not await self._remove(turn):
            await asyncio.sleep(LATE_S)
            await self._remove(turn)

    async def _remove(self, turn: Turn) -> bool:
        """Take the sign away; False if there is none."""
        call = Call(UNREACT, _place(turn), REMOVAL_S)
        try:
            await insist(self._services, call, asyncio.Event())
        except RefusedError as error:
            log.debug("a sign cannot be taken away", error=error.error)
            return error.error != "no_reaction"
        return True


def _place(turn: Turn) -> dict[str, str]:
    address = Address.load(turn.address)
    return {"channel": address.channel, "timestamp": address.ts, "name": EMOJI}
