"""The same trace gives the same views in both databases and in the twin's lists."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.conversation.fold import Fold, Recollection
from bot.conversation.memory import BOT
from bot.conversation.memorystore import MemoryStore
from bot.conversation.turn import Message, ThreadId
from bot.storage import database
from bot.storage.memory import SqlMemory
from tests import postgres
from tests.long import examples
from tests.twins import ListedMemory, said

EXAMPLE = count()

places = st.integers(0, 9).map("{:02}".format)
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
messages = st.builds(
    lambda place, text, is_bots, is_pinned: replace(
        said(text, place),
        role="bot" if is_bots else "person",
        speaker=BOT if is_bots else said("").speaker,
        is_pinned=is_pinned,
    ),
    places,
    words,
    st.booleans(),
    st.booleans(),
)
steps = st.one_of(
    st.tuples(st.just("add"), messages),
    st.tuples(st.just("add"), messages),
    st.tuples(st.just("edit"), messages),
    st.tuples(st.just("delete"), messages),
    st.tuples(st.just("fold"), st.integers(1, 4)),
    st.tuples(st.just("late fold"), st.integers(1, 4)),
    st.tuples(st.just("forget"), st.none()),
)


@pytest.fixture
async def stores(
    tmp_path: Path, postgres_server: str
) -> AsyncGenerator[tuple[MemoryStore, ...]]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(postgres.database(postgres_server))
        sqlite = await stack.enter_async_context(database.opened(tmp_path))
        server = await stack.enter_async_context(database.opened(tmp_path, url))
        yield SqlMemory(sqlite), SqlMemory(server), ListedMemory()


async def take(
    store: MemoryStore, thread: ThreadId, before: Recollection, step: tuple[str, object]
) -> object:
    """Take a step; return what the store said of it."""
    match step:
        case "add", Message() as message:
            return await store.add(replace(message, thread=thread))
        case "edit", Message() as message:
            return await store.edit(replace(message, thread=thread))
        case "delete", Message() as message:
            return await store.delete(thread, message.position, message.role)
        case "fold", int(number):
            return await store.commit(fold(thread, await store.load(thread), number))
        case "late fold", int(number):
            return await store.commit(fold(thread, before, number))
        case _:
            return await store.forget(thread)


def fold(thread: ThreadId, found: Recollection, number: int) -> Fold:
    chosen = found.entries[:number]
    text = "|".join([found.summary.text, *(e.message.text for e in chosen)])
    ids = tuple(entry.id for entry in chosen)
    return Fold(thread, found.version, found.summary.gen + 1, ids, text, 1, "m")


async def view(store: MemoryStore, thread: ThreadId) -> object:
    found = await store.load(thread)
    shown = [(e.message, e.tokens) for e in found.entries]
    return found.summary, shown, await store.people(thread)


@settings(
    max_examples=examples(30, 1000),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(steps, max_size=20))
async def test_the_same_trace_gives_the_same_views(
    stores: tuple[MemoryStore, ...], trace: list[tuple[str, object]]
) -> None:
    thread = ThreadId(f"example {next(EXAMPLE)}")
    loaded = [Recollection() for _ in stores]
    for step in trace:
        results = []
        for index, store in enumerate(stores):
            now = await store.load(thread)
            results.append(await take(store, thread, loaded[index], step))
            loaded[index] = now
        assert results.count(results[0]) == len(stores), step
        views = [await view(store, thread) for store in stores]
        assert views.count(views[0]) == len(stores), step
