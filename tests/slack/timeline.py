"""The paces of all processes, kept in memory, behind a way of random length."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.conversation.ports import StoreError
from bot.slack.pacing.pacing import Claim


@dataclass(frozen=True, slots=True)
class Answer:
    """A `pacing.Standing`."""

    begins_s: dict[str, float]
    due_s: dict[str, float]
    held_s: dict[str, float]


@dataclass
class Timeline:
    """A `pacing.SharedPace` on the running loop's clock."""

    latency_s: Callable[[], float] = lambda: 0.0
    """How long the next way there or back takes."""
    is_down: bool = False
    claims: list[tuple[float, Claim]] = field(default_factory=list)
    """What was claimed when, granted or not."""
    asked: int = 0
    """How often the database was asked for anything."""
    _due_s: dict[str, float] = field(default_factory=dict)
    _held_until_s: dict[str, float] = field(default_factory=dict)

    async def claim(self, claims: Sequence[Claim]) -> Answer:
        await self._travel()
        now_s = asyncio.get_running_loop().time()
        begins_s: dict[str, float] = {}
        for claim in claims:
            self.claims.append((now_s, claim))
            taken_s = max(
                self._due_s.get(claim.key, 0.0),
                self._held_until_s.get(claim.key, -1e9) + claim.leeway_s,
            )
            if taken_s <= now_s + claim.leeway_s + claim.within_s:
                time_s = max(taken_s, now_s + claim.leeway_s / 2)
                self._due_s[claim.key] = time_s + claim.length_s
                begins_s[claim.key] = time_s - now_s
        standing = Answer(
            begins_s, _ahead(self._due_s, now_s), _ahead(self._held_until_s, now_s)
        )
        await self._travel()
        return standing

    async def hold(self, key: str, pause_s: float) -> None:
        await self._travel()
        until_s = asyncio.get_running_loop().time() + pause_s
        self._held_until_s[key] = max(self._held_until_s.get(key, until_s), until_s)
        await self._travel()

    async def _travel(self) -> None:
        self.asked += 1
        await asyncio.sleep(self.latency_s())
        if self.is_down:
            raise StoreError("down")


def _ahead(times_s: dict[str, float], now_s: float) -> dict[str, float]:
    return {key: at_s - now_s for key, at_s in times_s.items() if at_s > now_s}
