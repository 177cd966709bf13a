"""A call beside the replies: made again until Slack answers, or nobody needs it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal

import structlog

from bot.slack.api.web import NoAnswerError, RefusedError
from bot.slack.delivery.services import Services

PAUSE_S: Final = 1.0
MAX_PAUSE_S: Final = 32.0
"""Between two tries, where Slack does not answer; from the one to the other."""

Fate = Literal["done", "unknown", "not"]
"""What became of a call: `unknown` if Slack may have taken it without an answer."""

log = structlog.stdlib.get_logger()


async def always() -> bool:
    """Need a call at any time."""
    return True


@dataclass(frozen=True, slots=True)
class Call:
    """A call that may be made twice."""

    method: str
    arguments: dict[str, Any]
    patience_s: float
    """For how long to try; how often Slack asks for a pause does not count."""
    reserve: int = 0
    """How many calls of the budget are left to others."""
    is_needed: Callable[[], Awaitable[bool]] = always
    """Asked right before each try: no other one is made once it is not."""


async def insist(services: Services, call: Call, is_over: asyncio.Event) -> Fate:
    """Call until Slack answers, or it is over.

    Raises:
        RefusedError: if Slack does not want it, with no try before that may have had
            an effect.
    """
    now_s = asyncio.get_running_loop().time
    ends_at_s, pause_s = now_s() + call.patience_s, PAUSE_S
    fate: Fate = "not"
    while await _may_go(services, call, is_over, ends_at_s):
        services.budget.spend(call.method)
        try:
            await services.web.write(call.method, call.arguments)
        except NoAnswerError as error:
            log.debug("no answer", method=call.method, error=str(error))
            fate = "unknown"
            await is_set_within(is_over, pause_s)
            pause_s = min(2 * pause_s, MAX_PAUSE_S)
        except RefusedError as error:
            if error.retry_after_s is None:
                if fate == "unknown":
                    return fate
                raise
            await is_set_within(is_over, error.retry_after_s or PAUSE_S)
        else:
            return "done"
    return fate


async def is_set_within(event: asyncio.Event, timeout_s: float) -> bool:
    """Wait for an event, but not for long; say whether it came."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
    return event.is_set()


async def _may_go(
    services: Services, call: Call, is_over: asyncio.Event, ends_at_s: float
) -> bool:
    """Wait until a call may go; False if none is to go any more."""
    now_s = asyncio.get_running_loop().time
    while now_s() < ends_at_s and not is_over.is_set():
        if wait_s := _wait_s(services, call):
            await is_set_within(is_over, wait_s)
        else:
            return await call.is_needed() and not is_over.is_set()
    return False


def _wait_s(services: Services, call: Call) -> float:
    return max(
        services.web.wait_s(call.method),
        services.budget.wait_s(call.method, reserve=call.reserve),
    )
