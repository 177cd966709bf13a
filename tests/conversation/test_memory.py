"""What the prompt shows of a thread, and what enters its memory."""

from dataclasses import replace

import pytest

from bot.conversation import memory as memory_module
from bot.conversation.fold import Fold, Limits, unpinned_tokens
from bot.conversation.memory import BOT, Memory
from bot.conversation.tokens import TokenBudget, estimate_tokens
from bot.conversation.turn import Delivered, Message, Speaker, ThreadId
from tests.twins import THREAD, ListedMemory, NamingReader, asked, said

ANSWER = replace(said("<@BOT> is me", "1"), role="bot", speaker=BOT)


class Woken:
    """A memory of a store, and which threads it said may need folding."""

    def __init__(self, *messages: Message, tokens: int = 100) -> None:
        self.store = ListedMemory(messages)
        self.threads: list[ThreadId] = []
        self.budget = TokenBudget(tokens)
        self.memory = Memory(
            self.store, NamingReader(), self.budget, self.threads.append
        )


def named(text: str, position: str) -> Message:
    return replace(said(text, position), speaker=Speaker("ana", "Ana"))


async def test_the_view_is_legible_but_for_the_bots_own_words() -> None:
    woken = Woken(said("<@BOT> hi", "1"), ANSWER, said("later", "3"))

    view = await woken.memory.view(said("why", "2"))

    assert view.messages == (named("hi", "1"), ANSWER)
    assert (view.left_out, view.summary, view.pinned) == (0, "", ())


async def test_only_what_came_before_the_question_is_shown() -> None:
    woken = Woken(said("1", "1"), said("2", "2"), said("3", "3"))

    view = await woken.memory.view(said("2", "2"))

    assert [m.text for m in view.messages] == ["1"]


@pytest.mark.parametrize(
    ("tokens", "shown", "left_out"),
    [(14, [], 3), (16, ["日本語"], 2), (27, ["b" * 28, "日本語"], 1)],
)
async def test_the_newest_that_fit_beside_question_and_summary_are_shown(
    tokens: int, shown: list[str], left_out: int
) -> None:
    question = said("q", "9")
    said_before = (said("old", "0"), said("b" * 28, "1"), said("日本語", "2"))
    woken = Woken(*said_before, tokens=tokens)
    assert (estimate_tokens("q"), estimate_tokens("")) == (5, 4)

    view = await woken.memory.view(question)

    assert [m.text for m in view.messages] == shown
    assert view.left_out == left_out


async def test_a_longer_question_leaves_less_room() -> None:
    woken = Woken(said("x" * 40, "1"))

    short = await woken.memory.view(said("y" * 40, "2"))
    long = await woken.memory.view(said("y" * 400, "2"))

    assert (short.left_out, long.left_out) == (0, 1)


async def test_the_view_has_the_summary_and_the_facts() -> None:
    fact = replace(said("<@BOT> the code is 7", "2"), is_pinned=True)
    woken = Woken(said("hello", "1"), said("new", "3"))
    await woken.memory.pin(fact)
    fold = Fold(THREAD, 0, 1, (0,), "Ana said hello.", 9, "m")
    assert await woken.store.commit(fold)

    view = await woken.memory.view(said("why", "4"))

    assert view.summary == "Ana said hello."
    assert [m.text for m in view.pinned] == ["the code is 7"]
    assert [m.text for m in view.messages] == ["new"]


async def test_a_provider_that_counts_more_makes_the_view_smaller() -> None:
    woken = Woken(said("x" * 200, "1"), tokens=100)
    assert (await woken.memory.view(said("y", "2"))).left_out == 0

    for _ in range(20):
        woken.budget.observe(1000, 3000)

    assert woken.memory.budget_tokens == 50
    assert (await woken.memory.view(said("y", "2"))).left_out == 1


async def test_a_reply_has_its_questions_place_and_may_need_folding() -> None:
    woken = Woken()
    turn = asked("why", "5")
    turn = replace(turn, question=replace(turn.question, files=("a.pdf",)))

    await woken.memory.remember(turn, "because")

    because = replace(said("because", "5"), role="bot", speaker=BOT, files=())
    assert woken.store.messages == [because]
    assert woken.threads == [THREAD]


async def test_a_thread_with_room_is_not_read_again_to_see_that() -> None:
    woken = Woken(said("x" * 60, "1"), tokens=300)
    assert Limits.of(300).high == 200

    for position, length in (("2", 400), ("4", 360), ("6", 40)):
        await woken.memory.view(said("why", position))
        held = await woken.store.load(THREAD)
        await woken.memory.remember(asked("why", position), "y" * length)
        tokens = unpinned_tokens(await woken.store.load(THREAD))
        assert tokens == unpinned_tokens(held) + estimate_tokens("y" * length)
        assert (woken.threads == [THREAD]) is (tokens > 200)
        woken.threads.clear()


async def test_a_thread_that_was_not_read_lately_may_need_folding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory_module, "MAX_MEASURED", 1)
    woken = Woken()
    other = ThreadId("other")

    await woken.memory.view(said("why"))
    await woken.memory.view(replace(said("why"), thread=other))
    await woken.memory.remember(asked(), "because")
    await woken.memory.remember(asked(thread=other), "because")

    assert woken.threads == [THREAD]


async def test_what_is_changed_may_need_folding() -> None:
    woken = Woken(said("a", "1"), said("b", "2"))

    assert await woken.memory.edit(said("new", "1"))
    assert not await woken.memory.edit(said("new", "1"))
    assert await woken.memory.delete(THREAD, "2")
    assert not await woken.memory.delete(THREAD, "2")

    assert [m.text for m in woken.store.messages] == ["new"]
    assert set(woken.threads) == {THREAD}


async def test_what_is_forgotten_is_shown_no_more() -> None:
    woken = Woken(said("a", "1"))

    await woken.memory.forget(THREAD)

    assert (await woken.memory.view(said("why", "2"))).messages == ()


class OldThread:
    """Remembers what was said before, and how often it was asked."""

    def __init__(self, *messages: Message, failures: int = 0) -> None:
        self.messages = messages
        self.failures = failures
        """How often it cannot be read."""
        self.questions: list[Message] = []

    async def before(self, question: Message) -> tuple[Message, ...] | None:
        self.questions.append(question)
        return None if len(self.questions) <= self.failures else self.messages


def with_earlier(
    old: OldThread, *messages: Message, fails: bool = False
) -> tuple[Memory, ListedMemory]:
    store = ListedMemory(messages, fails=fails)
    memory = Memory(store, NamingReader(), TokenBudget(100), earlier=old)
    return memory, store


async def test_what_was_said_before_the_first_question_is_read_once() -> None:
    old = OldThread(said("root", "1", is_overheard=True))
    memory, _ = with_earlier(old, said("why", "5"))

    first = await memory.view(said("why", "5"))
    second = await memory.view(said("and?", "7"))

    assert [m.text for m in first.messages] == ["root"]
    assert [m.text for m in second.messages] == ["root", "why"]
    assert len(old.questions) == 1


async def test_a_thread_that_could_not_be_read_is_read_at_the_next_question() -> None:
    old = OldThread(said("root", "1"), failures=1)
    memory, _ = with_earlier(old, said("why", "5"))

    assert (await memory.view(said("why", "5"))).messages == ()
    later = await memory.view(said("and?", "7"))
    await memory.view(said("so?", "9"))

    assert [m.text for m in later.messages] == ["root", "why"]
    assert len(old.questions) == 2


async def test_a_thread_that_can_never_be_read_is_left_alone_in_the_end() -> None:
    old = OldThread(said("root", "1"), failures=99)
    memory, _ = with_earlier(old, said("why", "1"))

    for number in range(1, 9):
        await memory.view(said("why", f"{number}"))

    assert len(old.questions) == memory_module.MAX_READINGS


async def test_a_thread_that_was_forgotten_is_not_read_again() -> None:
    old = OldThread(said("root", "1"))
    memory, _ = with_earlier(old, said("why", "5"))
    await memory.forget(THREAD)

    assert (await memory.view(said("why", "6"))).messages == ()
    assert old.questions == []


async def test_a_fact_alone_does_not_make_a_thread_known() -> None:
    old = OldThread(said("root", "1"))
    memory, _ = with_earlier(old)
    await memory.pin(said("fact", "2"))

    view = await memory.view(said("why", "5"))

    assert [m.text for m in view.messages] == ["root"]
    assert [m.text for m in view.pinned] == ["fact"]


async def test_what_was_said_before_is_no_reason_not_to_answer() -> None:
    memory, _ = with_earlier(OldThread(said("root", "1")), fails=True)

    assert (await memory.view(said("why", "5"))).messages == ()


class DeliveredMemory(ListedMemory):
    """A store that knows the delivered messages of replies by their text."""

    async def retract(self, thread: ThreadId, gone: Delivered) -> bool:
        replies = [m for m in self.messages if m.role == "bot" and gone.id in m.text]
        for reply in replies:
            await self.edit(replace(reply, text=reply.text.replace(gone.id, "")))
        return bool(replies)


async def test_what_is_deleted_while_it_is_delivered_is_taken_out_in_the_end() -> None:
    store = DeliveredMemory([said("why", "1")])
    memory = Memory(store, NamingReader(), TokenBudget(100))

    assert not await memory.retract(THREAD, Delivered("One.", "1"))
    await memory.remember(asked(), "One. Two.")

    assert [m.text for m in store.messages] == ["why", " Two."]
    assert (await memory.view(said("and?", "2"))).messages[-1].text == " Two."


async def test_only_so_many_late_deletions_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory_module, "MAX_RETRACTED", 1)
    store = DeliveredMemory()
    memory = Memory(store, NamingReader(), TokenBudget(100))
    for message in ("One.", "Two."):
        await memory.retract(THREAD, Delivered(message, "1"))

    await memory.remember(asked(), "One. Two.")

    assert [m.text for m in store.messages] == ["One. "]


async def test_people_are_those_of_the_store() -> None:
    memory, store = with_earlier(OldThread())
    await memory.add(said("hi"))

    assert await memory.people(THREAD) == {"ana"}
    assert [m.text for m in store.messages] == ["hi"]


async def test_a_late_deletion_is_not_looked_for_for_ever() -> None:
    store = DeliveredMemory([said("why", "1")])
    memory = Memory(store, NamingReader(), TokenBudget(100))

    await memory.retract(THREAD, Delivered("One.", "1"))
    await memory.view(said("why", "2"))
    await memory.remember(asked(), "One.")

    assert [m.text for m in store.messages] == ["why", "One."]
