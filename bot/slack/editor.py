"""chat.update on one message, and which of its edits may have arrived."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import structlog

from bot.slack.budget import UPDATE
from bot.slack.buttons import Block
from bot.slack.footing import Standing
from bot.slack.outlet import ReplyOutlet
from bot.slack.page import Snapshot
from bot.slack.poster import content
from bot.slack.record import mark_of, metadata, since_question
from bot.slack.search import LostError, Unsure, search
from bot.slack.services import Services
from bot.slack.web import NoAnswerError, RefusedError

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
        self._doubtful: list[tuple[Snapshot, Holds]] = []
        """What was sent without an answer since, in order."""
        self._unsure = Unsure(services.doubt)
        self.is_in_doubt = False
        """Whether an edit without an answer may yet arrive behind the others."""

    def doubt(self, snapshot: Snapshot, holds: Holds) -> None:
        """Take note of a state that somebody else may have brought the message into."""
        self._doubtful.append((snapshot, holds))

    async def edit(self, snapshot: Snapshot, buttons: Iterable[Block] = ()) -> bool:
        """Bring the message into a state, its mark repeated in full; or say False.

        Raises:
            RefusedError: if Slack refused it; `arrived` then says how far it came.
        """
        seq = self._outlet.next_seq()
        turn = self._outlet.turn.id
        arguments = {
            "channel": self._outlet.address.channel,
            "ts": self._ts,
            **content(snapshot.text, buttons),
            # By default an edit, unlike a post, makes links of names.
            "parse": "none",
            "metadata": metadata(turn, seq),
        }
        try:
            await self._services.web.write(UPDATE, arguments)
        except NoAnswerError as error:
            log.warning("it is unknown whether an edit arrived", error=str(error))
            self.is_in_doubt = True
            self.doubt(snapshot, self.bears(seq))
            self._unsure.check(error)
            # The lost one may yet arrive; it must not do so behind a newer one.
            await asyncio.sleep(self._services.doubt.pause_s)
            return False
        except RefusedError as error:
            if error.retry_after_s is None:
                raise
            log.warning("Slack asks for a pause", pause_s=error.retry_after_s)
            return False
        self._seq = seq
        self._doubtful.clear()
        self._unsure.clear()
        self._outlet.footing.stand(Standing(self._ts, snapshot.text, seq))
        self._services.journal.note(turn, seq, self._ts, snapshot.source)
        return True

    async def arrived(self) -> Snapshot | None:
        """Return the last state without an answer that the message is in, if any.

        Raises:
            LostError: if it cannot be read; the last state is its argument.
        """
        if not self._doubtful:
            return None
        found: list[Snapshot] = []

        async def look() -> str | None:
            message = await self._read()
            found[:] = [s for s, holds in self._doubtful if message and holds(message)]
            return self._ts if found else None

        services = self._services
        try:
            await search(look, services.doubt, services.web.token_state)
        except LostError as error:
            raise LostError(self._doubtful[-1][0]) from error
        self._outlet.footing.doubt()
        return found[-1] if found else None

    async def is_last_there(self) -> bool:
        """Look, after a pause, whether no lost edit came behind the last one."""
        self.is_in_doubt = False
        await asyncio.sleep(self._services.doubt.pause_s)
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
