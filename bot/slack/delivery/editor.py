"""chat.update on one message, and which of its edits may have arrived."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import structlog

from bot.slack.api.record import mark_of, metadata, since_question
from bot.slack.api.web import NoAnswerError, RefusedError
from bot.slack.delivery.buttons import Block
from bot.slack.delivery.footing import LastState
from bot.slack.delivery.outlet import ReplyOutlet
from bot.slack.delivery.page import Snapshot
from bot.slack.delivery.poster import content
from bot.slack.delivery.search import DoubtError, Unsure, search
from bot.slack.delivery.services import UNKNOWN, Services
from bot.slack.pacing.budget import UPDATE

Holds = Callable[[dict[str, Any]], bool]
"""Says of a message of Slack's whether it holds a state."""

log = structlog.stdlib.get_logger()


class Editor:
    """Brings one message into one state after the other, one call at a time."""

    def __init__(self, services: Services, outlet: ReplyOutlet, ts: str) -> None:
        """Edit a message of the reply of `outlet`."""
        self._services = services
        self._outlet = outlet
        self._ts = ts
        self._seq = -1
        """Of the last edit that arrived for sure."""
        self._doubtful: list[tuple[int, Snapshot, Holds]] = []
        """What was sent without an answer since, in order, and its number."""
        self._late_until_s = float("-inf")
        self._unsure = Unsure(services.doubt)
        self.is_in_doubt = False
        """Whether an edit without an answer may yet arrive behind the others."""

    def doubt(self, seq: int, snapshot: Snapshot, holds: Holds) -> None:
        """Take note of a state that call `seq` may have brought the message into."""
        self._doubtful.append((seq, snapshot, holds))

    def resume(self, seq: int, late_until_s: float) -> None:
        """Go on where a dead process left off, with call `seq` as far as is known."""
        self._seq, self._late_until_s = seq, late_until_s
        self.is_in_doubt = True

    async def edit(self, snapshot: Snapshot, buttons: Iterable[Block] = ()) -> bool:
        """Bring the message into a state, its mark repeated in full; or say False.

        Raises:
            RefusedError: if Slack refused it; `arrived` then says how far it came.
        """
        turn, journal = self._outlet.turn.id, self._services.journal
        seq = self._outlet.next_seq()
        arguments = {
            "channel": self._outlet.address.channel,
            "ts": self._ts,
            **content(snapshot.text, buttons),
            # By default an edit, unlike a post, makes links of names.
            "parse": "none",
            "metadata": metadata(turn, seq),
        }
        await self._services.assured(turn)
        journal.intend(turn, seq, snapshot.source)
        try:
            await self._services.web.write(UPDATE, arguments)
        except NoAnswerError as error:
            log.warning("it is unknown whether an edit arrived", error=str(error))
            self.is_in_doubt = True
            self.doubt(seq, snapshot, self.bears(seq))
            self._unsure.check(error)
            # The lost one may yet arrive; it must not do so behind a newer one.
            await asyncio.sleep(self._services.doubt.pause_s)
            return False
        except RefusedError as error:
            journal.drop(turn, seq)
            if error.retry_after_s is None:
                raise
            log.warning("Slack asks for a pause", pause_s=error.retry_after_s)
            return False
        self._seq = seq
        self._doubtful.clear()
        self._unsure.clear()
        self._outlet.footing.stand(LastState(self._ts, snapshot.text, seq))
        journal.note(turn, seq, self._ts, snapshot.source)
        return True

    async def arrived(self) -> Snapshot | None:
        """Return the last state without an answer that the message is in, if any.

        Raises:
            DoubtError: if it cannot be read; the last state is its argument.
        """
        if not self._doubtful:
            return None
        found: list[tuple[int, Snapshot]] = []

        async def look() -> str | None:
            message = await self._read()
            found[:] = [
                (seq, state)
                for seq, state, holds in self._doubtful
                if message and holds(message)
            ]
            return self._ts if found else None

        services, turn = self._services, self._outlet.turn.id
        newest, state, _ = self._doubtful[-1]
        try:
            await search(look, services.doubt, services.web.token_state)
        except DoubtError as error:
            services.journal.note(turn, newest, UNKNOWN, state.source)
            raise DoubtError(state) from error
        for seq, _, _ in self._doubtful:
            services.journal.drop(turn, seq)
        self._outlet.footing.doubt()
        if not found:
            return None
        services.journal.note(turn, found[-1][0], self._ts, found[-1][1].source)
        return found[-1][1]

    async def is_last_there(self) -> bool:
        """Look, after a pause, whether no lost edit came behind the last one."""
        self.is_in_doubt = False
        late_s = self._late_until_s - asyncio.get_running_loop().time()
        await asyncio.sleep(max(self._services.doubt.pause_s, late_s))
        try:
            message = await self._read()
        except (RefusedError, NoAnswerError) as error:
            log.warning("the last edit cannot be looked at", error=str(error))
            return True
        return message is None or self.bears(self._seq)(message)

    def bears(self, seq: int) -> Holds:
        """Return what says whether a message bears the mark of a call."""
        mark = self._outlet.turn.id, seq
        return lambda message: mark_of(message, self._services.bot_id) == mark

    async def _read(self) -> dict[str, Any] | None:
        messages = await since_question(self._services.web, self._outlet.address)
        return next((m for m in messages if m.get("ts") == self._ts), None)
