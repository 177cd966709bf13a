"""The memory store: what is said, folded, edited, deleted and forgotten.

The same tests hold for both databases and for the twin in lists.
"""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.conversation.fold import Fold, Recollection
from bot.conversation.memory import BOT
from bot.conversation.memorystore import MemoryStore
from bot.conversation.turn import Delivered, Message
from bot.storage import database
from bot.storage.memory import SqlMemory
from tests import postgres
from tests.twins import THREAD, ListedMemory, said


@pytest.fixture(params=["sqlite", "postgresql", "listed"])
async def memory(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncGenerator[MemoryStore]:
    if request.param == "listed":
        yield ListedMemory()
    elif request.param == "sqlite":
        async with database.opened(tmp_path) as engine:
            yield SqlMemory(engine)
    else:
        server: str = request.getfixturevalue("postgres_server")
        async with (
            postgres.database(server) as url,
            database.opened(tmp_path, url) as engine,
        ):
            yield SqlMemory(engine)


def replied(text: str, position: str) -> Message:
    return replace(said(text, position), role="bot", speaker=BOT)


def texts(found: Recollection) -> list[str]:
    return [entry.message.text for entry in found.entries]


async def fold(memory: MemoryStore, *positions: str, words: str = "") -> bool:
    """Fold the messages of those positions into a summary that repeats them."""
    found = await memory.load(THREAD)
    return await memory.commit(folded(found, *positions, words=words))


def folded(found: Recollection, *positions: str, words: str = "") -> Fold:
    chosen = [e for e in found.entries if e.message.position in positions]
    text = " ".join([found.summary.text, *(e.message.text for e in chosen)]).strip()
    return Fold(
        thread=THREAD,
        version=found.version,
        gen=found.summary.gen + 1,
        ids=tuple(entry.id for entry in chosen),
        text=words or text,
        tokens=9,
        model="m",
    )


async def talk(memory: MemoryStore, count: int) -> None:
    for position in range(count):
        await memory.add(said(f"w{position}", f"{position:03}"))


async def test_a_message_comes_back_whole(memory: MemoryStore) -> None:
    message = replace(said("やあ", is_overheard=True), files=("a.pdf",), is_pinned=True)

    await memory.add(message)

    (entry,) = (await memory.load(THREAD)).entries
    assert (entry.message, entry.tokens) == (message, 6)


async def test_a_message_that_is_stored_stays_as_it_is(memory: MemoryStore) -> None:
    await memory.add(said("first"))
    await memory.add(said("second"))

    assert texts(await memory.load(THREAD)) == ["first"]


async def test_a_reply_stands_behind_its_question(memory: MemoryStore) -> None:
    for message in (
        said("q2", "2"),
        replied("a1", "1"),
        said("q1", "1"),
        replied("a2", "2"),
    ):
        await memory.add(message)

    assert texts(await memory.load(THREAD)) == ["q1", "a1", "q2", "a2"]


async def test_threads_are_apart(memory: MemoryStore) -> None:
    await memory.add(said("here"))
    await memory.add(said("there", thread="other"))

    assert texts(await memory.load(THREAD)) == ["here"]


async def test_an_unknown_thread_is_empty(memory: MemoryStore) -> None:
    await memory.forget(THREAD)

    assert await memory.load(THREAD) == Recollection()
    assert await memory.people(THREAD) == frozenset()
    assert not await memory.edit(said("x"))
    assert not await memory.delete(THREAD, "1", "person")
    assert not await memory.commit(Fold(THREAD, 0, 1, (1,), "s", 1, "m"))


async def test_people_are_those_who_spoke_besides_the_bot(
    memory: MemoryStore,
) -> None:
    for message in (
        said("a", "1"),
        replied("b", "1"),
        said("c", "2", by="ben"),
        said("d", "3"),
        said("e", "1", by="eva", thread="other"),
    ):
        await memory.add(message)

    assert await memory.people(THREAD) == {"ana", "ben"}


async def test_a_fold_moves_messages_into_the_summary(memory: MemoryStore) -> None:
    await talk(memory, 4)

    assert await fold(memory, "000", "001")
    assert await fold(memory, "002")

    found = await memory.load(THREAD)
    assert (found.summary.gen, found.summary.text) == (2, "w0 w1 w2")
    assert texts(found) == ["w3"]


async def test_a_message_that_comes_late_is_in_the_buffer(memory: MemoryStore) -> None:
    await talk(memory, 3)
    await fold(memory, "000", "001")

    await memory.add(said("late", "0005"))

    assert texts(await memory.load(THREAD)) == ["late", "w2"]


async def test_a_folded_message_that_comes_again_does_not_come_back(
    memory: MemoryStore,
) -> None:
    await talk(memory, 3)
    await fold(memory, "000", "001")

    await talk(memory, 3)

    assert texts(await memory.load(THREAD)) == ["w2"]


async def test_of_two_folds_of_one_state_the_first_counts(memory: MemoryStore) -> None:
    await talk(memory, 4)
    found = await memory.load(THREAD)

    assert await memory.commit(folded(found, "000"))
    assert not await memory.commit(folded(found, "001"))

    after = await memory.load(THREAD)
    assert (after.summary.text, texts(after)) == ("w0", ["w1", "w2", "w3"])


async def test_a_fold_of_what_is_not_in_the_buffer_changes_nothing(
    memory: MemoryStore,
) -> None:
    await talk(memory, 2)
    found = await memory.load(THREAD)

    wrong = replace(folded(found, "000"), ids=(found.entries[0].id, 99))
    assert not await memory.commit(wrong)

    assert await memory.load(THREAD) == found


async def test_a_message_that_comes_during_a_fold_does_not_spoil_it(
    memory: MemoryStore,
) -> None:
    await talk(memory, 2)
    begun = folded(await memory.load(THREAD), "000")

    await memory.add(said("new", "9"))

    assert await memory.commit(begun)
    assert texts(await memory.load(THREAD)) == ["w1", "new"]


@pytest.mark.parametrize("is_deleted", [False, True])
async def test_a_change_during_a_fold_spoils_it(
    memory: MemoryStore, *, is_deleted: bool
) -> None:
    await talk(memory, 2)
    begun = folded(await memory.load(THREAD), "000")

    if is_deleted:
        assert await memory.delete(THREAD, "000", "person")
    else:
        assert await memory.edit(said("new", "000"))

    assert not await memory.commit(begun)
    after = await memory.load(THREAD)
    assert after.summary.gen == 0
    assert texts(after) == (["w1"] if is_deleted else ["new", "w1"])


async def test_an_edit_in_the_buffer_costs_no_summary(memory: MemoryStore) -> None:
    await talk(memory, 3)
    await fold(memory, "000")

    assert await memory.edit(replace(said("日本語", "001"), files=("b.png",)))

    found = await memory.load(THREAD)
    assert found.summary.text == "w0"
    assert texts(found) == ["日本語", "w2"]
    assert found.entries[0].message.files == ("b.png",)
    assert found.entries[0].tokens == 7


async def test_an_edit_that_changes_nothing_is_none(memory: MemoryStore) -> None:
    await talk(memory, 3)
    await fold(memory, "000")

    assert not await memory.edit(said("w0", "000"))

    assert (await memory.load(THREAD)).summary.text == "w0"


async def test_what_changes_nothing_spoils_no_fold(memory: MemoryStore) -> None:
    await talk(memory, 3)
    found = await memory.load(THREAD)

    assert not await memory.edit(found.entries[0].message)
    assert not await memory.edit(said("unknown", "9"))
    assert not await memory.delete(THREAD, "9", "person")

    assert (await memory.load(THREAD)).version == found.version


async def test_an_edit_returns_to_the_summary_before(memory: MemoryStore) -> None:
    await talk(memory, 5)
    for position in ("000", "001", "002"):
        await fold(memory, position)

    assert await memory.edit(said("new", "001"))

    found = await memory.load(THREAD)
    assert (found.summary.gen, found.summary.text) == (1, "w0")
    assert texts(found) == ["new", "w2", "w3", "w4"]
    assert await fold(memory, "001")
    assert (await memory.load(THREAD)).summary.text == "w0 new"


async def test_a_deletion_returns_to_the_summary_before(memory: MemoryStore) -> None:
    await talk(memory, 4)
    await fold(memory, "000")
    await fold(memory, "001")

    assert await memory.delete(THREAD, "000", "person")
    assert not await memory.delete(THREAD, "000", "person")

    found = await memory.load(THREAD)
    assert (found.summary.gen, found.summary.text) == (0, "")
    assert texts(found) == ["w1", "w2", "w3"]


async def test_what_was_deleted_never_comes_back(memory: MemoryStore) -> None:
    await talk(memory, 2)
    await memory.delete(THREAD, "000", "person")

    await memory.add(said("w0", "000"))
    assert not await memory.edit(said("w0", "000"))

    assert texts(await memory.load(THREAD)) == ["w1"]
    assert await memory.people(THREAD) == {"ana"}


async def test_a_reply_is_deleted_without_its_question(memory: MemoryStore) -> None:
    await memory.add(said("q", "1"))
    await memory.add(replied("a", "1"))

    assert await memory.delete(THREAD, "1", "bot")

    assert texts(await memory.load(THREAD)) == ["q"]


async def test_an_old_fold_is_not_taken_for_a_new_one_of_its_number(
    memory: MemoryStore,
) -> None:
    """A fold upon a summary that an edit removed has the number of the next one."""
    await talk(memory, 4)
    await fold(memory, "000")
    begun = folded(await memory.load(THREAD), "001")
    await memory.delete(THREAD, "000", "person")
    await fold(memory, "002")

    assert not await memory.commit(begun)

    assert (await memory.load(THREAD)).summary.text == "w2"


async def test_a_change_far_back_finds_what_thinning_left(memory: MemoryStore) -> None:
    await talk(memory, 42)
    for position in range(40):
        await fold(memory, f"{position:03}")

    await memory.edit(said("new", "030"))

    found = await memory.load(THREAD)
    assert found.summary.gen == 28
    assert found.summary.text.split() == [f"w{number}" for number in range(28)]
    assert texts(found) == [
        "new" if number == 30 else f"w{number}" for number in range(28, 42)
    ]


async def test_forgetting_leaves_who_spoke(memory: MemoryStore) -> None:
    await talk(memory, 4)
    await memory.add(replace(said("pinned", "9"), is_pinned=True))
    await memory.add(said("there", thread="other"))
    await fold(memory, "000", "001")

    await memory.forget(THREAD)
    await talk(memory, 4)

    found = await memory.load(THREAD)
    assert (found.summary.gen, found.summary.text, found.entries) == (0, "", ())
    assert await memory.people(THREAD) == {"ana"}
    assert texts(await memory.load(said("", thread="other").thread)) == ["there"]


async def test_a_fold_is_spoilt_by_forgetting(memory: MemoryStore) -> None:
    await talk(memory, 4)
    begun = folded(await memory.load(THREAD), "000")

    await memory.forget(THREAD)
    await memory.add(said("new", "9"))

    assert not await memory.commit(begun)
    assert texts(await memory.load(THREAD)) == ["new"]


async def test_loading_reads_the_buffer_through_its_index(tmp_path: Path) -> None:
    query = "explain query plan select text from message where thread = 'a' and gen"
    async with database.opened(tmp_path) as engine, engine.connect() as connection:
        plan = (await connection.execute(text(query + " is null"))).all()

    assert [row.detail for row in plan] == [
        "SEARCH message USING INDEX message_in_buffer (thread=?)"
    ]


async def test_who_spoke_before_the_first_word_to_the_bot_does_not_count(
    memory: MemoryStore,
) -> None:
    before = said("root", "1", by="ben", is_overheard=True)
    behind = said("well", "3", by="chie", is_overheard=True)

    await memory.add_all([before, replied("old", "1")])
    assert await memory.people(THREAD) == frozenset()

    await memory.add_all([said("why", "2"), behind])
    assert await memory.people(THREAD) == {"ana", "chie"}


async def test_messages_are_added_together_and_once(memory: MemoryStore) -> None:
    await memory.add(said("first", "1"))

    await memory.add_all([said("again", "1"), said("second", "2")])
    await memory.add_all([])

    assert texts(await memory.load(THREAD)) == ["first", "second"]


async def test_an_unknown_message_is_retracted_from_nowhere(
    memory: MemoryStore,
) -> None:
    await memory.add(replied("answer", "1"))

    assert not await memory.retract(THREAD, Delivered("5.0", "5.0"))
    assert texts(await memory.load(THREAD)) == ["answer"]
