"""Memory in SQL: what is newest, within a budget, and who spoke."""

from dataclasses import replace
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.memory import BOT
from bot.conversation.tokens import estimate_tokens
from bot.conversation.turn import Message
from bot.storage.memory import SqlMemory
from tests.long import examples
from tests.twins import THREAD, said

EXAMPLE = count()
"""Every example has a thread of its own in the one database."""


@pytest.fixture
def memory(engine: AsyncEngine) -> SqlMemory:
    return SqlMemory(engine)


def replied(text: str, position: str) -> Message:
    return replace(said(text, position), role="bot", speaker=BOT)


def texts(messages: tuple[Message, ...]) -> list[str]:
    return [message.text for message in messages]


async def test_a_message_comes_back_whole(memory: SqlMemory) -> None:
    message = replace(said("やあ", is_overheard=True), files=("a.pdf",))

    await memory.add(message)

    assert await memory.newest(THREAD, "2", 100) == ((message,), 0)


async def test_a_message_that_is_stored_stays_as_it_is(memory: SqlMemory) -> None:
    await memory.add(said("first"))
    await memory.add(said("second"))

    assert await memory.newest(THREAD, "2", 100) == ((said("first"),), 0)


async def test_a_reply_stands_behind_its_question(memory: SqlMemory) -> None:
    for message in (
        said("q2", "2"),
        replied("a1", "1"),
        said("q1", "1"),
        replied("a2", "2"),
    ):
        await memory.add(message)

    messages, _ = await memory.newest(THREAD, "3", 100)

    assert texts(messages) == ["q1", "a1", "q2", "a2"]


async def test_only_what_came_before_in_the_thread_is_given(memory: SqlMemory) -> None:
    for message in (
        said("1", "1"),
        said("2", "2"),
        said("3", "3"),
        said("0", "0", thread="other"),
    ):
        await memory.add(message)

    messages, left_out = await memory.newest(THREAD, "2", 100)

    assert (texts(messages), left_out) == (["1"], 0)


@pytest.mark.parametrize(
    ("budget_tokens", "given", "left_out"),
    [(0, [], 3), (6, [], 3), (7, ["日本語"], 2), (18, ["b" * 28, "日本語"], 1)],
)
async def test_the_newest_within_the_budget_are_given(
    memory: SqlMemory, budget_tokens: int, given: list[str], left_out: int
) -> None:
    for position, text in enumerate(["old", "b" * 28, "日本語"]):
        await memory.add(said(text, str(position)))

    messages, missing = await memory.newest(THREAD, "9", budget_tokens)

    assert (texts(messages), missing) == (given, left_out)


async def test_nothing_behind_a_message_that_does_not_fit_is_given(
    memory: SqlMemory,
) -> None:
    for position, text in enumerate(["small", "b" * 400, "new"]):
        await memory.add(said(text, str(position)))

    messages, left_out = await memory.newest(THREAD, "9", 20)

    assert (texts(messages), left_out) == (["new"], 2)


async def test_an_unknown_thread_is_empty(memory: SqlMemory) -> None:
    assert await memory.newest(THREAD, "9", 100) == ((), 0)
    assert await memory.people(THREAD) == frozenset()


async def test_people_are_those_who_spoke_besides_the_bot(memory: SqlMemory) -> None:
    for message in (
        said("a", "1"),
        replied("b", "1"),
        said("c", "2", by="ben"),
        said("d", "3"),
        said("e", "1", by="eva", thread="other"),
    ):
        await memory.add(message)

    assert await memory.people(THREAD) == {"ana", "ben"}


@settings(
    max_examples=examples(30, 500),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.text(st.sampled_from("ab 日本🎉"), max_size=60), max_size=8),
    st.integers(0, 120),
)
async def test_what_is_given_is_the_longest_tail_that_fits(
    memory: SqlMemory, words: list[str], budget_tokens: int
) -> None:
    thread = f"example {next(EXAMPLE)}"
    for position, text in enumerate(words):
        await memory.add(said(text, str(position), thread=thread))

    messages, left_out = await memory.newest(
        said("", thread=thread).thread, "9", budget_tokens
    )

    tails = [words[start:] for start in range(len(words) + 1)]
    fitting = (t for t in tails if sum(map(estimate_tokens, t)) <= budget_tokens)
    assert texts(messages) == next(fitting)
    assert left_out + len(messages) == len(words)
