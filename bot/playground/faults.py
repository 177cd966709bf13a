"""What goes wrong with calls of the Web API, on demand."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.playground.answer import Answer
from bot.playground.workspace import JsonObject

Cut = Literal["before", "after"]

ANY_METHOD = "*"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the next calls of a method instead of their answers."""

    method: str
    """`*` for whatever is called."""
    status: int = 500
    body: JsonObject = field(
        default_factory=lambda: {"ok": False, "error": "internal_error"}
    )
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cut: Cut | None = None
    """Cut the connection before or after the call is executed; nothing is answered.

    Without a cut the call is answered as above.
    """
    raw: bytes = b""
    """Sent in place of the body, called JSON whatever it is."""
    is_executed: bool = False
    """Without a cut: whether the call takes effect all the same."""
    is_harmless: bool = False
    """The call is executed and answered as ever; only `delay_s` is felt."""
    delay_s: float = 0.0
    """How late the answer or the cut comes. What takes effect does so at once."""
    is_black_hole: bool = False
    """Never answer; the call hangs until the client or the server goes."""
    times: int | None = 1
    """How many calls it happens to; None for all until it is removed."""

    @property
    def is_effective(self) -> bool:
        """Say whether the call is executed."""
        return self.is_executed or self.is_harmless or self.cut == "after"

    def answer(self, honest: Answer | None) -> Answer:
        """Return what is answered; `honest` is the answer of the call if executed."""
        if self.is_harmless and honest is not None:
            return honest
        if self.cut is not None or self.is_black_hole:
            return Answer({}, 0)
        return Answer(self.body, self.status, self.headers)


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
