"""What was delivered, written beside the delivery and never before it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog

from bot.conversation.ports import StoreError
from bot.conversation.turn import TurnId
from bot.storage.turns import Note, SqlTurns

MAX_WAITING = 10_000
"""Entries kept while the database is slow; more are dropped, with a log line."""

log = structlog.stdlib.get_logger()


@asynccontextmanager
async def running(turns: SqlTurns) -> AsyncGenerator["Journal"]:
    """Keep a journal in the database of `turns`; leaving writes what is left."""
    journal = Journal(turns)
    async with asyncio.TaskGroup() as group:
        writer = group.create_task(journal.run())
        try:
            yield journal
        finally:
            # Cancelled in the middle of a write, it would lose it.
            await journal.written()
            writer.cancel()


class Journal:
    """Takes notes at once and writes them behind the caller's back, in order."""

    def __init__(self, turns: SqlTurns) -> None:
        """Write into the database of `turns`."""
        self._turns = turns
        self._notes: asyncio.Queue[Note] = asyncio.Queue(MAX_WAITING)

    def note(self, turn: TurnId, seq: int, message: str, text: str) -> None:
        """Record that a message carries part `seq` of a reply; never waits."""
        try:
            self._notes.put_nowait(Note(turn, seq, message, text))
        except asyncio.QueueFull:
            log.exception("the journal is full, a note is dropped", turn=turn, seq=seq)

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            notes = [await self._notes.get()]
            while not self._notes.empty():
                notes.append(self._notes.get_nowait())
            await self._write(notes)
            for _ in notes:
                self._notes.task_done()

    async def written(self) -> None:
        """Wait until all notes are written, or lost to a failing database."""
        await self._notes.join()

    async def _write(self, notes: list[Note]) -> None:
        try:
            await self._turns.note_messages(notes)
        except StoreError:
            log.exception("the journal could not be written", notes=len(notes))
