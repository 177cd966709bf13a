"""Stored messages, as people see them."""

from dataclasses import replace

from bot.conversation.fold import Entry
from bot.conversation.memory import BOT
from bot.conversation.reading import read
from tests.twins import NamingReader, said


async def test_people_get_names_and_the_bots_own_words_stay() -> None:
    question = said("<@BOT> why", "1")
    answer = replace(said("<@BOT> is me", "1"), role="bot", speaker=BOT)

    asked, answered = await read(
        NamingReader(), [Entry(1, question, 5), Entry(2, answer, 5)]
    )

    assert (asked.text, asked.speaker.name) == ("why", "Ana")
    assert answered == answer
