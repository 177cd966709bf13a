"""What the database drivers alone take for a turn's memory: the floor of ours."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite
import asyncpg

from bot.conversation.turn import Message, ThreadId
from bot.storage import database, sqlite

INSERT = """\
insert into message (
    thread, position, role, speaker, name, text, files, is_overheard, is_pinned, tokens
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
SELECT = "select * from message where thread = $1 and gen is null"
BEGIN = "insert into thread values ($1, 0, 0)"


def _row(message: Message) -> tuple[Any, ...]:
    return (
        *(message.thread, message.position, message.role, message.speaker.id),
        *(message.speaker.name, message.text, "[]", False, False, 100),
    )


@dataclass
class BareFile:
    """aiosqlite, as safe as ours."""

    connection: aiosqlite.Connection

    async def begin(self, thread: ThreadId) -> None:
        await self.connection.execute(BEGIN, (thread,))
        await self.connection.commit()

    async def add(self, message: Message) -> None:
        await self.connection.execute(INSERT, _row(message))
        await self.connection.commit()

    async def load(self, thread: ThreadId) -> Any:
        return await self.connection.execute_fetchall(SELECT, (thread,))


@dataclass
class BareServer:
    """asyncpg, each statement its own transaction."""

    connection: Any

    async def begin(self, thread: ThreadId) -> None:
        await self.connection.execute(BEGIN, thread)

    async def add(self, message: Message) -> None:
        await self.connection.execute(INSERT, *_row(message))

    async def load(self, thread: ThreadId) -> Any:
        return await self.connection.fetch(SELECT, thread)


@asynccontextmanager
async def opened(folder: Path, url: str) -> AsyncGenerator[BareFile | BareServer]:
    """Open a database of its own, whose tables are made by ours."""
    async with database.opened(folder, url):
        pass
    if url:
        server = await asyncpg.connect(url)
        yield BareServer(server)
        await server.close()
        return
    async with aiosqlite.connect(folder / database.FILE_NAME) as file:
        for pragma in sqlite.PRAGMAS:
            await file.execute(f"PRAGMA {pragma}")
        yield BareFile(file)
