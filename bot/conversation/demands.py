"""What people demand of turns beside the queue: an end, another answer, no answer."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from bot.conversation.lease import Leases
from bot.conversation.turn import ThreadId, Turn, TurnId
from bot.conversation.turnstore import DemandStore, Halted, Opinion

ENDING_LOOKS: Final = 10
"""How many times to look whether a turn has ended that somebody wants more of."""
LOOK_S: Final = 0.1
"""Between two looks."""

log = structlog.stdlib.get_logger()


class Demands:
    """Carries out at once what people want, whichever process runs the turn.

    Every method may raise `StoreError`; then nothing was done.
    """

    def __init__(
        self,
        turns: DemandStore,
        leases: Leases,
        wake: Callable[[ThreadId], None],
        unqueue: Callable[[Turn], None],
    ) -> None:
        """Change turns of a store; `wake` is told of threads with work.

        `unqueue` is told of turns that were shown to wait and will not be answered.
        """
        self._turns = turns
        self._leases = leases
        self._wake = wake
        self._unqueue = unqueue

    async def stop(self, thread: ThreadId) -> Halted:
        """End a thread's running turn, and those that wait behind it."""
        return self._halt(await self._turns.stop(thread))

    async def stop_turn(self, turn: TurnId, asker: str = "") -> Halted:
        """End one turn, begun or not; if an asker is named, only one of theirs."""
        return self._halt(await self._turns.stop_turn(turn, asker))

    async def revise(self, thread: ThreadId, position: str) -> bool:
        """Answer a changed question anew, if it is the newest one of its thread."""
        turn = await self._turns.revise(thread, position)
        if turn is not None and not self._leases.order(turn, "edit"):
            self._wake(thread)
        return turn is not None

    async def withdraw(self, thread: ThreadId, position: str) -> bool:
        """Let the reply to a deleted question end, and disappear."""
        turn = await self._turns.withdraw(thread, position)
        if turn is not None and not self._leases.order(turn, "delete"):
            self._wake(thread)
        return turn is not None

    async def reopen(self, turn: TurnId, *, anew: bool) -> bool:
        """Answer an ended turn anew, or go on with its reply; False if it may not.

        A cut reply can be seen whole a moment before its turn ends: that is waited for.
        """
        for _ in range(0 if anew else ENDING_LOOKS):
            if not await self._turns.runs(turn):
                break
            await asyncio.sleep(LOOK_S)
        thread = await self._turns.reopen(turn, anew=anew)
        if thread is not None:
            self._wake(thread)
        return thread is not None

    async def rate(self, turn: TurnId, person: str, opinion: Opinion) -> bool:
        """Keep what a person thinks of a reply; False if there is no such turn."""
        return await self._turns.rate(turn, person, opinion)

    def _halt(self, halted: Halted) -> Halted:
        for turn_id in halted.running:
            self._leases.order(turn_id, "stop")
        for turn in halted.waiting:
            log.info("turn stopped before it began", turn=turn.id)
            if turn.is_queued:
                self._unqueue(turn)
        return halted
