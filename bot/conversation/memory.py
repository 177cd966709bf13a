"""A thread's memory: what the prompt shows of it, and what enters it."""

from collections.abc import Callable
from dataclasses import replace

import structlog

from bot.conversation.fold import (
    Entry,
    Limits,
    Recollection,
    newest_within,
    unpinned_tokens,
)
from bot.conversation.memorystore import Earlier, MemoryStore
from bot.conversation.ports import Reader, StoreError
from bot.conversation.prompt import View
from bot.conversation.reading import read
from bot.conversation.tokens import TokenBudget, estimate_tokens
from bot.conversation.turn import (
    Delivered,
    Message,
    Role,
    Speaker,
    ThreadId,
    Turn,
)

BOT = Speaker("bot", "Linefeed")
MAX_RETRACTED = 1_000
MAX_MEASURED = 10_000
"""Threads of which it is known how full they are, or that they were not read."""
MAX_READINGS = 3
"""Of a thread that the bot was not there for, each at a question of its own."""

log = structlog.stdlib.get_logger()


class Memory:
    """The newest messages of each thread, verbatim, and a summary of the others."""

    def __init__(
        self,
        store: MemoryStore,
        reader: Reader,
        budget: TokenBudget,
        wake: Callable[[ThreadId], None] = lambda _thread: None,
        earlier: Earlier | None = None,
    ) -> None:
        """Remember in `store`; show what the budget allows in one prompt.

        `wake` is told of every thread that may need folding; it must not wait.
        `earlier` is asked once for what a thread held before its first question.
        """
        self._store = store
        self._reader = reader
        self._budget = budget
        self._wake = wake
        self._earlier = earlier
        self._retracted: dict[tuple[ThreadId, Delivered], None] = {}
        """Delivered messages that people deleted before they were remembered."""
        self._unread: dict[ThreadId, int] = {}
        """How often the beginning of a thread could not be read that is unknown."""
        self._held_tokens: dict[ThreadId, int] = {}
        """What the buffers held that were viewed for replies to come."""

    @property
    def budget_tokens(self) -> int:
        """Return how many estimated tokens a prompt may have now."""
        return self._budget.tokens

    async def view(self, question: Message) -> View:
        """Return what came before a legible question and fits beside it.

        Raises:
            StoreError: if the database gives nothing.
        """
        await self._retract_late(question.thread, is_last=True)
        found = await self._store.load(question.thread)
        if self._earlier is not None and (
            question.thread in self._unread or _is_new(found, question)
        ):
            found = await self._caught_up(found, question, self._earlier)
        self._measure(question.thread, found)
        earlier = _before(found, question)
        pinned = [entry for entry in earlier if entry.message.is_pinned]
        buffer = [entry for entry in earlier if not entry.message.is_pinned]
        summary = found.summary.text
        taken = estimate_tokens(question.text) + estimate_tokens(summary)
        shown = newest_within(buffer, max(0, self.budget_tokens - taken))
        return View(
            messages=await read(self._reader, shown),
            left_out=len(buffer) - len(shown),
            summary=summary,
            pinned=await read(self._reader, pinned),
        )

    async def remember(self, turn: Turn, text: str) -> None:
        """Store the reply to a turn; its question is stored with the turn.

        What an earlier attempt left of it is replaced.

        Raises:
            StoreError: if the database does not take it.
        """
        thread = turn.question.thread
        reply = replace(turn.question, role="bot", speaker=BOT, text=text, files=())
        await self._store.add(reply)
        if turn.attempts > 1:
            await self._store.edit(reply)
        await self._retract_late(thread)
        held_tokens = self._held_tokens.pop(thread, None)
        if held_tokens is not None:
            held_tokens += estimate_tokens(text)
        # What others said meanwhile is counted in the next view.
        if held_tokens is None or held_tokens > Limits.of(self.budget_tokens).high:
            self._wake(thread)

    async def pin(self, fact: Message) -> None:
        """Store what must survive every fold, word for word.

        Raises:
            StoreError: if the database does not take it.
        """
        await self._store.add(replace(fact, is_pinned=True))

    async def add(self, message: Message) -> None:
        """Store what was said, once.

        Raises:
            StoreError: if the database does not take it.
        """
        await self._store.add(message)

    async def people(self, thread: ThreadId) -> frozenset[str]:
        """Return who spoke in a thread since the bot takes part; nobody, if not.

        Raises:
            StoreError: if the database gives nothing.
        """
        return await self._store.people(thread)

    async def edit(self, message: Message) -> bool:
        """Replace what was said in that place; False if that changes nothing.

        Raises:
            StoreError: if the database does not take it.
        """
        is_changed = await self._store.edit(message)
        if is_changed:
            self._wake(message.thread)
        return is_changed

    async def delete(
        self, thread: ThreadId, position: str, role: Role = "person"
    ) -> bool:
        """Take away what was said in a place; False if nothing is remembered of it.

        Raises:
            StoreError: if the database does not take it.
        """
        is_changed = await self._store.delete(thread, position, role)
        if is_changed:
            self._wake(thread)
        return is_changed

    async def retract(self, thread: ThreadId, gone: Delivered) -> bool:
        """Take one delivered message out of its reply; False if that is unknown.

        Of a reply that is not remembered yet it is taken out as soon as it is.

        Raises:
            StoreError: if the database does not take it.
        """
        if await self._store.retract(thread, gone):
            self._wake(thread)
            return True
        if len(self._retracted) >= MAX_RETRACTED:
            del self._retracted[next(iter(self._retracted))]
        self._retracted[thread, gone] = None
        return False

    async def forget(self, thread: ThreadId) -> None:
        """Take away all that was said in a thread.

        Raises:
            StoreError: if the database does not take it.
        """
        await self._store.forget(thread)

    def _note_unread(self, thread: ThreadId) -> None:
        """Let a thread be read at the next question, but not for ever."""
        failures = self._unread.pop(thread, 0) + 1
        if failures < MAX_READINGS:
            if len(self._unread) >= MAX_MEASURED:
                del self._unread[next(iter(self._unread))]
            self._unread[thread] = failures

    def _measure(self, thread: ThreadId, found: Recollection) -> None:
        """Keep in mind how full a buffer is, so that nobody reads it again to see."""
        if len(self._held_tokens) >= MAX_MEASURED:
            del self._held_tokens[next(iter(self._held_tokens))]
        self._held_tokens[thread] = unpinned_tokens(found)

    async def _retract_late(self, thread: ThreadId, *, is_last: bool = False) -> None:
        """Take out what people deleted while it was being delivered.

        The last time is before the next turn: all that was delivered is written by now.
        """
        for key in [key for key in self._retracted if key[0] == thread]:
            if await self._store.retract(*key) or is_last:
                self._retracted.pop(key, None)

    async def _caught_up(
        self, found: Recollection, question: Message, earlier: Earlier
    ) -> Recollection:
        """Store what was said before a thread's first question; return all of it."""
        messages = await earlier.before(question)
        if messages is None:
            self._note_unread(question.thread)
        else:
            self._unread.pop(question.thread, None)
        if not messages:
            return found
        try:
            await self._store.add_all(messages)
        except StoreError:
            log.exception("what was said before is not remembered")
            return found
        return await self._store.load(question.thread)


def _is_new(found: Recollection, question: Message) -> bool:
    """Say whether nothing was said before, as far as the memory knows.

    A thread that was forgotten is not new: its version is not the first one.
    """
    said = (e for e in _before(found, question) if not e.message.is_pinned)
    return found.version == 0 and not any(said)


def _before(found: Recollection, question: Message) -> list[Entry]:
    return [e for e in found.entries if e.message.position < question.position]
