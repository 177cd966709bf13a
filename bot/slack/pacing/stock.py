"""A pace that several processes keep together: slots claimed ahead of their use.

Pure, as `pacing` is. Slots of a key have times an interval apart, whichever process
they belong to; each is good for one call within the leeway that ends at its time. So
all processes together make at most `burst + t_s / interval_s` calls in any time of
`t_s`, as one with a `Pace` does.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from typing_extensions import override

from bot.slack.pacing.pacing import ROUNDING_S, Claim, Pace

LASTING_S = 0.15
"""A slot that lapses earlier is replaced: earlier would leave the others less."""
LAST_CHANCE_S = 0.3
"""A slot that lapses so soon is used, whoever it is kept for."""
CLAIM_S = 0.05
"""How long a claim takes at most, where all is well: so long before it is needed, if
that is known, and for so long who finds that others were faster waits at least."""


@dataclass(frozen=True, slots=True)
class Slot:
    """When one call may go."""

    from_s: float
    until_s: float


class Stock(Pace):
    """The slots of one key that this process has, for calls that may come any time.

    A call never waits for a claim. Where there is no slot it goes by the pace that is
    known: its own, behind what all had claimed when they were last heard of. It is
    claimed afterwards. While the database is slow or down the processes can so exceed
    Slack's limits together; its 429s are waited for.
    """

    def __init__(
        self, key: str, interval_s: float, burst: int, stir: Callable[[str], None]
    ) -> None:
        """Keep slots of a key; `stir` is called with it when a claim may be due."""
        super().__init__(interval_s, burst)
        self.key = key
        self._stir = stir
        self._slots: deque[Slot] = deque()
        self._in_line = 0
        """How many slots there must be for a call that waits."""
        self._unclaimed = 0
        """Calls that went without a slot."""
        self._claimed = 0
        """How many of these the claim on its way is for."""

    @override
    def wait_s(self, now_s: float, reserve: int = 0) -> float:
        """Return how long until a call may go; who waits is put in line."""
        self._drop_lapsed(now_s)
        kept = min(reserve, self._burst - 1)
        if self._slots:
            wait_s = self._slots_wait_s(now_s, kept)
        else:
            wait_s = super().wait_s(now_s, kept)
        if wait_s <= ROUNDING_S:
            return 0.0
        if len(self._slots) <= kept:
            self.line_up(kept + 1)
        if self._slots:
            return wait_s
        # The slot to come is good before its time, also where bursts are not allowed.
        early_s = self._window_s(now_s) - self._leeway_s(now_s)
        return max(wait_s - early_s, CLAIM_S)

    @override
    def spend(self, now_s: float) -> None:
        """Count a call that goes now."""
        self._drop_lapsed(now_s)
        if self._slots and self._slots[0].from_s <= now_s + ROUNDING_S:
            self._slots.popleft()
        else:
            super().spend(now_s)
            # What went longer ago than the burst takes to come back is forgotten.
            self._unclaimed = min(self._unclaimed + 1, self._burst)
        self._in_line = 0
        self._stir(self.key)

    def line_up(self, slots: int = 1) -> None:
        """Claim until there are so many, behind all who came earlier."""
        self._in_line = max(self._in_line, slots)
        self._stir(self.key)

    def hold(self) -> None:
        """Give up the slots: Slack wants none used."""
        self._slots.clear()
        self._unclaimed = 0

    def claim(self, now_s: float, spare: int) -> Claim | None:
        """Return what to claim so that up to `spare` slots are ready, if anything.

        One at a time: what is not granted before the next is not claimed.
        """
        self._drop_lapsed(now_s)
        self._claimed = self._unclaimed
        count = max(0, self._in_line - len(self._slots)) + self._claimed
        if count:
            return self._claim(now_s, count, float("inf"))
        if now_s < self.opens_s(now_s, spare) - ROUNDING_S:
            return None
        return self._claim(now_s, spare - self._lasting(now_s), CLAIM_S)

    def opens_s(self, now_s: float, spare: int) -> float:
        """Return when to claim next, lest fewer than `spare` slots be ready."""
        window_s = self._window_s(now_s)
        # Where bursts are not allowed no slot lasts.
        if not spare or window_s < 2 * LASTING_S:
            return float("inf")
        free_s = self._due_s - window_s - CLAIM_S
        if self._lasting(now_s) <= spare // 2:
            return free_s
        oldest_s = self._slots[-1 - spare // 2].until_s - LASTING_S
        return max(free_s, oldest_s)

    def grant(
        self, claim: Claim, begins_s: float, sent_s: float, heard_s: float
    ) -> None:
        """Take what was granted between two moments, so many seconds from one of them.

        Which of them is not known: a slot begins as from the later one and ends as from
        the earlier one. For who waits in line that is a moment at least: behind a slow
        database it would else line up for ever.
        """
        count = round(claim.length_s / self._interval_s)
        for number in range(self._claimed, count):
            time_s = begins_s + number * self._interval_s
            slot = Slot(heard_s + time_s - claim.leeway_s, sent_s + time_s)
            if self._in_line:
                lasts_s = max(slot.from_s, heard_s) + LASTING_S
                slot = replace(slot, until_s=max(slot.until_s, lasts_s))
            if slot.until_s > slot.from_s:
                self._slots.append(slot)
        self._unclaimed = max(0, self._unclaimed - self._claimed)
        self._claimed = 0
        if len(self._slots) >= self._in_line:
            # Who still waits will say so again.
            self._in_line = 0

    def learn(self, due_s: float) -> None:
        """Take note of the end of all that all processes have claimed."""
        self._due_s = due_s + self._unclaimed * self._interval_s

    def forget(self) -> None:
        """Give up what is to be claimed: nobody wants it any more."""
        self._unclaimed = self._in_line = 0

    def _claim(self, now_s: float, count: int, within_s: float) -> Claim:
        length_s = count * self._interval_s
        return Claim(self.key, length_s, self._window_s(now_s), within_s)

    def _window_s(self, now_s: float) -> float:
        """Return how long a slot is good: where bursts are not allowed, a moment."""
        return max(self._leeway_s(now_s), self._interval_s / 4)

    def _lasting(self, now_s: float) -> int:
        """Return how many slots will not lapse soon."""
        soon_s = now_s + LASTING_S + ROUNDING_S
        return sum(slot.until_s > soon_s for slot in self._slots)

    def _slots_wait_s(self, now_s: float, kept: int) -> float:
        """Return how long until a slot may be used that leaves so many others."""
        first = self._slots[0]
        if kept < len(self._slots):
            free_s = self._slots[kept].from_s
        else:
            free_s = now_s + super().wait_s(now_s, kept - len(self._slots))
        last_s = first.until_s - min(LAST_CHANCE_S, self._window_s(now_s) / 2)
        return max(first.from_s, min(free_s, last_s)) - now_s

    def _drop_lapsed(self, now_s: float) -> None:
        while self._slots and self._slots[0].until_s < now_s:
            self._slots.popleft()
