"""The look-up of messages whose events never came: after a start, and after a gap."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from bot.conversation.ports import StoreError
from bot.slack.api.address import Address
from bot.slack.api.preflight import Identity
from bot.slack.api.web import NoAnswerError, RefusedError
from bot.slack.events.event import SlackMessage
from bot.slack.events.history import History, Place, Reading
from bot.slack.events.missed import Items, edited, missed, threads

LOOK_BACK_S = 900.0
"""How old a question may be, when the look-up is asked for, to be answered."""
MAX_AGE_S = 1800.0
"""How old when it is found: a look-up waits while Slack refuses the token, say."""
RECENT_S = 86_400.0
MAX_RECENT = 30
"""How many threads, of the last day, may hold a follow-up without a mention."""
MAX_PLACES = 200
MAX_THREADS = 200
"""How many are read in one look-up: 200 take about six minutes."""
RETRIES = 3
PAUSE_S = 10.0
AGAIN_S = 60.0
"""After how long a look-up is begun anew that Slack or the database did not let end."""
MAX_SILENT = 3
"""After how many places without an answer a look-up is given up."""
log = structlog.stdlib.get_logger()


class Hearer(Protocol):
    """Hears messages that come late: `listeners.Listener`."""

    async def hear_late(self, message: SlackMessage, *, is_joined: bool) -> bool:
        """Hear a message as its event; True if it became a new turn.

        `is_joined`: the bot took part in its thread before it was said.
        """
        ...

    async def hear_edited(self, message: SlackMessage) -> None:
        """Hear that a message was changed, as it reads now."""
        ...


class TurnHistory(Protocol):
    """Knows where the bot takes part: a turn store."""

    async def recent(self, since_s: float, limit: int) -> tuple[str, ...]:
        """Return the address of each recent thread's first turn."""
        ...


@dataclass(slots=True)
class _LookUp:
    """One look-up."""

    oldest_s: float
    places: list[Place] = field(default_factory=list[Place])
    joined: dict[tuple[str, str], str] = field(
        default_factory=dict[tuple[str, str], str]
    )
    """The ts of the bot's first turn in a thread, by channel and the parent's ts."""
    threads_left: int = field(default_factory=lambda: MAX_THREADS)
    silent: int = 0
    """How many places gave no answer."""
    refused: int = 0
    """How many were refused, or are not to be understood."""
    messages: int = 0
    turns: int = 0


class CatchUp:
    """Looks through the places of the bot when it is asked to, while `run` runs."""

    def __init__(
        self,
        web: Reading,
        bot: Identity,
        hearer: Hearer,
        turns: TurnHistory,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` is Unix time, compared with Slack's own."""
        self._history = History(web)
        self._bot = bot
        self._hearer = hearer
        self._turns = turns
        self._clock = clock
        self._wanted = asyncio.Event()
        self._oldest_s = 0.0

    def request(self) -> None:
        """Ask for a look-up of what was said lately; never waits.

        While one runs, any number of requests make one more behind it.
        """
        if not self._wanted.is_set():
            self._oldest_s = self._clock() - LOOK_BACK_S
        self._wanted.set()

    async def run(self) -> None:
        """Look up what is requested, until cancelled; a failure is only logged."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self._look_up_at_last(self._oldest_s)

    async def _look_up_at_last(self, oldest_s: float) -> None:
        """Look up what was said since, as often as it takes while it is worth it."""
        while not await self._is_done(oldest_s):
            if self._clock() - oldest_s > MAX_AGE_S:
                log.error("missed messages are given up")
                return
            await asyncio.sleep(AGAIN_S)

    async def _is_done(self, oldest_s: float) -> bool:
        """Look up what was said since; False if it is worth another try."""
        try:
            await self._look_up(_LookUp(oldest_s))
        except (NoAnswerError, StoreError) as error:
            problem = str(error)
        except RefusedError as error:
            log.warning("missed messages cannot be looked up", error=error.error)
            return error.retry_after_s is None
        except Exception:
            # The boundary: what Slack answers must not end the bot.
            log.exception("the look-up of missed messages failed")
            return True
        else:
            return True
        log.warning("missed messages cannot be looked up now", error=problem)
        return False

    async def _look_up(self, lookup: _LookUp) -> None:
        clock = asyncio.get_running_loop().time
        begun_s = clock()
        await self._patiently(lambda: self._find_places(lookup))
        for place in lookup.places[:MAX_PLACES]:
            await self._read_place(place, lookup)
        log.info(
            "missed messages looked up",
            places=min(len(lookup.places), MAX_PLACES),
            left_out=max(0, len(lookup.places) - MAX_PLACES),
            unread=lookup.silent + lookup.refused,
            messages=lookup.messages,
            turns=lookup.turns,
            took_s=round(clock() - begun_s, 1),
        )

    async def _find_places(self, lookup: _LookUp) -> None:
        """Find out where to look: where the bot spoke last, then direct messages."""
        dumps = await self._turns.recent(self._clock() - RECENT_S, MAX_RECENT)
        addresses = [Address.load(dump) for dump in dumps]
        lookup.joined = {
            (a.channel, a.thread_ts): a.ts for a in addresses if a.thread_ts
        }
        ranks: dict[str, int] = {}
        for address in addresses:
            ranks.setdefault(address.channel, len(ranks))
        lookup.places = sorted(
            await self._history.places(),
            key=lambda p: (ranks.get(p.channel, len(ranks)), p.kind != "im"),
        )

    async def _read_place(self, place: Place, lookup: _LookUp) -> None:
        """Look through a place; one that cannot be read is left out.

        Raises:
            NoAnswerError: if this is one place too many without an answer.
            StoreError: the same of the database.
        """
        try:
            await self._patiently(lambda: self._hear_place(place, lookup))
        except RefusedError as error:
            lookup.refused += 1
            log.warning(
                "a place cannot be read", channel=place.channel, error=error.error
            )
        except (NoAnswerError, StoreError) as error:
            lookup.silent += 1
            log.warning("a place was not read", channel=place.channel, error=str(error))
            if lookup.silent >= MAX_SILENT:
                raise
        except Exception:
            # The boundary: what stands in one place must not hide the others.
            lookup.refused += 1
            log.exception("a place cannot be understood", channel=place.channel)

    async def _patiently(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do what may be done twice, again after a pause where that may help.

        A read repeats itself too, but gives up within a second; nobody waits for this.
        """
        for retries_left in reversed(range(RETRIES + 1)):
            pause_s = PAUSE_S
            try:
                await work()
            except RefusedError as error:
                if error.retry_after_s is None or not retries_left:
                    raise
                pause_s, reason = error.retry_after_s, error.error
            except (NoAnswerError, StoreError) as error:
                if not retries_left:
                    raise
                reason = str(error)
            else:
                return
            log.warning("a look-up waits", error=reason, pause_s=pause_s)
            await asyncio.sleep(pause_s)

    async def _hear_place(self, place: Place, lookup: _LookUp) -> None:
        """Hear what was missed in a place: at once what has no thread to be read."""
        found = await self._history.newest(place.channel, lookup.oldest_s)
        items = {item["ts"]: item for item in found}
        joined = {ts for channel, ts in lookup.joined if channel == place.channel}
        wanted = threads(items, joined, self._bot, lookup.oldest_s)
        due, left_out = wanted[: lookup.threads_left], wanted[lookup.threads_left :]
        roots = {item.get("thread_ts") or item["ts"] for item in found}
        await self._hear(place, items, roots.difference(wanted), lookup)
        for ts in due:
            thread = await self._thread(place, ts, lookup)
            items |= {item["ts"]: item for item in thread}
            await self._hear(place, items, {ts}, lookup)
        lookup.threads_left -= len(due)
        if left_out:
            # Whether a question was answered stands in its thread.
            log.warning(
                "threads were not read", channel=place.channel, threads=len(left_out)
            )

    async def _thread(
        self, place: Place, ts: str, lookup: _LookUp
    ) -> list[dict[str, Any]]:
        """Return a thread's messages; none if it was deleted."""
        try:
            return await self._history.thread(place.channel, ts, lookup.oldest_s)
        except RefusedError as error:
            if error.error == "thread_not_found":
                return []
            raise

    async def _hear(
        self, place: Place, items: Items, roots: Collection[str], lookup: _LookUp
    ) -> None:
        """Hear what was missed in some threads, by their roots, oldest first."""
        # Slack may have been silent for long.
        oldest_s = max(lookup.oldest_s, self._clock() - MAX_AGE_S)
        for message in missed(place, items, self._bot, oldest_s):
            root = message.thread_ts or message.ts
            if root not in roots:
                continue
            lookup.messages += 1
            first_ts = lookup.joined.get((message.channel, root))
            is_joined = first_ts is not None and first_ts < message.ts
            if await self._hearer.hear_late(message, is_joined=is_joined):
                lookup.turns += 1
                lookup.joined.setdefault((message.channel, root), message.ts)
        for message in edited(place, items, self._bot, oldest_s):
            if (message.thread_ts or message.ts) in roots:
                await self._hearer.hear_edited(message)
