"""The queue of turns as the core asks for it: one owner at a time, by leases."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.conversation.turn import Demand, Ending, ThreadId, Turn, TurnId

LEASE_S = 5.0
"""So long a turn belongs to a process that was last heard of; then to any other."""

Opinion = Literal["good", "bad"]

Crowd = Literal["thread", "person"]
"""Whose turns are too many: those that wait in a thread, or those of one person."""


class FullError(Exception):
    """Too many turns wait; this one is stored as ended, and must not be answered."""

    def __init__(self, crowd: Crowd) -> None:
        """Tell whose turns are too many."""
        super().__init__(crowd)
        self.crowd: Crowd = crowd


@dataclass(frozen=True, slots=True)
class Caps:
    """How many turns may be open; 0 for any number."""

    waiting: int = 0
    """In a thread, beside the one that runs."""
    open: int = 0
    """Of one person, in all threads, running ones included."""

    def crowd(self, waiting: int, open_: int) -> Crowd | None:
        """Return whose turns are too many for one more, if that is so."""
        if 0 < self.waiting <= waiting:
            return "thread"
        return "person" if 0 < self.open <= open_ else None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a turn that was stored to be begun."""

    is_new: bool
    begun: Turn | None = None
    """As it was leased, unless another turn was before it."""


@dataclass(frozen=True, slots=True)
class Halted:
    """What became of the turns that were to be stopped."""

    running: tuple[TurnId, ...] = ()
    """They end as soon as their process hears of it."""
    waiting: tuple[Turn, ...] = ()
    """They have ended."""

    @property
    def is_nothing(self) -> bool:
        """Say whether there was nothing to be stopped."""
        return not (self.running or self.waiting)


class TurnStore(Protocol):
    """Turns that outlive the process. Every method may raise `StoreError`.

    Times are the database's. A store knows the process that uses it: only that one's
    turns it renews, finishes and hands over.
    """

    @property
    def is_shared(self) -> bool:
        """Say whether other processes may take turns of the same database."""
        ...

    async def add(self, turn: Turn) -> bool:
        """Store a waiting turn and remember its question; False if it was known.

        Raises:
            FullError: if it is one too many; then it is known, but ended.
        """
        ...

    async def begin(self, turn: Turn) -> Accepted:
        """Store a turn as `add` does; lease it if no other of its thread is open.

        Raises:
            FullError: if it is one too many; then it is known, but ended.
        """
        ...

    async def resume(self) -> tuple[ThreadId, ...]:
        """Return every thread with a turn that waits, or that nobody runs any more.

        To be called once, at start: where only one process may use the database, what
        runs there was run by a dead one.
        """
        ...

    async def orphans(self) -> tuple[ThreadId, ...]:
        """Return threads with open turns of which nobody runs one.

        Nothing where only one process may use the database.
        """
        ...

    async def claim(self, thread: ThreadId) -> Turn | None:
        """Lease the oldest open turn of a thread; None if there is none to be had.

        There is none while another process has one. One whose lease ran out is taken
        over, and counts as interrupted.
        """
        ...

    async def renew(self) -> Mapping[TurnId, Demand]:
        """Prolong all leases; return what people want of each turn that is ours.

        One that is missing was taken over.
        """
        ...

    async def finish(self, turn: TurnId, ending: Ending) -> bool:
        """Mark a running turn as ended; False if it is not ours any more.

        A turn whose question was changed meanwhile waits again, to be answered anew.
        """
        ...

    async def hand_over(self, turn: TurnId) -> None:
        """Let a running turn wait again, for whoever takes it: not an interruption."""
        ...

    async def queue(self, turn: TurnId) -> bool:
        """Note that people are shown that a turn waits; False if it waits no more."""
        ...


class DemandStore(Protocol):
    """What people want of turns. Every method may raise `StoreError`."""

    async def stop(self, thread: ThreadId) -> Halted:
        """Ask for the end of the running turn; end those that wait behind it."""
        ...

    async def stop_turn(self, turn: TurnId, asker: str = "") -> Halted:
        """Do the same to one turn; if an asker is named, only to one of theirs."""
        ...

    async def revise(self, thread: ThreadId, position: str) -> TurnId | None:
        """Let the question at a position be answered anew, its text was changed.

        That is done if its turn runs, or ended and is the newest of its thread; if it
        waits nothing is needed. Returns the turn unless nothing is to be done.
        """
        ...

    async def withdraw(self, thread: ThreadId, position: str) -> TurnId | None:
        """Let the reply to the question at a position disappear; it was deleted.

        Returns the turn if there is one that has a reply, or is about to.
        """
        ...

    async def runs(self, turn: TurnId) -> bool:
        """Say whether a turn was begun and has not ended."""
        ...

    async def reopen(self, turn: TurnId, *, anew: bool) -> ThreadId | None:
        """Let an ended turn wait again: to be answered anew, or gone on with.

        None if it is open, or not the newest of its thread, or, to be gone on with,
        its reply is whole.
        """
        ...

    async def rate(self, turn: TurnId, person: str, opinion: Opinion) -> bool:
        """Keep what a person thinks of a reply, in place of what they thought before.

        False if there is no such turn.
        """
        ...
