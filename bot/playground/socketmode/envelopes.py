"""Which envelope goes over which link, and when it goes again.

Pure: the clock is passed in and nothing waits; `tick` is to be called at `next_s`.

Sources, read 2026-11: an event that is not acknowledged is tried again at once, after
a minute and after five, and is then lost (https://docs.slack.dev/apis/events-api; that
is written of HTTP). Over Socket Mode the first retry was seen after about 4 seconds
(https://github.com/slackapi/bolt-js/issues/2487), and an event that finds no open
socket has its tries used up just the same (https://github.com/vercel/chat/issues/666).
"""

import heapq
import itertools
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from bot.playground.jsonobject import JsonObject

REDELIVERY_S = (4.0, 60.0, 300.0)
"""How long each try of an event may stay unacknowledged before the next one."""

ACK_TIMEOUT_S = 3.0
"""https://docs.slack.dev/interactivity/handling-user-interaction, read 2026-11. After
its last try an event has as long; that is not documented."""

MAX_WAITING = 1000
MAX_LOGGED = 10_000
MAX_UNACKED = 2000

EnvelopeKind = Literal["events_api", "slash_commands", "interactive"]


@dataclass(slots=True, eq=False)
class Envelope:
    """A payload on its way to the app."""

    payload: JsonObject
    kind: EnvelopeKind = "events_api"
    is_answerable: bool = False
    """The acknowledgement may bring something along."""
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    tries: int = 0
    """How often it was tried, over a link or in vain because there was none."""
    attempt: int = 0
    """The number of its last try, from 0."""
    reason: str = ""
    """Why the try before failed: `timeout`, or `connection_failed` without a socket.

    Slack writes the former; the latter it writes over HTTP only, so it is our choice.
    """
    sent_s: float = 0.0
    """When it was last handed to a link; 0 if never."""
    acked_s: float | None = None
    """When it was acknowledged."""
    answer: JsonObject = field(default_factory=dict[str, object])
    """What the acknowledgement brought along."""
    is_lost: bool = False
    """It is not tried again though nobody acknowledged it.

    Of a command or an interaction: the person who waits for it sees an error.
    """
    due_s: float = 0.0
    """When the current try has failed."""


class Taker(Protocol):
    """A link, as far as envelopes care."""

    @property
    def is_live(self) -> bool:
        """Say whether it takes envelopes at all."""
        ...

    @property
    def has_room(self) -> bool:
        """Say whether it takes one now."""
        ...

    def push(self, frame: JsonObject) -> None:
        """Send a frame in its turn."""
        ...


class Envelopes:
    """The envelopes of one app, and the links they are spread over."""

    def __init__(
        self,
        clock: Callable[[], float],
        redelivery_s: tuple[float, ...] = REDELIVERY_S,
    ) -> None:
        """`clock` returns seconds and never goes back."""
        self._clock = clock
        self._redelivery_s = redelivery_s
        self._takers: deque[Taker] = deque()
        self._preferred: Taker | None = None
        self._waiting: deque[Envelope] = deque()
        self._held: list[Envelope] = []
        self._hold_count = 0
        self._unacked: dict[str, Envelope] = {}
        self._due: list[tuple[float, int, Envelope]] = []
        self._serial = itertools.count()
        self._duplicates: deque[bool] = deque()
        self.is_muted = False
        """Whatever is due is lost: the app may hear nothing."""
        self.on_lost: Callable[[Envelope], None] = lambda _: None
        """Told of every envelope that is not tried again, though unacknowledged."""
        self.log: deque[Envelope] = deque(maxlen=MAX_LOGGED)
        """Every envelope, oldest first."""

    def deliver(self, envelope: Envelope) -> None:
        """Try to send an envelope, now and by its schedule."""
        self.log.append(envelope)
        if self._hold_count:
            self._hold_count -= 1
            self._held.append(envelope)
            return
        for each in (envelope, *reversed(self._held)):
            self._queue(each)
        self._held.clear()
        self.flush()

    def hold_next(self, count: int = 1) -> None:
        """Keep the next envelopes back until one more came; they follow, newest first.

        Slack promises no order, though it documents none of its detours.
        """
        self._hold_count = count

    def duplicate_next(self, *, is_retry: bool = True) -> None:
        """Send the next envelope that is acknowledged once more, as Slack may.

        Without `is_retry` it does not say so: the attempt's number is the same again,
        as seen in https://github.com/slackapi/bolt-js/issues/2487.
        """
        self._duplicates.append(is_retry)

    def prefer(self, taker: Taker | None) -> None:
        """Send what comes over one link while it takes any; None: over each in turn.

        "Each payload may be sent to any of the connections"
        (https://docs.slack.dev/apis/events-api/using-socket-mode, read 2026-11).
        """
        self._preferred = taker

    def open(self, taker: Taker) -> None:
        """Spread what comes over one link more."""
        self._takers.append(taker)
        self.flush()

    def shut(self, taker: Taker) -> None:
        """Use a link no more; what it left unacknowledged comes when it is due."""
        self._takers.remove(taker)
        self.flush()

    def tick(self) -> None:
        """Do what is due by now: try again, or give up."""
        now_s = self._clock()
        while self._due and self._due[0][0] <= now_s:
            due_s, _, envelope = heapq.heappop(self._due)
            is_open = envelope.acked_s is None and not envelope.is_lost
            if is_open and envelope.due_s == due_s:
                self._go_on(envelope)
        self.flush()

    @property
    def next_s(self) -> float | None:
        """Return when `tick` has something to do; None if never."""
        return self._due[0][0] if self._due else None

    def acknowledge(self, envelope_id: str, answer: JsonObject) -> Envelope | None:
        """Take an acknowledgement; return its envelope if one waited for it.

        An answer that the envelope does not accept is dropped.
        """
        envelope = self._unacked.pop(envelope_id, None)
        if envelope is None:
            return None
        envelope.acked_s = self._clock()
        if envelope.is_answerable:
            envelope.answer = answer
        if self._duplicates and (taker := self._next_taker()):
            envelope.attempt += self._duplicates.popleft()
            taker.push(_frame(envelope))
        return envelope

    def _queue(self, envelope: Envelope) -> None:
        if len(self._waiting) == MAX_WAITING:
            self._lose(self._waiting.popleft())
        self._waiting.append(envelope)

    def flush(self) -> None:
        """Try what is waiting, oldest first; only full links make it wait."""
        while self._waiting:
            taker = self._next_taker()
            if taker is None and any(taker.is_live for taker in self._takers):
                return
            envelope = self._waiting.popleft()
            if envelope.acked_s is None:
                self._try(envelope, taker)

    def _try(self, envelope: Envelope, taker: Taker | None) -> None:
        if self.is_muted:
            self._lose(envelope)
            return
        envelope.attempt = envelope.tries
        envelope.tries += 1
        if taker is None:
            envelope.reason = "connection_failed"
            self._rest(envelope)
            return
        taker.push(_frame(envelope))
        envelope.reason = "timeout"
        envelope.sent_s = self._clock()
        self._unacked[envelope.id] = envelope
        if len(self._unacked) > MAX_UNACKED:
            self._lose(next(iter(self._unacked.values())))
        self._fall_due(envelope, self._patience_s(envelope))

    def _rest(self, envelope: Envelope) -> None:
        """Let a try without a link fail: the first retry follows at once."""
        if self._is_spent(envelope):
            self._lose(envelope)
        else:
            delay_s = self._patience_s(envelope) if envelope.attempt else 0.0
            self._fall_due(envelope, delay_s)

    def _go_on(self, envelope: Envelope) -> None:
        if self._is_spent(envelope):
            self._lose(envelope)
        else:
            self._queue(envelope)

    def _is_spent(self, envelope: Envelope) -> bool:
        """Say whether an envelope was tried as often as it may be."""
        return envelope.tries > len(self._schedule(envelope))

    def _lose(self, envelope: Envelope) -> None:
        envelope.is_lost = True
        self._unacked.pop(envelope.id, None)
        self.on_lost(envelope)

    def _fall_due(self, envelope: Envelope, delay_s: float) -> None:
        envelope.due_s = self._clock() + delay_s
        heapq.heappush(self._due, (envelope.due_s, next(self._serial), envelope))

    def _schedule(self, envelope: Envelope) -> tuple[float, ...]:
        """Only events are sent again: a person repeats what failed, or does not."""
        return self._redelivery_s if envelope.kind == "events_api" else ()

    def _patience_s(self, envelope: Envelope) -> float:
        schedule = self._schedule(envelope)
        if envelope.attempt < len(schedule):
            return schedule[envelope.attempt]
        return ACK_TIMEOUT_S

    def _next_taker(self) -> Taker | None:
        for taker in self._takers:
            if taker is self._preferred and taker.is_live and taker.has_room:
                return taker
        for _ in range(len(self._takers)):
            self._takers.rotate(-1)
            taker = self._takers[-1]
            if taker.is_live and taker.has_room:
                return taker
        return None


def _frame(envelope: Envelope) -> JsonObject:
    """Return an envelope as it is sent; only an event can be a retry."""
    frame: JsonObject = {
        "envelope_id": envelope.id,
        "type": envelope.kind,
        "accepts_response_payload": envelope.is_answerable,
        "payload": envelope.payload,
    }
    if envelope.kind == "events_api":
        frame["retry_attempt"] = envelope.attempt
        frame["retry_reason"] = envelope.reason if envelope.attempt else ""
    return frame
