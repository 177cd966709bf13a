"""Twins of the core's ports: small, scripted, and telling what was done to them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from bot.chunking import Chunk
from bot.conversation.fold import (
    Entry,
    Fold,
    Recollection,
    Summary,
    kept_generations,
)
from bot.conversation.ports import (
    Briefing,
    DeliveryError,
    ModelError,
    Outlet,
    Progress,
    StoreError,
)
from bot.conversation.prompt import Prompt
from bot.conversation.tokens import estimate_tokens
from bot.conversation.turn import (
    Cut,
    Delivered,
    Message,
    Role,
    Speaker,
    Spent,
    ThreadId,
    Turn,
    TurnId,
)

DELETED = -1
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
    spent: Spent | None = None
    """What it says that the answer cost."""
    prompts: list[Prompt] = field(default_factory=list[Prompt])
    closed: int = 0

    async def stream(
        self, prompt: Prompt, report: Callable[[Spent], None] = lambda _: None
    ) -> AsyncGenerator[str]:
        script = self if self.again is None or not self.prompts else self.again
        self.prompts.append(prompt)
        try:
            for fragment in script.fragments:
                if script.pause_s:
                    await asyncio.sleep(script.pause_s)
                yield fragment
            if script.hangs:
                await asyncio.Event().wait()
            if script.spent is not None:
                report(script.spent)
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


NO_PROGRESS = Progress()


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
    progress: Progress | DeliveryError = NO_PROGRESS
    """What `resume` gives."""
    resumed: list[Turn] = field(default_factory=list[Turn])
    removed: list[Turn] = field(default_factory=list[Turn])
    queued: list[Turn] = field(default_factory=list[Turn])
    """Who was shown to wait; nobody is any more once it was unqueued."""
    wholes: list[tuple[str, Cut]] = field(default_factory=list[tuple[str, Cut]])
    offered: list[Cut] = field(default_factory=list[Cut])
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

    def whole(self, text: str, cut: Cut) -> None:
        self.wholes.append((text, cut))

    def offer(self, cut: Cut) -> None:
        self.offered.append(cut)

    async def resume(self, turn: Turn) -> Progress:
        self.resumed.append(turn)
        if isinstance(self.progress, DeliveryError):
            raise self.progress
        return self.progress

    async def remove(self, turn: Turn) -> None:
        if self.failure is not None:
            raise self.failure
        self.removed.append(turn)

    def queue(self, turn: Turn) -> None:
        self.queued.append(turn)

    def unqueue(self, turn: Turn) -> None:
        self.queued.remove(turn)

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
class _Row:
    """A stored message; `gen` as in the table."""

    id: int
    message: Message
    gen: int | None = None


class ListedMemory:
    """A memory store in lists, under the same tests as those of the databases."""

    def __init__(
        self, messages: Iterable[Message] = (), *, fails: bool = False
    ) -> None:
        self.fails = fails
        """Adding fails."""
        self.folds: list[Fold] = []
        """As they were committed."""
        self._rows: list[_Row] = []
        self._summaries: dict[ThreadId, dict[int, str]] = {}
        self._versions: dict[ThreadId, int] = {}
        for message in messages:
            self._add(message)

    @property
    def messages(self) -> list[Message]:
        """Return what is remembered, folded or not, as it was added."""
        return [row.message for row in self._rows if row.gen != DELETED]

    async def add(self, message: Message) -> None:
        if self.fails:
            raise StoreError("disk full")
        self._add(message)

    async def add_all(self, messages: Sequence[Message]) -> None:
        for message in messages:
            await self.add(message)

    def _add(self, message: Message) -> None:
        self._versions.setdefault(message.thread, 0)
        if self._row(message.thread, message.position, message.role) is None:
            self._rows.append(_Row(len(self._rows), message))

    async def load(self, thread: ThreadId) -> Recollection:
        if thread not in self._versions:
            return Recollection()
        gen, text = max(self._summaries.get(thread, {}).items(), default=(0, ""))
        buffer = [row for row in self._rows_of(thread) if row.gen is None]
        buffer.sort(key=lambda row: (row.message.position, row.message.role == "bot"))
        return Recollection(
            self._versions[thread],
            Summary(gen, text),
            tuple(
                Entry(row.id, row.message, estimate_tokens(row.message.text))
                for row in buffer
            ),
        )

    async def commit(self, fold: Fold) -> bool:
        chosen = [row for row in self._rows_of(fold.thread) if row.id in fold.ids]
        in_buffer = [row for row in chosen if row.gen is None]
        if self._versions.get(fold.thread) != fold.version:
            return False
        if len(in_buffer) != len(fold.ids):
            return False
        self._versions[fold.thread] += 1
        for row in in_buffer:
            row.gen = fold.gen
        summaries = self._summaries.setdefault(fold.thread, {})
        summaries[fold.gen] = fold.text
        for gen in set(summaries) - kept_generations(fold.gen):
            del summaries[gen]
        self.folds.append(fold)
        return True

    async def edit(self, message: Message) -> bool:
        row = self._row(message.thread, message.position, message.role)
        if row is None or row.gen == DELETED:
            return False
        if (row.message.text, row.message.files) == (message.text, message.files):
            return False
        self._unfold(row)
        row.message = replace(row.message, text=message.text, files=message.files)
        return True

    async def delete(self, thread: ThreadId, position: str, role: Role) -> bool:
        row = self._row(thread, position, role)
        if row is None or row.gen == DELETED:
            return False
        self._unfold(row)
        self._blank(row)
        return True

    async def retract(self, thread: ThreadId, gone: Delivered) -> bool:
        """Know of no delivered messages: those stand beside the turns."""
        return False

    async def forget(self, thread: ThreadId) -> None:
        if thread in self._versions:
            self._versions[thread] += 1
            self._summaries.pop(thread, None)
            for row in self._rows_of(thread):
                self._blank(row)

    async def people(self, thread: ThreadId) -> frozenset[str]:
        said = [r.message for r in self._rows_of(thread) if r.message.role == "person"]
        to_bot = [m.position for m in said if not m.is_overheard]
        first = min(to_bot, default=None)
        return frozenset(
            m.speaker.id for m in said if first is not None and m.position >= first
        )

    def _unfold(self, changed: _Row) -> None:
        thread = changed.message.thread
        self._versions[thread] += 1
        if changed.gen is None:
            return
        summaries = self._summaries[thread]
        base = max((gen for gen in summaries if gen < changed.gen), default=0)
        for gen in [gen for gen in summaries if gen > base]:
            del summaries[gen]
        for row in self._rows_of(thread):
            if row.gen is not None and row.gen > base:
                row.gen = None

    def _blank(self, row: _Row) -> None:
        row.gen = DELETED
        row.message = replace(row.message, text="", files=(), is_pinned=False)

    def _rows_of(self, thread: ThreadId) -> list[_Row]:
        return [row for row in self._rows if row.message.thread == thread]

    def _row(self, thread: ThreadId, position: str, role: Role) -> _Row | None:
        for row in self._rows_of(thread):
            if (row.message.position, row.message.role) == (position, role):
                return row
        return None


@dataclass
class ScriptedSummarizer:
    """Keeps every text word for word, or does what it is told to."""

    name: str = "scripted"
    answers: list[str | Exception] = field(default_factory=list[str | Exception])
    """What it does first."""
    hangs: bool = False
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by each call."""
    asked: list[tuple[str, tuple[Message, ...], int]] = field(
        default_factory=list[tuple[str, tuple[Message, ...], int]]
    )

    async def summarize(
        self, previous: str, messages: Sequence[Message], limit_tokens: int
    ) -> str:
        self.asked.append((previous, tuple(messages), limit_tokens))
        self.begun.set()
        if self.hangs:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        return " ".join([previous, *(m.text for m in messages)]).strip()
