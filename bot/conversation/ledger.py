"""What answers cost, and how the queue is, over all processes, as the core asks."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Failure:
    """A turn that failed."""

    error: str
    """A name without words of anybody."""
    ended_s: float
    """Unix time."""


@dataclass(frozen=True, slots=True)
class Census:
    """The turns of all processes, as of one moment."""

    running: int
    waiting: int
    failure: Failure | None = None
    """The newest one."""


class Ledger(Protocol):
    """What turns cost that ended; times are Unix times, all persons' without one.

    A turn counts from the end of its last attempt, with all that its attempts cost.
    Every method may raise `StoreError`.
    """

    async def spent(self, since_s: float, person: str = "") -> int:
        """Return the tokens that were spent since a time."""
        ...

    async def reached_s(
        self, tokens: int, since_s: float, person: str = ""
    ) -> float | None:
        """Return when so many tokens were last spent from then until now.

        That is the end of the newest turn with which they are that many, counted from
        the newest turn back; None if fewer were spent since `since_s`.
        """
        ...

    async def census(self) -> Census:
        """Return how the queue is."""
        ...
