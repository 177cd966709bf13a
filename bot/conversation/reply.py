"""Answer one turn: recall, ask the model, deliver its lines, remember. Read this first.

The model's fragments go through a chunker that lets whole lines out, and every chunk
goes to the delivery at once; nothing between them waits.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from bot.conversation.allowance import Allowance
from bot.conversation.asking import Inquiry, ask
from bot.conversation.halt import Halt
from bot.conversation.memory import Memory
from bot.conversation.ports import (
    Briefings,
    Delivery,
    DeliveryError,
    LostError,
    Outlet,
    Progress,
    Reader,
    StoppedError,
    StoreError,
)
from bot.conversation.prompt import Prompt, compose
from bot.conversation.relay import MAX_LINE_WAIT_S, Draft, Relay
from bot.conversation.turn import Cut, Ending, Message, Turn

HELP = "Write your question behind my name, or just write to me directly."
FILE_ONLY = "I cannot read files yet. Tell me in words what you need."
CUT_QUESTION = "Your message is longer than I can read: I read its beginning and end."
EMPTY = "The model gave an empty answer. Ask again, perhaps in other words."
BROKEN = "Something went wrong on my side, so this has no answer. Please ask again."
STOPPED = "(stopped)"
GIVEN_UP = "I was interrupted three times while I answered, so this is not complete."

STORE_PAUSE_S = 1.0
"""How long to wait before asking a database again that failed."""

Given = TypeVar("Given")

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
        allowance: Allowance | None = None,
    ) -> None:
        """Wire the ports; a paragraph is held `max_line_wait_s`, then by sentences.

        Without an allowance anybody may ask as much as they like.
        """
        self._briefings = briefings
        self._memory = memory
        self._delivery = delivery
        self._reader = reader
        self._max_line_wait_s = max_line_wait_s
        self._allowance = allowance

    async def answer(self, turn: Turn, halt: Halt) -> Ending:
        """Deliver the whole reply to a turn, or as much as there is of it and why.

        Raises:
            DeliveryError: if the reply cannot reach people any more.
            LostError: if the turn is another process's.
            StoppedError: if a person wanted no more of it where it appears.
        """
        if turn.demand == "remove":
            return await self._remove(turn)
        draft = Draft()
        progress = Progress()
        if turn.is_resumed:
            progress = await self._delivery.resume(turn)
        draft.take(progress.text)
        try:
            async with self._delivery.open(turn) as outlet:
                ending = await self._reply(turn, _Scene(outlet, draft, halt), progress)
        except LostError:
            raise
        except StoppedError:
            await self._remember(turn, draft.seen)
            raise
        except DeliveryError:
            await self._remember(turn, draft.text)
            raise
        if halt.demand not in {"edit", "delete"}:
            await self._remember(turn, draft.seen if halt.demand else draft.text)
        return ending

    async def apologise(self, turn: Turn) -> None:
        """Say that a turn failed for a reason that is nobody's business.

        Raises:
            DeliveryError: if even that cannot reach people.
        """
        async with self._delivery.open(turn) as outlet:
            outlet.remark(BROKEN)
            outlet.offer("")

    def queue(self, turn: Turn) -> None:
        """Show that a turn waits for another one."""
        self._delivery.queue(turn)

    async def _remove(self, turn: Turn) -> Ending:
        """Take the reply to a deleted question away, here and in the memory."""
        await self._delivery.remove(turn)
        question = turn.question
        place = question.thread, question.position
        await _given(lambda: self._memory.delete(*place, "bot"))
        return Ending("stopped")

    async def _reply(self, turn: Turn, scene: "_Scene", progress: Progress) -> Ending:
        """Send the model's lines as they complete, and why there are no more."""
        outlet = scene.outlet
        question = await self._reader.legible(turn.question)
        if progress.is_whole or turn.is_given_up:
            view = await _given(lambda: self._memory.view(question))
            outlet.heard((*view.messages, question))
            return _concluded(progress, outlet)
        if not question.text:
            outlet.remark(FILE_ONLY if question.files else HELP)
            return Ending("done")
        if refusal := await self._refusal(question, scene.halt):
            return _refused(refusal, scene)
        return await self._inform(turn, question, scene)

    async def _inform(self, turn: Turn, question: Message, scene: "_Scene") -> Ending:
        """Send what the model has to say to a question."""
        outlet = scene.outlet
        inquiry = await self._ask(turn, question, scene)
        if scene.halt.is_lost:
            raise LostError("the turn is another process's")
        if demand := scene.halt.demand:
            if demand == "stop":
                outlet.remark(STOPPED)
                outlet.offer("")
            return Ending("stopped", spent=inquiry.spent)
        if sentence := inquiry.sentence or ("" if scene.draft.has_words else EMPTY):
            outlet.remark(sentence)
        outlet.offer(inquiry.cut)
        return Ending("done", inquiry.cut, inquiry.spent)

    async def _refusal(self, question: Message, halt: Halt) -> str:
        """Return why the model may not be asked; empty if it may, or will not be."""
        if self._allowance is None or halt.demand:
            return ""
        allowance, person = self._allowance, question.speaker.id
        return await _given(lambda: allowance.refusal(person))

    async def _ask(self, turn: Turn, question: Message, scene: "_Scene") -> Inquiry:
        """Let the model answer until it ends, or is told to."""
        inquiry = Inquiry()
        if scene.halt.demand:
            return inquiry
        briefing = self._briefings.of(turn)
        prompt = await self._prompt(briefing.instructions, question, scene)
        with Relay(scene.draft, scene.outlet, self._max_line_wait_s) as relay:
            async with scene.halt.scope():
                await ask(briefing.model, prompt, relay, inquiry)
            if not (scene.halt.demand or scene.halt.is_lost):
                relay.finish()
                scene.outlet.whole(scene.draft.text, inquiry.cut)
        return inquiry

    async def _prompt(
        self, instructions: str, question: Message, scene: "_Scene"
    ) -> Prompt:
        view = await _given(lambda: self._memory.view(question))
        prompt = compose(instructions, view, question, self._memory.budget_tokens)
        scene.outlet.heard((*view.messages, question))
        if prompt.is_question_cut and not scene.draft.text:
            scene.outlet.remark(CUT_QUESTION)
        return prompt

    async def _remember(self, turn: Turn, text: str) -> None:
        """Keep what people have seen already, if the database takes it."""
        if not text.strip():
            return
        try:
            await self._memory.remember(turn, text)
        except StoreError:
            log.exception("the reply was delivered but not remembered")


async def _given(ask_store: Callable[[], Awaitable[Given]]) -> Given:
    """Return what the database gives, however long it is away.

    The turn is in it: without it nothing could be ended either.
    """
    while True:
        try:
            return await ask_store()
        except StoreError:
            log.warning("the reply waits for the database", exc_info=True)
            await asyncio.sleep(STORE_PAUSE_S)


def _concluded(progress: Progress, outlet: Outlet) -> Ending:
    """End a reply of which no more is asked: it is whole, or was tried too often."""
    if progress.is_whole:
        outlet.offer(progress.cut)
        return Ending("done", progress.cut)
    outlet.remark(GIVEN_UP)
    outlet.offer("interrupted")
    return Ending("failed", "interrupted", error="Interrupted")


@dataclass(frozen=True, slots=True)
class _Scene:
    """What one reply is written with."""

    outlet: Outlet
    draft: Draft
    halt: Halt


def _refused(sentence: str, scene: _Scene) -> Ending:
    """Say that the model is not asked; a reply that was begun may be gone on with."""
    cut: Cut = "interrupted" if scene.draft.has_words else ""
    scene.outlet.remark(sentence)
    scene.outlet.offer(cut)
    return Ending("done", cut)
