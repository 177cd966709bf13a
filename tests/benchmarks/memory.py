"""Memory beside LangChain's own: `python -m tests.benchmarks.memory`.

One thread of 200 turns (60 tokens asked, 250 answered, instructions of 200) goes
through every arm with budgets of 2,000 and 8,000 tokens. A word is a token for all of
them. The models answer at once, so that the times are those of the memories alone; for
the agent that is a whole call of it, which cannot be parted. Ratios count, not this
machine's milliseconds: the last lines hold ours beside the database's driver alone. The
PostgreSQL server is vacuumed every 50 turns, as it does by itself at people's pace.
"""

import asyncio
import re
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from langchain.agents import create_agent
from langchain.agents.middleware import SummarizationMiddleware
from langchain_classic.memory import ConversationSummaryBufferMemory
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from typing_extensions import override

from bot import logs
from bot.conversation.condenser import Condenser
from bot.conversation.fold import Fold
from bot.conversation.memory import Memory
from bot.conversation.prompt import compose
from bot.conversation.tokens import TokenBudget
from bot.conversation.turn import Message, ThreadId
from bot.storage import database
from bot.storage.memory import SqlMemory
from tests import postgres
from tests.benchmarks import bare_store
from tests.twins import THREAD, NamingReader, asked

TURNS = 200
LONG_TURNS = 1_000
FLOOR_THREADS, FLOOR_MESSAGES, FLOOR_ROUNDS = 30, 20, 5
VACUUM_TURNS = 50
"""A server's own housekeeping comes every minute; 50 turns take people longer."""
QUESTION, ANSWER, INSTRUCTIONS = 60, 250, 200
BUDGETS = (2_000, 8_000)
SUMMARY_SHARE = 0.1
MARKER = re.compile(r"\b[qa]\d{4}\b")


def words(marker: str, count: int) -> str:
    """Return a text of so many words of three letters; its marker is the first one."""
    return " ".join([marker, *("abc" for _ in range(count - 1))])


@dataclass
class Tally:
    """What one arm did."""

    asked: list[str] = field(default_factory=list[str])
    """Every prompt of the chat model."""
    summarized: list[str] = field(default_factory=list[str])
    """Every prompt of the summarizer."""
    delayed: int = 0
    """Turns in which a summary was begun and waited for."""
    wall_ms: list[float] = field(default_factory=list[float])
    cpu_ms: float = 0.0
    growth_kb: float = 0.0
    summary_tokens: int = 0

    @property
    def lost(self) -> int:
        """Messages that neither the last prompt nor any summarizer ever held."""
        turns = len(self.asked)
        said = {f"q{n:04}" for n in range(turns)} | {
            f"a{n:04}" for n in range(turns - 1)
        }
        seen = set(MARKER.findall(" ".join([self.asked[-1], *self.summarized])))
        return len(said - seen)

    @property
    def prefix(self) -> float:
        """The part of all prompts that the prompt before began with."""
        same = total = 0
        for before, after in zip(self.asked, self.asked[1:], strict=False):
            pairs = list(zip(before.split(), after.split(), strict=False))
            total += len(after.split())
            differs = (i for i, (old, new) in enumerate(pairs) if old != new)
            same += next(differs, len(pairs))
        return same / total


class WordModel(BaseChatModel):
    """Answers at once; counts a word as a token."""

    tally: Any
    is_summarizer: bool = False

    @property
    @override
    def _llm_type(self) -> str:
        return "words"

    @override
    def get_num_tokens_from_messages(
        self, messages: list[BaseMessage], tools: Sequence[Any] | None = None
    ) -> int:
        return count_words(messages)

    @override
    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        text = " ".join(str(message.content) for message in messages)
        if self.is_summarizer:
            self.tally.summarized.append(text)
            answer = words("memo", self.tally.summary_tokens)
        else:
            self.tally.asked.append(text)
            answer = words(f"a{len(self.tally.asked) - 1:04}", ANSWER)
        message = AIMessage(answer)
        return ChatResult(generations=[ChatGeneration(message=message)])


def count_words(messages: Sequence[BaseMessage]) -> int:
    return sum(len(str(message.content).split()) for message in messages)


@dataclass
class WordSummarizer:
    """The same summaries, for ours."""

    tally: Tally
    name: str = "words"

    async def summarize(
        self, previous: str, messages: Sequence[Message], limit_tokens: int
    ) -> str:
        self.tally.summarized.append(" ".join([previous, *(m.text for m in messages)]))
        # A message costs four tokens beside its words.
        return words("memo", min(self.tally.summary_tokens, limit_tokens - 4))


Turn = Callable[[int], Coroutine[Any, Any, None]]
Rest = Callable[[], Coroutine[Any, Any, None]]
Arm = Callable[[], AbstractAsyncContextManager[tuple[Turn, Rest]]]
Size = Callable[[], Coroutine[Any, Any, float]]


async def nothing() -> None:
    """Take no rest: this memory does all its work within the turn."""


@asynccontextmanager
async def summary_buffer(
    tally: Tally, budget: int
) -> AsyncGenerator[tuple[Turn, Rest]]:
    chat = WordModel(tally=tally)
    memory = ConversationSummaryBufferMemory(
        llm=WordModel(tally=tally, is_summarizer=True),
        max_token_limit=budget,
        return_messages=True,
    )
    system = SystemMessage(words("instructions", INSTRUCTIONS))

    async def turn(number: int) -> None:
        question = words(f"q{number:04}", QUESTION)
        held = await memory.aload_memory_variables({})
        history: list[BaseMessage] = held["history"]
        answer = await chat.ainvoke([system, *history, ("user", question)])
        await memory.asave_context({"input": question}, {"output": str(answer.content)})

    yield turn, nothing


@asynccontextmanager
async def middleware(
    tally: Tally, budget: int, folder: Path
) -> AsyncGenerator[tuple[Turn, Rest]]:
    summarizing = SummarizationMiddleware(
        WordModel(tally=tally, is_summarizer=True),
        trigger=("tokens", budget),
        keep=("tokens", budget // 2),
        token_counter=count_words,
    )
    async with AsyncSqliteSaver.from_conn_string(str(folder / "agent.db")) as saver:
        agent = create_agent(
            WordModel(tally=tally),
            middleware=[summarizing],
            system_prompt=words("instructions", INSTRUCTIONS),
            checkpointer=saver,
        )

        async def turn(number: int) -> None:
            question = words(f"q{number:04}", QUESTION)
            await agent.ainvoke(
                {"messages": [("user", question)]},
                {"configurable": {"thread_id": "1"}},
            )

        yield turn, nothing


@asynccontextmanager
async def ours(
    tally: Tally, budget: int, folder: Path, url: str = ""
) -> AsyncGenerator[tuple[Turn, Rest]]:
    reader, tokens = NamingReader(), TokenBudget(budget)
    instructions = words("instructions", INSTRUCTIONS)
    async with database.opened(folder, url) as engine, asyncio.TaskGroup() as group:
        store = SqlMemory(engine)
        condenser = Condenser(store, reader, WordSummarizer(tally), tokens)
        memory = Memory(store, reader, tokens, condenser.wake)
        folding = group.create_task(condenser.run())

        async def turn(number: int) -> None:
            said = asked(words(f"q{number:04}", QUESTION), f"{number:04}")
            await store.add(said.question)
            view = await memory.view(said.question)
            prompt = compose(instructions, view, said.question, memory.budget_tokens)
            tally.asked.append(" ".join(m.text for m in prompt.messages))
            await memory.remember(said, words(f"a{number:04}", ANSWER))

        async def rest() -> None:
            while tasks := set(condenser._tasks.values()):
                await asyncio.wait(tasks)

        yield turn, rest
        folding.cancel()


async def run(
    arm: Arm, tally: Tally, turns: int, size: Size, tidy: Rest = nothing
) -> Tally:
    # Once for the tables; sizes are those of closed files.
    async with arm():
        pass
    before_kb = await size()
    async with arm() as (turn, rest):
        begun_cpu_s = time.process_time()
        for number in range(turns):
            summaries = len(tally.summarized)
            begun_s = time.perf_counter()
            await turn(number)
            tally.wall_ms.append((time.perf_counter() - begun_s) * 1_000)
            tally.delayed += len(tally.summarized) > summaries
            await rest()
            if number % VACUUM_TURNS == VACUUM_TURNS - 1:
                await tidy()
        tally.cpu_ms = (time.process_time() - begun_cpu_s) * 1_000 / turns
    tally.growth_kb = (await size() - before_kb) / turns
    return tally


def files(folder: Path) -> Size:
    def size() -> float:
        return sum(path.stat().st_size for path in folder.iterdir()) / 1024

    async def size_kb() -> float:
        return await asyncio.to_thread(size)

    return size_kb


def server(url: str) -> Size:
    async def size_kb() -> float:
        connection = await asyncpg.connect(url)
        await connection.execute("checkpoint")
        size = await connection.fetchval("select pg_database_size(current_database())")
        await connection.close()
        return float(size) / 1024

    return size_kb


def vacuum(url: str) -> Rest:
    async def tidy() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("vacuum message, summary, thread")
        await connection.close()

    return tidy if url else nothing


def show(*cells: object) -> None:
    sys.stdout.write("| " + " | ".join(map(str, cells)) + " |\n")
    sys.stdout.flush()


def show_arm(name: str, budget: int, tally: Tally) -> None:
    read = sum(len(text.split()) for text in tally.summarized)
    show(
        *(name, f"{budget:,}", len(tally.summarized), f"{read:,}"),
        *(tally.delayed, tally.lost, f"{tally.prefix:.2f}"),
        *(f"{max(len(t.split()) for t in tally.asked):,}",),
        *(f"{statistics.median(tally.wall_ms):.1f}", f"{tally.cpu_ms:.1f}"),
        f"{tally.growth_kb:.1f}",
    )


async def compare(budget: int, url: str) -> None:
    summary = int(budget * SUMMARY_SHARE)
    tally = Tally(summary_tokens=summary)
    with tempfile.TemporaryDirectory() as name:
        arm: Arm = partial(summary_buffer, tally, budget)
        size = files(Path(name))
        show_arm("SummaryBuffer", budget, await run(arm, tally, TURNS, size))
    tally = Tally(summary_tokens=summary)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arm = partial(middleware, tally, budget, folder)
        show_arm("Middleware", budget, await run(arm, tally, TURNS, files(folder)))
    for kind, address in (("ours, SQLite", ""), ("ours, PostgreSQL", url)):
        tally = Tally(summary_tokens=summary)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            arm = partial(ours, tally, budget, folder, address)
            size = server(address) if address else files(folder)
            tidy = vacuum(address)
            show_arm(kind, budget, await run(arm, tally, TURNS, size, tidy))


async def beside_bare_driver(server: str) -> None:
    """Show a turn's load and save in turn with the same by the driver alone."""
    for kind in ("SQLite", "PostgreSQL"):
        async with AsyncExitStack() as stack:
            places: list[tuple[Path, str]] = []
            for _ in range(2):
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                url = ""
                if kind == "PostgreSQL":
                    url = await stack.enter_async_context(postgres.database(server))
                places.append((Path(folder), url))
            bare = await stack.enter_async_context(bare_store.opened(*places[0]))
            engine = await stack.enter_async_context(database.opened(*places[1]))
            await _beside(kind, bare, SqlMemory(engine))


async def _beside(
    kind: str, bare: bare_store.BareFile | bare_store.BareServer, store: SqlMemory
) -> None:
    walls: dict[bool, list[float]] = {True: [], False: []}
    turns_ms: list[float] = []
    memory = Memory(store, NamingReader(), TokenBudget(BUDGETS[-1]))
    for number in range(FLOOR_THREADS):
        thread = ThreadId(f"slack:T1:C1:{number:04}")
        talk = [
            replace(asked(words("abc", 155), f"{n:02}").question, thread=thread)
            for n in range(FLOOR_MESSAGES)
        ]
        await bare.begin(thread)
        for message in talk:
            await bare.add(message)
        await store.add_all(talk)
        for place in range(FLOOR_MESSAGES, FLOOR_MESSAGES + FLOOR_ROUNDS):
            said = asked(words("abc", QUESTION), f"{place}", thread=thread)
            reply = replace(said.question, role="bot", text=words("abc", ANSWER))
            begun_s = time.perf_counter()
            await bare.add(said.question)
            await bare.load(thread)
            await bare.add(reply)
            walls[True].append((time.perf_counter() - begun_s) * 1_000)
            begun_s = time.perf_counter()
            await store.add(said.question)
            added_ms = (time.perf_counter() - begun_s) * 1_000
            await memory.view(said.question)
            await memory.remember(said, reply.text)
            walls[False].append((time.perf_counter() - begun_s) * 1_000)
            turns_ms.append(walls[False][-1] - added_ms)
    floor, own = statistics.median(walls[True]), statistics.median(walls[False])
    sys.stdout.write(
        f"{kind}: load and save p50 {own:.1f} ms, by the driver alone {floor:.1f} ms:"
        f" x{own / floor:.1f}; best tenth {_tenth(walls[False]):.1f} and"
        f" {_tenth(walls[True]):.1f} ms; without the question, which the bot stores"
        f" with the turn, {statistics.median(turns_ms):.1f} ms\n"
    )


def _tenth(walls_ms: list[float]) -> float:
    return statistics.quantiles(walls_ms, n=10)[0]


async def long_thread(url: str) -> None:
    """Show growth, and a load after many turns in turn with one after few."""
    for kind, address in (("SQLite", ""), ("PostgreSQL", url)):
        tally = Tally(summary_tokens=800)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            arm = partial(ours, tally, 8_000, folder, address)
            size = server(address) if address else files(folder)
            await run(arm, tally, LONG_TURNS, size, vacuum(address))
            async with database.opened(folder, address) as engine:
                new_ms, old_ms, messages = await _loads(SqlMemory(engine))
        sys.stdout.write(
            f"{kind}, {LONG_TURNS} turns: {tally.growth_kb:.1f} KB a turn; load p50"
            f" {old_ms:.2f} ms, of a new thread with the same {messages} messages and"
            f" summary {new_ms:.2f} ms: x{old_ms / new_ms:.2f}\n"
        )


async def _loads(store: SqlMemory) -> tuple[float, float, int]:
    """Return the p50 of a load from a new thread and from the old one, and its size."""
    new = ThreadId("new")
    old = await store.load(THREAD)
    talk = [replace(entry.message, thread=new) for entry in old.entries]
    await store.add_all([replace(talk[0], position=""), *talk])
    entries = (await store.load(new)).entries
    ids = (entries[0].id,)
    assert await store.commit(Fold(new, 0, 1, ids, old.summary.text, 800, "words"))
    walls: dict[ThreadId, list[float]] = {new: [], THREAD: []}
    for _ in range(300):
        for thread, taken in walls.items():
            begun_s = time.perf_counter()
            await store.load(thread)
            taken.append((time.perf_counter() - begun_s) * 1_000)
    medians = statistics.median(walls[new]), statistics.median(walls[THREAD])
    return *medians, len(talk)


async def main(socket_folder: str) -> None:
    show(
        *("memory", "budget", "summaries", "tokens read for them"),
        *("turns delayed", "messages lost", "same prefix", "longest prompt"),
        *("ms a turn p50", "CPU ms a turn", "KB a turn"),
    )
    show(*["---"] * 11)
    for budget in BUDGETS:
        async with postgres.database(socket_folder) as url:
            await compare(budget, url)
    await beside_bare_driver(socket_folder)
    async with postgres.database(socket_folder) as url:
        await long_thread(url)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logs.configure("error", "text")
    with postgres.running("bench", is_hurried=False) as started:
        asyncio.run(main(started))
