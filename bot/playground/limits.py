"""How often an app may call Slack, and how long a refused call must wait."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Rate:
    """How many calls are allowed: `burst` at once, then `calls` in each `per_s`."""

    calls: int
    per_s: float
    burst: int


# https://docs.slack.dev/apis/web-api/rate-limits, read 2026-11. Slack tolerates short
# bursts above its tiers, without saying how long: here there is none.
TIER_2 = Rate(20, 60, 20)
TIER_3 = Rate(50, 60, 50)
TIER_4 = Rate(100, 60, 100)
POSTS_PER_CHANNEL = Rate(1, 1, 1)
# https://docs.slack.dev/reference/methods/assistant.threads.setStatus, read 2026-11.
STATUSES = Rate(600, 60, 600)
# "Hundreds of requests per minute":
# https://docs.slack.dev/reference/methods/auth.test, read 2026-11.
AUTH_TESTS = Rate(300, 60, 300)

# The tier stands on each method's page below
# https://docs.slack.dev/reference/methods, read 2026-11.
RATES: Mapping[str, Rate] = MappingProxyType(
    {
        "apps.connections.open": TIER_3,
        "assistant.threads.setStatus": STATUSES,
        "auth.test": AUTH_TESTS,
        "chat.delete": TIER_3,
        "chat.postEphemeral": TIER_4,
        "chat.postMessage": POSTS_PER_CHANNEL,
        "chat.update": TIER_3,
        "conversations.history": TIER_3,
        "conversations.info": TIER_3,
        "conversations.list": TIER_2,
        "conversations.open": TIER_3,
        "conversations.replies": TIER_3,
        "reactions.add": TIER_3,
        "users.info": TIER_4,
    }
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Which rates are enforced; no rates means none."""

    rates: Mapping[str, Rate] = field(default_factory=lambda: RATES)


# A wait of exactly one period must be enough, however its floats were rounded.
_ROUNDING = 1e-6

UNLIMITED = Limits(rates=MappingProxyType({}))


@dataclass(slots=True)
class _Bucket:
    calls: float
    filled_s: float


class RateLimiter:
    """Count the calls of one app in one workspace."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        """`clock` returns seconds and never goes back."""
        self._rates = limits.rates
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def take(self, method: str, channel: str) -> int:
        """Return 0 and count the call, or return after how many seconds to retry.

        Posts are counted by channel, all other methods for the workspace.
        """
        rate = self._rates.get(method)
        if rate is None:
            return 0
        now_s = self._clock()
        key = (method, channel if rate is POSTS_PER_CHANNEL else "")
        bucket = self._buckets.setdefault(key, _Bucket(rate.burst, now_s))
        refill = (now_s - bucket.filled_s) * rate.calls / rate.per_s
        bucket.calls = min(rate.burst, bucket.calls + refill)
        bucket.filled_s = now_s
        if bucket.calls >= 1 - _ROUNDING:
            bucket.calls -= 1
            return 0
        return max(1, math.ceil((1 - bucket.calls) * rate.per_s / rate.calls))
