"""What people see of a memory, and what they do to it."""

from dataclasses import replace

from bot.conversation.fold import Fold
from bot.conversation.memory import Memory
from bot.conversation.steering import MemoryReport, Steering
from bot.conversation.tokens import TokenBudget, estimate_tokens
from bot.conversation.turn import Message, Speaker
from tests.twins import THREAD, ListedMemory, NamingReader, said


def steering(store: ListedMemory, tokens: int = 1_000) -> Steering:
    memory = Memory(store, NamingReader(), TokenBudget(tokens))
    return Steering(memory, store, NamingReader())


def pinned(text: str, position: str) -> Message:
    return replace(said(text, position), is_pinned=True)


async def test_nothing_is_remembered_of_an_unknown_thread() -> None:
    report = await steering(ListedMemory()).report(THREAD)

    assert report == MemoryReport("", (), 0, 0, 0, 1_000)
    assert report.is_empty


async def test_a_report_counts_what_the_next_prompt_shows() -> None:
    store = ListedMemory([said("a", "1"), said("b", "2"), pinned("<@BOT> c", "3")])
    found = await store.load(THREAD)
    ids = (found.entries[0].id,)
    await store.commit(Fold(THREAD, found.version, 1, ids, "of a", 9, "m"))

    report = await steering(store).report(THREAD)

    assert report.summary == "of a"
    assert [(m.text, m.speaker) for m in report.pinned] == [
        ("c", Speaker("ana", "Ana"))
    ]
    assert (report.verbatim, report.left_out) == (1, 0)
    tokens = [estimate_tokens(text) for text in ("of a", "b", "<@BOT> c")]
    assert report.used_tokens == sum(tokens)
    assert not report.is_empty


async def test_a_report_tells_of_messages_without_room() -> None:
    store = ListedMemory(said("x" * 40, str(number)) for number in range(5))

    report = await steering(store, tokens=30).report(THREAD)

    assert (report.verbatim, report.left_out) == (2, 3)
    assert report.used_tokens <= report.budget_tokens == 30


async def test_a_fact_is_kept_once_and_pinned() -> None:
    store = ListedMemory()
    for _ in range(2):
        await steering(store).remember(said("port 8080"))

    assert [(m.text, m.is_pinned) for m in store.messages] == [("port 8080", True)]


async def test_a_forgotten_thread_is_empty() -> None:
    store = ListedMemory([said("a", "1"), pinned("b", "2")])

    await steering(store).forget(THREAD)

    assert (await steering(store).report(THREAD)).is_empty
