"""Answer one turn: recall, ask the model, deliver its lines, remember. Read this first.

The model's fragments go through a chunker that lets whole lines out, and every chunk
goes to the delivery at once; nothing between them waits.
"""

from collections.abc import Iterable
from contextlib import aclosing

import structlog

from bot.chunking import BlockChunker, Chunk
from bot.conversation.memory import Memory
from bot.conversation.ports import (
    ChatModel,
    Delivery,
    DeliveryError,
    ModelError,
    Outlet,
    Reader,
    StoreError,
)
from bot.conversation.prompt import Prompt, compose
from bot.conversation.turn import Message, Turn

HELP = "Write your question behind my name, or just write to me directly."
FILE_ONLY = "I cannot read files yet. Tell me in words what you need."
CUT_QUESTION = "Your message is longer than I can read: I read its beginning and end."
RESTARTED = "I was interrupted while I answered. Here is the answer from the start."
EMPTY = "The model gave an empty answer. Ask again, perhaps in other words."
BROKEN = "Something went wrong on my side, so this has no answer. Please ask again."

log = structlog.stdlib.get_logger()


class Answerer:
    """Answers turns, any number at the same time."""

    def __init__(
        self,
        model: ChatModel,
        memory: Memory,
        delivery: Delivery,
        reader: Reader,
        instructions: str,
    ) -> None:
        """Wire the ports; `instructions` is the system prompt."""
        self._model = model
        self._memory = memory
        self._delivery = delivery
        self._reader = reader
        self._instructions = instructions

    async def answer(self, turn: Turn) -> None:
        """Deliver the whole reply to a turn, or as much as the model gave and why.

        Raises:
            DeliveryError: if the reply cannot reach people any more.
        """
        was_seen = turn.attempts > 1 and await self._was_seen(turn)
        question = await self._reader.legible(turn.question)
        async with self._delivery.open(turn) as outlet:
            if was_seen:
                _interject(outlet, RESTARTED)
            if not question.text:
                _interject(outlet, FILE_ONLY if question.files else HELP)
                return
            text = await self._relay(await self._prompt(question, outlet), outlet)
        await self._remember(turn, text)

    async def apologise(self, turn: Turn) -> None:
        """Say that a turn failed for a reason that is nobody's business.

        Raises:
            DeliveryError: if even that cannot reach people.
        """
        async with self._delivery.open(turn) as outlet:
            _interject(outlet, BROKEN)

    async def _was_seen(self, turn: Turn) -> bool:
        """Say whether people may have read something of an earlier attempt."""
        try:
            return bool(await self._delivery.delivered(turn))
        except DeliveryError:
            log.warning("what was delivered before is unknown", exc_info=True)
            return True

    async def _prompt(self, question: Message, outlet: Outlet) -> Prompt:
        view = await self._memory.view(question)
        budget_tokens = self._memory.budget_tokens
        prompt = compose(self._instructions, view, question, budget_tokens)
        if prompt.is_question_cut:
            _interject(outlet, CUT_QUESTION)
        return prompt

    async def _relay(self, prompt: Prompt, outlet: Outlet) -> str:
        """Send the model's lines as they complete; return all that it wrote."""
        chunker = BlockChunker(self._delivery.limit_chars)
        fragments: list[str] = []
        trouble = ""
        try:
            async with aclosing(self._model.stream(prompt)) as stream:
                async for fragment in stream:
                    fragments.append(fragment)
                    _send(outlet, chunker.push(fragment))
        except ModelError as error:
            # Without traceback: a provider's error may quote the prompt.
            cause = type(error.__cause__ or error).__name__
            log.warning("the model gave no whole answer", cause=cause)
            trouble = error.sentence
        _send(outlet, chunker.finish())
        text = "".join(fragments)
        if trouble or not text.strip():
            _interject(outlet, trouble or EMPTY)
        return text

    async def _remember(self, turn: Turn, text: str) -> None:
        """Keep what people have seen already, if the database takes it."""
        if not text.strip():
            return
        try:
            await self._memory.remember(turn, text)
        except StoreError:
            log.exception("the reply was delivered but not remembered")


def _send(outlet: Outlet, chunks: Iterable[Chunk]) -> None:
    for chunk in chunks:
        outlet.send(chunk)


def _interject(outlet: Outlet, sentence: str) -> None:
    """Send the bot's own word, set apart from the model's."""
    outlet.send(Chunk(f"\n_{sentence}_\n"))
