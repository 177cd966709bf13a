"""A memory whose messages hold markers, and who folds them without losing one."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.conversation.fold import Limits, Recollection
from bot.conversation.ports import SummaryError
from bot.conversation.turn import Message

BUDGET = 400
LIMITS = Limits.of(BUDGET)
MARKER = re.compile(r"m\d+")


def markers(found: Recollection) -> Counter[str]:
    texts = [found.summary.text, *(entry.message.text for entry in found.entries)]
    return Counter(MARKER.findall(" ".join(texts)))


@dataclass
class MarkerSummarizer:
    """Keeps the markers; in other moods it errs."""

    mood: str = "fine"
    gate: asyncio.Event | None = None
    """If given, it waits for it before it answers."""
    name: str = "markers"

    def __post_init__(self) -> None:
        self.begun = asyncio.Event()

    async def summarize(
        self, previous: str, messages: tuple[Message, ...], limit_tokens: int
    ) -> str:
        self.begun.set()
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        if self.mood == "failing":
            raise SummaryError("no model")
        texts = " ".join([previous, *(m.text for m in messages)])
        answers = {"empty": " ", "overlong": "long " * 100}
        return answers.get(self.mood, " ".join(MARKER.findall(texts)))


def tokens_of(found: Recollection) -> int:
    return sum(e.tokens for e in found.entries if not e.message.is_pinned)


@asynccontextmanager
async def background(
    run: Callable[[], Coroutine[Any, Any, None]],
) -> AsyncGenerator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run())
        yield
        task.cancel()
