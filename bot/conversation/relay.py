"""A model's text on its way to people: whole lines, and none that waits too long."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from bot.chunking import Chunk, LineChunker
from bot.conversation.ports import DeliveryError, Outlet

MAX_LINE_CHARS = 3_000
"""A longer line goes out in pieces; every delivery can take one of this length."""
MAX_LINE_WAIT_S = 4.0
"""So long a paragraph without a newline is held, then only to the next sentence end."""
MAX_HELD_CHARS = 300
"""Where a paragraph waits and no sentence ends, more than this goes out by words."""
LOOK_S = 0.5
"""How often a paragraph that waits is looked at for the end of a sentence."""


@dataclass(slots=True)
class Draft:
    """How far a reply came, also if it came no further."""

    written: list[str] = field(default_factory=list[str])
    """The model's fragments."""
    sent: list[str] = field(default_factory=list[str])
    """What of them was handed to the outlet."""

    @property
    def text(self) -> str:
        """Return all that the model wrote."""
        return "".join(self.written)

    @property
    def seen(self) -> str:
        """Return what of it people see, or will."""
        return "".join(self.sent)

    @property
    def has_words(self) -> bool:
        """Say whether the model wrote anything but white space."""
        return any(not fragment.isspace() for fragment in self.written)

    def take(self, text: str) -> None:
        """Begin with what an earlier attempt wrote and people have."""
        if text:
            self.written.append(text)
            self.sent.append(text)


class Relay:
    """Takes one reply's fragments; sends on what is complete, in the same moment.

    A context manager: what is held longest is sent by a timer of the running loop.
    """

    def __init__(
        self, draft: Draft, outlet: Outlet, max_line_wait_s: float = MAX_LINE_WAIT_S
    ) -> None:
        """Begin a text; `draft` is told how far it came."""
        self.draft = draft
        self._outlet = outlet
        self._max_line_wait_s = max_line_wait_s
        self._chunker = _chunker_behind(draft.text)
        self._held_since_s: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def push(self, fragment: str) -> None:
        """Take the next characters of the text.

        Raises:
            DeliveryError: if they, or some before them, cannot be delivered.
        """
        self.draft.written.append(fragment)
        chunks = self._chunker.push(fragment)
        if chunks:
            self._held_since_s = None
            self._send(chunks)
        if self._held_since_s is None and not fragment.endswith("\n"):
            self._held_since_s = asyncio.get_running_loop().time()
            if self._timer is None:
                self._look_in(self._max_line_wait_s)

    def finish(self) -> None:
        """Send what is left of the text.

        Raises:
            DeliveryError: if it cannot be delivered.
        """
        self._send(self._chunker.finish())

    def _send(self, chunks: Iterable[Chunk]) -> None:
        for chunk in chunks:
            self._outlet.send(chunk)
            self.draft.sent.append(chunk.body)

    def _look_in(self, pause_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(pause_s, self._look)

    def _look(self) -> None:
        """Let a paragraph that waits too long out, as far as it can be read."""
        self._timer = None
        if self._held_since_s is None:
            return
        now_s = asyncio.get_running_loop().time()
        rest_s = self._held_since_s + self._max_line_wait_s - now_s
        if rest_s > 0:
            self._look_in(rest_s)
            return
        chunks = self._chunker.idle(MAX_HELD_CHARS)
        if chunks:
            self._held_since_s = now_s
        try:
            self._send(chunks)
        except DeliveryError:
            # The next `send` raises it again, where it can be answered.
            return
        self._look_in(self._max_line_wait_s if chunks else LOOK_S)


def _chunker_behind(text: str) -> LineChunker:
    """Return a chunker that knows what is open behind a text, and holds none of it."""
    chunker = LineChunker(MAX_LINE_CHARS)
    lines = text[: text.rfind("\n") + 1]
    emitted_chars = sum(len(chunk.body) for chunk in chunker.push(lines))
    return chunker if emitted_chars == len(lines) else LineChunker(MAX_LINE_CHARS)
