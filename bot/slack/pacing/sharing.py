"""What this process shares with others that call Slack with the same token."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

import structlog

from bot.conversation.ports import StoreError
from bot.slack.pacing.pacing import CALM_S, Claim, Holds, SharedPace, Standing
from bot.slack.pacing.stock import Stock

ROUND_S: Final = 1.0
"""How often to hear what others were told, while replies are open."""
PAUSE_S: Final = 1.0
"""Between two tries, where the database fails."""
SPARE = 2
"""Slots beyond one for each reply: they are kept for last states of messages."""
JITTER_S = 0.5
"""What two readings of the same end may differ by."""

log = structlog.stdlib.get_logger()


@asynccontextmanager
async def shared(
    pace: SharedPace, holds: Holds, clock: Callable[[], float]
) -> AsyncGenerator["Sharing"]:
    """Share paces and holds until leaving; nothing is asked while no reply is open."""
    sharing = Sharing(pace, holds, clock)
    async with asyncio.TaskGroup() as group:
        rounds = group.create_task(sharing.run())
        try:
            yield sharing
        finally:
            rounds.cancel()


class Sharing:
    """Claims slots before they are needed, and passes on what Slack holds.

    All of it happens behind the callers' backs: none waits for `pace`.
    """

    def __init__(
        self, pace: SharedPace, holds: Holds, clock: Callable[[], float]
    ) -> None:
        """Share `holds` and the stocks to come through `pace`."""
        self._pace = pace
        self._holds = holds
        self._clock = clock
        self._stocks: dict[str, Stock] = {}
        self._spares: dict[str, int] = {}
        """The most slots to keep of a key."""
        self._wanted: Counter[str] = Counter()
        self._untold: dict[str, float] = {}
        """The ends of holds that others do not know of, by key."""
        self._stirred: set[str] = set()
        self._woken = asyncio.Event()
        self._next_round_s = float("-inf")
        self._is_failing = False
        holds.listen(self._note_hold)

    def stock(self, key: str, interval_s: float, burst: int) -> Stock:
        """Return a pace that is shared under a key."""
        stock = Stock(key, interval_s, burst, self._stir)
        self._stocks[key] = stock
        self._spares[key] = max(1, burst // 6)
        return stock

    @contextmanager
    def wanting(self, *keys: str) -> Generator[None]:
        """Keep slots of these keys ready: a call may come at any time."""
        self._wanted.update(keys)
        for key in keys:
            self._stocks[key].line_up()
        try:
            yield
        finally:
            self._wanted.subtract(keys)
            self._wanted = +self._wanted

    async def run(self) -> None:
        """Go one round after the other until cancelled."""
        while True:
            await self._wait()
            now_s = self._clock()
            claims = self._claims(now_s)
            if claims or self._untold or self._is_round_due(now_s):
                await self._exchange(claims)

    def _stir(self, key: str) -> None:
        self._stirred.add(key)
        self._woken.set()

    async def _wait(self) -> None:
        """Wait until something is to be claimed or told, or others may have."""
        now_s = self._clock()
        at_s = [
            self._next_round_s,
            *(
                self._stocks[key].opens_s(now_s, self._spare(key))
                for key in self._wanted
            ),
        ]
        wait_s = min(at_s) - now_s if self._wanted else None
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._woken.wait()
        self._woken.clear()

    def _is_round_due(self, now_s: float) -> bool:
        return bool(self._wanted) and now_s >= self._next_round_s

    def _claims(self, now_s: float) -> list[Claim]:
        keys = sorted((self._stirred | self._wanted.keys()) & self._stocks.keys())
        self._stirred.clear()
        claims = (self._stocks[key].claim(now_s, self._spare(key)) for key in keys)
        return [claim for claim in claims if claim is not None]

    def _spare(self, key: str) -> int:
        wanted = self._wanted[key]
        return min(wanted + SPARE, self._spares[key]) if wanted else 0

    async def _exchange(self, claims: Sequence[Claim]) -> None:
        """Tell and claim, and take what is granted."""
        try:
            await self._tell()
            sent_s = self._clock()
            standing = await self._pace.claim(claims)
        except StoreError as error:
            await self._fail(error, claims)
            return
        if self._is_failing:
            log.info("paces are shared again")
        self._is_failing = False
        heard_s = self._clock()
        self._next_round_s = heard_s + ROUND_S
        for claim in claims:
            if (begins_s := standing.begins_s.get(claim.key)) is not None:
                self._stocks[claim.key].grant(claim, begins_s, sent_s, heard_s)
            # What is to be kept ready is left out where somebody waits.
            self._stir(claim.key)
        self._learn(standing, heard_s)

    async def _tell(self) -> None:
        while self._untold:
            key, until_s = self._untold.popitem()
            try:
                await self._pace.hold(key, until_s - self._clock())
            except StoreError:
                self._untold.setdefault(key, until_s)
                raise

    async def _fail(self, error: StoreError, claims: Sequence[Claim]) -> None:
        """Try again later, unless nobody will need it."""
        if not self._is_failing:
            log.warning("paces cannot be shared", error=str(error))
        self._is_failing = True
        await asyncio.sleep(PAUSE_S)
        self._stirred.update(claim.key for claim in claims)
        if self._wanted:
            self._woken.set()
            return
        self._untold.clear()
        for key in self._stirred:
            self._stocks[key].forget()

    def _learn(self, standing: Standing, heard_s: float) -> None:
        for key, due_s in standing.due_s.items():
            if key in self._stocks:
                self._stocks[key].learn(heard_s + due_s)
        for key, pause_s in standing.held_s.items():
            method, _, channel = key.partition(" ")
            until_s = heard_s + pause_s
            is_news = until_s > self._holds.until_s(method, channel) + JITTER_S
            self._holds.learn(method, channel, until_s)
            if is_news:
                self._keep_still(key, heard_s)

    def _note_hold(self, method: str, channel: str, until_s: float) -> None:
        """Keep still, and tell the others."""
        key = f"{method} {channel}".rstrip()
        self._untold[key] = until_s
        self._keep_still(key, self._clock())
        self._woken.set()

    def _keep_still(self, key: str, now_s: float) -> None:
        stock = self._stocks.get(key)
        if stock is None:
            return
        if " " in key:
            stock.calm(now_s + CALM_S)
        stock.hold()
        if self._wanted[key]:
            # For what comes behind the pause.
            stock.line_up()
