"""What people may see of a thread's memory, and what they may do to it."""

from dataclasses import dataclass

from bot.conversation.fold import newest_within
from bot.conversation.memory import Memory
from bot.conversation.memorystore import MemoryStore
from bot.conversation.ports import Reader
from bot.conversation.reading import read
from bot.conversation.tokens import estimate_tokens
from bot.conversation.turn import Message, ThreadId


@dataclass(frozen=True, slots=True)
class MemoryReport:
    """A thread's memory, as the next prompt would show it."""

    summary: str
    """Empty before the first fold."""
    pinned: tuple[Message, ...]
    """Facts that people asked to keep; legible, oldest first."""
    verbatim: int
    """How many messages are shown word for word."""
    left_out: int
    """How many are in neither the summary nor the prompt, for want of room."""
    used_tokens: int
    budget_tokens: int

    @property
    def is_empty(self) -> bool:
        """Say whether nothing is remembered."""
        return not (self.summary or self.pinned or self.verbatim or self.left_out)


class Steering:
    """A thread's memory in people's hands."""

    def __init__(self, memory: Memory, store: MemoryStore, reader: Reader) -> None:
        """Show and change what `memory` keeps in `store`."""
        self._memory = memory
        self._store = store
        self._reader = reader

    async def report(self, thread: ThreadId) -> MemoryReport:
        """Return what is remembered of a thread.

        Raises:
            StoreError: if the database gives nothing.
        """
        found = await self._store.load(thread)
        pinned = [e for e in found.entries if e.message.is_pinned]
        buffer = [e for e in found.entries if not e.message.is_pinned]
        budget_tokens = self._memory.budget_tokens
        summary = found.summary.text
        used_tokens = estimate_tokens(summary) if summary else 0
        used_tokens += sum(entry.tokens for entry in pinned)
        shown = newest_within(buffer, max(0, budget_tokens - used_tokens))
        return MemoryReport(
            summary=summary,
            pinned=await read(self._reader, pinned),
            verbatim=len(shown),
            left_out=len(buffer) - len(shown),
            used_tokens=used_tokens + sum(entry.tokens for entry in shown),
            budget_tokens=budget_tokens,
        )

    async def remember(self, fact: Message) -> None:
        """Keep a fact word for word; the same one, told again, is kept once.

        Raises:
            StoreError: if the database does not take it.
        """
        await self._memory.pin(fact)

    async def forget(self, thread: ThreadId) -> None:
        """Take away all that was said in a thread: memory, questions and replies.

        Raises:
            StoreError: if the database does not take it.
        """
        await self._memory.forget(thread)
