"""An answer that breaks off is gone on with, once, and none the wiser."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.asking import Inquiry, ask
from bot.conversation.ports import DeliveryError, ModelError
from bot.conversation.prompt import GO_ON, Prompt, PromptMessage
from bot.conversation.relay import Draft, Relay
from bot.llm.client import ModelOptions, opened
from bot.llm.errors import BROKE_OFF, CUT_BY_LENGTH, REFUSED
from bot.llm.model import LangChainModel
from bot.playground.model.fault import Kind, ModelFault
from bot.playground.server import Playground
from tests.long import examples
from tests.twins import RecordingDelivery, ScriptedModel

PROMPT = Prompt((PromptMessage("system", "Be brief."), PromptMessage("person", "why")))
BROKEN = ModelError(BROKE_OFF, is_break=True)
CUT = ModelError(CUT_BY_LENGTH)


async def answered(
    model: ScriptedModel | LangChainModel, prompt: Prompt = PROMPT
) -> tuple[str, str]:
    """Return all that was sent, and why there is no more."""
    outlet = RecordingDelivery()
    with Relay(Draft(), outlet) as relay:
        await ask(model, prompt, relay, inquiry := Inquiry())
        relay.finish()
    return outlet.text, inquiry.sentence


def breaking(*fragments: str, again: ScriptedModel) -> ScriptedModel:
    return ScriptedModel(fragments, BROKEN, again=again)


async def test_the_model_goes_on_where_it_broke_off() -> None:
    model = breaking("one\ntw", again=ScriptedModel(["o\n", "three"]))

    assert await answered(model) == ("one\ntwo\nthree", "")
    first, second = model.prompts
    assert first == PROMPT
    assert second.messages == (
        *PROMPT.messages,
        PromptMessage("bot", "one\ntw"),
        PromptMessage("person", GO_ON),
    )


async def test_what_the_continuation_repeats_is_not_said_twice() -> None:
    model = breaking(
        "one\nThe quick bro", again=ScriptedModel(["The quick", " brown fox"])
    )

    assert await answered(model) == ("one\nThe quick brown fox", "")


@pytest.mark.parametrize(
    ("again", "text", "trouble"),
    [
        (ScriptedModel(["o\nth"], BROKEN), "one\ntwo\nth", BROKE_OFF),
        (ScriptedModel([], BROKEN), "one\ntw", BROKE_OFF),
        (ScriptedModel([]), "one\ntw", BROKE_OFF),
        (ScriptedModel([], ModelError("No key.")), "one\ntw", BROKE_OFF),
        (ScriptedModel(["o\n"], CUT), "one\ntwo\n", CUT_BY_LENGTH),
    ],
)
async def test_a_second_break_is_told_and_not_gone_on_with(
    again: ScriptedModel, text: str, trouble: str
) -> None:
    model = breaking("one\ntw", again=again)

    assert await answered(model) == (text, trouble)
    assert (len(model.prompts), model.closed) == (2, 2)


async def test_a_continuation_that_only_repeats_gives_nothing() -> None:
    model = breaking("The quick brown", again=ScriptedModel(["quick brown"]))

    assert await answered(model) == ("The quick brown", BROKE_OFF)


@pytest.mark.parametrize("error", [CUT, ModelError(REFUSED), ModelError("No key.")])
async def test_what_is_no_break_is_not_gone_on_with(error: ModelError) -> None:
    model = ScriptedModel(["one\ntw"], error, again=ScriptedModel(["o"]))

    assert await answered(model) == ("one\ntw", error.sentence)
    assert len(model.prompts) == 1


@pytest.mark.parametrize("fragments", [[], ["\n", " "]])
async def test_a_break_before_the_first_word_is_asked_again(
    fragments: list[str],
) -> None:
    model = breaking(*fragments, again=ScriptedModel(["one"]))

    text, trouble = await answered(model)

    assert (text.lstrip(), trouble) == ("one", "")
    assert model.prompts == [PROMPT, PROMPT]


async def test_a_model_that_breaks_twice_before_its_first_word_says_why() -> None:
    silent = ScriptedModel([], ModelError("Silent.", is_break=True))

    assert await answered(breaking(again=silent)) == ("", "Silent.")


async def test_a_place_that_is_gone_ends_the_continuation_too() -> None:
    gone = DeliveryError("the channel is gone")
    outlet = RecordingDelivery(failure=gone, fails_behind=1)
    model = breaking("one\n", again=ScriptedModel(["two\n"], hangs=True))

    with pytest.raises(DeliveryError), Relay(Draft(), outlet) as relay:
        await ask(model, PROMPT, relay, Inquiry())
    assert (len(model.prompts), model.closed) == (2, 2)


lines = st.lists(
    st.sampled_from(
        ["- item", "", "| a |\n|---|", "```", "Some words.", "行。", "  x"]
    ),
    max_size=12,
)


@settings(max_examples=examples(60, 5000), deadline=None)
@given(lines, st.integers(0, 400), st.integers(1, 9))
async def test_wherever_it_breaks_the_whole_text_is_sent(
    lines: list[str], place: int, size: int
) -> None:
    whole = "\n".join(f"{line} {at}" for at, line in enumerate(lines))
    place = min(place, max(len(whole) - 1, 0))
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    begun = [p for at, p in enumerate(pieces) if (at + 1) * size <= place]
    rest = whole[len("".join(begun)) :]
    again = ScriptedModel([rest[at : at + size] for at in range(0, len(rest), size)])

    text, trouble = await answered(breaking(*begun, again=again))

    assert (text, trouble) == (whole, "")


@asynccontextmanager
async def offline(playground: Playground) -> AsyncGenerator[LangChainModel]:
    options = ModelOptions("offline", playground.model_url, "x", 1, uses_proxy=False)
    async with opened(options) as client:
        yield LangChainModel(client, 1, is_traced=False)


@pytest.mark.parametrize(
    "kind",
    [
        *("cut", "reset", "truncated", "unfinished", "error"),
        *("stall", "keepalive", "broken_json", "garbage"),
    ],
)
@pytest.mark.parametrize("after_fragments", [0, 3, 40])
async def test_whatever_breaks_an_answer_off_its_text_is_whole(
    playground: Playground, kind: Kind, after_fragments: int
) -> None:
    question = Prompt((PromptMessage("person", "count to 60"),))
    fault = ModelFault(after_fragments=after_fragments, kind=kind)
    playground.model.faults.append(fault)

    async with offline(playground) as model:
        text, trouble = await answered(model, question)

    assert (text, trouble) == ("\n".join(map(str, range(1, 61))), "")
    assert len(playground.model.requests) == 2


async def test_a_broken_script_is_gone_on_with(playground: Playground) -> None:
    playground.model.scripts.append("A whole line.\nHalf a line that is cut here")
    playground.model.faults.append(ModelFault(after_fragments=5, kind="cut"))

    async with offline(playground) as model:
        text, trouble = await answered(model)

    assert (text, trouble) == ("A whole line.\nHalf a line that is cut here", "")


async def test_a_refusal_is_one_sentence_in_our_words(playground: Playground) -> None:
    playground.model.faults.append(ModelFault(kind="refusal"))

    async with offline(playground) as model:
        assert await answered(model) == ("", REFUSED)
    assert len(playground.model.requests) == 1
