"""Turns in their order, over twins and over a real database."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from typing_extensions import override

from bot.conversation import inbox as inbox_module
from bot.conversation import lease
from bot.conversation.halt import Halt
from bot.conversation.inbox import Inbox
from bot.conversation.lease import Leases
from bot.conversation.ports import DeliveryError, LostError, StoppedError, StoreError
from bot.conversation.turn import Ending, ThreadId, Turn
from bot.conversation.turnstore import LEASE_S, Accepted, TurnStore
from bot.storage import database
from bot.storage.turns import SqlTurns
from tests.long import examples
from tests.turntwin import ListedTurns, TurnTable
from tests.twins import asked

WITHIN_S = 5


@dataclass
class GatedAnswerer:
    """Answers a turn when its gate opens; without gates, after a few other steps."""

    gates: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    """By question."""
    errors: dict[str, Exception] = field(default_factory=dict[str, Exception])
    """What answering a question raises, once."""
    apology_error: Exception | None = None
    begun: list[str] = field(default_factory=list[str])
    answered: list[Turn] = field(default_factory=list[Turn])
    apologies: list[str] = field(default_factory=list[str])
    queued: list[str] = field(default_factory=list[str])
    """Questions that were shown to wait."""
    running: Counter[ThreadId] = field(default_factory=Counter[ThreadId])
    most_per_thread: int = 0
    most_at_once: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def answer(self, turn: Turn, halt: Halt) -> Ending:
        thread, text = turn.question.thread, turn.question.text
        self.running[thread] += 1
        self.most_per_thread = max(self.most_per_thread, self.running[thread])
        self.most_at_once = max(self.most_at_once, self.running.total())
        self.begun.append(text)
        await self._tell()
        try:
            await self._work(text)
        finally:
            self.running[thread] -= 1
        self.answered.append(turn)
        await self._tell()
        return Ending("done")

    def queue(self, turn: Turn) -> None:
        self.queued.append(turn.question.text)

    async def apologise(self, turn: Turn) -> None:
        self.apologies.append(turn.question.text)
        if self.apology_error is not None:
            raise self.apology_error

    async def until_begun(self, count: int) -> None:
        async with asyncio.timeout(WITHIN_S), self.changed:
            await self.changed.wait_for(lambda: len(self.begun) >= count)

    async def until_answered(self, count: int) -> None:
        async with asyncio.timeout(WITHIN_S), self.changed:
            await self.changed.wait_for(lambda: len(self.answered) >= count)

    async def _work(self, text: str) -> None:
        if text in self.gates:
            await self.gates[text].wait()
        else:
            await asyncio.sleep(0)
        if text in self.errors:
            raise self.errors.pop(text)

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()


class ClaimlessTurns(ListedTurns):
    """Gives nothing to who asks for a waiting turn."""

    @override
    async def claim(self, thread: ThreadId) -> Turn | None:
        if not self.is_beginning:
            return None
        return await super().claim(thread)

    is_beginning = False

    @override
    async def begin(self, turn: Turn) -> Accepted:
        self.is_beginning = True
        accepted = await super().begin(turn)
        self.is_beginning = False
        return accepted


@dataclass
class SlowTurns(ListedTurns):
    """Tells late that a turn was begun."""

    stored: asyncio.Event = field(default_factory=asyncio.Event)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    @override
    async def begin(self, turn: Turn) -> Accepted:
        accepted = await super().begin(turn)
        self.stored.set()
        await self.told.wait()
        return accepted


@asynccontextmanager
async def running(
    inbox: Inbox, answerer: GatedAnswerer, grace_s: float = WITHIN_S
) -> AsyncGenerator[None]:
    """Run an inbox; leaving closes it and waits for its end."""
    async with asyncio.TaskGroup() as group:
        group.create_task(inbox.run(answerer, grace_s))
        yield
        inbox.close()


def texts(turns: Sequence[Turn]) -> list[str]:
    return [turn.question.text for turn in turns]


@pytest.fixture(params=["twin", "sqlite"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncGenerator[TurnStore]:
    if request.param == "twin":
        yield ListedTurns()
        return
    async with database.opened(tmp_path) as engine:
        yield SqlTurns(engine)


async def test_a_turn_is_accepted_once(store: TurnStore) -> None:
    inbox, answerer = Inbox(store, 4), GatedAnswerer()
    async with running(inbox, answerer):
        accepted = [await inbox.accept(asked()) for _ in range(3)]
        await answerer.until_answered(1)
        accepted.append(await inbox.accept(asked()))

    assert accepted == [True, False, False, False]
    assert len(answerer.begun) == 1


async def test_a_turn_whose_caller_is_gone_is_answered(store: TurnStore) -> None:
    inbox, answerer = Inbox(store, 4), GatedAnswerer()
    async with running(inbox, answerer):
        async with asyncio.TaskGroup() as group:
            accepting = group.create_task(inbox.accept(asked()))
            await asyncio.sleep(0)
            accepting.cancel()
        # The twin stores at once; a database ends what it began.
        await inbox.accept(asked())

        await answerer.until_answered(1)


async def test_what_can_be_begun_at_once_takes_no_second_trip_to_the_database() -> None:
    turns = ClaimlessTurns()
    inbox, answerer = Inbox(turns, 4), GatedAnswerer()
    async with running(inbox, answerer):
        await asyncio.sleep(0)
        await inbox.accept(asked("1"))
        await answerer.until_answered(1)

    assert turns.ended == {asked("1").id: "done"}


@pytest.mark.parametrize("is_answered_first", [True, False])
async def test_what_somebody_else_woke_before_its_caller_knew_is_answered_once(
    *, is_answered_first: bool
) -> None:
    """The thread may be looked at for another turn, which a button asked for."""
    turns, gate = SlowTurns(), asyncio.Event()
    inbox, answerer = Inbox(turns, 4), GatedAnswerer({"1": gate})
    async with running(inbox, answerer), asyncio.TaskGroup() as group:
        await asyncio.sleep(0)
        accepting = group.create_task(inbox.accept(asked("1")))
        await turns.stored.wait()
        inbox.wake(asked().question.thread)
        await answerer.until_begun(1)
        for event in (gate, turns.told) if is_answered_first else (turns.told, gate):
            event.set()
            await asyncio.sleep(0.01)
        assert await accepting

    assert answerer.begun == ["1"]


async def test_what_was_begun_but_not_answered_is_handed_over(
    store: TurnStore,
) -> None:
    inbox, answerer = Inbox(store, 4), GatedAnswerer()
    async with running(inbox, answerer):
        await asyncio.sleep(0.01)
        async with asyncio.TaskGroup() as group:
            group.create_task(inbox.accept(asked()))
            inbox.close()

    assert answerer.begun == []
    # It waits for any other process.
    assert await store.queue(asked().id)


async def test_turns_are_answered_by_position_and_not_by_arrival(
    store: TurnStore,
) -> None:
    inbox, answerer = Inbox(store, 4), GatedAnswerer()
    for position in "312":
        await inbox.accept(asked(position, position))

    async with running(inbox, answerer):
        await answerer.until_answered(3)

    assert texts(answerer.answered) == ["1", "2", "3"]


async def test_turns_of_a_thread_wait_for_each_other(store: TurnStore) -> None:
    inbox, gate = Inbox(store, 4), asyncio.Event()
    answerer = GatedAnswerer({"1": gate})
    async with running(inbox, answerer):
        await inbox.accept(asked("1", "1"))
        await answerer.until_begun(1)
        await inbox.accept(asked("2", "2"))
        await inbox.accept(asked("other", thread="other"))
        await answerer.until_answered(1)
        begun = list(answerer.begun)
        gate.set()
        await answerer.until_answered(3)

    assert begun == ["1", "other"]
    assert answerer.most_per_thread == 1


async def test_no_more_turns_run_at_once_than_allowed(store: TurnStore) -> None:
    gate = asyncio.Event()
    inbox = Inbox(store, 2)
    answerer = GatedAnswerer(dict.fromkeys("abcde", gate))
    for thread in "abcde":
        await inbox.accept(asked(thread, thread=thread))

    async with running(inbox, answerer):
        await answerer.until_begun(2)
        gate.set()
        await answerer.until_answered(5)

    assert answerer.most_at_once == 2


async def test_what_a_dead_process_left_is_answered_first(store: TurnStore) -> None:
    for position in "12":
        await store.add(asked(position, position))
    await store.claim(asked().question.thread)
    answerer = GatedAnswerer()

    async with running(Inbox(store, 4), answerer):
        await answerer.until_answered(2)

    assert [(t.question.text, t.attempts) for t in answerer.answered] == [
        ("1", 2),
        ("2", 1),
    ]


async def test_a_turn_accepted_while_the_old_ones_are_read_runs_once() -> None:
    turns = ListedTurns(resumed=asyncio.Event())
    inbox, answerer = Inbox(turns, 4), GatedAnswerer()
    async with running(inbox, answerer):
        await asyncio.sleep(0)
        await inbox.accept(asked())
        for _ in range(10):
            await asyncio.sleep(0)
        turns.resumed.set()
        await answerer.until_answered(1)

    assert len(answerer.begun) == 1
    assert list(turns.ended.values()) == ["done"]


async def test_a_turn_accepted_where_resume_saw_nothing_is_answered() -> None:
    class BlindTurns(ListedTurns):
        async def resume(self) -> tuple[ThreadId, ...]:
            return ()

    inbox, answerer = Inbox(BlindTurns(), 4), GatedAnswerer()
    await inbox.accept(asked())

    async with running(inbox, answerer):
        await answerer.until_answered(1)

    assert texts(answerer.answered) == ["why"]


async def test_a_running_reply_may_finish_but_no_other_begins(
    store: TurnStore,
) -> None:
    inbox, gate = Inbox(store, 1), asyncio.Event()
    answerer = GatedAnswerer({"1": gate})
    async with running(inbox, answerer):
        await inbox.accept(asked("1", "1"))
        await answerer.until_begun(1)
        await inbox.accept(asked("2", "2"))
        await inbox.accept(asked("other", thread="other"))
        inbox.close()
        await inbox.accept(asked("3", "3"))
        gate.set()

    assert texts(answerer.answered) == ["1"]
    assert sorted(await store.resume()) == ["other", asked().question.thread]


async def test_a_reply_that_was_cut_off_is_answered_after_a_start(
    store: TurnStore,
) -> None:
    inbox, answerer = Inbox(store, 4), GatedAnswerer({"why": asyncio.Event()})
    async with running(inbox, answerer, grace_s=0.01):
        await inbox.accept(asked())
        await answerer.until_begun(1)
    after = GatedAnswerer()

    async with running(Inbox(store, 4), after):
        await after.until_answered(1)

    assert answerer.answered == []
    assert [turn.attempts for turn in after.answered] == [2]


async def test_what_comes_while_an_inbox_is_cancelled_waits_for_the_next(
    store: TurnStore,
) -> None:
    inbox, answerer = Inbox(store, 4), GatedAnswerer({"1": asyncio.Event()})
    async with asyncio.TaskGroup() as group:
        run = group.create_task(inbox.run(answerer, WITHIN_S))
        await inbox.accept(asked("1", "1"))
        await answerer.until_begun(1)
        run.cancel()
        # Its reply is still handed over.
        await asyncio.sleep(0)
        assert await inbox.accept(asked("2", thread="other"))

    after = GatedAnswerer()
    async with running(Inbox(store, 4), after):
        await after.until_answered(2)
    assert run.cancelled()


async def test_an_inbox_closed_before_it_runs_begins_nothing() -> None:
    turns = ListedTurns()
    inbox, answerer = Inbox(turns, 4), GatedAnswerer()
    await inbox.accept(asked())
    inbox.close()

    await inbox.run(answerer, WITHIN_S)

    assert (answerer.begun, len(turns.waiting)) == ([], 1)


@pytest.mark.parametrize(
    "apology_error", [None, DeliveryError("gone"), RuntimeError("bug")], ids=repr
)
async def test_a_turn_that_fails_is_apologised_for_and_the_next_goes_on(
    apology_error: Exception | None,
) -> None:
    turns = ListedTurns()
    inbox = Inbox(turns, 4)
    answerer = GatedAnswerer(
        errors={"1": RuntimeError("a bug")}, apology_error=apology_error
    )
    for position in "12":
        await inbox.accept(asked(position, position))

    async with running(inbox, answerer):
        await answerer.until_answered(1)

    assert texts(answerer.answered) == ["2"]
    assert answerer.apologies == ["1"]
    assert list(turns.ended.values()) == ["failed", "done"]


async def test_a_reply_that_cannot_be_delivered_is_not_apologised_for() -> None:
    turns = ListedTurns()
    inbox = Inbox(turns, 4)
    answerer = GatedAnswerer(errors={"1": DeliveryError("gone")})
    for position in "12":
        await inbox.accept(asked(position, position))

    with capture_logs() as logged:
        async with running(inbox, answerer):
            await answerer.until_answered(1)

    assert answerer.apologies == []
    assert list(turns.ended.values()) == ["failed", "done"]
    (warning,) = [entry for entry in logged if entry["log_level"] != "info"]
    assert (warning["reason"], "exc_info" in warning) == ("gone", False)


async def test_a_reply_that_a_person_stopped_is_stopped_and_no_failure() -> None:
    turns = ListedTurns()
    inbox = Inbox(turns, 4)
    answerer = GatedAnswerer(errors={"1": StoppedError("by ana")})
    for position in "12":
        await inbox.accept(asked(position, position))

    with capture_logs() as logged:
        async with running(inbox, answerer):
            await answerer.until_answered(1)

    assert answerer.apologies == []
    assert list(turns.ended.values()) == ["stopped", "done"]
    assert {entry["log_level"] for entry in logged} == {"info"}


async def test_an_outcome_of_each_kind_can_be_stored(store: TurnStore) -> None:
    inbox = Inbox(store, 4, store_pause_s=0)
    answerer = GatedAnswerer(
        errors={"1": StoppedError("by ana"), "2": DeliveryError("gone")}
    )
    for position in "123":
        await inbox.accept(asked(position, position))

    async with running(inbox, answerer):
        await answerer.until_answered(1)

    assert answerer.begun == ["1", "2", "3"]
    assert await store.resume() == ()


async def test_a_failing_database_delays_a_turn_and_repeats_nothing() -> None:
    turns = ListedTurns(failing_resumes=3, failing_claims=3, failing_finishes=3)
    inbox, answerer = Inbox(turns, 4, store_pause_s=0), GatedAnswerer()
    async with running(inbox, answerer):
        for position in "12":
            await inbox.accept(asked(position, position))
        await answerer.until_answered(2)

    assert answerer.begun == ["1", "2"]
    assert list(turns.ended.values()) == ["done", "done"]


async def test_a_turn_that_cannot_be_stored_is_not_accepted() -> None:
    turns = ListedTurns(failing_adds=1)
    inbox, answerer = Inbox(turns, 4), GatedAnswerer()
    async with running(inbox, answerer):
        with pytest.raises(StoreError):
            await inbox.accept(asked())
        is_new = await inbox.accept(asked())
        await answerer.until_answered(1)

    assert is_new


steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("abc"), st.integers(0, 5)),
        st.integers(1, 6).map(lambda count: ("", count)),
    ),
    max_size=25,
)
"""Turns (thread, position) that are accepted, and steps of the loop in between."""


async def take(inbox: Inbox, steps: Sequence[tuple[str, int]]) -> None:
    for thread, count in steps:
        if thread:
            await inbox.accept(asked(str(count), str(count), thread=thread))
        else:
            for _ in range(count):
                await asyncio.sleep(0)


@settings(max_examples=examples(40, 3000), deadline=None)
@given(steps, st.integers(1, 3), st.integers(0, 12))
async def test_each_turn_is_answered_once_and_alone_in_its_thread(
    steps: list[tuple[str, int]], at_once: int, start: int
) -> None:
    answerer = GatedAnswerer()
    inbox = Inbox(ListedTurns(), at_once)
    wanted = {step for step in steps if step[0]}
    await take(inbox, steps[:start])
    async with running(inbox, answerer):
        await take(inbox, steps[start:])
        await answerer.until_answered(len(wanted))

    done = [(t.question.thread, int(t.question.text)) for t in answerer.answered]
    assert sorted(done) == sorted(wanted)
    assert answerer.most_per_thread <= 1
    assert answerer.most_at_once <= at_once


@settings(max_examples=examples(40, 3000), deadline=None)
@given(steps, st.integers(1, 3))
async def test_turns_that_are_stored_are_answered_oldest_first(
    steps: list[tuple[str, int]], at_once: int
) -> None:
    answerer = GatedAnswerer()
    inbox = Inbox(ListedTurns(), at_once)
    await take(inbox, steps)
    async with running(inbox, answerer):
        await answerer.until_answered(len({step for step in steps if step[0]}))

    for thread in "abc":
        own = [t for t in answerer.answered if t.question.thread == thread]
        assert texts(own) == sorted(texts(own))


@asynccontextmanager
async def two_processes(
    answerer: GatedAnswerer, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[tuple[Inbox, Inbox, TurnTable]]:
    """Run two inboxes on one table whose clock the test moves."""
    monkeypatch.setattr(inbox_module, "ORPHANS_S", 0)
    monkeypatch.setattr(lease, "HEARTBEAT_S", 0)
    table = TurnTable()
    stores = [ListedTurns(table, owner, is_shared=True) for owner in "ab"]
    one, two = (Inbox(t, 4, Leases(t, table.clock), store_pause_s=0) for t in stores)
    async with running(one, answerer, 0), running(two, answerer, 0):
        yield one, two, table


async def test_a_thread_is_run_by_one_process_and_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = asyncio.Event()
    answerer = GatedAnswerer({"1": gate})
    async with two_processes(answerer, monkeypatch) as (one, two, _):
        await one.accept(asked("1", "1"))
        await answerer.until_begun(1)
        await two.accept(asked("2", "2"))
        await two.accept(asked("other", thread="other"))
        await answerer.until_answered(1)
        gate.set()
        await answerer.until_answered(3)

    assert texts(answerer.answered) == ["other", "1", "2"]
    assert answerer.most_per_thread == 1
    assert answerer.queued == ["2"]


async def test_a_dead_processes_turn_is_taken_over_when_its_lease_ran_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answerer = GatedAnswerer()
    async with two_processes(answerer, monkeypatch) as (_, _, table):
        dead = ListedTurns(table, "dead", is_shared=True)
        await dead.add(asked())
        await dead.claim(asked().question.thread)
        for _ in range(20):
            await asyncio.sleep(0)
        before = list(answerer.begun)
        table.clock.now_s = LEASE_S + 1
        await answerer.until_answered(1)

    (turn,) = answerer.answered
    assert before == []
    assert (turn.attempts, turn.interruptions) == (2, 1)


async def test_a_reply_that_was_cut_off_goes_on_in_the_other_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = asyncio.Event()
    answerer = GatedAnswerer({"why": gate})
    async with two_processes(answerer, monkeypatch) as (one, _, _):
        await one.accept(asked())
        await answerer.until_begun(1)
        one.close()
        await answerer.until_begun(2)
        gate.set()
        await answerer.until_answered(1)

    (turn,) = answerer.answered
    assert (turn.attempts, turn.interruptions) == (2, 0)


async def test_a_lost_turn_is_neither_finished_nor_apologised_for() -> None:
    turns, gate = ListedTurns(is_shared=True), asyncio.Event()
    inbox = Inbox(turns, 4, Leases(turns, turns.table.clock))
    answerer = GatedAnswerer({"1": gate}, errors={"1": LostError("another's")})
    async with running(inbox, answerer):
        await inbox.accept(asked("1", "1"))
        await answerer.until_begun(1)
        turns.table.rows[asked("1", "1").id].owner = "another"
        gate.set()
        await inbox.accept(asked("other", thread="other"))
        await answerer.until_answered(1)

    assert answerer.apologies == []
    assert list(turns.ended) == [asked("other", thread="other").id]


async def test_a_turn_whose_question_changed_meanwhile_is_answered_again() -> None:
    turns, gate = ListedTurns(), asyncio.Event()
    inbox, answerer = Inbox(turns, 4), GatedAnswerer({"why": gate})
    async with running(inbox, answerer):
        await inbox.accept(asked())
        await answerer.until_begun(1)
        await turns.revise(asked().question.thread, "1")
        gate.set()
        await answerer.until_answered(2)

    assert [t.since_attempt for t in answerer.answered] == [1, 2]


async def test_who_waits_behind_another_question_is_shown_so_once() -> None:
    gate = asyncio.Event()
    inbox, answerer = Inbox(ListedTurns(), 4), GatedAnswerer({"1": gate})
    async with running(inbox, answerer):
        await inbox.accept(asked("1", "1"))
        await answerer.until_begun(1)
        await inbox.accept(asked("2", "2"))
        await inbox.accept(asked("2", "2"))
        for _ in range(10):
            await asyncio.sleep(0)
        gate.set()
        await answerer.until_answered(2)

    assert answerer.queued == ["2"]
    assert [turn.is_queued for turn in answerer.answered] == [False, True]


async def test_who_waits_because_all_are_busy_is_shown_so() -> None:
    gate = asyncio.Event()
    inbox, answerer = Inbox(ListedTurns(), 1), GatedAnswerer({"1": gate})
    async with running(inbox, answerer):
        await inbox.accept(asked("1", "1"))
        await answerer.until_begun(1)
        await inbox.accept(asked("2", thread="other"))
        for _ in range(10):
            await asyncio.sleep(0)
        gate.set()
        await answerer.until_answered(2)

    assert answerer.queued == ["2"]


async def test_a_turn_that_cannot_be_handed_over_is_found_later() -> None:
    turns = ListedTurns(failing_hand_overs=1)
    inbox, answerer = Inbox(turns, 4), GatedAnswerer({"why": asyncio.Event()})
    async with running(inbox, answerer, grace_s=0.01):
        await inbox.accept(asked())
        await answerer.until_begun(1)

    assert await turns.resume() == (asked().question.thread,)
