"""A process that talks, edits, deletes and folds until it is killed.

It tells what it is about to do, and when that is done. To its parent each is a promise.
"""

import asyncio
import random
from multiprocessing.connection import Connection
from pathlib import Path

from bot import logs
from bot.conversation.condenser import Condenser
from bot.conversation.memory import Memory
from bot.conversation.tokens import TokenBudget
from bot.storage import database
from bot.storage.memory import SqlMemory
from tests.storage.marked import BUDGET, MarkerSummarizer
from tests.twins import THREAD, NamingReader, asked, said


def run(folder: Path, url: str, seed: int, told: Connection) -> None:
    """Live in a database, the same way for the same seed, and never come back."""
    logs.configure("critical", "text")
    asyncio.run(_run(folder, url, random.Random(seed), told))  # noqa: S311


async def _run(
    folder: Path, url: str, choices: random.Random, told: Connection
) -> None:
    reader, budget = NamingReader(), TokenBudget(BUDGET)
    async with (
        database.opened(folder, url) as engine,
        asyncio.TaskGroup() as group,
    ):
        store = SqlMemory(engine)
        condenser = Condenser(store, reader, MarkerSummarizer(), budget)
        group.create_task(condenser.run())
        memory = Memory(store, reader, budget, condenser.wake)
        await _live(store, memory, choices, told)


async def _live(
    store: SqlMemory, memory: Memory, choices: random.Random, told: Connection
) -> None:
    known: list[int] = []
    for number in range(1, 10_000):
        text = f"m{number} " + "." * choices.randrange(40, 160)
        place = f"{choices.choice(known or [0]):04}"
        match choices.choice(("say", "say", "say", "answer", "edit", "delete")):
            case "edit":
                told.send(("begin", "edit", place, f"m{number}"))
                await memory.edit(said(text, place))
            case "delete":
                told.send(("begin", "delete", place))
                await memory.delete(THREAD, place)
            case kind:
                place = f"{number:04}"
                told.send(("begin", kind, place, f"m{number}"))
                known.append(number)
                await store.add(said(text, place))
                if kind == "answer":
                    await memory.remember(asked(position=place), "an answer")
        told.send(("end",))
