"""Memory under everything at once: nothing is lost, doubled, torn or resurrected.

Every message holds a marker of its own, and the summarizer keeps markers word for word.
So the markers of summary and buffer are those of the messages that were said and not
taken back, after every step and for every reader.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.condenser import Condenser
from bot.conversation.fold import Fold
from bot.conversation.memory import Memory
from bot.conversation.prompt import compose
from bot.conversation.tokens import TokenBudget, estimate_tokens
from bot.conversation.turn import Message
from bot.storage import database, tables
from bot.storage.database import transaction
from bot.storage.memory import SqlMemory
from bot.storage.tables import DELETED
from tests import postgres
from tests.long import examples
from tests.storage.marked import (
    BUDGET,
    LIMITS,
    MARKER,
    MarkerSummarizer,
    background,
    markers,
    tokens_of,
)
from tests.twins import THREAD, NamingReader, said

pytestmark = pytest.mark.no_cover

QUESTION = said("and now?", "9999")


@dataclass
class Attempt:
    """A fold that somebody tried to commit."""

    fold: Fold
    is_kept: bool | None = None
    """None if the worker was stopped before it knew."""


class RecordingMemory(SqlMemory):
    """Knows which messages each summary may have taken in."""

    def __init__(self, engine: AsyncEngine, attempts: list[Attempt]) -> None:
        super().__init__(engine)
        self.attempts = attempts

    async def commit(self, fold: Fold) -> bool:
        attempt = Attempt(fold)
        self.attempts.append(attempt)
        attempt.is_kept = await super().commit(fold)
        return attempt.is_kept


class MemoryMachine(RuleBasedStateMachine):
    """One thread, two workers that fold it, and people who change their minds."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.url = url
        self.runner = asyncio.Runner()
        self.said: dict[str, str] = {}
        """The marker of each message that counts, by its position."""
        self.dead: set[str] = set()
        """Markers that must be nowhere."""
        self.count = 0
        self.attempts: list[Attempt] = []
        self.entered_tokens = 0
        self.now_s = 0.0
        self.runner.run(self._open(is_new=True))

    async def _open(self, *, is_new: bool = False) -> None:
        self.opening = database.opened(Path(self.folder.name), self.url)
        self.engine = await self.opening.__aenter__()
        if is_new:
            async with transaction(self.engine) as connection:
                await connection.execute(delete(tables.thread))
        self.store = RecordingMemory(self.engine, self.attempts)

    def teardown(self) -> None:
        self.runner.run(self.opening.__aexit__(None, None, None))
        self.runner.close()
        self.folder.cleanup()

    def message(
        self, position: str, tokens: int, *, is_pinned: bool = False
    ) -> Message:
        self.count += 1
        text = f"m{self.count} " + "." * 4 * (tokens - 8)
        return replace(said(text, position), is_pinned=is_pinned)

    def change(
        self, after: dict[str, str], work: Coroutine[Any, Any, Any], steps: int | None
    ) -> None:
        """Do something that makes `after` of what was said; cancel it after steps.

        Then it happened, or not: never by halves.
        """

        async def run() -> None:
            before = await self.store.load(THREAD)
            await cancelled(work, steps)
            found = await self.store.load(THREAD)
            self.entered_tokens += max(0, tokens_of(found) - tokens_of(before))
            is_done = markers(found) == Counter(after.values())
            assert is_done or markers(found) == Counter(self.said.values())
            assert is_done or steps is not None
            if is_done:
                self.dead |= set(self.said.values()) - set(after.values())
                self.said = after

        self.runner.run(run())

    cuts = st.none() | st.integers(0, 80)
    sizes = st.integers(10, 50)

    @rule(positions=st.lists(st.integers(0, 999), min_size=1, max_size=6), size=sizes)
    def talk(self, positions: list[int], size: int) -> None:
        """Say something, in any order: late messages too, and some a second time."""
        for number in positions:
            self.add(f"{number:04}", size, None, is_pinned=False)

    @rule(number=st.integers(0, 999), size=sizes, steps=cuts, is_pinned=st.booleans())
    def say(
        self, number: int, size: int, steps: int | None, *, is_pinned: bool
    ) -> None:
        self.add(f"{number:04}", size, steps, is_pinned=is_pinned)

    def add(
        self, position: str, size: int, steps: int | None, *, is_pinned: bool
    ) -> None:
        message = self.message(position, size, is_pinned=is_pinned)
        is_known = self.runner.run(self._is_known(position))
        marker = f"m{self.count}"
        after = self.said if is_known else {**self.said, position: marker}
        self.change(after, self.store.add(message), steps)

    async def _is_known(self, position: str) -> bool:
        table = tables.message
        async with transaction(self.engine) as connection:
            rows = await connection.execute(
                select(table.c.id).where(table.c.position == position)
            )
            return rows.one_or_none() is not None

    @precondition(lambda self: self.said)
    @rule(data=st.data(), size=sizes, steps=cuts)
    def edit(self, data: st.DataObject, size: int, steps: int | None) -> None:
        self.change(*self.edited(data, size), steps)

    def edited(
        self, data: st.DataObject, size: int
    ) -> tuple[dict[str, str], Coroutine[Any, Any, Any]]:
        position = data.draw(st.sampled_from(sorted(self.said)))
        message = self.message(position, size)
        after = {**self.said, position: f"m{self.count}"}
        return after, self.store.edit(message)

    @precondition(lambda self: self.said)
    @rule(data=st.data(), steps=cuts)
    def delete(self, data: st.DataObject, steps: int | None) -> None:
        position = data.draw(st.sampled_from(sorted(self.said)))
        after = {place: m for place, m in self.said.items() if place != position}
        self.change(after, self.store.delete(THREAD, position, "person"), steps)

    @precondition(lambda self: len(self.said) > 12)
    @rule(steps=cuts)
    def forget(self, steps: int | None) -> None:
        self.change({}, self.store.forget(THREAD), steps)

    @rule()
    def restart(self) -> None:
        self.runner.run(self._restart())

    async def _restart(self) -> None:
        await self.opening.__aexit__(None, None, None)
        await self._open()

    @rule(
        mood=st.sampled_from(["fine"] * 6 + ["failing", "empty", "overlong"]),
        workers=st.integers(1, 2),
        steps=cuts,
    )
    def fold(self, mood: str, workers: int, steps: int | None) -> None:
        """Fold with one worker or two at the same time, who may be stopped."""
        self.change(self.said, self._fold(mood, workers), steps)

    async def _fold(self, mood: str, workers: int) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._work(MarkerSummarizer(mood)))

    @precondition(lambda self: self.said)
    @rule(data=st.data(), size=sizes)
    def edit_while_the_summarizer_writes(self, data: st.DataObject, size: int) -> None:
        after, work = self.edited(data, size)
        self.change(after, self._edit_meanwhile(work), None)

    async def _edit_meanwhile(self, work: Coroutine[Any, Any, Any]) -> None:
        summarizer = MarkerSummarizer(gate=asyncio.Event())
        async with asyncio.TaskGroup() as group:
            folding = group.create_task(self._work(summarizer))
            begun = group.create_task(summarizer.begun.wait())
            await asyncio.wait((folding, begun), return_when="FIRST_COMPLETED")
            begun.cancel()
            await work
            assert summarizer.gate is not None
            summarizer.gate.set()

    async def _work(self, summarizer: MarkerSummarizer) -> None:
        """Be a worker that looks at the thread once; be read meanwhile."""
        condenser = Condenser(
            self.store, NamingReader(), summarizer, TokenBudget(BUDGET), self._later
        )
        before = Counter(self.said.values())
        condenser.wake(THREAD)
        async with background(condenser.run):
            await asyncio.sleep(0)
            while condenser._tasks:
                if summarizer.gate is None:
                    assert markers(await self.store.load(THREAD)) == before
                await asyncio.sleep(0)

    def _later(self) -> float:
        """Let an hour pass at each look: no pause after failures is longer."""
        self.now_s += 3_601
        return self.now_s

    @invariant()
    def every_row_is_where_its_gen_says(self) -> None:
        rows = self.runner.run(self._rows())
        found = self.runner.run(self.store.load(THREAD))
        by_gen: dict[int, set[int]] = {}
        for number, gen in rows:
            by_gen.setdefault(gen, set()).add(number)
        assert max(by_gen, default=0) <= found.summary.gen
        by_gen.pop(DELETED, None)
        kept = [a.fold for a in self.attempts if a.is_kept is not False]
        for gen, ids in by_gen.items():
            assert ids in [set(fold.ids) for fold in kept if fold.gen == gen]

    async def _rows(self) -> list[tuple[int, int]]:
        table = tables.message
        async with transaction(self.engine) as connection:
            rows = await connection.execute(
                select(table.c.id, table.c.gen).where(table.c.gen.is_not(None))
            )
            return [(row.id, row.gen) for row in rows]

    @invariant()
    def the_prompt_keeps_to_the_budget_and_the_order(self) -> None:
        memory = Memory(self.store, NamingReader(), TokenBudget(BUDGET))
        view = self.runner.run(memory.view(QUESTION))
        prompt = compose("", view, QUESTION, BUDGET)
        positions = [message.position for message in view.messages]

        assert prompt.messages[-1].text.endswith(QUESTION.text)
        assert positions == sorted(positions)
        # 60: the marks and the role of the instructions, which are none here.
        used = sum(estimate_tokens(m.text) for m in prompt.messages)
        assert used <= BUDGET + 60
        assert estimate_tokens(view.summary) <= LIMITS.summary

    @invariant()
    def what_was_taken_back_is_nowhere(self) -> None:
        everything = self.runner.run(self._everything())
        assert not self.dead & set(MARKER.findall(everything))

    async def _everything(self) -> str:
        async with transaction(self.engine) as connection:
            return str(
                [
                    (await connection.execute(select(table))).all()
                    for table in tables.metadata.sorted_tables
                ]
            )

    @invariant()
    def folds_are_few(self) -> None:
        """Each takes what must have come into the buffer, and not a little of it."""
        commits = sum(attempt.is_kept is True for attempt in self.attempts)
        assert commits * (LIMITS.high - LIMITS.low) <= self.entered_tokens


async def cancelled(work: Coroutine[Any, Any, Any], steps: int | None) -> None:
    """Let something be done, or cancel it after so many steps of the loop."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        if steps is not None:
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()


def run_machine(url: str) -> None:
    run_state_machine_as_test(
        lambda: MemoryMachine(url),
        settings=settings(
            max_examples=examples(20, 200),
            stateful_step_count=examples(10, 25),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(examples(240, 3600))
def test_no_message_is_lost_or_doubled_on_sqlite() -> None:
    run_machine("")


@pytest.mark.timeout(examples(240, 3600))
def test_no_message_is_lost_or_doubled_on_postgresql(postgres_server: str) -> None:
    database_ = postgres.database(postgres_server)
    with asyncio.Runner() as runner:
        url = runner.run(database_.__aenter__())
        try:
            run_machine(url)
        finally:
            runner.run(database_.__aexit__(None, None, None))
