"""What earlier attempts at a turn left behind, beside the reply that is written now."""

import asyncio

import structlog

from bot.conversation.ports import DeliveryError, LostError, StoreError
from bot.conversation.record import Record
from bot.conversation.turn import Turn
from bot.slack.api.address import Address
from bot.slack.api.refusals import GoneError
from bot.slack.delivery.outlet import ReplyOutlet
from bot.slack.delivery.recovery import Recovery, Resumption, first_seq
from bot.slack.delivery.removal import Removal
from bot.slack.delivery.services import UNKNOWN, Services

log = structlog.stdlib.get_logger()


class Aftermath:
    """Takes away what an earlier reply left, and what turns up late of a dead one."""

    def __init__(self, services: Services, turn: Turn, past: Resumption | None) -> None:
        """Look after the reply to a turn that goes on with what is `past`, if it is."""
        self._services = services
        self._turn = turn
        self._past = past
        self._recovery = Recovery(services, turn)
        self._removal = Removal(services, Address.load(turn.address), turn.id)
        self._old: list[str] = []
        """The ts of what is left of the reply that this one replaces."""
        self._is_replacing = False
        self._cleared = asyncio.Event()
        self._late_until_s = float("-inf")
        """Until when something of an earlier attempt may turn up."""
        self._lost: LostError | None = None
        self._outlet: ReplyOutlet | None = None

    async def prepare(self, *, may_replace: bool) -> str:
        """Find what an earlier reply left; return the message to be replaced, if any.

        Raises:
            LostError: if the turn is another process's.
        """
        turn = self._turn
        if turn.since_attempt == 1:
            return ""
        record = await self._recovery.record()
        newest = {n.message for n in record.notes if n.seq >= first_seq(turn)}
        self._old = [ts for ts in _places(record) if ts not in newest]
        if turn.is_resumed:
            return ""
        if any(not note.message for note in record.notes):
            # What a dead process sent may yet arrive.
            now_s = asyncio.get_running_loop().time()
            self._late_until_s = now_s + self._services.doubt.late_s
        # What an attempt wrote that did not end is not this one's.
        self._services.journal.whole(turn.id, "", "")
        if not (may_replace and self._old):
            return ""
        replaced = self._old.pop(0)
        self._is_replacing = True
        # From now on it is nobody's, until the new reply is in it.
        await self._forget(replaced)
        return replaced

    def begin(self, outlet: ReplyOutlet) -> None:
        """Tell a reply what is there already."""
        self._outlet = outlet
        outlet.is_in_place_of_another = self._is_replacing
        outlet.late_until_s = max(0.0, self._late_until_s)
        outlet.others.update(self._old)
        if self._past is not None:
            outlet.resume(self._past.messages, has_news=not self._past.is_complete)

    async def clear(self) -> None:
        """Delete what an earlier reply left, one message after the other."""
        try:
            for ts in self._old:
                # Before the event of its end: else it would be taken out of the memory,
                # which may hold the new reply by then.
                await self._forget(ts)
                await self._removal.remove(ts)
        except LostError as lost:
            self._lost = lost
        finally:
            self._cleared.set()

    async def finish(self) -> None:
        """Wait until that is done, and look for what turned up late.

        Raises:
            LostError: if the turn is another process's.
        """
        if self._turn.attempts == 1:
            return
        await self._cleared.wait()
        if self._lost is not None:
            raise self._lost
        clock = asyncio.get_running_loop().time
        if self._past is not None:
            self._late_until_s = self._past.late_until_s
        await asyncio.sleep(self._late_until_s - clock())
        try:
            found = await self._recovery.own()
        except DeliveryError as error:
            log.warning(
                "it is not known whether a line stands twice", reason=str(error)
            )
            return
        if self._outlet is not None:
            await self._recovery.tidy(found, self._outlet.messages)

    async def remove(self) -> None:
        """Delete all that was ever delivered of the turn.

        Raises:
            DeliveryError: if its place cannot be read, though it is there.
        """
        await self._services.assured(self._turn.id)
        places = dict.fromkeys(_places(await self._recovery.record()))
        try:
            places |= dict.fromkeys(await self._recovery.own())
        except GoneError:
            log.info("the place of a reply is gone")
        for ts in places:
            await self._removal.remove(ts)
            await self._forget(ts)

    async def _forget(self, ts: str) -> None:
        try:
            await self._services.journal.forget(self._turn.id, ts)
        except StoreError:
            # It is deleted once more then, which does no harm.
            log.warning("a deleted message stays recorded", exc_info=True)


def _places(record: Record) -> list[str]:
    """Return the ts of all messages of a turn, in order."""
    notes = (note.message for note in record.notes)
    return list(dict.fromkeys(ts for ts in notes if ts not in {"", UNKNOWN}))
