"""Line-buffered output for LangChain, with a real client and the offline model."""

import asyncio
from collections import defaultdict
from uuid import UUID, uuid4

import openai
import pytest
from langchain_core.outputs import LLMResult
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from bot.chunking import LimitError
from bot.llm.callbacks import LineCallbacks
from bot.playground.model.fault import ModelFault
from bot.playground.server import Playground


class Heard:
    """Keeps what a handler tells of each run."""

    def __init__(self) -> None:
        self.lines: dict[UUID, list[str]] = defaultdict(list)
        self.ended: list[UUID] = []
        self.errors: list[tuple[UUID, BaseException]] = []
        self.handler = LineCallbacks(self.line, self.end, self.error)

    async def line(self, run_id: UUID, line: str) -> None:
        assert run_id not in self.ended
        self.lines[run_id].append(line)

    async def end(self, run_id: UUID) -> None:
        self.ended.append(run_id)

    async def error(self, run_id: UUID, error: BaseException) -> None:
        self.errors.append((run_id, error))


def model(playground: Playground) -> ChatOpenAI:
    return ChatOpenAI(
        model="offline",
        base_url=playground.model_url,
        api_key=SecretStr("none"),
        streaming=True,
        max_retries=0,
    )


async def test_a_reply_comes_in_whole_lines_and_its_rest_at_the_end(
    playground: Playground,
) -> None:
    playground.model.scripts.append("First line.\n\n- one\n- two")
    heard = Heard()

    await model(playground).ainvoke("hi", config={"callbacks": [heard.handler]})

    assert list(heard.lines.values()) == [["First line.\n", "\n- one\n", "- two"]]
    assert heard.ended == list(heard.lines)
    assert heard.errors == []


async def test_runs_at_the_same_time_are_kept_apart(playground: Playground) -> None:
    heard = Heard()
    client = model(playground)

    async with asyncio.TaskGroup() as group:
        for number in range(8):
            text = f"echo: {number} a b c\n{number} d e f\n{number} end"
            group.create_task(
                client.ainvoke(text, config={"callbacks": [heard.handler]})
            )

    assert len(heard.ended) == 8
    for lines in heard.lines.values():
        assert len({line[0] for line in lines}) == 1
        assert [line[1:] for line in lines] == [" a b c\n", " d e f\n", " end"]


async def test_a_run_that_breaks_off_hands_its_rest_over_first(
    playground: Playground,
) -> None:
    playground.model.scripts.append("A whole line.\nHalf a li")
    playground.model.faults.append(ModelFault(after_fragments=5, kind="cut"))
    heard = Heard()

    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the client raises
        await model(playground).ainvoke("hi", config={"callbacks": [heard.handler]})

    ((run_id, _),) = heard.errors
    assert heard.lines[run_id][0] == "A whole line.\n"
    assert "A whole line.\nHalf a li".startswith("".join(heard.lines[run_id]))
    assert heard.ended == []


async def test_every_function_is_optional(playground: Playground) -> None:
    playground.model.scripts += ["line\nrest", "x"]
    playground.model.faults += [ModelFault(), ModelFault(status=401)]
    handler = LineCallbacks()
    client = model(playground)

    await client.ainvoke("hi", config={"callbacks": [handler]})
    with pytest.raises(openai.OpenAIError):
        await client.ainvoke("hi", config={"callbacks": [handler]})


async def test_content_in_parts_is_its_text() -> None:
    heard = Heard()
    run_id = uuid4()

    parts = ["a", {"text": "b\n"}, {"x": 1}]
    await heard.handler.on_llm_new_token(parts, run_id=run_id)
    await heard.handler.on_llm_new_token("", run_id=run_id)
    await heard.handler.on_llm_end(LLMResult(generations=[]), run_id=run_id)

    assert heard.lines[run_id] == ["ab\n"]


def test_a_limit_without_room_is_refused_at_once() -> None:
    with pytest.raises(LimitError):
        LineCallbacks(max_line_chars=1)
