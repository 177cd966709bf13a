"""One turn: recalled, asked, delivered line by line, remembered."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from bot.conversation import reply
from bot.conversation.memory import BOT, Memory
from bot.conversation.ports import DeliveryError, ModelError, StoppedError
from bot.conversation.reply import Answerer
from bot.conversation.tokens import TokenBudget
from bot.conversation.turn import Turn
from tests.twins import (
    ListedMemory,
    NamingReader,
    OneBriefing,
    RecordingDelivery,
    ScriptedModel,
    asked,
    said,
)


@dataclass
class Stage:
    """An answerer among twins."""

    model: ScriptedModel = field(default_factory=ScriptedModel)
    delivery: RecordingDelivery = field(default_factory=RecordingDelivery)
    store: ListedMemory = field(default_factory=ListedMemory)
    budget_tokens: int = 1000

    @property
    def answerer(self) -> Answerer:
        reader = NamingReader()
        memory = Memory(self.store, reader, TokenBudget(self.budget_tokens))
        briefings = OneBriefing(self.model)
        return Answerer(briefings, memory, self.delivery, reader)

    async def answer(self, turn: Turn) -> None:
        await self.answerer.answer(turn)


def note(sentence: str) -> str:
    return f"[{sentence}]"


async def test_a_reply_is_delivered_line_by_line_and_remembered() -> None:
    stage = Stage(ScriptedModel(["one\ntw", "o\nthr", "ee"]))

    await stage.answer(asked())

    assert [c.text for c in stage.delivery.chunks] == ["one\n", "two\n", "three"]
    remembered = replace(said("one\ntwo\nthree"), role="bot", speaker=BOT)
    assert stage.store.messages == [remembered]


async def test_the_model_reads_what_was_said_before() -> None:
    stage = Stage(ScriptedModel(["x"]), store=ListedMemory([said("hello", "1")]))

    await stage.answer(asked("<@BOT> why", "2"))

    (prompt,) = stage.model.prompts
    assert [m.text for m in prompt.messages] == ["Be brief.", "hello", "why"]


@pytest.mark.parametrize(
    ("files", "sentence"), [((), reply.HELP), (("a.pdf",), reply.FILE_ONLY)]
)
async def test_a_message_without_words_is_answered_without_the_model(
    files: tuple[str, ...], sentence: str
) -> None:
    stage = Stage()
    turn = asked("<@BOT> ")
    turn = replace(turn, question=replace(turn.question, files=files))

    await stage.answer(turn)

    assert stage.delivery.text == note(sentence)
    assert (stage.model.prompts, stage.store.messages) == ([], [])


async def test_who_asks_too_much_is_told_so_before_the_answer() -> None:
    stage = Stage(ScriptedModel(["x"]), budget_tokens=100)

    await stage.answer(asked("long " * 1000))

    assert stage.delivery.text == note(reply.CUT_QUESTION) + "x"


async def test_a_model_that_cannot_answer_says_why_and_nothing_is_remembered() -> None:
    stage = Stage(ScriptedModel(error=ModelError("No key.")))

    await stage.answer(asked())

    assert stage.delivery.text == note("No key.")
    assert stage.store.messages == []


async def test_an_answer_cut_short_is_kept_and_says_why() -> None:
    model = ScriptedModel(["so:\n```py\nx = 1"], ModelError("Too long."))
    stage = Stage(model)

    await stage.answer(asked())

    assert stage.delivery.text == "so:\n```py\nx = 1" + note("Too long.")
    assert stage.store.messages[0].text == "so:\n```py\nx = 1"
    assert len(model.prompts) == 1


async def test_an_answer_in_two_requests_is_remembered_as_one() -> None:
    broken = ModelError("Broken off.", is_break=True)
    stage = Stage(ScriptedModel(["one\ntw"], broken, again=ScriptedModel(["o\n"])))

    await stage.answer(asked())

    assert stage.delivery.text == "one\ntwo\n"
    assert [m.text for m in stage.store.messages] == ["one\ntwo\n"]


async def test_the_delivery_hears_who_spoke_before_the_first_line() -> None:
    stage = Stage(ScriptedModel(["x"]), store=ListedMemory([said("hello", "1")]))

    await stage.answer(asked("<@BOT> why", "2"))

    known = [(m.speaker.name, m.text) for m in stage.delivery.known]
    assert known == [("Ana", "hello"), ("Ana", "why")]


async def test_each_place_is_answered_with_its_own_briefing() -> None:
    stage, other = Stage(ScriptedModel(["x"])), ScriptedModel(["y"])
    reader = NamingReader()
    memory = Memory(stage.store, reader, TokenBudget(1000))
    briefing = OneBriefing(other, "Be long.")
    answerer = Answerer(briefing, memory, stage.delivery, reader)

    await answerer.answer(asked())

    assert stage.delivery.text == "y"
    assert other.prompts[0].messages[0].text == "Be long."


@pytest.mark.parametrize("fragments", [[], ["\n", " \n"]])
async def test_an_empty_answer_is_an_honest_sentence(fragments: list[str]) -> None:
    stage = Stage(ScriptedModel(fragments))

    await stage.answer(asked())

    assert stage.delivery.text.lstrip() == note(reply.EMPTY)
    assert stage.store.messages == []


async def test_who_saw_a_beginning_is_told_that_it_starts_again() -> None:
    stage = Stage(ScriptedModel(["x"]), RecordingDelivery(before=("1.0",)))

    await stage.answer(replace(asked(), attempts=2))

    assert stage.delivery.text == note(reply.RESTARTED) + "x"


async def test_who_may_have_seen_a_beginning_is_told_too() -> None:
    unknown = RecordingDelivery(before=DeliveryError("no answer"))
    stage = Stage(ScriptedModel(["x"]), unknown)

    await stage.answer(replace(asked(), attempts=2))

    assert stage.delivery.text == note(reply.RESTARTED) + "x"


@pytest.mark.parametrize(("attempts", "before"), [(1, ("1.0",)), (2, ())])
async def test_who_saw_nothing_is_told_nothing(
    attempts: int, before: tuple[str, ...]
) -> None:
    stage = Stage(ScriptedModel(["x"]), RecordingDelivery(before=before))

    await stage.answer(replace(asked(), attempts=attempts))

    assert stage.delivery.text == "x"


async def test_a_reply_that_cannot_be_remembered_is_a_reply_all_the_same() -> None:
    stage = Stage(ScriptedModel(["x"]), store=ListedMemory(fails=True))

    await stage.answer(asked())
    assert stage.delivery.text == "x"


async def test_a_reply_that_cannot_be_delivered_ends_the_models_stream() -> None:
    model = ScriptedModel(["one\n", "two\n", "three\n"], hangs=True)
    gone = DeliveryError("the channel is gone")
    stage = Stage(model, RecordingDelivery(failure=gone, fails_behind=1))

    with pytest.raises(DeliveryError):
        await stage.answer(asked())

    assert (model.closed, stage.delivery.left) == (1, 1)
    assert [m.text for m in stage.store.messages] == ["one\ntwo\n"]


async def test_a_reply_whose_place_goes_away_behind_it_is_kept_too() -> None:
    gone = DeliveryError("the channel is gone")
    delivery = RecordingDelivery(failure=gone, fails_behind=9)
    stage = Stage(ScriptedModel(["one\n"]), delivery)

    with pytest.raises(DeliveryError):
        await stage.answer(asked())

    assert [m.text for m in stage.store.messages] == ["one\n"]


async def test_of_a_stopped_reply_what_was_sent_is_kept_and_nothing_is_said() -> None:
    model = ScriptedModel(["one\n", "two\nth", "ree\n"], hangs=True)
    stopped = StoppedError("by ana")
    stage = Stage(model, RecordingDelivery(failure=stopped, fails_behind=1))

    with pytest.raises(StoppedError):
        await stage.answer(asked())

    assert (model.closed, stage.delivery.text) == (1, "one\n")
    assert [m.text for m in stage.store.messages] == ["one\n"]


async def test_a_cancelled_reply_ends_the_models_stream() -> None:
    model = ScriptedModel(["one\n"], hangs=True)
    stage = Stage(model)
    async with asyncio.TaskGroup() as group:
        answering = group.create_task(stage.answer(asked()))
        await stage.delivery.sent.wait()
        answering.cancel()

    assert (model.closed, stage.delivery.left) == (1, 1)
    assert answering.cancelled()


async def test_an_apology_names_no_reason() -> None:
    stage = Stage()

    await stage.answerer.apologise(asked())

    assert stage.delivery.text == note(reply.BROKEN)


@pytest.mark.parametrize("step_chars", [1, 7, 1000])
async def test_no_character_is_lost_or_doubled(step_chars: int) -> None:
    text = "# a\n\n- b\n```\n" + "code\n" * 40 + "```\n| c |\n\n" + "long " * 2000
    starts = range(0, len(text), step_chars)
    model = ScriptedModel([text[start : start + step_chars] for start in starts])
    stage = Stage(model)

    await stage.answer(asked())

    assert stage.delivery.text == text
