"""The model over the wire, at its best and at its worst."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Literal

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from langsmith.utils import tracing_is_enabled
from structlog.testing import capture_logs
from typing_extensions import override

from bot.conversation.ports import ModelError
from bot.conversation.prompt import Prompt, PromptMessage
from bot.llm import errors
from bot.llm.client import ModelOptions, opened
from bot.llm.model import LangChainModel
from bot.playground.model.dialect import Dialect
from bot.playground.model.fault import Kind, ModelFault
from bot.playground.model.stream import Pace
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground

PROMPT = Prompt(
    (
        PromptMessage("system", "Be brief."),
        PromptMessage("person", "hello"),
        PromptMessage("bot", "hi"),
        PromptMessage("person", "why"),
    )
)
SCRIPT = "One line.\nTwo 行 🎉\n```py\nx = 1\n```\n"


@pytest.fixture
async def playground() -> AsyncGenerator[Playground]:
    async with Playground(PlaygroundOptions(pace=Pace(0, 0))) as playground:
        playground.model.scripts.append(SCRIPT)
        yield playground


@asynccontextmanager
async def asking(
    playground: Playground, stall_s: float = 5, *, name: str = "offline", key: str = "x"
) -> AsyncGenerator[LangChainModel]:
    options = ModelOptions(name, playground.model_url, key, stall_s, uses_proxy=False)
    async with opened(options) as client:
        yield LangChainModel(client, stall_s, is_traced=False)


async def exhausted(model: LangChainModel) -> None:
    """Let the model say all that it can."""
    async with aclosing(model.stream(PROMPT)) as stream:
        async for _ in stream:
            pass


async def heard(model: LangChainModel) -> tuple[list[str], str]:
    """Return the fragments, and the sentence of the error at their end or nothing."""
    fragments: list[str] = []
    try:
        async with aclosing(model.stream(PROMPT)) as stream:
            async for fragment in stream:
                fragments.append(fragment)  # noqa: PERF401 - kept before an error
    except ModelError as error:
        return fragments, error.sentence
    return fragments, ""


async def test_the_fragments_are_the_answer(playground: Playground) -> None:
    async with asking(playground) as model:
        fragments, trouble = await heard(model)

    assert ("".join(fragments), trouble) == (SCRIPT, "")
    assert all(fragments)
    assert len(fragments) > 3


async def test_the_model_reads_the_prompt(playground: Playground) -> None:
    async with asking(playground) as model:
        await heard(model)

    (request,) = playground.model.requests
    assert [(m.role, m.text) for m in request.messages] == [
        ("system", "Be brief."),
        ("user", "hello"),
        ("assistant", "hi"),
        ("user", "why"),
    ]
    assert request.includes_usage


async def test_reasoning_is_not_heard(playground: Playground) -> None:
    playground.model.scripts[0] = "<think>a secret</think>hello"

    async with asking(playground) as model:
        fragments, _ = await heard(model)

    assert "".join(fragments) == "hello"


async def test_what_might_have_become_reasoning_is_heard(
    playground: Playground,
) -> None:
    playground.model.scripts[0] = "<thin"

    async with asking(playground) as model:
        assert await heard(model) == (["<thin"], "")


@pytest.mark.parametrize(
    ("status", "attempts", "words"),
    [
        (401, 1, "refused my key"),
        (403, 1, "may not use this model"),
        (404, 1, "LINEFEED_MODEL"),
        (400, 1, "did not accept the request"),
        (429, 3, "ask again in a minute"),
        (500, 3, "server has a problem"),
    ],
)
async def test_a_refusal_is_one_sentence(
    playground: Playground, status: int, attempts: int, words: str
) -> None:
    fault = ModelFault(status=status, retry_after_s=0.01)
    playground.model.faults.extend([fault] * attempts)

    async with asking(playground) as model:
        fragments, trouble = await heard(model)

    assert fragments == []
    assert words in trouble
    assert "told to answer" not in trouble
    assert not playground.model.faults


async def test_a_refusal_that_passes_is_not_noticed(playground: Playground) -> None:
    fault = ModelFault(status=503, retry_after_s=0.01)
    playground.model.faults.extend([fault, fault])

    async with asking(playground) as model:
        fragments, trouble = await heard(model)

    assert ("".join(fragments), trouble) == (SCRIPT, "")


@pytest.mark.parametrize(
    "kind",
    [
        "cut",
        "reset",
        "truncated",
        "unfinished",
        "error",
        "stall",
        "keepalive",
        "broken_json",
        "garbage",
    ],
)
async def test_a_stream_that_breaks_off_says_so_behind_its_fragments(
    playground: Playground, kind: Kind
) -> None:
    playground.model.faults.append(ModelFault(after_fragments=3, kind=kind))

    async with asking(playground, stall_s=1) as model:
        fragments, trouble = await heard(model)

    assert len(fragments) == 3
    assert SCRIPT.startswith("".join(fragments))
    assert trouble == errors.BROKE_OFF


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("cut", "The model cannot be reached right now."),
        ("reset", "The model cannot be reached right now."),
        ("truncated", "The model cannot be reached right now."),
        ("stall", "The model does not answer. Please ask again."),
        ("keepalive", "The model does not answer. Please ask again."),
        ("unfinished", errors.UNKNOWN),
        ("error", errors.UNKNOWN),
        ("broken_json", errors.UNKNOWN),
        ("garbage", errors.UNKNOWN),
        ("page", errors.UNKNOWN),
        ("length", errors.CUT_BY_LENGTH),
        ("content_filter", errors.CUT_BY_FILTER),
        ("tool_calls", ""),
        ("refusal", errors.REFUSED),
    ],
)
async def test_what_breaks_before_the_first_fragment_is_one_sentence(
    playground: Playground, kind: Kind, sentence: str
) -> None:
    playground.model.faults.append(ModelFault(after_fragments=0, kind=kind))

    stall_s = 1 if kind in {"stall", "keepalive"} else 5
    async with asking(playground, stall_s) as model:
        assert await heard(model) == ([], sentence)
    assert len(playground.model.requests) == 1


@pytest.mark.parametrize("kind", ["cut", "reset"])
async def test_a_connection_that_ends_before_an_answer_is_tried_again(
    playground: Playground, kind: Kind
) -> None:
    playground.model.faults.append(ModelFault(kind=kind, is_before_headers=True))
    playground.model.scripts.append(SCRIPT)

    async with asking(playground) as model:
        fragments, trouble = await heard(model)

    assert ("".join(fragments), trouble) == (SCRIPT, "")


async def test_silence_before_the_headers_is_no_answer(playground: Playground) -> None:
    fault = ModelFault(kind="stall", is_before_headers=True)
    playground.model.faults.extend([fault] * 3)

    async with asking(playground, stall_s=1) as model:
        fragments, trouble = await heard(model)

    assert fragments == []
    assert "does not answer" in trouble


@pytest.mark.parametrize("retry_after_s", [1.5, 60, 200])
async def test_a_wait_longer_than_the_longest_silence_is_not_taken_for_silence(
    playground: Playground, retry_after_s: float
) -> None:
    fault = ModelFault(status=429, retry_after_s=retry_after_s)
    playground.model.faults.append(fault)

    async with asking(playground, stall_s=3) as model:
        fragments, trouble = await heard(model)

    assert fragments == []
    assert "ask again in a minute" in trouble
    assert len(playground.model.requests) == 1


async def test_a_slow_start_within_the_longest_silence_is_waited_for(
    playground: Playground,
) -> None:
    playground.model.pace = Pace(0.2, 0)

    async with asking(playground, stall_s=2) as model:
        fragments, trouble = await heard(model)

    assert ("".join(fragments), trouble) == (SCRIPT, "")


@pytest.mark.parametrize("kind", ["no_choices", "late_cut"])
async def test_what_costs_no_word_of_the_answer_is_no_trouble(
    playground: Playground, kind: Kind
) -> None:
    playground.model.faults.append(ModelFault(after_fragments=3, kind=kind))

    async with asking(playground) as model:
        fragments, trouble = await heard(model)

    assert ("".join(fragments), trouble) == (SCRIPT, "")


@pytest.mark.parametrize(
    ("usage", "counts"), [("last", 1), ("every", 1), ("null", 0), ("none", 0)]
)
async def test_tokens_are_logged_once_at_most(
    playground: Playground, usage: Literal["last", "every", "null", "none"], counts: int
) -> None:
    playground.model.dialect = Dialect(usage=usage)

    with capture_logs() as logged:
        async with asking(playground) as model:
            fragments, trouble = await heard(model)

    assert ("".join(fragments), trouble) == (SCRIPT, "")
    used = [e["answer_tokens"] for e in logged if e["event"] == "tokens used"]
    assert used == [9] * counts


@pytest.mark.parametrize(
    "dialect",
    [
        Dialect(reasoning="a secret " * 9),
        Dialect(has_nulls=True, reasoning="a secret"),
        Dialect(fragment_chars=1, packet_bytes=1),
        Dialect(packet_bytes=7, usage="every"),
    ],
    ids=str,
)
@pytest.mark.parametrize("script", [SCRIPT, "行é🎉\u2028\x85\x0b\r\n\x00.\n", ""])
async def test_every_dialect_says_the_same(
    playground: Playground, dialect: Dialect, script: str
) -> None:
    playground.model.dialect = dialect
    playground.model.scripts[0] = script

    async with asking(playground) as model:
        fragments, trouble = await heard(model)

    assert ("".join(fragments), trouble) == (script, "")
    assert all(fragments)


async def test_one_fragment_may_be_very_long(playground: Playground) -> None:
    playground.model.dialect = Dialect(fragment_chars=10_000_000)
    playground.model.scripts[0] = "行é🎉 line\n" * 50_000

    async with asking(playground) as model:
        fragments, trouble = await heard(model)

    assert (fragments, trouble) == (["行é🎉 line\n" * 50_000], "")


async def test_half_a_surrogate_pair_is_replaced(playground: Playground) -> None:
    playground.model.scripts[0] = "half: \ud83d"

    async with asking(playground) as model:
        fragments, trouble = await heard(model)

    assert ("".join(fragments), trouble) == ("half: \ufffd", "")


async def test_a_server_that_cannot_be_reached_is_one_sentence() -> None:
    options = ModelOptions("x", "http://127.0.0.1:9/v1", "x", 1, uses_proxy=False)
    async with opened(options) as client:
        fragments, trouble = await heard(LangChainModel(client, 5, is_traced=False))

    assert fragments == []
    assert "cannot be reached" in trouble


async def test_a_server_without_stream_options_is_asked_without_from_then_on(
    playground: Playground,
) -> None:
    playground.model.faults.append(ModelFault(kind="refuse_stream_options"))
    async with asking(playground) as model:
        first = await heard(model)
        playground.model.scripts.append(SCRIPT)
        second = await heard(model)

    assert "".join(first[0]) == "".join(second[0]) == SCRIPT
    sent = ["stream_options" in r.body for r in playground.model.requests]
    assert sent == [True, False, False]


async def test_an_answer_cut_by_length_says_so(playground: Playground) -> None:
    playground.model.faults.append(ModelFault(after_fragments=3, kind="length"))

    async with asking(playground) as model:
        fragments, trouble = await heard(model)

    assert (len(fragments), trouble) == (3, errors.CUT_BY_LENGTH)


async def test_a_refusal_behind_some_text_says_so(playground: Playground) -> None:
    playground.model.faults.append(ModelFault(after_fragments=3, kind="refusal"))

    async with asking(playground) as model:
        fragments, trouble = await heard(model)

    assert (len(fragments), trouble) == (3, errors.REFUSED)


@pytest.mark.parametrize(
    ("kind", "after_fragments", "is_break"),
    [
        ("cut", 3, True),
        ("cut", 0, True),
        ("stall", 0, True),
        ("unfinished", 0, True),
        ("page", 0, False),
        ("length", 3, False),
        ("refusal", 3, False),
    ],
)
async def test_an_answer_that_had_begun_and_broke_may_be_gone_on_with(
    playground: Playground, kind: Kind, after_fragments: int, *, is_break: bool
) -> None:
    fault = ModelFault(after_fragments=after_fragments, kind=kind)
    playground.model.faults.append(fault)

    async with asking(playground, stall_s=1) as model:
        with pytest.raises(ModelError) as failed:
            await exhausted(model)

    assert failed.value.is_break == is_break


async def test_a_closed_stream_ends_the_request(playground: Playground) -> None:
    playground.model.pace = Pace(0, 50)
    playground.model.scripts[0] = "word " * 1000
    async with asking(playground) as model:
        async with aclosing(model.stream(PROMPT)) as stream:
            await anext(stream)

        (request,) = playground.model.requests
        async with asyncio.timeout(2):
            while not request.closed_early:  # noqa: ASYNC110 - no event tells it
                await asyncio.sleep(0)


class WatchedModel(GenericFakeChatModel):
    """Keeps whether it was traced; answers in parts, one of which is no text."""

    traced: list[bool]

    @override
    async def _astream(
        self, *_: object, **__: object
    ) -> AsyncGenerator[ChatGenerationChunk]:
        self.traced.append(bool(tracing_is_enabled()))
        parts: list[str | dict[str, str]] = [
            "a",
            {"type": "text", "text": "b"},
            {"type": "thinking"},
        ]
        yield ChatGenerationChunk(message=AIMessageChunk(content=parts))


async def test_nothing_is_traced_though_the_environment_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "any")
    monkeypatch.setenv("LANGSMITH_ENDPOINT", "http://127.0.0.1:9")
    client = WatchedModel(messages=iter([]), traced=[])

    await heard(LangChainModel(client, 5, is_traced=False))

    assert client.traced == [False]


async def test_parts_that_are_no_text_are_not_heard() -> None:
    model = LangChainModel(
        WatchedModel(messages=iter([]), traced=[]), 5, is_traced=True
    )

    assert await heard(model) == (["ab"], "")
