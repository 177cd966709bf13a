"""A call that a virtual Slack got, and calls that came too early."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.slack.pacing.pacing import PER_CHANNEL

NO_ANSWER = "no answer"

LENGTH_ERRORS = frozenset(
    {
        "metadata_too_large",
        "msg_blocks_too_long",
        "msg_blocks_too_many",
        "msg_too_long",
    }
)
"""How Slack refuses what is too much for one message or call."""


@dataclass(slots=True)
class Call:
    """What was called and how it went; times are the loop's, in seconds."""

    method: str
    arguments: dict[str, Any]
    begun_s: float
    plan: str
    """What was to happen to it, in the words of `schedule`."""
    ended_s: float | None = None
    """None while it goes on."""
    result: str = NO_ANSWER
    """`ok`, Slack's error code, or that nothing was answered, perhaps not yet."""
    retry_after_s: float | None = None

    @property
    def channel(self) -> str:
        """Return where it was to happen, if anywhere."""
        return str(self.arguments.get("channel") or "")

    @property
    def is_too_long(self) -> bool:
        """Say whether Slack itself, no plan, found it too long."""
        return self.plan == "ok" and self.result in LENGTH_ERRORS


def early_calls(calls: Iterable[Call]) -> list[tuple[Call, Call]]:
    """Return each 429 with a call that came before its pause was over."""
    found: list[tuple[Call, Call]] = []
    every = tuple(calls)
    for pause in every:
        if pause.retry_after_s is None or pause.ended_s is None:
            continue
        until_s = pause.ended_s + pause.retry_after_s
        for call in every:
            is_in_pause = pause.ended_s < call.begun_s < until_s - 1e-6
            if is_in_pause and _is_same(pause, call):
                found.append((pause, call))
    return found


def _is_same(pause: Call, call: Call) -> bool:
    """Say whether a 429 of the one call is about the other, too."""
    if pause.method != call.method:
        return False
    return call.method not in PER_CHANNEL or pause.channel == call.channel
