"""Every envelope is acknowledged, or tried as often as Slack tries, and then lost."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.socketmode.envelopes import (
    ACK_TIMEOUT_S,
    MAX_WAITING,
    REDELIVERY_S,
    Envelope,
    Envelopes,
)
from tests.long import examples
from tests.playground.conftest import FakeClock


class FakeTaker:
    """A link that keeps what it is told."""

    def __init__(self, frames: list[dict[str, Any]] | None = None) -> None:
        self.is_live = True
        self.has_room = True
        self.frames = [] if frames is None else frames

    def push(self, frame: dict[str, Any]) -> None:
        assert self.is_live
        assert self.has_room
        self.frames.append(frame)


@pytest.fixture
def envelopes(clock: FakeClock) -> Envelopes:
    return Envelopes(clock)


def run_until(clock: FakeClock, envelopes: Envelopes, end_s: float) -> None:
    """Let the time go by, with a tick whenever one is due."""
    while (next_s := envelopes.next_s) is not None and next_s <= end_s:
        clock.now_s = max(clock.now_s, next_s)
        envelopes.tick()
    clock.now_s = max(clock.now_s, end_s)


def attempts(taker: FakeTaker) -> list[int]:
    return [frame["retry_attempt"] for frame in taker.frames]


def test_an_unacknowledged_event_comes_by_the_schedule_and_is_lost(
    clock: FakeClock, envelopes: Envelopes
) -> None:
    taker, start_s = FakeTaker(), clock.now_s
    envelopes.open(taker)
    envelopes.deliver(Envelope({}))
    expected = [(0, 1), (3.9, 1), (4, 2), (63.9, 2), (64, 3), (364, 4), (9999, 4)]

    for at_s, count in expected:
        run_until(clock, envelopes, start_s + at_s)
        assert len(taker.frames) == count

    assert attempts(taker) == [0, 1, 2, 3]
    assert envelopes.log[0].is_lost
    assert envelopes.next_s is None


def test_what_comes_goes_over_the_preferred_link_while_it_takes_any(
    envelopes: Envelopes,
) -> None:
    one, other = FakeTaker(), FakeTaker()
    envelopes.open(one)
    envelopes.open(other)
    envelopes.prefer(other)
    for is_live in (True, True, False):
        other.is_live = is_live
        envelopes.deliver(Envelope({}))
    assert (len(one.frames), len(other.frames)) == (1, 2)

    other.is_live = True
    envelopes.prefer(None)
    for _ in range(4):
        envelopes.deliver(Envelope({}))
    assert (len(one.frames), len(other.frames)) == (3, 4)


def test_without_a_link_the_first_retry_is_wasted_at_once(
    clock: FakeClock, envelopes: Envelopes
) -> None:
    envelopes.deliver(Envelope({}))
    run_until(clock, envelopes, clock.now_s)
    taker = FakeTaker()

    envelopes.open(taker)
    run_until(clock, envelopes, clock.now_s + 59)
    assert taker.frames == []
    run_until(clock, envelopes, clock.now_s + 1)

    assert attempts(taker) == [2]
    assert taker.frames[0]["retry_reason"] == "connection_failed"


def test_nobody_coming_within_six_minutes_loses_an_event(
    clock: FakeClock, envelopes: Envelopes
) -> None:
    envelopes.deliver(Envelope({}))

    run_until(clock, envelopes, clock.now_s + 360)

    assert (envelopes.log[0].is_lost, envelopes.log[0].tries) == (True, 4)


@pytest.mark.parametrize("has_taker", [True, False])
@pytest.mark.parametrize("kind", ["slash_commands", "interactive"])
def test_what_a_person_waits_for_is_tried_once(
    clock: FakeClock, envelopes: Envelopes, kind: Any, *, has_taker: bool
) -> None:
    taker = FakeTaker()
    if has_taker:
        envelopes.open(taker)

    envelopes.deliver(Envelope({}, kind))
    assert envelopes.log[0].is_lost is not has_taker
    run_until(clock, envelopes, clock.now_s + ACK_TIMEOUT_S)

    assert (envelopes.log[0].is_lost, envelopes.log[0].tries) == (True, 1)
    assert all("retry_attempt" not in frame for frame in taker.frames)


@pytest.mark.parametrize("is_answerable", [True, False])
def test_an_answer_is_kept_where_one_is_accepted(
    envelopes: Envelopes, *, is_answerable: bool
) -> None:
    envelopes.open(FakeTaker())
    envelope = Envelope({}, "interactive", is_answerable)
    envelopes.deliver(envelope)

    assert envelopes.acknowledge(envelope.id, {"text": "hi"}) is envelope
    assert envelopes.acknowledge(envelope.id, {"text": "again"}) is None

    assert envelope.answer == ({"text": "hi"} if is_answerable else {})


@pytest.mark.parametrize(("is_retry", "again"), [(True, 1), (False, 0)])
def test_an_acknowledged_event_may_come_again(
    envelopes: Envelopes, again: int, *, is_retry: bool
) -> None:
    taker = FakeTaker()
    envelopes.open(taker)
    envelopes.duplicate_next(is_retry=is_retry)
    envelopes.deliver(Envelope({}))

    envelopes.acknowledge(envelopes.log[0].id, {})

    assert attempts(taker) == [0, again]


def test_events_may_come_out_of_order(envelopes: Envelopes) -> None:
    taker = FakeTaker()
    envelopes.open(taker)
    envelopes.hold_next(2)

    for n in range(4):
        envelopes.deliver(Envelope({"n": n}))

    assert [frame["payload"]["n"] for frame in taker.frames] == [2, 1, 0, 3]


def test_only_full_links_make_an_event_wait(envelopes: Envelopes) -> None:
    taker = FakeTaker()
    taker.has_room = False
    envelopes.open(taker)
    for n in range(MAX_WAITING + 1):
        envelopes.deliver(Envelope({"n": n}))

    taker.has_room = True
    envelopes.flush()

    assert len(taker.frames) == MAX_WAITING
    assert envelopes.log[0].is_lost
    assert taker.frames[0]["payload"] == {"n": 1}


class Program:
    """Random things that happen to the envelopes, and what must always be true."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.envelopes = Envelopes(self.clock)
        self.takers: list[FakeTaker] = []
        self.frames: list[dict[str, Any]] = []
        """What went over any link, in order."""

    def say(self, _: int) -> None:
        self.envelopes.deliver(Envelope({}))

    def come(self, _: int) -> None:
        self.takers.append(FakeTaker(self.frames))
        self.envelopes.open(self.takers[-1])

    def go(self, choice: int) -> None:
        if self.takers:
            self.envelopes.shut(self.takers.pop(choice % len(self.takers)))

    def stuff(self, choice: int) -> None:
        if self.takers:
            taker = self.takers[choice % len(self.takers)]
            taker.has_room = not taker.has_room
            self.envelopes.flush()

    def acknowledge(self, choice: int) -> None:
        log = self.envelopes.log
        if log:
            self.envelopes.acknowledge(log[choice % len(log)].id, {})

    def wait(self, choice: int) -> None:
        run_until(self.clock, self.envelopes, self.clock.now_s + choice)

    def told(self, envelope: Envelope) -> list[int]:
        frames = [f for f in self.frames if f["envelope_id"] == envelope.id]
        return [frame["retry_attempt"] for frame in frames]


STEPS: list[Callable[[Program, int], None]] = [
    Program.say,
    Program.come,
    Program.go,
    Program.stuff,
    Program.acknowledge,
    Program.wait,
]


@settings(max_examples=examples(80, 20_000))
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 100)), max_size=40))
def test_every_event_is_acknowledged_or_was_tried_as_often_as_slack_tries(
    steps: list[tuple[Callable[[Program, int], None], int]],
) -> None:
    program = Program()
    for step, choice in steps:
        step(program, choice)

    for taker in program.takers:
        taker.has_room = True
    program.envelopes.flush()
    program.wait(1000)

    for envelope in program.envelopes.log:
        is_acked = envelope.acked_s is not None
        assert is_acked != envelope.is_lost
        assert is_acked or envelope.tries == 1 + len(REDELIVERY_S)
        assert envelope.attempt == envelope.tries - 1
        # Each attempt went over one link, if any, and in its turn.
        told = program.told(envelope)
        assert told == sorted(set(told))
        assert all(n < envelope.tries for n in told)


def test_whoever_listens_is_told_of_a_lost_envelope_once(
    clock: FakeClock, envelopes: Envelopes
) -> None:
    lost: list[Envelope] = []
    envelopes.on_lost = lost.append
    envelopes.open(FakeTaker())
    envelope, acked = Envelope({}, "interactive"), Envelope({}, "interactive")
    envelopes.deliver(envelope)
    envelopes.deliver(acked)
    envelopes.acknowledge(acked.id, {})

    run_until(clock, envelopes, clock.now_s + 2 * ACK_TIMEOUT_S)

    assert lost == [envelope]
