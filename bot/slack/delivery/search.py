"""Looking for a message of which it is unknown whether it arrived."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from bot.slack.api.token import TokenState
from bot.slack.api.web import UNSURE_ERRORS, NoAnswerError, RefusedError
from bot.slack.delivery.services import Doubt, Services

LOOKS: Final = 2
"""A message may turn up late, so it is missing only when it is twice."""

MIN_UNSURE: Final = 5
"""Answers that name a trouble of Slack's, before it may be the text's."""

T = TypeVar("T")

Look = Callable[[], Awaitable[str | None]]
"""Reads the place; returns the ts of the message, if it is there."""


class DoubtError(Exception):
    """The place cannot be read: whether the message arrived stays unknown.

    Its argument, if any, is what was sent last.
    """


async def search(look: Look, doubt: Doubt, token: TokenState) -> str | None:
    """Return the ts of a message if it is in Slack; ask until Slack answers.

    Raises:
        DoubtError: if the place may not be read, or not for too long. While Slack
            refuses the token nothing is given up.
    """
    return await _patiently(lambda: _search(look, doubt), doubt, token)


async def answered(read: Callable[[], Awaitable[T]], services: Services) -> T:
    """Return what reading gives; ask until Slack answers.

    Raises:
        DoubtError: if it refuses, or gives no answer for too long.
    """
    doubt, token = services.doubt, services.web.token_state
    return await _patiently(lambda: _answered(read, doubt), doubt, token)


async def _patiently(
    work: Callable[[], Awaitable[T]], doubt: Doubt, token: TokenState
) -> T:
    """Let something go on for as long as doubt lasts, or Slack refuses the token."""
    while True:
        try:
            async with asyncio.timeout(doubt.patience_s):
                return await work()
        except RefusedError as error:
            raise DoubtError(error.error) from error
        except TimeoutError as error:
            if not token.is_refused:
                raise DoubtError("no answer") from error
            await token.until_accepted()


async def _answered(read: Callable[[], Awaitable[T]], doubt: Doubt) -> T:
    while True:
        try:
            return await read()
        except NoAnswerError:
            await asyncio.sleep(doubt.pause_s)
        except RefusedError as error:
            if error.retry_after_s is None:
                raise
            await asyncio.sleep(error.retry_after_s)


async def _search(look: Look, doubt: Doubt) -> str | None:
    missing = 0
    while missing < LOOKS:
        await asyncio.sleep(doubt.pause_s)
        try:
            ts = await look()
        except NoAnswerError:
            continue
        except RefusedError as error:
            if error.retry_after_s is None:
                raise
            continue
        if ts is not None:
            return ts
        missing += 1
    return None


class Unsure:
    """Counts how long Slack has had trouble of its own with the same text."""

    def __init__(self, doubt: Doubt) -> None:
        """Give up as `doubt` says."""
        self._doubt = doubt
        self._since_s: float | None = None
        self._answers = 0

    def clear(self) -> None:
        """Begin anew: a text arrived, or it is another one."""
        self._since_s, self._answers = None, 0

    def check(self, error: NoAnswerError) -> None:
        """Count an answer that leaves open what happened.

        Raises:
            RefusedError: if there were many for long. No answer at all counts not: then
                Slack is down, and will be up again.
        """
        if str(error) not in UNSURE_ERRORS:
            return
        now_s = asyncio.get_running_loop().time()
        self._since_s = now_s if self._since_s is None else self._since_s
        self._answers += 1
        is_long = now_s - self._since_s >= self._doubt.unsure_s
        if is_long and self._answers >= MIN_UNSURE:
            self.clear()
            raise RefusedError(str(error)) from error
