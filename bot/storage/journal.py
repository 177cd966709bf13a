"""What is delivered, written beside the delivery and never before it."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager, suppress

import structlog

from bot.conversation.ports import StoreError
from bot.conversation.record import Note, Record
from bot.conversation.turn import Cut, TurnId
from bot.storage.notes import Dropped, SqlNotes, whole

MAX_WAITING = 10_000
"""Entries kept while the database is slow; more are dropped, with a log line."""
PAUSE_S = 1.0
"""How long to wait before asking a database again that failed."""
PATIENCE_S = 60.0
"""How long to try to write the same entries: then they may be what it refuses."""
CLOSE_S = 5.0
"""How long leaving waits for what is not written."""

log = structlog.stdlib.get_logger()


@asynccontextmanager
async def running(notes: SqlNotes) -> AsyncGenerator["Journal"]:
    """Keep a journal in a database; leaving writes what is left."""
    journal = Journal(notes)
    async with asyncio.TaskGroup() as group:
        writer = group.create_task(journal.run())
        try:
            yield journal
        finally:
            # Cancelled in the middle of a write, it would lose it.
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await journal.written()
            writer.cancel()


class Journal:
    """Takes notes at once and writes them behind the caller's back, in order."""

    def __init__(self, notes: SqlNotes) -> None:
        """Write into the database of `notes`."""
        self._notes = notes
        self._waiting: asyncio.Queue[Note | Dropped] = asyncio.Queue(MAX_WAITING)

    def intend(self, turn: TurnId, seq: int, text: str) -> None:
        """Record that a call is about to bring a part of a reply; never waits."""
        self._add(Note(turn, seq, "", text))

    def note(self, turn: TurnId, seq: int, message: str, text: str) -> None:
        """Record that a message carries part `seq` of a reply; never waits."""
        self._add(Note(turn, seq, message, text))

    def drop(self, turn: TurnId, seq: int) -> None:
        """Record that a call brought nothing; never waits."""
        self._add(Dropped(turn, seq))

    def whole(self, turn: TurnId, text: str, cut: Cut) -> None:
        """Record all of a reply's text before all of it is delivered; never waits."""
        self._add(whole(turn, text, cut))

    async def of(self, turn: TurnId) -> Record:
        """Return what is recorded of a turn, what is not written yet included.

        Raises:
            StoreError: if the database gives nothing.
        """
        await self.written()
        return await self._notes.of(turn)

    async def forget(self, turn: TurnId, message: str) -> None:
        """Delete the notes on a message that is gone.

        Raises:
            StoreError: if the database does not take it.
        """
        await self.written()
        await self._notes.forget(turn, message)

    async def others(self, turn: TurnId, messages: Collection[str]) -> frozenset[str]:
        """Return which of some messages are recorded under other turns.

        Raises:
            StoreError: if the database gives nothing.
        """
        await self.written()
        return await self._notes.others(turn, messages)

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            entries = [await self._waiting.get()]
            while not self._waiting.empty():
                entries.append(self._waiting.get_nowait())
            await self._write(entries)
            for _ in entries:
                self._waiting.task_done()

    async def written(self) -> None:
        """Wait until all notes are written, or lost to a failing database."""
        await self._waiting.join()

    def _add(self, entry: Note | Dropped) -> None:
        try:
            self._waiting.put_nowait(entry)
        except asyncio.QueueFull:
            log.exception("the journal is full, a note is dropped", turn=entry.turn)

    async def _write(self, entries: list[Note | Dropped]) -> None:
        clock = asyncio.get_running_loop().time
        gives_up_at_s = clock() + PATIENCE_S
        while True:
            try:
                await self._notes.write(entries)
            except StoreError:
                if clock() >= gives_up_at_s:
                    log.exception("notes are lost", notes=len(entries))
                    return
                log.warning("the journal could not be written", exc_info=True)
                await asyncio.sleep(PAUSE_S)
            else:
                return
