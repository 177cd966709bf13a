"""How much may be spent: by one person within an hour, by all within a day.

Turns count when they end: those that run at the same time may together go beyond it,
and no reply is cut off for it. What a process spent that died meanwhile is unknown, and
so is what summaries cost: neither counts.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.conversation.ledger import Census, Ledger

HOUR_S = 3_600.0
DAY_S = 86_400.0
MIN_HOURS, MIN_DAYS = 2, 2
"""From where on a span is told in hours, and in days."""

PERSON_REACHED = (
    "You have used the {tokens:,} tokens that one person may use within an hour, so I"
    " did not ask the model. I can go on in about {wait}; please ask me again then."
)
ALL_REACHED = (
    "Everybody together has used the {tokens:,} tokens that may be used here within 24"
    " hours, so I did not ask the model. I can go on in about {wait}; please ask me"
    " again then."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most tokens that may be spent; 0 for any number."""

    hourly: int = 0
    """By one person, within any hour."""
    daily: int = 0
    """By everybody, within any 24 hours."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The queue and what was spent, as one person may see it."""

    census: Census
    limits: Limits
    person_tokens: int
    """Theirs, of the last hour."""
    all_tokens: int
    """Everybody's, of the last 24 hours."""
    now_s: float
    """Unix time."""


class Allowance:
    """Says who may ask the model now."""

    def __init__(
        self, ledger: Ledger, limits: Limits, clock: Callable[[], float] = time.time
    ) -> None:
        """Compare a ledger with limits; `clock` gives Unix time."""
        self._ledger = ledger
        self._limits = limits
        self._clock = clock

    async def refusal(self, person: str) -> str:
        """Return why a person may not ask the model now; empty if they may.

        Raises:
            StoreError: if that is not to be found out.
        """
        now_s = self._clock()
        limits = self._limits
        found = (
            (await self._wait_s(limits.hourly, HOUR_S, now_s, person), PERSON_REACHED),
            (await self._wait_s(limits.daily, DAY_S, now_s), ALL_REACHED),
        )
        wait_s, sentence = max(found)
        if not wait_s:
            return ""
        tokens = limits.hourly if sentence == PERSON_REACHED else limits.daily
        return sentence.format(tokens=tokens, wait=duration(wait_s))

    async def standing(self, person: str) -> Standing:
        """Return how things are for a person.

        Raises:
            StoreError: if that is not to be found out.
        """
        now_s = self._clock()
        return Standing(
            census=await self._ledger.census(),
            limits=self._limits,
            person_tokens=await self._ledger.spent(now_s - HOUR_S, person),
            all_tokens=await self._ledger.spent(now_s - DAY_S),
            now_s=now_s,
        )

    async def _wait_s(
        self, tokens: int, window_s: float, now_s: float, person: str = ""
    ) -> float:
        """Return in how long fewer tokens were spent in a window; 0 if it is so now."""
        if not tokens:
            return 0.0
        since_s = now_s - window_s
        reached_s = await self._ledger.reached_s(tokens, since_s, person)
        return 0.0 if reached_s is None else max(1.0, reached_s - since_s)


def duration(seconds: float) -> str:
    """Return a span of time in words, rounded up: minutes, hours or days."""
    minutes = max(1, math.ceil(seconds / 60))
    if minutes < MIN_HOURS * 60:
        return "a minute" if minutes == 1 else f"{minutes} minutes"
    hours = math.ceil(minutes / 60)
    return (
        f"{hours} hours" if hours < MIN_DAYS * 24 else f"{math.ceil(hours / 24)} days"
    )
