"""Waiting for a slot: when a call of a growing message may go."""

import asyncio

from bot.slack.delivery.page import Page
from bot.slack.delivery.services import Services
from bot.slack.pacing.budget import RESERVE, Mode

LONGEST_SLEEP_S = 0.2
"""A page may end while its writer rests, and its last state rests no longer."""


class Slots:
    """The slots of one message, in the budget that all replies share."""

    def __init__(self, services: Services, channel: str, mode: Mode) -> None:
        """Call for a message of a channel that grows in `mode`."""
        self._services = services
        self._channel = channel
        self._mode: Mode = mode
        self._rested_at_s = float("-inf")

    async def take(self, method: str, page: Page) -> None:
        """Wait until a call for a page may go, and count it."""
        clock = asyncio.get_running_loop().time
        while wait_s := self._wait_s(method, page, clock()):  # noqa: ASYNC110 - a time
            await asyncio.sleep(min(wait_s, LONGEST_SLEEP_S))
        budget = self._services.budget
        budget.spend(method, self._channel)
        self._rested_at_s = clock() + budget.rest_s(self._mode)

    def _wait_s(self, method: str, page: Page, now_s: float) -> float:
        rest_s = 0.0 if page.is_whole else self._rested_at_s - now_s
        reserve = 0 if page.is_whole else RESERVE
        return max(
            rest_s,
            self._services.web.wait_s(method, self._channel),
            self._services.budget.wait_s(method, self._channel, reserve=reserve),
        )
