"""What happens to each call of a virtual Slack, in words that a failing test prints.

- `ok`: it is executed and answered.
- `refused:ERROR`: Slack says no, with this code. Nothing is executed.
- `429:SECONDS`: Slack asks for a pause; a bare `429` comes without `Retry-After`.
- `lost before`, `lost after`: no answer; it was not executed, or it was.
- `late store:SECONDS`: no answer; it is executed so much later.
- `slow:SECONDS`: executed at once, answered so much later.
- `held:SECONDS`: executed and answered so much later.
- `outage:SECONDS`: from this call on none is executed, and none answered, for so long.

An answer later than the client waits is none (`bot.slack.api.web.CALL_TIMEOUT_S`).
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, cast, get_args

from hypothesis import strategies as st

Kind = Literal[
    "ok",
    "refused",
    "429",
    "lost before",
    "lost after",
    "late store",
    "slow",
    "held",
    "outage",
]

NEW_MESSAGES = frozenset({"chat.postMessage", "chat.startStream"})
"""What may be stored late: an edit that comes after a newer one cannot be survived."""


_CONTENT = ("invalid_blocks", "msg_blocks_too_long", "msg_too_long")

FORM_ERRORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "chat.postMessage": _CONTENT,
        "chat.update": (*_CONTENT, "block_mismatch"),
        "chat.startStream": (*_CONTENT, "channel_type_not_supported"),
        "chat.appendStream": (
            *_CONTENT,
            "message_not_in_streaming_state",
            "messaging_processing_failed",
        ),
        "chat.stopStream": (*_CONTENT, "message_not_in_streaming_state"),
    }
)
"""Refusals that another form of the text or another way would mend, by method."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happens to one call."""

    kind: Kind
    error: str = ""
    seconds: float | None = None

    @classmethod
    def read(cls, word: str) -> "Outcome":
        """Return what a word says.

        Raises:
            ValueError: if it is none of the words above.
        """
        kind, _, detail = word.partition(":")
        if kind not in get_args(Kind):
            raise ValueError(word)
        if kind == "refused":
            return cls(kind, detail)
        return cls(cast("Kind", kind), seconds=float(detail) if detail else None)

    def __str__(self) -> str:
        detail = self.error if self.seconds is None else f"{self.seconds:g}"
        return f"{self.kind}:{detail}" if detail else self.kind


OK = Outcome("ok")


class Schedule:
    """One outcome after the other, for calls as they come; at the end all is well."""

    def __init__(
        self,
        words: Iterable[str] = (),
        by_method: Mapping[str, Iterable[str]] | None = None,
        late_methods: frozenset[str] = NEW_MESSAGES,
        errors: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Take the outcomes of all methods, and before them those of a single one.

        What of other methods than `late_methods` would be stored late is lost instead.
        With `errors` a method that has not the error of its outcome is not refused.
        """
        self._words = tuple(words)
        self._outcomes = deque(map(Outcome.read, self._words))
        self._by_method = {
            method: deque(map(Outcome.read, own))
            for method, own in (by_method or {}).items()
        }
        self._late_methods = late_methods
        self._errors = errors
        self._down_until_s = float("-inf")

    def __repr__(self) -> str:
        return f"Schedule({list(self._words)!r})"

    def take(self, method: str, now_s: float) -> Outcome:
        """Return what happens to a call that is made now."""
        if now_s < self._down_until_s:
            return Outcome("outage")
        own = self._by_method.get(method) or self._outcomes
        outcome = own.popleft() if own else OK
        if outcome.kind == "outage":
            self._down_until_s = now_s + (outcome.seconds or 0.0)
        if outcome.kind == "late store" and method not in self._late_methods:
            return Outcome("lost before")
        if outcome.kind == "refused" and self._errors is not None:
            return outcome if outcome.error in self._errors.get(method, ()) else OK
        return outcome


def fault_schedules(
    *,
    errors: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    max_calls: int = 40,
    latest_store_s: float = 3.0,
    late_methods: frozenset[str] = NEW_MESSAGES,
) -> st.SearchStrategy[Schedule]:
    """Draw what happens to the first calls; about half of them are well.

    `errors` are the codes that Slack may refuse each method with, see `FORM_ERRORS`.
    Without them every fault passes, so that a delivery is complete at the end; with
    them it may be refused twice in a row, and give up. A client that looks for a lost
    message later than `latest_store_s` misses none.
    """
    faults = [
        st.sampled_from(("lost before", "lost after")),
        st.sampled_from((1, 5, 30)).map("429:{}".format),
        st.sampled_from((0.3, 2.0, 14.0, 20.0)).map("slow:{:g}".format),
        st.sampled_from((0.3, 2.0, 14.0)).map("held:{:g}".format),
        st.sampled_from((5, 60)).map("outage:{}".format),
        st.sampled_from((0.2, 0.5, 1.0)).map(
            lambda part: f"late store:{part * latest_store_s:g}"
        ),
    ]
    codes = sorted({code for own in errors.values() for code in own})
    if codes:
        faults.append(st.sampled_from(codes).map("refused:{}".format))
    word = st.one_of(*[st.just("ok")] * len(faults), *faults)
    words = st.lists(word, max_size=max_calls)
    return words.map(
        lambda drawn: Schedule(drawn, late_methods=late_methods, errors=errors)
    )
