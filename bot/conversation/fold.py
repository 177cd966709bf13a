"""Folding: which of a thread's messages go into its summary, and when. Pure.

A message is in the buffer, verbatim, until a fold moves it into a summary. Summaries
are numbered generations: each holds all that the one before held, and what its own
fold added, so that an edit can go back to the newest one without the edited message.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.conversation.turn import Message, ThreadId

HIGH = 0.85
"""A buffer that fills more of its share of the budget is folded,"""
LOW = 0.35
"""down to this much of it."""
MAX_FOLD_TOKENS = 6_000
"""What one fold may take, so that a summarizer's prompt stays small."""
MIN_SUMMARY_TOKENS = 64
MAX_SUMMARY_TOKENS = 2_000
SUMMARY_SHARE = 0.1
VERBATIM = 2
"""The newest messages, which are never folded."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a thread's folded messages said."""

    gen: int = 0
    """Counts the folds; 0 before the first one."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message as a thread's memory keeps it."""

    id: int
    message: Message
    tokens: int
    """Estimated when it was stored."""


@dataclass(frozen=True, slots=True)
class Recollection:
    """All that a thread's memory holds, as of one moment."""

    version: int = 0
    """Changes with every fold, edit, deletion and forgetting."""
    summary: Summary = field(default_factory=Summary)
    entries: tuple[Entry, ...] = ()
    """The buffer, oldest first, a question before its reply; pinned facts are here."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A new summary, to be kept if nothing changed since the version was read."""

    thread: ThreadId
    version: int
    gen: int
    """The one behind the summary that was read."""
    ids: tuple[int, ...]
    """The entries that it takes out of the buffer."""
    text: str
    tokens: int
    model: str
    """Who wrote it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a budget allows, in estimated tokens."""

    high: int
    low: int
    summary: int

    @classmethod
    def of(cls, budget_tokens: int) -> "Limits":
        """Return the limits of a budget for summary and buffer together."""
        share = int(budget_tokens * SUMMARY_SHARE)
        summary = min(MAX_SUMMARY_TOKENS, max(MIN_SUMMARY_TOKENS, share))
        room = budget_tokens - summary
        return cls(int(room * HIGH), int(room * LOW), summary)


def due(recollection: Recollection, limits: Limits) -> tuple[Entry, ...]:
    """Return the oldest messages that should be folded now; none if there is room."""
    unpinned = [e for e in recollection.entries if not e.message.is_pinned]
    left_tokens = unpinned_tokens(recollection)
    if left_tokens <= limits.high:
        return ()
    chosen: list[Entry] = []
    taken_tokens = 0
    for entry in unpinned[:-VERBATIM]:
        taken_tokens += entry.tokens
        is_too_much = chosen and taken_tokens > MAX_FOLD_TOKENS
        if left_tokens <= limits.low or is_too_much:
            break
        chosen.append(entry)
        left_tokens -= entry.tokens
    return tuple(chosen)


def unpinned_tokens(recollection: Recollection) -> int:
    """Return how much of a buffer is there to be folded one day."""
    return sum(e.tokens for e in recollection.entries if not e.message.is_pinned)


def newest_within(entries: Sequence[Entry], room_tokens: int) -> tuple[Entry, ...]:
    """Return the newest entries that fit, oldest first, without a gap."""
    for index in range(len(entries) - 1, -1, -1):
        room_tokens -= entries[index].tokens
        if room_tokens < 0:
            return tuple(entries[index + 1 :])
    return tuple(entries)


def kept_generations(newest: int) -> frozenset[int]:
    """Return which generations to keep behind a new one, itself included.

    The newest four, then two of every doubling of the age. None that was not kept
    before is wanted later, so that deleting the others each time leaves these.
    """
    ages = range(newest)
    return frozenset(newest - age for age in ages if (newest - age) % _step(age) == 0)


def _step(age: int) -> int:
    return 1 << max(0, age.bit_length() - 2)
