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


TIER_2 = Rate(20, 60, 20)
TIER_3 = Rate(50, 60, 50)
TIER_4 = Rate(100, 60, 100)
"""https://docs.slack.dev/apis/web-api/rate-limits, read 2026-11: "20+ per minute",
"50+", "100+". Slack tolerates bursts above its tiers ("Sporadic bursts are welcome",
"generous burst behavior"), without saying how long: here a minute's calls may come at
once, and none above them."""

POSTS_PER_CHANNEL = Rate(1, 1, 3)
"""The same page on posting messages: "1 per second", "Short bursts >1 allowed", with
"no guarantee that messages will be stored or displayed" beyond. How short a burst is,
is not documented: 3 is our choice."""

POSTS = Rate(300, 60, 300)
"""The same page: "several hundred messages per minute" in a workspace. How many is not
documented; 300 is our choice."""

STATUSES = Rate(600, 60, 600)
"""https://docs.slack.dev/reference/methods/assistant.threads.setStatus,
read 2026-11."""

AUTH_TESTS = Rate(300, 60, 300)
"""See "Hundreds of requests per minute" on
https://docs.slack.dev/reference/methods/auth.test, read 2026-11."""

PERMALINKS = Rate(300, 60, 300)
"""Rated as "special" without a number:
https://docs.slack.dev/reference/methods/chat.getPermalink, read 2026-11."""

RATES: Mapping[str, Rate] = MappingProxyType(
    {
        "apps.connections.open": TIER_3,
        "assistant.threads.setStatus": STATUSES,
        "auth.test": AUTH_TESTS,
        "chat.appendStream": TIER_4,
        "chat.delete": TIER_3,
        "chat.getPermalink": PERMALINKS,
        "chat.postEphemeral": TIER_4,
        "chat.postMessage": POSTS,
        "chat.startStream": TIER_2,
        "chat.stopStream": TIER_2,
        "chat.update": TIER_3,
        "conversations.history": TIER_3,
        "conversations.info": TIER_3,
        "conversations.join": TIER_3,
        "conversations.leave": TIER_3,
        "conversations.list": TIER_2,
        "conversations.members": TIER_4,
        "conversations.open": TIER_3,
        "conversations.replies": TIER_3,
        "files.info": TIER_4,
        "reactions.add": TIER_3,
        "reactions.get": TIER_3,
        "reactions.remove": TIER_2,
        "users.conversations": TIER_3,
        "users.info": TIER_4,
        "views.open": TIER_4,
        "views.publish": TIER_4,
        "views.push": TIER_4,
        "views.update": TIER_4,
    }
)
"""The tier stands on each method's page below
https://docs.slack.dev/reference/methods, read 2026-11."""

CHANNEL_RATES: Mapping[str, Rate] = MappingProxyType(
    {"chat.postMessage": POSTS_PER_CHANNEL}
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Which rates are enforced; no rates means none."""

    rates: Mapping[str, Rate] = field(default_factory=lambda: RATES)
    """Of a method in the whole workspace."""
    channel_rates: Mapping[str, Rate] = field(default_factory=lambda: CHANNEL_RATES)
    """Of a method in one channel, besides."""


# A wait of exactly one period must be enough, however its floats were rounded.
_ROUNDING = 1e-6

UNLIMITED = Limits(rates=MappingProxyType({}), channel_rates=MappingProxyType({}))


@dataclass(slots=True)
class _Bucket:
    rate: Rate
    calls: float
    filled_s: float

    def wait_s(self, now_s: float) -> int:
        """Fill up to now and return after how many seconds a call is free."""
        rate = self.rate
        refill = (now_s - self.filled_s) * rate.calls / rate.per_s
        self.calls = min(rate.burst, self.calls + refill)
        self.filled_s = now_s
        if self.calls >= 1 - _ROUNDING:
            return 0
        return max(1, math.ceil((1 - self.calls) * rate.per_s / rate.calls))


class RateLimiter:
    """Count the calls of one app in one workspace."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        """`clock` returns seconds and never goes back."""
        self._limits = limits
        self._clock = clock
        self._buckets: dict[tuple[str, str | None], _Bucket] = {}
        """By method, and by channel or None for the whole workspace."""

    def take(self, method: str, channel: str) -> int:
        """Return 0 and count the call, or return after how many seconds to retry.

        A refused call is not counted anywhere, so it does not lengthen the wait.
        """
        now_s = self._clock()
        rates = {
            (method, None): self._limits.rates.get(method),
            (method, channel): self._limits.channel_rates.get(method),
        }
        buckets = [
            self._buckets.setdefault(key, _Bucket(rate, rate.burst, now_s))
            for key, rate in rates.items()
            if rate
        ]
        wait_s = max((bucket.wait_s(now_s) for bucket in buckets), default=0)
        if wait_s == 0:
            for bucket in buckets:
                bucket.calls -= 1
        return wait_s
