"""Answer one turn: recall, ask the model, deliver its lines, remember. Read this first.

The model's fragments go through a chunker that lets whole lines out, and every chunk
goes to the delivery at once; nothing between them waits.
"""

import structlog

from bot.conversation.asking import ask
from bot.conversation.memory import Memory
from bot.conversation.ports import (
    Briefings,
    Delivery,
    DeliveryError,
    Outlet,
    Reader,
    StoppedError,
    StoreError,
)
from bot.conversation.prompt import Prompt, compose
from bot.conversation.relay import MAX_LINE_WAIT_S, Draft, Relay
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
        briefings: Briefings,
        memory: Memory,
        delivery: Delivery,
        reader: Reader,
        max_line_wait_s: float = MAX_LINE_WAIT_S,
    ) -> None:
        """Wire the ports; a paragraph is held `max_line_wait_s`, then by sentences."""
        self._briefings = briefings
        self._memory = memory
        self._delivery = delivery
        self._reader = reader
        self._max_line_wait_s = max_line_wait_s

    async def answer(self, turn: Turn) -> None:
        """Deliver the whole reply to a turn, or as much as the model gave and why.

        Raises:
            DeliveryError: if the reply cannot reach people any more.
            StoppedError: if a person wanted no more of it.
        """
        was_seen = turn.attempts > 1 and await self._was_seen(turn)
        draft = Draft()
        try:
            async with self._delivery.open(turn) as outlet:
                if was_seen:
                    outlet.remark(RESTARTED)
                await self._reply(turn, outlet, draft)
        except StoppedError:
            await self._remember(turn, "".join(draft.sent))
            raise
        except DeliveryError:
            await self._remember(turn, draft.text)
            raise
        await self._remember(turn, draft.text)

    async def apologise(self, turn: Turn) -> None:
        """Say that a turn failed for a reason that is nobody's business.

        Raises:
            DeliveryError: if even that cannot reach people.
        """
        async with self._delivery.open(turn) as outlet:
            outlet.remark(BROKEN)

    async def _was_seen(self, turn: Turn) -> bool:
        """Say whether people may have read something of an earlier attempt."""
        try:
            return bool(await self._delivery.delivered(turn))
        except DeliveryError:
            log.warning("what was delivered before is unknown", exc_info=True)
            return True

    async def _reply(self, turn: Turn, outlet: Outlet, draft: Draft) -> None:
        """Send the model's lines as they complete, and why there are no more."""
        question = await self._reader.legible(turn.question)
        if not question.text:
            outlet.remark(FILE_ONLY if question.files else HELP)
            return
        briefing = self._briefings.of(turn)
        prompt = await self._prompt(briefing.instructions, question, outlet)
        with Relay(draft, outlet, self._max_line_wait_s) as relay:
            trouble = await ask(briefing.model, prompt, relay)
            relay.finish()
        if trouble or not draft.text.strip():
            outlet.remark(trouble or EMPTY)

    async def _prompt(
        self, instructions: str, question: Message, outlet: Outlet
    ) -> Prompt:
        view = await self._memory.view(question)
        prompt = compose(instructions, view, question, self._memory.budget_tokens)
        outlet.heard((*view.messages, question))
        if prompt.is_question_cut:
            outlet.remark(CUT_QUESTION)
        return prompt

    async def _remember(self, turn: Turn, text: str) -> None:
        """Keep what people have seen already, if the database takes it."""
        if not text.strip():
            return
        try:
            await self._memory.remember(turn, text)
        except StoreError:
            log.exception("the reply was delivered but not remembered")
