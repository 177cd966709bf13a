"""Calls wait while the token is refused, and only for the token's sake."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.slack.api.token import TOKEN_ERRORS, TokenState


async def test_a_token_is_trusted_at_first() -> None:
    token = TokenState()

    await token.until_accepted()
    assert not token.is_refused


@pytest.mark.parametrize("error", sorted(TOKEN_ERRORS))
async def test_who_waits_goes_on_once_the_token_is_accepted(error: str) -> None:
    token = TokenState()
    token.refuse(error)
    await token.until_refused()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(token.until_accepted())
        await asyncio.sleep(0)
        assert not waiting.done()
        token.accept()

    assert not token.is_refused


async def test_another_refusal_is_not_the_tokens() -> None:
    token = TokenState()
    token.refuse("missing_scope")

    assert not token.is_refused


def test_a_refusal_and_its_end_are_said_once() -> None:
    token = TokenState()
    with capture_logs() as logged:
        for _ in range(3):
            token.refuse("token_revoked")
        for _ in range(3):
            token.accept()

    assert [line["log_level"] for line in logged] == ["critical", "warning"]
