"""Turns in their order: accepted once, one at a time per thread, threads side by side.

The database holds the order and the state, and who runs what; this holds only which
threads may have work here.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from bot.conversation.halt import Halt
from bot.conversation.lease import Leases
from bot.conversation.ports import (
    DeliveryError,
    LostError,
    StoppedError,
    StoreError,
)
from bot.conversation.turn import Ending, ThreadId, Turn, TurnId
from bot.conversation.turnstore import Accepted, TurnStore

STORE_PAUSE_S = 1.0
"""How long to wait before asking a database again that failed."""
ORPHANS_S = 1.0
"""How often to look for turns that nobody runs, where other processes may have died."""

log = structlog.stdlib.get_logger()


class TurnAnswerer(Protocol):
    """What answers a turn: `reply.Answerer`."""

    async def answer(self, turn: Turn, halt: Halt) -> Ending:
        """Deliver the reply to a turn; say how it ended."""
        ...

    async def apologise(self, turn: Turn) -> None:
        """Say that answering a turn failed."""
        ...

    def queue(self, turn: Turn) -> None:
        """Show that a turn waits for another one."""
        ...


class Inbox:
    """Accepts turns at any time; answers them while `run` runs."""

    def __init__(
        self,
        turns: TurnStore,
        at_once: int,
        leases: Leases | None = None,
        *,
        store_pause_s: float = STORE_PAUSE_S,
    ) -> None:
        """Answer at most `at_once` turns at the same time; the others wait."""
        self._turns = turns
        self._store_pause_s = store_pause_s
        self._slots = asyncio.Semaphore(at_once)
        self._leases = leases or Leases(turns)
        self._workers: dict[ThreadId, asyncio.Task[None]] = {}
        self._woken: set[ThreadId] = set()
        self._arriving: set[TurnId] = set()
        """What is being stored; what is claimed meanwhile leaves it."""
        self._begun: dict[ThreadId, tuple[Turn, float]] = {}
        """What was leased as it was accepted, and since when."""
        self._new: dict[ThreadId, list[Turn]] = {}
        """What was accepted here and is neither begun nor shown to wait."""
        self._begin: Callable[[ThreadId], asyncio.Task[None]] | None = None
        self._show: Callable[[list[Turn]], object] = list
        self._closing = asyncio.Event()

    async def accept(self, turn: Turn) -> bool:
        """Store a turn and let it be answered; False if it was accepted before.

        When this returns the turn outlives the process.

        Raises:
            StoreError: if it could not be stored; then it was not accepted.
            FullError: if it is one too many; it is accepted never again.
        """
        thread = turn.question.thread
        since_s = self._leases.now_s()
        self._arriving.add(turn.id)
        try:
            accepted = await self._store(turn)
            if accepted.begun is not None and turn.id in self._arriving:
                self._begun[thread] = accepted.begun, since_s
        finally:
            self._arriving.discard(turn.id)
            # A caller that is cancelled leaves a turn stored, perhaps.
            is_behind = thread in self._workers or self._slots.locked()
            self.wake(thread)
        if accepted.is_new:
            log.info("turn accepted", turn=turn.id, thread=thread)
        if accepted.begun is not None and self._begin is None:
            await self._hand_over_begun()
        elif accepted.is_new and accepted.begun is None:
            self._new.setdefault(thread, []).append(turn)
            if is_behind:
                self._show_waiting(thread)
        return accepted.is_new

    async def _store(self, turn: Turn) -> Accepted:
        """Store a turn; as a running one, if it can be begun at once."""
        is_behind = turn.question.thread in self._workers or self._slots.locked()
        if self._begin is None or is_behind:
            return Accepted(await self._turns.add(turn))
        return await self._turns.begin(turn)

    def wake(self, thread: ThreadId) -> None:
        """Look for work in a thread; never waits."""
        self._woken.add(thread)
        if self._begin is not None and thread not in self._workers:
            self._workers[thread] = self._begin(thread)

    async def run(self, answerer: TurnAnswerer, grace_s: float) -> None:
        """Answer turns until `close`, those of dead processes too.

        Running replies then have `grace_s` to finish. What is cut off is handed over to
        another process, or to the next start.
        """
        async with asyncio.TaskGroup() as group:
            # None is begun before: `resume` takes what runs for a dead process's.
            waiting = await self._resume()
            self._begin = lambda thread: group.create_task(self._work(thread, answerer))
            self._show = lambda new: group.create_task(self._queue(new, answerer))
            for thread in {*waiting, *self._woken}:
                self.wake(thread)
            watches = (
                group.create_task(self._leases.run()),
                group.create_task(self._adopt()),
            )
            try:
                await self._closing.wait()
            finally:
                # A group that is cancelled begins nothing more either.
                self._begin, self._show = None, list
            await self._drain(grace_s)
            await self._hand_over_begun()
            for watch in watches:
                watch.cancel()

    def close(self) -> None:
        """Begin no further turn; `run` returns when the running ones are finished."""
        self._closing.set()

    async def _resume(self) -> tuple[ThreadId, ...]:
        while True:
            try:
                return await self._turns.resume()
            except StoreError:
                log.exception("what waits could not be read from the database")
                await asyncio.sleep(self._store_pause_s)

    async def _adopt(self) -> None:
        """Take over what other processes left, until cancelled."""
        while self._turns.is_shared:
            await asyncio.sleep(ORPHANS_S)
            try:
                for thread in await self._turns.orphans():
                    self.wake(thread)
            except StoreError as error:
                log.warning("orphans could not be looked for", reason=str(error))

    async def _work(self, thread: ThreadId, answerer: TurnAnswerer) -> None:
        """Answer a thread's turns, oldest first, until none waits."""
        try:
            while thread in self._woken and not self._closing.is_set():
                # Discarded before the claim: a turn stored behind it wakes again.
                self._woken.discard(thread)
                async with self._slots:
                    may_have_more = await self._answer_next(thread, answerer)
                self._woken |= {thread} if may_have_more else set()
        finally:
            del self._workers[thread]
            self._new.pop(thread, None)

    def _show_waiting(self, thread: ThreadId) -> None:
        if new := self._new.pop(thread, []):
            self._show(new)

    async def _queue(self, new: list[Turn], answerer: TurnAnswerer) -> None:
        """Show people that their turns wait, if they still do."""
        try:
            for turn in new:
                if await self._turns.queue(turn.id):
                    answerer.queue(turn)
        except StoreError as error:
            log.warning("it is not shown that turns wait", reason=str(error))

    async def _answer_next(self, thread: ThreadId, answerer: TurnAnswerer) -> bool:
        """Answer the oldest waiting turn; say whether more may wait."""
        if self._closing.is_set():
            return False
        try:
            turn, since_s = await self._taken(thread)
        except StoreError:
            log.exception("no turn could be taken from the database", thread=thread)
            await asyncio.sleep(self._store_pause_s)
            return True
        if turn is None:
            # Another process has the thread.
            self._show_waiting(thread)
            return False
        self._arriving.discard(turn.id)
        self._new[thread] = [t for t in self._new.pop(thread, []) if t.id != turn.id]
        with (
            structlog.contextvars.bound_contextvars(turn=turn.id),
            self._leases.held(turn, since_s) as halt,
        ):
            await self._run_one(turn, answerer, halt)
        return True

    async def _taken(self, thread: ThreadId) -> tuple[Turn | None, float]:
        """Return a turn to be answered, if there is one, and when it was leased."""
        if thread in self._begun:
            return self._begun.pop(thread)
        since_s = self._leases.now_s()
        return await self._turns.claim(thread), since_s

    async def _run_one(self, turn: Turn, answerer: TurnAnswerer, halt: Halt) -> None:
        log.info("turn begun", attempt=turn.attempts)
        try:
            ending = await self._ending(turn, answerer, halt)
        except LostError:
            log.warning("the turn was given up: another process has it")
        except asyncio.CancelledError:
            await self._hand_over(turn)
            raise
        else:
            await self._finish(turn, ending)

    async def _ending(self, turn: Turn, answerer: TurnAnswerer, halt: Halt) -> Ending:
        try:
            return await answerer.answer(turn, halt)
        except LostError:
            raise
        except StoppedError:
            return Ending("stopped")
        except DeliveryError as error:
            log.warning("the reply cannot be delivered", reason=str(error))
            return Ending("failed", error=type(error).__name__)
        except Exception as error:
            # The boundary: one turn's fault must not end the others.
            log.exception("the turn failed")
            if turn.demand != "remove":
                await self._apologise(answerer, turn)
            return Ending("failed", error=type(error).__name__)

    async def _apologise(self, answerer: TurnAnswerer, turn: Turn) -> None:
        try:
            await answerer.apologise(turn)
        except Exception:
            # The same boundary: what broke the answer may break this too.
            log.exception("the apology cannot be delivered")

    async def _finish(self, turn: Turn, ending: Ending) -> None:
        """Mark the end, however long the database fails: else it is answered twice."""
        self._leases.end(turn.id)
        while True:
            try:
                is_ours = await self._turns.finish(turn.id, ending)
            except StoreError:
                log.exception("the end of the turn could not be stored")
                await asyncio.sleep(self._store_pause_s)
            else:
                log.info("turn ended", outcome=ending.outcome, is_ours=is_ours)
                return

    async def _hand_over(self, turn: Turn) -> None:
        try:
            await self._turns.hand_over(turn.id)
        except StoreError:
            # Its lease runs out, or the next start finds it.
            log.warning("the turn could not be handed over", exc_info=True)

    async def _hand_over_begun(self) -> None:
        """Let what was leased, but is not answered, wait for another process."""
        while self._begun:
            _, (turn, _) = self._begun.popitem()
            await self._hand_over(turn)

    async def _drain(self, grace_s: float) -> None:
        workers = list(self._workers.values())
        if not workers:
            return
        log.info("waiting for running replies", replies=len(workers), grace_s=grace_s)
        _, cut_off = await asyncio.wait(workers, timeout=grace_s)
        for worker in cut_off:
            worker.cancel()
        if cut_off:
            log.warning(
                "replies cut off, answered by another process or after a start",
                replies=len(cut_off),
            )
