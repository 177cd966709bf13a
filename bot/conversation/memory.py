"""A thread's memory: what the prompt shows of it, and what enters it."""

from dataclasses import replace

from bot.conversation.ports import MemoryStore, Reader
from bot.conversation.prompt import View
from bot.conversation.tokens import estimate_tokens
from bot.conversation.turn import Message, Speaker, Turn

BOT = Speaker("bot", "Linefeed")


class Memory:
    """The newest messages of each thread, verbatim, within a budget of tokens."""

    def __init__(self, store: MemoryStore, reader: Reader, budget_tokens: int) -> None:
        """Remember in `store`; show at most `budget_tokens` in one prompt."""
        self._store = store
        self._reader = reader
        self.budget_tokens = budget_tokens

    async def view(self, question: Message) -> View:
        """Return what came before a legible question and fits beside it.

        Raises:
            StoreError: if the database gives nothing.
        """
        room = max(0, self.budget_tokens - estimate_tokens(question.text))
        stored, left_out = await self._store.newest(
            question.thread, question.position, room
        )
        legible = [
            message if message.role == "bot" else await self._reader.legible(message)
            for message in stored
        ]
        return View(tuple(legible), left_out)

    async def remember(self, turn: Turn, text: str) -> None:
        """Store the reply to a turn; its question is stored with the turn.

        Raises:
            StoreError: if the database does not take it.
        """
        await self._store.add(
            replace(turn.question, role="bot", speaker=BOT, text=text, files=())
        )
