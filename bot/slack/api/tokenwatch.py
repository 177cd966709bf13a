"""The bot's token, watched: an idle bot with a revoked one would be deaf unnoticed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.slack.api.web import NoAnswerError, RefusedError, Web

CHECK_S = 15.0
"""How often an idle bot asks. Slack allows it hundreds of times a minute
(https://docs.slack.dev/reference/methods/auth.test, read 2026-11)."""
RETRY_S = 5.0
"""How often it asks while Slack refuses the token."""

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class TokenWatch:
    """Asks Slack whether it still takes the token, until cancelled."""

    web: Web
    on_return: Callable[[], None]
    """Called when Slack takes it again: meanwhile no event came."""

    async def run(self) -> None:
        """Ask now and then, and soon after any call was refused."""
        token = self.web.token_state
        while True:
            await self._pause()
            was_refused = token.is_refused
            try:
                await self.web.ask("auth.test")
            except RefusedError as error:
                token.refuse(error.error)
            except NoAnswerError as error:
                log.debug("the token cannot be checked", error=str(error))
            else:
                token.accept()
                if was_refused:
                    self.on_return()

    async def _pause(self) -> None:
        token = self.web.token_state
        if not token.is_refused:
            try:
                async with asyncio.timeout(CHECK_S):
                    await token.until_refused()
            except TimeoutError:
                return
        await asyncio.sleep(RETRY_S)
