"""Twins of the core's ports: small, scripted, and telling what was done to them."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from bot.chunking import Chunk
from bot.conversation.ports import (
    Briefing,
    DeliveryError,
    ModelError,
    Outlet,
    StoreError,
)
from bot.conversation.prompt import Prompt
from bot.conversation.turn import Message, Outcome, Speaker, ThreadId, Turn, TurnId

THREAD = ThreadId("slack:T1:C1:1.0")


def said(
    text: str,
    position: str = "1",
    *,
    by: str = "ana",
    thread: str = THREAD,
    is_overheard: bool = False,
) -> Message:
    """Return what a person said, without a name."""
    return Message(
        ThreadId(thread),
        position,
        "person",
        Speaker(by),
        text,
        is_overheard=is_overheard,
    )


def asked(text: str = "why", position: str = "1", *, thread: str = THREAD) -> Turn:
    """Return the turn of a message, named after its place."""
    question = said(text, position, thread=thread)
    return Turn(TurnId(f"{thread}/{position}"), question, address="here")


@dataclass
class ScriptedModel:
    """Says its fragments, then fails if it is told to, or never ends.

    What it is asked again it answers as `again` does, if that is given.
    """

    fragments: Sequence[str] = ()
    error: ModelError | None = None
    hangs: bool = False
    pause_s: float = 0
    """Before each fragment."""
    again: "ScriptedModel | None" = None
    prompts: list[Prompt] = field(default_factory=list[Prompt])
    closed: int = 0

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str]:
        script = self if self.again is None or not self.prompts else self.again
        self.prompts.append(prompt)
        try:
            for fragment in script.fragments:
                if script.pause_s:
                    await asyncio.sleep(script.pause_s)
                yield fragment
            if script.hangs:
                await asyncio.Event().wait()
            if script.error is not None:
                raise script.error
        finally:
            self.closed += 1


@dataclass
class OneBriefing:
    """Lets the same model answer everywhere."""

    model: ScriptedModel
    instructions: str = "Be brief."

    def of(self, _: Turn) -> Briefing:
        return Briefing(self.instructions, self.model)


@dataclass
class RecordingDelivery:
    """Keeps every reply's chunks; fails where it is told to."""

    chunks: list[Chunk] = field(default_factory=list[Chunk])
    shown: list[str] = field(default_factory=list[str])
    """Chunks and, in brackets, remarks."""
    known: list[Message] = field(default_factory=list[Message])
    """What was said, as `heard` told."""
    sent: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by each chunk."""
    failure: DeliveryError | None = None
    """What comes of sending, and of leaving."""
    fails_behind: int = 0
    """How many chunks go through before."""
    before: tuple[str, ...] | DeliveryError = ()
    """What `delivered` gives."""
    left: int = 0
    """How many replies were left, whole or not."""

    @asynccontextmanager
    async def open(self, turn: Turn) -> AsyncGenerator[Outlet]:
        try:
            yield self
            if self.failure is not None:
                raise self.failure
        finally:
            self.left += 1

    def send(self, chunk: Chunk) -> None:
        if self.failure is not None and len(self.chunks) >= self.fails_behind:
            raise self.failure
        self.chunks.append(chunk)
        self.shown.append(chunk.text)
        self.sent.set()

    def remark(self, sentence: str) -> None:
        self.shown.append(f"[{sentence}]")

    def heard(self, messages: Iterable[Message]) -> None:
        assert not self.chunks
        self.known.extend(messages)

    async def delivered(self, turn: Turn) -> tuple[str, ...]:
        if isinstance(self.before, DeliveryError):
            raise self.before
        return self.before

    @property
    def text(self) -> str:
        """Return all that people read."""
        return "".join(self.shown)


class NamingReader:
    """Gives every speaker a name, and removes the mention of the bot."""

    async def legible(self, message: Message) -> Message:
        speaker = replace(message.speaker, name=message.speaker.id.title())
        text = message.text.removeprefix("<@BOT>").strip()
        return replace(message, speaker=speaker, text=text)


@dataclass
class ListedMemory:
    """A memory store that gives what it was given."""

    messages: list[Message] = field(default_factory=list[Message])
    left_out: int = 0
    fails: bool = False
    """Adding fails."""
    budgets: list[int] = field(default_factory=list[int])

    async def add(self, message: Message) -> None:
        if self.fails:
            raise StoreError("disk full")
        self.messages.append(message)

    async def newest(
        self, thread: ThreadId, before: str, budget_tokens: int
    ) -> tuple[tuple[Message, ...], int]:
        self.budgets.append(budget_tokens)
        earlier = [m for m in self.messages if m.position < before]
        return tuple(earlier), self.left_out

    async def people(self, thread: ThreadId) -> frozenset[str]:
        return frozenset(m.speaker.id for m in self.messages if m.role == "person")


@dataclass
class ListedTurns:
    """A turn store in a dictionary; fails as often as it is told to."""

    waiting: dict[TurnId, Turn] = field(default_factory=dict[TurnId, Turn])
    running: dict[TurnId, Turn] = field(default_factory=dict[TurnId, Turn])
    ended: dict[TurnId, Outcome] = field(default_factory=dict[TurnId, Outcome])
    failing_adds: int = 0
    failing_resumes: int = 0
    failing_claims: int = 0
    failing_finishes: int = 0
    resumed: asyncio.Event | None = None
    """If given, `resume` waits for it first."""

    async def add(self, turn: Turn) -> bool:
        if self.failing_adds:
            self.failing_adds -= 1
            raise StoreError("locked")
        if turn.id in {*self.waiting, *self.running, *self.ended}:
            return False
        self.waiting[turn.id] = turn
        return True

    async def resume(self) -> tuple[ThreadId, ...]:
        if self.failing_resumes:
            self.failing_resumes -= 1
            raise StoreError("locked")
        if self.resumed is not None:
            await self.resumed.wait()
        self.waiting |= self.running
        self.running = {}
        return tuple({turn.question.thread for turn in self.waiting.values()})

    async def claim(self, thread: ThreadId) -> Turn | None:
        if self.failing_claims:
            self.failing_claims -= 1
            raise StoreError("locked")
        found = [t for t in self.waiting.values() if t.question.thread == thread]
        if not found:
            return None
        oldest = min(found, key=lambda turn: turn.question.position)
        del self.waiting[oldest.id]
        claimed = replace(oldest, attempts=oldest.attempts + 1)
        self.running[oldest.id] = claimed
        return claimed

    async def finish(self, turn: TurnId, outcome: Outcome) -> None:
        if self.failing_finishes:
            self.failing_finishes -= 1
            raise StoreError("locked")
        del self.running[turn]
        self.ended[turn] = outcome
