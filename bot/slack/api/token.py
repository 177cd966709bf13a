"""Whether Slack takes the bot's token, as far as we know."""

import asyncio

import structlog

log = structlog.stdlib.get_logger()

TOKEN_ERRORS = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
)
"""Refusals that concern every call; they end when the token works again.

Source: https://docs.slack.dev/reference/methods/auth.test, read 2026-11.
"""


class TokenState:
    """Lets calls wait while Slack refuses the token."""

    def __init__(self) -> None:
        """Trust the token until a call is refused."""
        self._accepted = asyncio.Event()
        self._accepted.set()
        self._refused = asyncio.Event()

    @property
    def is_refused(self) -> bool:
        """Say whether Slack refused it the last time."""
        return self._refused.is_set()

    async def until_refused(self) -> None:
        """Wait until Slack refuses it."""
        await self._refused.wait()

    async def until_accepted(self) -> None:
        """Wait while Slack refuses it."""
        await self._accepted.wait()

    def refuse(self, error: str) -> None:
        """Note the error of a refused call; most are not the token's fault."""
        if error not in TOKEN_ERRORS:
            return
        if not self.is_refused:
            log.critical(
                "Slack refuses SLACK_BOT_TOKEN; what is to be answered is kept until it"
                " works again",
                error=error,
            )
        self._accepted.clear()
        self._refused.set()

    def accept(self) -> None:
        """Note that Slack took it."""
        if self.is_refused:
            log.warning("Slack takes SLACK_BOT_TOKEN again")
        self._refused.clear()
        self._accepted.set()
