"""Taking messages of a reply away again."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import structlog

from bot.conversation.ports import StoreError
from bot.conversation.turn import TurnId
from bot.slack.api.address import Address
from bot.slack.api.refusals import GONE_ERRORS, STILL_STREAMING
from bot.slack.api.web import NoAnswerError, RefusedError
from bot.slack.delivery.services import Services
from bot.slack.pacing.budget import DELETE, STOP, UPDATE

REMOVED: Final = "(removed)"
"""What a message shows that Slack does not let us delete."""
NOT_THERE: Final = "message_not_found"

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Part:
    """A message that carries a part of a reply."""

    turn: TurnId
    seq: int
    ts: str


class Removal:
    """Takes messages away from the place of one turn's reply, at Slack's pace."""

    def __init__(self, services: Services, address: Address, turn: TurnId) -> None:
        """Work for a turn: nothing is called while it is another process's."""
        self._services = services
        self._channel = address.channel
        self._turn = turn

    async def remove(self, ts: str, *, is_fenced: bool = True) -> None:
        """Delete a message, or blank it where Slack refuses that.

        Tried until Slack answers, for as long as a lost message is looked for.

        Raises:
            LostError: if the turn is another process's; not unless `is_fenced`.
        """
        place = {"channel": self._channel, "ts": ts}
        error = await self.call(DELETE, place, is_fenced=is_fenced)
        if error == STILL_STREAMING:
            await self.call(STOP, place, is_fenced=is_fenced)
            error = await self.call(DELETE, place, is_fenced=is_fenced)
        if not error or error in {NOT_THERE, *GONE_ERRORS}:
            return
        log.warning("a message cannot be deleted", error=error)
        blank: dict[str, Any] = {"text": REMOVED, "blocks": [], "parse": "none"}
        await self.call(UPDATE, place | blank, is_fenced=is_fenced)

    async def call(
        self, method: str, arguments: dict[str, Any], *, is_fenced: bool = True
    ) -> str:
        """Call until Slack answers; return its error, which may be no answer."""
        services = self._services
        clock = asyncio.get_running_loop().time
        ends_at_s = clock() + services.doubt.patience_s
        while True:
            await self._slot(method)
            if is_fenced:
                await services.assured(self._turn)
            try:
                await services.web.write(method, arguments)
            except NoAnswerError as error:
                if clock() >= ends_at_s:
                    return str(error)
                await asyncio.sleep(services.doubt.pause_s)
            except RefusedError as error:
                if error.retry_after_s is None:
                    return error.error
            else:
                return ""

    async def _slot(self, method: str) -> None:
        web, budget = self._services.web, self._services.budget
        while wait_s := max(web.wait_s(method), budget.wait_s(method)):  # noqa: ASYNC110 - a time
            await asyncio.sleep(wait_s)
        budget.spend(method)


async def disown(services: Services, address: Address, part: Part) -> None:
    """Take a message away that another process, which has the turn, knows nothing of.

    One that it knows to be on its way is its own to look for.
    """
    try:
        record = await services.journal.of(part.turn)
    except StoreError:
        log.warning("a message may stand twice", exc_info=True)
        return
    if any(part.seq == n.seq or part.ts == n.message for n in record.notes):
        return
    log.info("a message that came too late is taken away")
    await Removal(services, address, part.turn).remove(part.ts, is_fenced=False)
