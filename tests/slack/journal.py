"""A journal that is a list, and of which a crash loses the end."""

import asyncio
import contextlib
from collections.abc import Collection

from bot.conversation.record import Note, Record
from bot.conversation.turn import Cut, TurnId

Noted = tuple[TurnId, int, str, str]
Entry = tuple[float, str, Note]
"""When it was made, what it says, and of what."""


class ListedJournal:
    """Keeps what `storage.journal` would."""

    def __init__(self, notes: list[Noted] | None = None) -> None:
        self.notes: list[Noted] = [] if notes is None else notes
        """What was noted of messages, in order."""
        self.entries: list[Entry] = []
        self.is_closed = False
        """It takes nothing: what is noted is another process's to note."""
        self._kept: dict[tuple[TurnId, int], Note] = {}
        self._wholes: dict[TurnId, tuple[str, Cut]] = {}

    def intend(self, turn: TurnId, seq: int, text: str) -> None:
        self._enter("intend", Note(turn, seq, "", text))

    def note(self, turn: TurnId, seq: int, message: str, text: str) -> None:
        assert message
        self.notes.append((turn, seq, message, text))
        self._enter("note", Note(turn, seq, message, text))

    def drop(self, turn: TurnId, seq: int) -> None:
        self._enter("drop", Note(turn, seq, "", ""))

    def whole(self, turn: TurnId, text: str, cut: Cut) -> None:
        self._enter("whole", Note(turn, -1, cut, text))

    async def of(self, turn: TurnId) -> Record:
        kept = sorted(self._kept.items())
        text, cut = self._wholes.get(turn, (None, ""))
        return Record(tuple(n for (whose, _), n in kept if whose == turn), text, cut)

    async def forget(self, turn: TurnId, message: str) -> None:
        self._enter("forget", Note(turn, 0, message, ""))

    async def others(self, turn: TurnId, messages: Collection[str]) -> frozenset[str]:
        return frozenset(
            note.message
            for note in self._kept.values()
            if note.message in messages and note.turn != turn
        )

    def text(self, turn: TurnId | None = None, from_seq: int = 0) -> str:
        """Return all that is recorded as delivered of a turn, or of the only one."""
        kept = sorted(self._kept.items())
        return "".join(
            note.text
            for (whose, seq), note in kept
            if turn in (whose, None) and seq >= from_seq and note.message
        )

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def forget_whole(self) -> None:
        """Forget what the model said that was not delivered, as a new answer does."""
        self._wholes.clear()
        self.entries = [entry for entry in self.entries if entry[1] != "whole"]

    def survived(self, until_s: float) -> "ListedJournal":
        """Return what is left if only what was entered before a time was written."""
        left = ListedJournal()
        for at_s, kind, note in self.entries:
            if at_s < until_s:
                left.entries.append((at_s, kind, note))
                left._do(kind, note)
        return left

    def _enter(self, kind: str, note: Note) -> None:
        if self.is_closed:
            return
        now_s = 0.0
        with contextlib.suppress(RuntimeError):
            now_s = asyncio.get_running_loop().time()
        self.entries.append((now_s, kind, note))
        self._do(kind, note)

    def _do(self, kind: str, note: Note) -> None:
        key = note.turn, note.seq
        match kind:
            case "whole":
                cut: Cut = "length" if note.message == "length" else ""
                self._wholes[note.turn] = note.text, cut
            case "forget":
                self._kept = {
                    where: kept
                    for where, kept in self._kept.items()
                    if (kept.turn, kept.message) != (note.turn, note.message)
                }
            case "drop":
                self._kept.pop(key, None)
            case _:
                self._kept[key] = note
                if note.message:
                    self._kept = {
                        where: kept
                        for where, kept in self._kept.items()
                        if kept.message or where[0] != note.turn or where[1] > note.seq
                    }
