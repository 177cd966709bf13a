"""One turn: recalled, asked, delivered line by line, remembered."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest
from typing_extensions import override

from bot.conversation import reply
from bot.conversation.allowance import Allowance, Limits
from bot.conversation.fold import Recollection
from bot.conversation.halt import Halt
from bot.conversation.memory import BOT, Memory
from bot.conversation.ports import (
    DeliveryError,
    LostError,
    ModelError,
    Progress,
    StoppedError,
    StoreError,
)
from bot.conversation.prompt import GO_ON
from bot.conversation.reply import Answerer
from bot.conversation.tokens import TokenBudget
from bot.conversation.turn import Demand, Ending, Spent, ThreadId, Turn
from tests.conversation.test_allowance import ListedLedger
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
    allowance: Allowance | None = None

    @property
    def answerer(self) -> Answerer:
        reader = NamingReader()
        memory = Memory(self.store, reader, TokenBudget(self.budget_tokens))
        briefings = OneBriefing(self.model)
        return Answerer(
            briefings, memory, self.delivery, reader, allowance=self.allowance
        )

    async def answer(self, turn: Turn, halt: Halt | None = None) -> Ending:
        return await self.answerer.answer(turn, halt or Halt())


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

    await answerer.answer(asked(), Halt())

    assert stage.delivery.text == "y"
    assert other.prompts[0].messages[0].text == "Be long."


@pytest.mark.parametrize("fragments", [[], ["\n", " \n"]])
async def test_an_empty_answer_is_an_honest_sentence(fragments: list[str]) -> None:
    stage = Stage(ScriptedModel(fragments))

    await stage.answer(asked())

    assert stage.delivery.text.lstrip() == note(reply.EMPTY)
    assert stage.store.messages == []


def resumed(progress: Progress | DeliveryError, *fragments: str) -> Stage:
    """Return a stage where an earlier attempt came so far."""
    return Stage(ScriptedModel(fragments), RecordingDelivery(progress=progress))


async def test_an_interrupted_reply_is_gone_on_with_behind_what_people_have() -> None:
    stage = resumed(Progress("one\ntwo\n"), "three\n", "four")

    ending = await stage.answer(replace(asked(), attempts=2))

    (prompt,) = stage.model.prompts
    assert [m.text for m in prompt.messages[-3:]] == ["why", "one\ntwo\n", GO_ON]
    assert stage.delivery.text == "three\nfour"
    assert stage.delivery.wholes == [("one\ntwo\nthree\nfour", "")]
    assert [m.text for m in stage.store.messages] == ["one\ntwo\nthree\nfour"]
    assert (ending.outcome, ending.cut) == ("done", "")


async def test_what_is_open_behind_an_interruption_stays_open() -> None:
    """A line of code that looks like a table's header must not be held."""
    stage = resumed(Progress("```\nx = 1\n"), "| a |\n", "```\n")

    await stage.answer(replace(asked(), attempts=2))

    assert [c.text for c in stage.delivery.chunks] == ["| a |\n", "```\n"]


async def test_a_reply_that_was_whole_already_is_not_asked_for_again() -> None:
    stage = resumed(Progress("one\n", is_whole=True, cut="length"))

    ending = await stage.answer(replace(asked(), attempts=2))

    assert (stage.model.prompts, stage.delivery.text) == ([], "")
    assert stage.delivery.offered == ["length"]
    assert ending == Ending("done", "length")
    assert [m.text for m in stage.store.messages] == ["one\n"]


async def test_an_interrupted_reply_that_showed_nothing_begins_again() -> None:
    stage = resumed(Progress(), "one")

    await stage.answer(replace(asked(), attempts=2))

    assert stage.delivery.text == "one"


async def test_a_continuation_with_nothing_new_means_that_the_reply_was_whole() -> None:
    stage = resumed(Progress("one\n"))

    ending = await stage.answer(replace(asked(), attempts=2))

    assert (stage.delivery.text, ending.cut) == ("", "")
    assert [m.text for m in stage.store.messages] == ["one\n"]


async def test_a_reply_of_which_nobody_knows_how_far_it_came_is_not_begun() -> None:
    stage = resumed(DeliveryError("no answer"), "one")

    with pytest.raises(DeliveryError):
        await stage.answer(replace(asked(), attempts=2))

    assert (stage.model.prompts, stage.delivery.left) == ([], 0)


@pytest.mark.parametrize(("attempts", "since"), [(1, 1), (3, 3)])
async def test_an_answer_from_the_start_is_not_resumed(
    attempts: int, since: int
) -> None:
    stage = resumed(Progress("old\n"), "new")

    await stage.answer(replace(asked(), attempts=attempts, since_attempt=since))

    assert (stage.delivery.resumed, stage.delivery.text) == ([], "new")


async def test_a_reply_given_anew_replaces_the_old_one_in_memory() -> None:
    old = replace(said("old"), role="bot", speaker=BOT)
    stage = Stage(ScriptedModel(["new"]), store=ListedMemory([said("why"), old]))

    await stage.answer(replace(asked(), attempts=2, since_attempt=2))

    assert [m.text for m in stage.store.messages] == ["why", "new"]


async def test_who_was_interrupted_three_times_is_told_and_may_go_on() -> None:
    stage = resumed(Progress("one\n"), "two")

    ending = await stage.answer(replace(asked(), attempts=4, interruptions=3))

    assert stage.delivery.text == note(reply.GIVEN_UP)
    assert (stage.model.prompts, stage.delivery.offered) == ([], ["interrupted"])
    assert ending == Ending("failed", "interrupted", error="Interrupted")
    assert [m.text for m in stage.store.messages] == ["one\n"]


@pytest.mark.parametrize(
    ("demand", "shown", "kept"),
    [
        ("stop", "one\n" + note(reply.STOPPED), ["one\n"]),
        ("edit", "one\n", []),
        ("delete", "one\n", []),
    ],
)
async def test_a_demand_ends_the_models_stream_and_the_reply(
    demand: Demand, shown: str, kept: list[str]
) -> None:
    model = ScriptedModel(["one\n", "tw"], hangs=True)
    stage, halt = Stage(model), Halt()
    async with asyncio.TaskGroup() as group:
        answering = group.create_task(stage.answer(asked(), halt))
        await stage.delivery.sent.wait()
        halt.order(demand)

    assert (model.closed, stage.delivery.left) == (1, 1)
    assert stage.delivery.text == shown
    assert [m.text for m in stage.store.messages] == kept
    assert answering.result().outcome == "stopped"


async def test_a_turn_that_was_stopped_elsewhere_asks_no_model() -> None:
    stage = resumed(Progress("one\n"), "two")
    turn = replace(asked(), attempts=2, demand="stop")

    ending = await stage.answer(turn, Halt(turn.demand))

    assert (stage.model.prompts, ending.outcome) == ([], "stopped")
    assert stage.delivery.text == note(reply.STOPPED)


async def test_a_lost_turn_ends_without_another_word() -> None:
    model = ScriptedModel(["one\n"], hangs=True)
    stage, halt = Stage(model), Halt()

    async def answer() -> None:
        with pytest.raises(LostError):
            await stage.answer(asked(), halt)

    async with asyncio.TaskGroup() as group:
        group.create_task(answer())
        await stage.delivery.sent.wait()
        halt.lose()

    assert (model.closed, stage.delivery.text) == (1, "one\n")
    assert stage.store.messages == []


async def test_the_reply_to_a_deleted_question_is_removed_and_forgotten() -> None:
    reply_ = replace(said("old"), role="bot", speaker=BOT)
    stage = Stage(store=ListedMemory([reply_]))
    turn = replace(asked(), attempts=2, since_attempt=2, demand="remove")

    ending = await stage.answer(turn)

    assert (stage.delivery.removed, stage.store.messages) == ([turn], [])
    assert ending.outcome == "stopped"


async def test_an_answer_costs_what_the_provider_counts() -> None:
    stage = Stage(ScriptedModel(["one"], spent=Spent(100, 20)))

    ending = await stage.answer(asked())

    assert ending.spent == Spent(100, 20)


async def test_an_answer_that_nobody_counts_is_estimated() -> None:
    stage = Stage(ScriptedModel(["one " * 100]))

    ending = await stage.answer(asked())

    assert ending.spent.answer_tokens == 104
    assert ending.spent.prompt_tokens > 0


@pytest.mark.parametrize(
    ("error", "cut"),
    [
        (ModelError("Too long.", is_cut=True), "length"),
        (ModelError("Broken.", is_break=True), "break"),
    ],
)
async def test_a_cut_answer_can_be_gone_on_with(error: ModelError, cut: str) -> None:
    stage = Stage(ScriptedModel(["one\n"], error))

    ending = await stage.answer(asked())

    assert (stage.delivery.offered, ending.cut) == ([cut], cut)


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


SPENT = Allowance(ListedLedger([("ana", 0.0, 100)]), Limits(hourly=100), lambda: 0.0)


async def test_who_has_spent_too_much_is_told_so_and_the_model_not_asked() -> None:
    stage = Stage(ScriptedModel(["x"]), allowance=SPENT)

    assert await stage.answer(asked()) == Ending("done")
    assert stage.delivery.text.startswith("[You have used the 100 tokens")
    assert (stage.model.prompts, stage.store.messages) == ([], [])


async def test_a_begun_reply_that_may_not_be_gone_on_with_says_so() -> None:
    stage = Stage(ScriptedModel(["x"]), allowance=SPENT)
    stage.delivery.progress = Progress("one\n")
    turn = replace(asked(), attempts=2)

    assert await stage.answer(turn) == Ending("done", "interrupted")
    assert stage.model.prompts == []


async def test_who_wants_no_answer_is_not_told_what_it_would_cost() -> None:
    stage = Stage(ScriptedModel(["x"]), allowance=SPENT)

    ending = await stage.answer(replace(asked(), demand="stop"), Halt("stop"))

    assert ending.outcome == "stopped"
    assert stage.delivery.text == note(reply.STOPPED)


async def test_a_refused_request_costs_nothing() -> None:
    stage = Stage(ScriptedModel(error=ModelError("No key.")))

    assert (await stage.answer(asked())).spent.tokens == 0


class FailingMemory(ListedMemory):
    """Gives nothing at first."""

    failures = 2

    @override
    async def load(self, thread: ThreadId) -> Recollection:
        if self.failures:
            self.failures -= 1
            raise StoreError("the server restarts")
        return await super().load(thread)


async def test_a_database_that_is_away_delays_an_answer_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reply, "STORE_PAUSE_S", 0)
    stage = Stage(ScriptedModel(["x"]), store=FailingMemory())

    assert (await stage.answer(asked())).outcome == "done"
    assert stage.delivery.text == "x"
