"""The model over the wire, at its best and at its worst."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from langsmith.utils import tracing_is_enabled
from typing_extensions import override

from bot.conversation.ports import ModelError
from bot.conversation.prompt import Prompt, PromptMessage
from bot.llm import errors
from bot.llm.client import ModelOptions, opened
from bot.llm.model import LangChainModel
from bot.playground.modelserver import ModelFault, Pace
from bot.playground.server import Playground, PlaygroundOptions

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


@pytest.mark.parametrize("kind", ["cut", "error", "stall", "keepalive"])
async def test_a_stream_that_breaks_off_says_so_behind_its_fragments(
    playground: Playground, kind: str
) -> None:
    fault = ModelFault(after_fragments=3, kind=kind)  # type: ignore[arg-type]
    playground.model.faults.append(fault)

    async with asking(playground, stall_s=0.2) as model:
        fragments, trouble = await heard(model)

    assert len(fragments) == 3
    assert SCRIPT.startswith("".join(fragments))
    assert trouble == errors.BROKE_OFF


async def test_keepalives_alone_are_no_answer(playground: Playground) -> None:
    playground.model.faults.append(ModelFault(kind="keepalive"))

    async with asking(playground, stall_s=0.2) as model:
        fragments, trouble = await heard(model)

    assert (fragments, trouble) == ([], "The model does not answer. Please ask again.")


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
