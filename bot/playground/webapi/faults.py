"""What goes wrong with calls of the Web API, on demand."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.playground.answer import Answer
from bot.playground.jsonobject import JsonObject

Kind = Literal[
    "error", "late", "held", "cut_before", "cut_after", "stored_late", "hang"
]
"""What happens to a call.

- `error`: something else is answered in place of its answer;
- `late`: it is executed at once and answered as ever, but `delay_s` later;
- `held`: it is executed only after `delay_s`, and answered then as ever;
- `cut_before`, `cut_after`: the connection is cut before or after it is executed;
- `stored_late`: the connection is cut at once, and it is executed `delay_s` later;
- `hang`: nothing is answered until the client or the server goes.
"""

ANY_METHOD = "*"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the next calls of a method."""

    method: str
    """`*` for whatever is called."""
    status: int = 500
    body: JsonObject = field(
        default_factory=lambda: {"ok": False, "error": "internal_error"}
    )
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of an `error`, as are status and body."""
    kind: Kind = "error"
    raw: bytes = b""
    """Sent in place of the body, called JSON whatever it is."""
    is_executed: bool = False
    """Of `error` and `hang`: whether the call takes effect all the same."""
    delay_s: float = 0.0
    """How late the answer or the cut comes, or what the kind says is late."""
    times: int | None = 1
    """How many calls it happens to; None for all until it is removed."""

    @property
    def is_effective(self) -> bool:
        """Say whether the call is executed before it is answered."""
        return self.is_executed or self.kind in ("late", "held", "cut_after")

    @property
    def delay_before_s(self) -> float:
        """Return how long the call is on its way before it is executed or not."""
        return self.delay_s if self.kind == "held" else 0.0

    @property
    def delay_after_s(self) -> float:
        """Return how long the answer or the cut is on its way back."""
        return 0.0 if self.kind in ("held", "stored_late") else self.delay_s

    def answer(self, honest: Answer | None) -> Answer:
        """Return what is answered; `honest` is the answer of the call if executed."""
        if self.kind in ("late", "held") and honest is not None:
            return honest
        if self.kind == "error":
            return Answer(self.body, self.status, self.headers)
        return Answer({}, 0)


def refusal(method: str, error: str, times: int | None = 1) -> Fault:
    """Return a fault that refuses calls in Slack's way: nothing is executed."""
    return Fault(method, 200, {"ok": False, "error": error}, times=times)


def take_fault(faults: deque[Fault], method: str) -> Fault | None:
    """Return the first fault that a call meets, and count that it did."""
    for index, fault in enumerate(faults):
        if fault.method not in (method, ANY_METHOD):
            continue
        if fault.times == 1:
            del faults[index]
        elif fault.times is not None:
            faults[index] = replace(fault, times=fault.times - 1)
        return fault
    return None
