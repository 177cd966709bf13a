"""What the prompt shows of a thread, and what enters its memory."""

from dataclasses import replace

from bot.conversation.memory import BOT, Memory
from bot.conversation.turn import Speaker
from tests.twins import ListedMemory, NamingReader, asked, said


async def test_the_view_is_legible_but_for_the_bots_own_words() -> None:
    answer = replace(said("<@BOT> is me", "1"), role="bot", speaker=BOT)
    store = ListedMemory([said("<@BOT> hi", "1"), answer, said("later", "3")], 4)

    view = await Memory(store, NamingReader(), 100).view(said("why", "2"))

    hello = replace(said("hi", "1"), speaker=Speaker("ana", "Ana"))
    assert view.messages == (hello, answer)
    assert view.left_out == 4


async def test_the_question_takes_its_part_of_the_budget() -> None:
    store = ListedMemory()
    memory = Memory(store, NamingReader(), 100)

    await memory.view(said("x" * 40))
    await memory.view(said("x" * 4000))

    assert store.budgets == [86, 0]


async def test_a_reply_has_its_questions_place() -> None:
    store = ListedMemory()
    turn = asked("why", "5")
    turn = replace(turn, question=replace(turn.question, files=("a.pdf",)))

    await Memory(store, NamingReader(), 100).remember(turn, "because")

    assert store.messages == [
        replace(said("because", "5"), role="bot", speaker=BOT, files=())
    ]
