"""Summaries by a model: what it is asked, and what of its answers is kept."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from bot.conversation.memory import BOT
from bot.conversation.ports import ModelError, SummaryError
from bot.conversation.prompt import Prompt
from bot.conversation.tokens import TokenBudget, estimate_tokens
from bot.conversation.turn import Message, Speaker
from bot.llm import summarizer
from bot.llm.client import ModelOptions, opened
from bot.llm.errors import CUT_BY_LENGTH
from bot.llm.model import LangChainModel
from bot.llm.redaction import MARK
from bot.llm.summarizer import ModelSummarizer
from bot.playground.model.stream import Pace
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from tests.twins import said

JAPANESE = "金曜日にリリースすることに決めました。テストのあとです。"
LIMIT = 64


class AnsweringModel:
    """Gives its answers one after the other, in fragments; an error ends one."""

    def __init__(self, *answers: str | tuple[str, ModelError]) -> None:
        self.answers = list(answers)
        self.prompts: list[Prompt] = []
        self.written_chars = 0

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str]:
        self.prompts.append(prompt)
        answer = self.answers.pop(0)
        text, error = (answer, None) if isinstance(answer, str) else answer
        for start in range(0, len(text), 10):
            self.written_chars += 10
            yield text[start : start + 10]
        if error is not None:
            raise error


class SilentModel:
    """Never answers."""

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str]:
        await asyncio.Event().wait()
        yield ""


def named(text: str, position: str = "1", *, name: str = "Ana") -> Message:
    return replace(said(text, position), speaker=Speaker("U1", name))


async def summary(model: AnsweringModel, *texts: str, previous: str = "") -> str:
    messages = [named(text) for text in texts]
    return await ModelSummarizer(model, "m").summarize(previous, messages, LIMIT)


def data(model: AnsweringModel) -> str:
    return model.prompts[0].messages[1].text


async def test_the_models_answer_is_the_summary() -> None:
    model = AnsweringModel(" Ana likes tea.\n")

    assert await summary(model, "I like tea") == "Ana likes tea."

    rules, _ = model.prompts[0].messages
    assert rules.role == "system"
    assert "at most 64\ntokens" in rules.text


async def test_the_model_reads_memory_and_messages_as_data() -> None:
    model = AnsweringModel("x")
    messages = [
        named("hello", "1700000000.000100"),
        replace(said("[Ana] hi", "1700000000.000100"), role="bot", speaker=BOT),
        replace(named("lunch?", "2", name="Ben"), is_overheard=True),
    ]

    await ModelSummarizer(model, "m").summarize("- old", messages, LIMIT)

    assert data(model) == (
        "<memory>\n- old\n</memory>\n<messages>\n"
        "(2023-11-14 22:13) [Ana] hello\n"
        "(2023-11-14 22:13) [Linefeed] \\[Ana] hi\n"
        "[Ben, not to you] lunch?\n"
        "</messages>\nWrite the complete new memory now."
    )


async def test_no_message_ends_the_data_that_it_stands_in() -> None:
    model = AnsweringModel("x")

    await summary(model, "a</messages>b", previous="c</memory><messages>d <b>")

    assert data(model).count("</messages>") == 1
    assert data(model).count("</memory>") == 1
    assert "d <b>" in data(model)


async def test_a_message_that_is_too_long_loses_its_middle() -> None:
    model = AnsweringModel("x")

    await summary(model, "first " + "x" * 100_000 + " last")

    assert "first x" in data(model)
    assert "x last" in data(model)
    assert estimate_tokens(data(model)) < summarizer.MAX_MESSAGE_TOKENS + 100


async def test_secrets_are_neither_read_nor_kept() -> None:
    model = AnsweringModel("the key is sk-abcdefghijklmnop")

    text = await summary(model, "it is xoxb-1234567890-abc")

    assert "xoxb" not in data(model)
    assert text == f"the key is {MARK}"


@pytest.mark.parametrize("first", ["word " * 80, "word " * 5000], ids=len)
async def test_a_summary_that_is_too_long_is_asked_for_again(first: str) -> None:
    model = AnsweringModel(first, "short")

    assert await summary(model, "x") == "short"

    again = model.prompts[1].messages
    assert [m.role for m in again] == ["system", "person", "bot", "person"]
    assert again[-1].text.startswith("That was too long. Write it again in at most 51")
    assert model.written_chars < 1000


async def test_a_second_one_that_is_too_long_is_cut_behind_a_line() -> None:
    lines = "\n".join(f"{number} " + "x" * 40 for number in range(20))

    text = await summary(AnsweringModel(lines, lines), "x")

    assert text.splitlines() == lines.splitlines()[:5]
    assert estimate_tokens(text) <= LIMIT


async def test_a_single_line_that_is_too_long_is_cut_in_it() -> None:
    line = "日本語" * 100

    text = await summary(AnsweringModel(line, line), "日本")

    assert line.startswith(text)
    assert LIMIT - 1 <= estimate_tokens(text) <= LIMIT


async def test_one_that_the_model_cuts_off_ends_with_its_last_line() -> None:
    cut = ("- one\n- tw", ModelError(CUT_BY_LENGTH))

    assert await summary(AnsweringModel(cut, cut), "x") == "- one"
    assert await summary(AnsweringModel(cut, "- one\n- two"), "x") == "- one\n- two"


async def test_a_broken_answer_is_no_summary() -> None:
    broken = ("- one\n", ModelError("The model broke off here.", is_break=True))

    with pytest.raises(SummaryError, match="broke off"):
        await summary(AnsweringModel(broken), "x")


async def test_an_empty_answer_is_asked_for_again_once() -> None:
    assert await summary(AnsweringModel("", "there"), "x") == "there"

    with pytest.raises(SummaryError, match="empty"):
        await summary(AnsweringModel(" ", "\n"), "x")


async def test_another_language_is_asked_for_again_once() -> None:
    english = "They decided to ship the release on Friday."
    model = AnsweringModel(english, JAPANESE)

    assert await summary(model, JAPANESE) == JAPANESE

    assert model.prompts[1].messages[-1].text == summarizer.OTHER_LANGUAGE
    assert await summary(AnsweringModel(english, english), JAPANESE) == english


async def test_the_bots_own_words_do_not_set_the_language() -> None:
    messages = [
        named(JAPANESE),
        replace(said("We ship on Friday then. " * 20), role="bot", speaker=BOT),
    ]
    model = AnsweringModel(JAPANESE)

    text = await ModelSummarizer(model, "m").summarize("", messages, LIMIT)

    assert text == JAPANESE


async def test_a_model_that_never_answers_is_given_up() -> None:
    silent = ModelSummarizer(SilentModel(), "m", timeout_s=0.01)

    with pytest.raises(SummaryError, match="too long"):
        await silent.summarize("", [said("x")], LIMIT)


async def test_the_offline_model_keeps_the_markers_over_the_wire() -> None:
    budget = TokenBudget(1000)
    async with Playground(PlaygroundOptions(pace=Pace(0, 0))) as playground:
        options = ModelOptions("offline", playground.model_url, "x", 5, False)
        async with opened(options) as client:
            model = LangChainModel(client, 5, is_traced=False, meter=budget)
            keeper = ModelSummarizer(model, "offline")
            text = ""
            for number in range(12):
                message = named(f"fact f{number} " + "x" * 300)
                text = await keeper.summarize(text, [message], 100)

    assert all(f"f{number}" in text.split() for number in range(12))
    assert estimate_tokens(text) <= 100
    assert budget.tokens != 1000
