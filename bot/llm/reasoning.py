"""Reasoning that a model writes into its answer, kept from people."""

from typing import Literal

OPENING = "<think>"
CLOSING = "</think>"


class ReasoningFilter:
    """Removes a leading `<think>…</think>` from a streamed answer.

    Servers of open models leave it in the text. Anywhere else the tags are text.
    """

    def __init__(self) -> None:
        """Start an answer."""
        self._held = ""
        self._state: Literal["unknown", "thinking", "answering"] = "unknown"

    @property
    def has_begun(self) -> bool:
        """Say whether people have read something of the answer."""
        return self._state == "answering"

    def push(self, fragment: str) -> str:
        """Return what people may read now; it may be empty."""
        if self._state == "answering":
            return fragment
        self._held += fragment
        if self._state == "unknown":
            start = self._held.lstrip()
            if start.startswith(OPENING):
                self._state = "thinking"
            elif not OPENING.startswith(start):
                return self._answer()
        if self._state == "thinking":
            _, tag, behind = self._held.partition(CLOSING)
            # The tag may come in pieces, so its beginning is held.
            self._held = behind if tag else self._held[-len(CLOSING) :]
            self._state = "unknown" if tag else "thinking"
            if behind.strip():
                return self.push("")
        return ""

    def finish(self) -> str:
        """Return what was held because it might have become a tag."""
        return self._held if self._state == "unknown" else ""

    def _answer(self) -> str:
        self._state = "answering"
        text, self._held = self._held, ""
        return text
