"""Every envelope is acknowledged, or tried as often as Slack tries, and then lost."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.envelopes import (
    ACK_TIMEOUT_S,
    MAX_WAITING,
    REDELIVERY_S,
    Envelope,
    Envelopes,
)
from tests.long import examples
from tests.playground.conftest import FakeClock


class FakeLine:
    """A connection that keeps what it is told."""

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


def attempts(line: FakeLine) -> list[int]:
    return [frame["retry_attempt"] for frame in line.frames]


def test_an_unacknowledged_event_comes_by_the_schedule_and_is_lost(
    clock: FakeClock, envelopes: Envelopes
) -> None:
    line, start_s = FakeLine(), clock.now_s
    envelopes.open(line)
    envelopes.deliver(Envelope({}))
    expected = [(0, 1), (3.9, 1), (4, 2), (63.9, 2), (64, 3), (364, 4), (9999, 4)]

    for at_s, count in expected:
        run_until(clock, envelopes, start_s + at_s)
        assert len(line.frames) == count

    assert attempts(line) == [0, 1, 2, 3]
    assert envelopes.log[0].is_lost
    assert envelopes.next_s is None


def test_without_a_connection_the_first_retry_is_wasted_at_once(
    clock: FakeClock, envelopes: Envelopes
) -> None:
    envelopes.deliver(Envelope({}))
    run_until(clock, envelopes, clock.now_s)
    line = FakeLine()

    envelopes.open(line)
    run_until(clock, envelopes, clock.now_s + 59)
    assert line.frames == []
    run_until(clock, envelopes, clock.now_s + 1)

    assert attempts(line) == [2]
    assert line.frames[0]["retry_reason"] == "connection_failed"


def test_nobody_coming_within_six_minutes_loses_an_event(
    clock: FakeClock, envelopes: Envelopes
) -> None:
    envelopes.deliver(Envelope({}))

    run_until(clock, envelopes, clock.now_s + 360)

    assert (envelopes.log[0].is_lost, envelopes.log[0].tries) == (True, 4)


@pytest.mark.parametrize("has_line", [True, False])
@pytest.mark.parametrize("kind", ["slash_commands", "interactive"])
def test_what_a_person_waits_for_is_tried_once(
    clock: FakeClock, envelopes: Envelopes, kind: Any, *, has_line: bool
) -> None:
    line = FakeLine()
    if has_line:
        envelopes.open(line)

    envelopes.deliver(Envelope({}, kind))
    assert envelopes.log[0].is_lost is not has_line
    run_until(clock, envelopes, clock.now_s + ACK_TIMEOUT_S)

    assert (envelopes.log[0].is_lost, envelopes.log[0].tries) == (True, 1)
    assert all("retry_attempt" not in frame for frame in line.frames)


@pytest.mark.parametrize("is_answerable", [True, False])
def test_an_answer_is_kept_where_one_is_accepted(
    envelopes: Envelopes, *, is_answerable: bool
) -> None:
    envelopes.open(FakeLine())
    envelope = Envelope({}, "interactive", is_answerable)
    envelopes.deliver(envelope)

    assert envelopes.acknowledge(envelope.id, {"text": "hi"}) is envelope
    assert envelopes.acknowledge(envelope.id, {"text": "again"}) is None

    assert envelope.answer == ({"text": "hi"} if is_answerable else {})


@pytest.mark.parametrize(("is_retry", "again"), [(True, 1), (False, 0)])
def test_an_acknowledged_event_may_come_again(
    envelopes: Envelopes, again: int, *, is_retry: bool
) -> None:
    line = FakeLine()
    envelopes.open(line)
    envelopes.duplicate_next(is_retry=is_retry)
    envelopes.deliver(Envelope({}))

    envelopes.acknowledge(envelopes.log[0].id, {})

    assert attempts(line) == [0, again]


def test_events_may_come_out_of_order(envelopes: Envelopes) -> None:
    line = FakeLine()
    envelopes.open(line)
    envelopes.hold_next(2)

    for n in range(4):
        envelopes.deliver(Envelope({"n": n}))

    assert [frame["payload"]["n"] for frame in line.frames] == [2, 1, 0, 3]


def test_only_full_connections_make_an_event_wait(envelopes: Envelopes) -> None:
    line = FakeLine()
    line.has_room = False
    envelopes.open(line)
    for n in range(MAX_WAITING + 1):
        envelopes.deliver(Envelope({"n": n}))

    line.has_room = True
    envelopes.flush()

    assert len(line.frames) == MAX_WAITING
    assert envelopes.log[0].is_lost
    assert line.frames[0]["payload"] == {"n": 1}


class Program:
    """Random things that happen to the envelopes, and what must always be true."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.envelopes = Envelopes(self.clock)
        self.lines: list[FakeLine] = []
        self.frames: list[dict[str, Any]] = []
        """What went over any connection, in order."""

    def say(self, _: int) -> None:
        self.envelopes.deliver(Envelope({}))

    def come(self, _: int) -> None:
        self.lines.append(FakeLine(self.frames))
        self.envelopes.open(self.lines[-1])

    def go(self, choice: int) -> None:
        if self.lines:
            self.envelopes.shut(self.lines.pop(choice % len(self.lines)))

    def stuff(self, choice: int) -> None:
        if self.lines:
            line = self.lines[choice % len(self.lines)]
            line.has_room = not line.has_room
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


@settings(max_examples=examples(200, 20_000))
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 100)), max_size=40))
def test_every_event_is_acknowledged_or_was_tried_as_often_as_slack_tries(
    steps: list[tuple[Callable[[Program, int], None], int]],
) -> None:
    program = Program()
    for step, choice in steps:
        step(program, choice)

    for line in program.lines:
        line.has_room = True
    program.envelopes.flush()
    program.wait(1000)

    for envelope in program.envelopes.log:
        is_acked = envelope.acked_s is not None
        assert is_acked != envelope.is_lost
        assert is_acked or envelope.tries == 1 + len(REDELIVERY_S)
        assert envelope.attempt == envelope.tries - 1
        # Each attempt went over one connection, if any, and in its turn.
        told = program.told(envelope)
        assert told == sorted(set(told))
        assert all(n < envelope.tries for n in told)
