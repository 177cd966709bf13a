"""Folding in the background: in nobody's way, and nothing is ever lost."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from bot.conversation.condenser import AT_ONCE, Condenser
from bot.conversation.fold import Limits
from bot.conversation.memory import BOT, Memory
from bot.conversation.ports import StoreError, SummaryError
from bot.conversation.tokens import TokenBudget, estimate_tokens
from bot.conversation.turn import ThreadId
from tests.twins import (
    THREAD,
    ListedMemory,
    NamingReader,
    ScriptedSummarizer,
    asked,
    said,
)

BUDGET = 200
LIMITS = Limits.of(BUDGET)
WORDS = "word " * 20
"""With a number behind it 30 tokens; the high mark is at 115, the low one at 47."""


@dataclass
class Scene:
    """A condenser among twins, and the memory that wakes it."""

    summarizer: ScriptedSummarizer = field(
        default_factory=lambda: ScriptedSummarizer(answers=["short"] * 50)
    )
    store: ListedMemory = field(default_factory=ListedMemory)
    now_s: float = 0.0

    def __post_init__(self) -> None:
        budget = TokenBudget(BUDGET)
        self.condenser = Condenser(
            self.store, NamingReader(), self.summarizer, budget, lambda: self.now_s
        )
        self.memory = Memory(self.store, NamingReader(), budget, self.condenser.wake)

    async def talk(self, count: int, thread: str = THREAD, *, since: int = 0) -> None:
        for position in range(since, since + count):
            text = f"{WORDS}{position}"
            await self.store.add(said(text, f"{position:03}", thread=thread))

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.condenser.run())
            await steps()
            yield
            task.cancel()

    async def folded(self) -> None:
        """Wake the thread and let its fold end."""
        self.condenser.wake(THREAD)
        await steps()

    async def buffer(self) -> list[str]:
        found = await self.store.load(THREAD)
        return [entry.message.position for entry in found.entries]


async def steps(count: int = 30) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_buffer_above_the_high_mark_is_folded_to_the_low_mark() -> None:
    scene = Scene()
    await scene.talk(6)

    async with scene.running():
        await scene.folded()

    found = await scene.store.load(THREAD)
    assert found.summary.text == "short"
    assert await scene.buffer() == ["004", "005"]
    (fold,) = scene.store.folds
    assert (fold.gen, fold.tokens, fold.model) == (1, 6, "scripted")


async def test_a_buffer_with_room_is_left_alone() -> None:
    scene = Scene()
    await scene.talk(3)

    async with scene.running():
        await scene.folded()

    assert scene.summarizer.asked == []


async def test_the_summarizer_reads_legible_messages_and_the_summary_before() -> None:
    scene = Scene()
    await scene.store.add(said(f"<@BOT> {WORDS}", "000"))
    await scene.store.add(replace(said("<@BOT>", "000"), role="bot", speaker=BOT))
    await scene.talk(4, since=1)

    async with scene.running():
        await scene.folded()
        await scene.talk(3, since=5)
        await scene.folded()

    (empty, first, limit), (previous, second, _) = scene.summarizer.asked
    assert (empty, previous, limit) == ("", "short", LIMITS.summary)
    assert [m.speaker.name for m in first] == ["Ana", "Linefeed", "Ana", "Ana"]
    assert [m.text[:6] for m in first] == ["word w", "<@BOT>", "word w", "word w"]
    assert [m.position for m in second] == ["003", "004", "005"]


async def test_a_long_buffer_is_folded_in_steps() -> None:
    scene = Scene()
    for position in range(10):
        await scene.store.add(said("x" * 12_000, f"{position}"))

    async with scene.running():
        await scene.folded()

    assert len(scene.store.folds) == 8
    assert [fold.gen for fold in scene.store.folds] == list(range(1, 9))
    assert await scene.buffer() == ["8", "9"]


async def test_what_was_woken_before_is_folded_at_the_start() -> None:
    scene = Scene()
    await scene.talk(6)
    scene.condenser.wake(THREAD)

    async with scene.running():
        await steps()

    assert len(scene.store.folds) == 1


@pytest.mark.parametrize(
    "answer",
    [
        SummaryError("no model"),
        StoreError("locked"),
        ZeroDivisionError(),
        "",
        " \n",
        "x" * 4 * (LIMITS.summary - 3),
    ],
    ids=repr,
)
async def test_a_summary_that_fails_or_may_not_be_kept_changes_nothing(
    answer: str | Exception,
) -> None:
    scene = Scene(ScriptedSummarizer(answers=[answer, "fine"]))
    await scene.talk(6)
    before = await scene.store.load(THREAD)

    async with scene.running():
        await scene.folded()
        assert await scene.store.load(THREAD) == before
        await scene.folded()

    assert (await scene.store.load(THREAD)).summary.text == "fine"


async def test_after_three_failures_the_summarizer_is_left_alone_for_a_minute() -> None:
    failures: list[str | Exception] = [SummaryError("no model")] * 4
    scene = Scene(ScriptedSummarizer(answers=[*failures, "fine"]))
    await scene.talk(6)

    async with scene.running():
        for _ in range(5):
            await scene.folded()
        assert len(scene.summarizer.asked) == 3
        scene.now_s = 60
        await scene.folded()
        await scene.folded()
        assert len(scene.summarizer.asked) == 4
        scene.now_s = 180
        await scene.folded()

    assert len(scene.store.folds) == 1


async def test_an_edit_while_the_summarizer_writes_spoils_its_work() -> None:
    summarizer = ScriptedSummarizer()
    scene = Scene(summarizer)
    await scene.talk(6)

    async with scene.running():
        scene.condenser.wake(THREAD)
        await summarizer.begun.wait()
        summarizer.answers = ["of the old text", "of the new text"]
        await scene.memory.edit(said("new", "000"))
        await steps()

    found = await scene.store.load(THREAD)
    assert found.summary.text == "of the new text"
    assert len(summarizer.asked) == 2


async def test_a_thread_is_folded_by_one_at_a_time_and_again_if_woken() -> None:
    summarizer = ScriptedSummarizer(answers=["short"] * 9)
    scene = Scene(summarizer)
    await scene.talk(6)

    async with scene.running():
        scene.condenser.wake(THREAD)
        await summarizer.begun.wait()
        await scene.talk(5, since=6)
        for _ in range(5):
            scene.condenser.wake(THREAD)
        await steps()

    assert await scene.buffer() == ["009", "010"]
    assert [fold.gen for fold in scene.store.folds] == [1, 2]


async def test_only_some_threads_are_folded_at_the_same_time() -> None:
    summarizer = ScriptedSummarizer(hangs=True)
    scene = Scene(summarizer)
    for number in range(AT_ONCE + 2):
        await scene.talk(6, f"thread {number}")

    async with scene.running():
        for number in range(AT_ONCE + 2):
            scene.condenser.wake(ThreadId(f"thread {number}"))
        await steps()
        asked = len(summarizer.asked)

    assert asked == AT_ONCE


async def test_the_end_waits_for_no_summarizer_and_loses_nothing() -> None:
    summarizer = ScriptedSummarizer(hangs=True)
    scene = Scene(summarizer)
    await scene.talk(6)
    before = await scene.store.load(THREAD)

    async with scene.running():
        await scene.folded()
        assert summarizer.begun.is_set()
    scene.condenser.wake(THREAD)

    assert await scene.store.load(THREAD) == before


async def test_no_turn_waits_for_a_summarizer_that_never_answers() -> None:
    """And every prompt keeps to the budget, with the newest messages in it."""
    summarizer = ScriptedSummarizer(hangs=True)
    scene = Scene(summarizer)

    async with scene.running():
        for number in range(200):
            turn = asked(f"{WORDS}{number}", f"{number:03}")
            await scene.store.add(turn.question)
            view = await scene.memory.view(turn.question)
            shown = [m.text for m in view.messages]
            assert shown == [f"{WORDS}{n}" for n in replies_before(number, len(shown))]
            assert sum(map(estimate_tokens, shown)) <= BUDGET
            await scene.memory.remember(turn, f"{WORDS}{number}")

    assert len(summarizer.asked) == 1
    assert len(scene.store.messages) == 400


def replies_before(number: int, count: int) -> list[int]:
    """Return the numbers of the last messages before a turn; each has a reply."""
    return [n for before in range(number) for n in (before, before)][-count:]
