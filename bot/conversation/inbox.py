"""Turns in their order: accepted once, one at a time per thread, threads side by side.

The database holds the order and the state; this holds only which threads have work.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from bot.conversation.ports import (
    DeliveryError,
    StoppedError,
    StoreError,
    TurnStore,
)
from bot.conversation.turn import Outcome, ThreadId, Turn

STORE_PAUSE_S = 1.0
"""How long to wait before asking a database again that failed."""

log = structlog.stdlib.get_logger()


class TurnAnswerer(Protocol):
    """What answers a turn: `reply.Answerer`."""

    async def answer(self, turn: Turn) -> None:
        """Deliver the reply to a turn."""
        ...

    async def apologise(self, turn: Turn) -> None:
        """Say that answering a turn failed."""
        ...


class Inbox:
    """Accepts turns at any time; answers them while `run` runs."""

    def __init__(
        self, turns: TurnStore, at_once: int, store_pause_s: float = STORE_PAUSE_S
    ) -> None:
        """Answer at most `at_once` turns at the same time; the others wait."""
        self._turns = turns
        self._store_pause_s = store_pause_s
        self._slots = asyncio.Semaphore(at_once)
        self._workers: dict[ThreadId, asyncio.Task[None]] = {}
        self._woken: set[ThreadId] = set()
        self._begin: Callable[[ThreadId], asyncio.Task[None]] | None = None
        self._stopping = asyncio.Event()

    async def accept(self, turn: Turn) -> bool:
        """Store a turn and let it be answered; False if it was accepted before.

        When this returns the turn outlives the process.

        Raises:
            StoreError: if it could not be stored; then it was not accepted.
        """
        try:
            is_new = await self._turns.add(turn)
        finally:
            # A caller that is cancelled leaves a turn stored, perhaps.
            self._wake(turn.question.thread)
        if is_new:
            log.info("turn accepted", turn=turn.id, thread=turn.question.thread)
        return is_new

    async def run(self, answerer: TurnAnswerer, grace_s: float) -> None:
        """Answer turns until `stop`, those of earlier processes first.

        Running replies then have `grace_s` to finish. What is cut off is answered
        after the next start.
        """
        async with asyncio.TaskGroup() as group:
            # None is begun before: `resume` takes what runs for a dead process's.
            waiting = await self._resume()
            self._begin = lambda thread: group.create_task(self._work(thread, answerer))
            for thread in {*waiting, *self._woken}:
                self._wake(thread)
            await self._stopping.wait()
            self._begin = None
            await self._drain(grace_s)

    async def _resume(self) -> tuple[ThreadId, ...]:
        while True:
            try:
                return await self._turns.resume()
            except StoreError:
                log.exception("what waits could not be read from the database")
                await asyncio.sleep(self._store_pause_s)

    def stop(self) -> None:
        """Begin no further turn; `run` returns when the running ones are finished."""
        self._stopping.set()

    def _wake(self, thread: ThreadId) -> None:
        self._woken.add(thread)
        if self._begin is not None and thread not in self._workers:
            self._workers[thread] = self._begin(thread)

    async def _work(self, thread: ThreadId, answerer: TurnAnswerer) -> None:
        """Answer a thread's turns, oldest first, until none waits."""
        try:
            while thread in self._woken and not self._stopping.is_set():
                # Discarded before the claim: a turn stored behind it wakes again.
                self._woken.discard(thread)
                async with self._slots:
                    may_have_more = await self._answer_next(thread, answerer)
                self._woken |= {thread} if may_have_more else set()
        finally:
            del self._workers[thread]

    async def _answer_next(self, thread: ThreadId, answerer: TurnAnswerer) -> bool:
        """Answer the oldest waiting turn; say whether more may wait."""
        if self._stopping.is_set():
            return False
        try:
            turn = await self._turns.claim(thread)
        except StoreError:
            log.exception("no turn could be taken from the database", thread=thread)
            await asyncio.sleep(self._store_pause_s)
            return True
        if turn is None:
            return False
        with structlog.contextvars.bound_contextvars(turn=turn.id):
            await self._finish(turn, await self._outcome(turn, answerer))
        return True

    async def _outcome(self, turn: Turn, answerer: TurnAnswerer) -> Outcome:
        log.info("turn begun", attempt=turn.attempts)
        try:
            await answerer.answer(turn)
        except StoppedError:
            return "stopped"
        except DeliveryError as error:
            log.warning("the reply cannot be delivered", reason=str(error))
        except Exception:
            # The boundary: one turn's fault must not end the others.
            log.exception("the turn failed")
            await self._apologise(answerer, turn)
        else:
            return "done"
        return "failed"

    async def _apologise(self, answerer: TurnAnswerer, turn: Turn) -> None:
        try:
            await answerer.apologise(turn)
        except Exception:
            # The same boundary: what broke the answer may break this too.
            log.exception("the apology cannot be delivered")

    async def _finish(self, turn: Turn, outcome: Outcome) -> None:
        """Mark the end, however long the database fails: else it is answered twice."""
        while True:
            try:
                await self._turns.finish(turn.id, outcome)
            except StoreError:
                log.exception("the end of the turn could not be stored")
                await asyncio.sleep(self._store_pause_s)
            else:
                log.info("turn ended", outcome=outcome)
                return

    async def _drain(self, grace_s: float) -> None:
        workers = list(self._workers.values())
        if not workers:
            return
        log.info("waiting for running replies", replies=len(workers), grace_s=grace_s)
        _, cut_off = await asyncio.wait(workers, timeout=grace_s)
        for worker in cut_off:
            worker.cancel()
        if cut_off:
            log.warning("replies cut off, answered after a start", replies=len(cut_off))
