"""Folds threads in the background, where nobody waits for it.

Nothing is lost whenever it ends: until a summary is committed its messages are in the
buffer, and a fold of which anything changed meanwhile is dropped.
"""

import asyncio
import time
from collections.abc import Callable

import structlog

from bot.conversation.backoff import Backoff
from bot.conversation.fold import Fold, Limits, due
from bot.conversation.memorystore import MemoryStore
from bot.conversation.ports import Reader, StoreError, Summarizer, SummaryError
from bot.conversation.reading import read
from bot.conversation.tokens import TokenBudget, estimate_tokens
from bot.conversation.turn import ThreadId

AT_ONCE = 4
"""Folds that may run at the same time; the threads of others wait."""

log = structlog.stdlib.get_logger()


class Condenser:
    """Keeps the buffers of threads small while `run` runs."""

    def __init__(
        self,
        store: MemoryStore,
        reader: Reader,
        summarizer: Summarizer,
        budget: TokenBudget,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wire the ports; `clock` gives seconds for the pauses after failures."""
        self._store = store
        self._reader = reader
        self._summarizer = summarizer
        self._budget = budget
        self._backoff = Backoff(clock)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._woken: set[ThreadId] = set()
        self._tasks: dict[ThreadId, asyncio.Task[None]] = {}
        self._begin: Callable[[ThreadId], asyncio.Task[None]] | None = None

    def wake(self, thread: ThreadId) -> None:
        """Let a thread be looked at soon; never waits."""
        self._woken.add(thread)
        if self._begin is not None and thread not in self._tasks:
            self._tasks[thread] = self._begin(thread)

    async def run(self) -> None:
        """Fold until cancelled, which waits for no summarizer."""
        async with asyncio.TaskGroup() as group:
            self._begin = lambda thread: group.create_task(self._work(thread))
            for thread in tuple(self._woken):
                self.wake(thread)
            try:
                await asyncio.Event().wait()
            finally:
                self._begin = None

    async def _work(self, thread: ThreadId) -> None:
        """Fold a thread until there is room; one at a time per thread."""
        try:
            while thread in self._woken:
                self._woken.discard(thread)
                async with self._slots:
                    may_have_more = await self._try(thread)
                self._woken |= {thread} if may_have_more else set()
        finally:
            del self._tasks[thread]

    async def _try(self, thread: ThreadId) -> bool:
        """Fold once; say whether that should be repeated at once."""
        if self._backoff.is_paused(thread):
            return False
        try:
            is_folded = await self._fold(thread)
        except (StoreError, SummaryError) as error:
            # Without traceback: a provider's error may quote the prompt.
            log.warning("a fold failed", thread=thread, reason=str(error))
        except Exception:
            # The boundary: one thread's fault must not end the others.
            log.exception("a fold failed", thread=thread)
        else:
            self._backoff.succeeded(thread)
            return is_folded
        self._backoff.failed(thread)
        return False

    async def _fold(self, thread: ThreadId) -> bool:
        """Write a summary if one is due; False if none is, or if it came too late."""
        limits = Limits.of(self._budget.tokens)
        found = await self._store.load(thread)
        chosen = due(found, limits)
        if not chosen:
            return False
        messages = await read(self._reader, chosen)
        text = await self._summarizer.summarize(
            found.summary.text, messages, limits.summary
        )
        tokens = estimate_tokens(text)
        if not text.strip() or tokens > limits.summary:
            raise SummaryError(f"a summary of {tokens} tokens")
        is_kept = await self._store.commit(
            Fold(
                thread=thread,
                version=found.version,
                gen=found.summary.gen + 1,
                ids=tuple(entry.id for entry in chosen),
                text=text,
                tokens=tokens,
                model=self._summarizer.name,
            )
        )
        log.info("folded", thread=thread, messages=len(chosen), is_kept=is_kept)
        return is_kept
