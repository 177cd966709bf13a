"""What an interaction allows the app to do: open one view, at once.

Source: https://docs.slack.dev/interactivity/handling-user-interaction, read 2026-11:
a trigger is good for three seconds and for one exchange.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.playground.answer import RefusedError

TRIGGER_LIFE_S = 3.0


@dataclass(slots=True)
class _Trigger:
    user: str
    ends_s: float
    is_exchanged: bool = False


class Triggers:
    """The triggers that were given out."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` returns seconds."""
        self._clock = clock
        self._triggers: dict[str, _Trigger] = {}

    def issue(self, user: str) -> str:
        """Return a trigger for what a person has just done."""
        trigger_id = f"{len(self._triggers) + 1}.1.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = _Trigger(user, self._clock() + TRIGGER_LIFE_S)
        return trigger_id

    def exchange(self, trigger_id: object) -> str:
        """Use a trigger up; return whose it is.

        Raises:
            RefusedError: if it is none, too old or used up already.
        """
        if not isinstance(trigger_id, str) or not trigger_id:
            metadata = {"messages": ["invalid `trigger_id`"]}
            raise RefusedError("invalid_arguments", response_metadata=metadata)
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise RefusedError("invalid_trigger_id")
        if trigger.is_exchanged:
            raise RefusedError("exchanged_trigger_id")
        if self._clock() > trigger.ends_s:
            raise RefusedError("expired_trigger_id")
        trigger.is_exchanged = True
        return trigger.user
