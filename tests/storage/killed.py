"""A process that talks, edits, deletes and folds until it is killed.

`python -m tests.storage.killed FOLDER URL SEED` tells on its output what it is about to
do, and when that is done. To its parent each line is a promise.
"""

import asyncio
import random
import sys
from pathlib import Path

from bot import logs
from bot.conversation.condenser import Condenser
from bot.conversation.memory import Memory
from bot.conversation.tokens import TokenBudget
from bot.storage import database
from bot.storage.memory import SqlMemory
from tests.storage.test_memory_machine import BUDGET, MarkerSummarizer
from tests.twins import THREAD, NamingReader, asked, said


def tell(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


async def main(folder: str, url: str, seed: str) -> None:
    # Its output is for promises alone.
    logs.configure("error", "text")
    reader, budget = NamingReader(), TokenBudget(BUDGET)
    async with (
        database.opened(Path(folder), url) as engine,
        asyncio.TaskGroup() as group,
    ):
        store = SqlMemory(engine)
        condenser = Condenser(store, reader, MarkerSummarizer(), budget)
        group.create_task(condenser.run())
        memory = Memory(store, reader, budget, condenser.wake)
        await live(store, memory, random.Random(seed))  # noqa: S311 - no secret


async def live(store: SqlMemory, memory: Memory, choices: random.Random) -> None:
    known: list[int] = []
    for number in range(1, 10_000):
        text = f"m{number} " + "." * choices.randrange(40, 160)
        place = f"{choices.choice(known or [0]):04}"
        match choices.choice(("say", "say", "say", "answer", "edit", "delete")):
            case "edit":
                tell("begin", "edit", place, f"m{number}")
                await memory.edit(said(text, place))
            case "delete":
                tell("begin", "delete", place)
                await memory.delete(THREAD, place)
            case kind:
                place = f"{number:04}"
                tell("begin", kind, place, f"m{number}")
                known.append(number)
                await store.add(said(text, place))
                if kind == "answer":
                    await memory.remember(asked(position=place), "an answer")
        tell("end")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
