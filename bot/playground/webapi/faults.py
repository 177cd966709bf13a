"""What goes wrong with calls of the Web API, on demand."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.playground.answer import Answer
from bot.playground.jsonobject import JsonObject

Kind = Literal["error", "late", "cut_before", "cut_after", "hang"]
"""What happens to a call.

- `error`: something else is answered in place of its answer;
- `late`: it is executed and answered as ever; only `delay_s` is felt;
- `cut_before`, `cut_after`: the connection is cut before or after it is executed;
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
    """How late the answer or the cut comes. What takes effect does so at once."""
    times: int | None = 1
    """How many calls it happens to; None for all until it is removed."""

    @property
    def is_effective(self) -> bool:
        """Say whether the call is executed."""
        return self.is_executed or self.kind in ("late", "cut_after")

    def answer(self, honest: Answer | None) -> Answer:
        """Return what is answered; `honest` is the answer of the call if executed."""
        if self.kind == "late" and honest is not None:
            return honest
        if self.kind == "error":
            return Answer(self.body, self.status, self.headers)
        return Answer({}, 0)


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
