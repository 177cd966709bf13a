"""Looking for a message of which it is unknown whether it arrived."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from bot.slack.services import Doubt
from bot.slack.token import TokenState
from bot.slack.web import NoAnswerError, RefusedError

LOOKS: Final = 2
"""A message may turn up late, so it is missing only when it is twice."""

Look = Callable[[], Awaitable[str | None]]
"""Reads the place; returns the ts of the message, if it is there."""


class LostError(Exception):
    """The place cannot be read: whether the message arrived stays unknown."""


async def search(look: Look, doubt: Doubt, token: TokenState) -> str | None:
    """Return the ts of a message if it is in Slack; ask until Slack answers.

    Raises:
        LostError: if the place may not be read, or not for too long. While Slack
            refuses the token nothing is given up.
    """
    while True:
        try:
            async with asyncio.timeout(doubt.patience_s):
                return await _search(look, doubt)
        except RefusedError as error:
            raise LostError(error.error) from error
        except TimeoutError as error:
            if not token.is_refused:
                raise LostError("no answer") from error
            await token.until_accepted()


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
