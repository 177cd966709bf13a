"""Answers to what people press, at the address that came with it.

Source: https://docs.slack.dev/interactivity/handling-user-interaction, read 2026-11:
it takes five answers within thirty minutes, and no token.
"""

from http import HTTPStatus
from typing import Any

import aiohttp
import structlog

from bot.slack.api.web import Web

log = structlog.stdlib.get_logger()


async def respond(web: Web, url: str, body: dict[str, Any]) -> bool:
    """Answer at a `response_url`, once; False if it was not taken, or is unknown."""
    if not url:
        return False
    try:
        async with web.session.post(url, json=body, proxy=web.proxy) as answer:
            is_taken = answer.status == HTTPStatus.OK
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        log.warning("an answer was not taken", error=type(error).__name__)
        return False
    if not is_taken:
        log.warning("an answer was refused", status=answer.status)
    return is_taken
