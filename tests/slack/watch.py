"""What people saw of the bot's messages, from one moment to the next."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from bot.playground.workspace.change import Change
from bot.playground.workspace.identity import BOT_USER
from bot.playground.workspace.message import Message
from bot.playground.workspace.state import Workspace

Place = tuple[str, str]
"""Channel and ts of a message."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a message showed from a moment on."""

    at_s: float
    place: Place
    text: str | None
    """None if it was deleted."""


class Watch:
    """All that every message of the bot ever showed."""

    def __init__(self, workspace: Workspace, clock: Callable[[], float]) -> None:
        """Begin now; `clock` returns the seconds that sights are dated with."""
        self.sights: list[Sight] = []
        self._clock = clock
        workspace.listen(self._see)

    def of(self, place: Place) -> list[str]:
        """Return the different texts that one message showed, oldest first."""
        texts: list[str] = []
        for sight in self.sights:
            is_new = sight.text is not None and texts[-1:] != [sight.text]
            if sight.place == place and is_new:
                texts.append(sight.text or "")
        return texts

    def first_seen_s(self, line: str) -> float:
        """Return when a whole line was first visible anywhere.

        Raises:
            LookupError: if it never was.
        """
        for sight in self.sights:
            if line in (sight.text or "").split("\n"):
                return sight.at_s
        raise LookupError(line)

    def regressions(self) -> list[tuple[str, str]]:
        """Return each text that did not go on where the one before it ended, with that.

        A message grows by whole lines; the end of a block of code may move on. What the
        last change of a message does is free.
        """
        places = dict.fromkeys(sight.place for sight in self.sights)
        return [
            (before, after)
            for texts in map(self.of, places)
            for before, after in pairwise(texts[:-1])
            if not _goes_on(before, after)
        ]

    def _see(self, change: Change) -> None:
        message = change.message
        if message is None or message.user != BOT_USER or message.only_for:
            return
        text = None if change.kind == "deleted" else text_of(message)
        place = message.channel, message.ts
        self.sights.append(Sight(self._clock(), place, text))


def visible(workspace: Workspace, channel: str, thread_ts: str = "") -> list[str]:
    """Return what the bot's messages show now, in order, as Markdown.

    Of one thread; without one of the channel itself.
    """
    found = workspace.messages(channel)
    if thread_ts:
        found = iter(workspace.thread(channel, thread_ts))
    return [
        text_of(message)
        for message in found
        if message.user == BOT_USER and bool(thread_ts) == message.is_reply
    ]


def text_of(message: Message) -> str:
    """Return a message's Markdown, or its text if it came without."""
    text = message.text
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return message.markdown or text


def _goes_on(before: str, after: str) -> bool:
    lines = before.rstrip("\n").split("\n")
    if lines[-1].strip(" >")[:3] in ("```", "~~~"):
        lines.pop()
    return after.split("\n")[: len(lines)] == lines
