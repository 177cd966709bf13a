"""Finding out how far a reply came, from what is recorded and what Slack shows."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, TypeVar

import structlog

from bot.conversation.ports import DeliveryError, Progress, StoreError
from bot.conversation.record import Note, Record
from bot.conversation.turn import MAX_INTERRUPTIONS, Turn
from bot.slack.api.address import Address
from bot.slack.api.record import mark_of, since_question
from bot.slack.api.refusals import GONE_ERRORS, GoneError
from bot.slack.delivery.removal import Removal
from bot.slack.delivery.search import LOOKS, DoubtError, answered
from bot.slack.delivery.services import UNKNOWN, Services
from bot.slack.pacing.budget import STOP

SEQ_PER_ATTEMPT: Final = 1_000_000
"""Attempts at one turn share no number: a reply makes fewer calls than this."""
STORE_PAUSE_S: Final = 1.0
"""How long to wait before asking a database again that failed."""

log = structlog.stdlib.get_logger()

Told = TypeVar("Told")

Found = dict[str, dict[str, Any]]
"""Messages as Slack gives them, by their ts."""


def first_seq(turn: Turn) -> int:
    """Return the lowest number that a call of the present reply may have."""
    return (turn.since_attempt - 1) * SEQ_PER_ATTEMPT


@dataclass(frozen=True, slots=True)
class Left:
    """A message that an earlier attempt left."""

    ts: str
    seq: int
    """Of the last call on it that is recorded."""
    before: str
    """The model's text in the messages before it."""
    text: str
    """The model's text in it."""
    has_grown: bool
    """It was edited or streamed into."""
    is_exact: bool
    """It shows what that call brought."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """What an earlier attempt left of a reply."""

    progress: Progress
    messages: tuple[str, ...]
    """The ts of all of it, in order."""
    delivered: str
    """The model's text in Slack."""
    last: Left | None
    """The last message, if the reply may go on in it."""
    late_until_s: float
    """Until when a call of the dead process may take effect, by the loop's time."""

    @property
    def rest(self) -> str:
        """Return what of the known text is not in Slack."""
        return self.progress.text[len(self.delivered) :]

    @property
    def is_complete(self) -> bool:
        """Say whether nothing has to be brought to Slack, nor will be."""
        is_exact = self.last is None or self.last.is_exact
        return self.progress.is_whole and not self.rest.strip() and is_exact


class Recovery:
    """Reads what became of one turn's reply, and tidies what nothing explains."""

    def __init__(self, services: Services, turn: Turn) -> None:
        """Read in the place of a turn's reply."""
        self._services = services
        self._turn = turn
        self._address = Address.load(turn.address)
        self._removal = Removal(services, self._address, turn.id)

    async def resumption(self) -> Resumption:
        """Return how far the attempts that count came, and settle what is open.

        Raises:
            DeliveryError: if that cannot be found out.
        """
        await self._services.assured(self._turn.id)
        record = await self.record()
        notes = [note for note in record.notes if note.seq >= first_seq(self._turn)]
        settled = [note for note in notes if note.message]
        open_notes = _undecided(notes)
        found = await self._found(open_notes)
        known = "".join(note.text for note in settled)
        longest = max((note.text for note in open_notes), key=len, default="")
        if arrived := self._settle(open_notes, found):
            settled.append(arrived)
        delivered = "".join(note.text for note in settled)
        progress = _progress(delivered, known + longest, record)
        said_again = frozenset[str]() if progress.is_whole else self._marks(settled)
        settled = [note for note in settled if note.message not in said_again]
        explained = {note.message for note in (*record.notes, *settled)}
        await self.tidy(found, explained - said_again)
        doubt = self._services.doubt
        is_settled = not open_notes or (arrived and arrived.seq == open_notes[-1].seq)
        # So may what a reply sent that is to be replaced.
        is_settled = is_settled and len(open_notes) == len(_undecided([*record.notes]))
        # The last call of a process that died may be unrecorded: then it was made in
        # the very last moment.
        unrecorded_s = LOOKS * doubt.pause_s if self._turn.interruptions else 0.0
        late_s = unrecorded_s if is_settled else doubt.late_s
        return Resumption(
            progress=progress,
            messages=tuple(dict.fromkeys(n.message for n in settled if _has_ts(n))),
            delivered=delivered,
            last=self._last(settled, found),
            late_until_s=asyncio.get_running_loop().time() + late_s,
        )

    async def record(self) -> Record:
        """Return what is recorded of the turn, as soon as the database gives it."""
        return await self._given(lambda: self._services.journal.of(self._turn.id))

    async def _given(self, read: Callable[[], Awaitable[Told]]) -> Told:
        """Return what the journal says, as soon as the database gives it."""
        while True:
            try:
                return await read()
            except StoreError as error:
                log.warning("the journal cannot be read", reason=str(error))
            await asyncio.sleep(STORE_PAUSE_S)
            await self._services.assured(self._turn.id)

    async def own(self) -> Found:
        """Return what may be a part of the reply: our messages since the question.

        Raises:
            DeliveryError: if the place cannot be read.
        """
        services = self._services

        async def read() -> list[dict[str, Any]]:
            return await since_question(services.web, self._address)

        try:
            messages = await answered(read, services)
        except DoubtError as error:
            if str(error) in GONE_ERRORS:
                raise GoneError(str(error)) from error
            raise DeliveryError(f"the thread cannot be read: {error}") from error
        found = {str(m["ts"]): m for m in messages if self._may_be_part(m)}
        unmarked = [
            ts for ts, m in found.items() if mark_of(m, services.bot_id) is None
        ]
        if unmarked:
            # One that Slack itself stopped bears no mark, whosever it is.
            turn, journal = self._turn.id, services.journal
            for ts in await self._given(lambda: journal.others(turn, unmarked)):
                del found[ts]
        return found

    async def tidy(self, found: Found, explained: Iterable[str]) -> None:
        """Take away, and no more stop, what is not explained: it would stand twice.

        A stream that is explained is stopped, but for that left as it is.
        """
        known = frozenset(explained)
        for ts, message in found.items():
            if ts not in known:
                log.info("a message that nothing explains is taken away")
                await self._removal.remove(ts)
            elif mark_of(message, self._services.bot_id) is None:
                place = {"channel": self._address.channel, "ts": ts}
                await self._removal.call(STOP, place)

    async def _found(self, undecided: list[Note]) -> Found:
        """Look, and once more where something is missing: it may turn up late."""
        for _ in range(LOOKS - 1):
            found = await self.own()
            marks = {self._seq(message) for message in found.values()}
            if not undecided or undecided[-1].seq in marks:
                return found
            await asyncio.sleep(self._services.doubt.pause_s)
        return await self.own()

    def _settle(self, undecided: list[Note], found: Found) -> Note | None:
        """Record what became of calls without an answer; return the one that counts."""
        journal, turn = self._services.journal, self._turn.id
        places = {self._seq(message): ts for ts, message in found.items()}
        arrived = next((n for n in reversed(undecided) if n.seq in places), None)
        for note in undecided:
            if arrived is None or note.seq > arrived.seq:
                journal.drop(turn, note.seq)
        if arrived is None:
            return None
        ts = places[arrived.seq]
        journal.note(turn, arrived.seq, ts, arrived.text)
        return Note(turn, arrived.seq, ts, arrived.text)

    def _marks(self, settled: list[Note]) -> frozenset[str]:
        """Return the messages in which attempts said only that the answer is given up.

        That is what this attempt will say, if they did: none asked the model.
        """
        given_up = max(0, self._turn.interruptions - MAX_INTERRUPTIONS)
        from_seq = (self._turn.attempts - 1 - given_up) * SEQ_PER_ATTEMPT
        others = {note.message for note in settled if note.text or note.seq < from_seq}
        return frozenset({note.message for note in settled} - others)

    def _last(self, settled: list[Note], found: Found) -> Left | None:
        groups = [list(group) for _, group in groupby(settled, lambda n: n.message)]
        if not groups or groups[-1][0].message not in found:
            return None
        last = groups.pop()
        ts, seq = last[-1].message, last[-1].seq
        text = "".join(note.text for note in last)
        if not text.strip():
            return None
        seen = self._seq(found[ts])
        return Left(
            ts=ts,
            seq=seq,
            before="".join(note.text for group in groups for note in group),
            text=text,
            has_grown=len(last) > 1 or seen != seq,
            is_exact=seen == seq,
        )

    def _seq(self, message: dict[str, Any]) -> int | None:
        mark = mark_of(message, self._services.bot_id)
        return mark[1] if mark is not None else None

    def _may_be_part(self, message: dict[str, Any]) -> bool:
        bot_id = self._services.bot_id
        mark = mark_of(message, bot_id)
        if mark is not None:
            return mark[0] == self._turn.id
        # Without a mark it is a stream, which begins in threads only.
        is_reply = message.get("ts") != self._address.thread_ts
        is_ours = message.get("bot_id") == bot_id and is_reply
        return is_ours and bool(self._address.thread_ts)


def _undecided(notes: list[Note]) -> list[Note]:
    """Return the calls without an answer that nothing behind them settled."""
    settled = max((note.seq for note in notes if note.message), default=-1)
    return [note for note in notes if not note.message and note.seq > settled]


def _has_ts(note: Note) -> bool:
    return note.message != UNKNOWN


def _progress(delivered: str, known: str, record: Record) -> Progress:
    """Return the longest text that goes on with what was delivered."""
    whole = record.whole
    if whole and whole.startswith(delivered):
        return Progress(whole, is_whole=True, cut=record.cut)
    return Progress(known if known.startswith(delivered) else delivered)
