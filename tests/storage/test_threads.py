"""What an administrator sees of the threads in a database."""

from dataclasses import replace

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.memory import BOT
from bot.conversation.record import Note
from bot.conversation.turn import Ending, Spent, ThreadId
from bot.storage import tables
from bot.storage.database import transaction
from bot.storage.memory import SqlMemory
from bot.storage.threads import SqlThreads, ThreadLine
from bot.storage.turns import SqlTurns
from tests.storage.rows import noted
from tests.storage.test_memory import folded
from tests.twins import THREAD, asked, said


async def fill(engine: AsyncEngine) -> None:
    """Store two turns and their replies, of which the first one is folded."""
    turns, memory = SqlTurns(engine), SqlMemory(engine)
    for position in ("1", "2"):
        turn = asked(f"q{position}", position)
        await turns.add(turn)
        reply = replace(turn.question, role="bot", speaker=BOT, text=f"a{position}")
        await turns.claim(THREAD)
        await noted(engine, Note(turn.id, 0, f"m{position}", reply.text))
        await turns.finish(turn.id, Ending("done", spent=Spent(10, 7)))
        await memory.add(reply)
    assert await memory.commit(folded(await memory.load(THREAD), "1"))


async def use(engine: AsyncEngine, thread: str, at_s: float) -> None:
    table = tables.thread
    async with transaction(engine) as connection:
        await connection.execute(
            update(table).where(table.c.id == thread).values(last_used_s=at_s)
        )


async def test_a_list_counts_what_is_stored(engine: AsyncEngine) -> None:
    await fill(engine)
    await SqlMemory(engine).delete(THREAD, "2", "person")
    await use(engine, THREAD, 5.0)

    (line,) = await SqlThreads(engine).newest(10)

    assert line == ThreadLine(THREAD, 5.0, messages=3, summaries=1, turns=2, tokens=34)


async def test_the_threads_that_were_used_last_come_first(engine: AsyncEngine) -> None:
    for name, at_s in (("a", 1.0), ("b", 3.0), ("c", 2.0)):
        await SqlMemory(engine).add(said("x", thread=name))
        await use(engine, name, at_s)

    lines = await SqlThreads(engine).newest(2)

    assert [line.id for line in lines] == ["b", "c"]


async def test_an_empty_database_has_no_threads(engine: AsyncEngine) -> None:
    assert await SqlThreads(engine).newest(10) == ()


async def test_a_record_holds_all_that_is_stored_of_a_thread(
    engine: AsyncEngine,
) -> None:
    await fill(engine)
    await SqlMemory(engine).add(said("elsewhere", thread="another"))

    record = await SqlThreads(engine).record(THREAD)

    assert record is not None
    assert record.thread["id"] == THREAD
    assert [s["text"] for s in record.summaries] == ["q1 a1"]
    assert [m["text"] for m in record.messages] == ["q1", "a1", "q2", "a2"]
    assert [t["text"] for t in record.turns] == ["q1", "q2"]
    assert record.tokens == 34
    assert [(p["message"], p["text"]) for p in record.parts] == [
        ("m1", "a1"),
        ("m2", "a2"),
    ]


async def test_what_is_kept_of_a_record_is_not_deleted(engine: AsyncEngine) -> None:
    await fill(engine)
    await SqlMemory(engine).delete(THREAD, "1", "bot")

    record = await SqlThreads(engine).record(THREAD)

    assert record is not None
    assert len(record.messages) == 4
    assert [m["text"] for m in record.kept] == ["q1", "q2", "a2"]


async def test_an_unknown_thread_has_no_record(engine: AsyncEngine) -> None:
    assert await SqlThreads(engine).record(ThreadId("unknown")) is None
