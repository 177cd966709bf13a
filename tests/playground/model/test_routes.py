"""The offline model over the wire, as OpenAI's and LangChain's clients see it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import openai
import pytest
from aiohttp import ClientPayloadError, ClientSession, web
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from bot.playground.model.fault import REFUSAL, ModelFault
from bot.playground.model.recital import ModelMessage, recite
from bot.playground.model.routes import ModelServer
from bot.playground.model.stream import Pace

KEY = {"Authorization": "Bearer any"}
ASKED = {"model": "offline", "messages": [{"role": "user", "content": "a table"}]}
TABLE = recite([ModelMessage("user", "a table")])


@pytest.fixture
def model() -> ModelServer:
    return ModelServer(Pace(0, 0))


@asynccontextmanager
async def served(model: ModelServer) -> AsyncIterator[str]:
    """Serve the model as the playground does, and yield the address."""
    app = web.Application()
    model.add_to(app)
    runner = web.AppRunner(app, shutdown_timeout=2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def url(model: ModelServer) -> AsyncIterator[str]:
    async with served(model) as url:
        yield url


@pytest.fixture
async def client(url: str) -> AsyncIterator[ClientSession]:
    async with ClientSession(url, headers=KEY) as client:
        yield client


@pytest.fixture
async def sdk(url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    sdk = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0)
    async with sdk:
        yield sdk


async def stream(client: ClientSession, **more: object) -> str:
    """Ask for a stream and return all of it."""
    path = "/v1/chat/completions"
    answer = await client.post(path, json={**ASKED, "stream": True, **more})
    return await answer.text()


def events(body: str) -> list[dict[str, object]]:
    """Return the events of a whole stream, without its end mark."""
    *found, done = body.removesuffix("\n\n").split("\n\n")
    assert done == "data: [DONE]"
    return [json.loads(event.removeprefix("data: ")) for event in found]


async def test_a_stream_has_openais_chunks(client: ClientSession) -> None:
    first, *middle, last = events(await stream(client))

    assert {first["object"], last["object"]} == {"chat.completion.chunk"}
    assert {first["id"], last["id"]} == {"chatcmpl-offline-1"}
    delta = {"role": "assistant", "content": ""}
    assert first["choices"] == [
        {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
    ]
    assert last["choices"] == [
        {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    ]
    assert len(middle) > 50


async def test_the_real_sdk_reads_the_stream_and_its_usage(
    sdk: openai.AsyncOpenAI,
) -> None:
    chunks = await sdk.chat.completions.create(
        model="offline-2",
        messages=[{"role": "user", "content": "a table"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    read = [chunk async for chunk in chunks]

    text = "".join(c.choices[0].delta.content or "" for c in read if c.choices)
    assert text == TABLE
    assert read[-1].choices == []
    assert read[-1].usage is not None
    assert read[-1].usage.completion_tokens == -(-len(TABLE) // 4)


async def test_the_real_sdk_reads_a_whole_answer(sdk: openai.AsyncOpenAI) -> None:
    answer = await sdk.chat.completions.create(
        model="offline", messages=[{"role": "user", "content": "a table"}]
    )

    assert answer.choices[0].message.content == TABLE
    assert answer.choices[0].finish_reason == "stop"
    assert [model.id async for model in sdk.models.list()] == ["offline"]


async def test_langchain_streams_it(url: str, model: ModelServer) -> None:
    chat = ChatOpenAI(
        base_url=f"{url}/v1",
        api_key=SecretStr("x"),
        model="offline",
        stream_usage=True,
    )

    read = [chunk async for chunk in chat.astream("a table")]

    assert "".join(str(chunk.content) for chunk in read) == TABLE
    assert any(chunk.usage_metadata for chunk in read)
    assert model.requests[0].messages == (ModelMessage("user", "a table"),)
    assert model.requests[0].is_stream
    assert model.requests[0].includes_usage


async def test_text_may_come_in_parts(
    client: ClientSession, model: ModelServer
) -> None:
    parts = [
        {"type": "text", "text": "echo "},
        {"type": "image_url", "image_url": {"url": "data:"}},
        {"type": "text", "text": "hi"},
    ]
    await stream(client, messages=[{"role": "user", "content": parts}])

    assert model.requests[0].messages[0].text == "echo hi"


async def test_a_script_takes_the_place_of_the_recital_once(
    sdk: openai.AsyncOpenAI, model: ModelServer
) -> None:
    model.scripts.append("Scripted.")

    async def ask() -> str | None:
        answer = await sdk.chat.completions.create(
            model="offline", messages=[{"role": "user", "content": "a table"}]
        )
        return answer.choices[0].message.content

    assert [await ask(), await ask()] == ["Scripted.", TABLE]


async def test_a_script_that_broke_off_is_gone_on_with_where_it_was_said(
    sdk: openai.AsyncOpenAI, model: ModelServer
) -> None:
    model.scripts += ["One, two, three.", "One and only."]
    go_on = "Your answer broke off. Go on exactly behind its last character."

    async def ask(question: str, beginning: str = "") -> str | None:
        talk = [{"role": "user", "content": question}]
        if beginning:
            talk += [
                {"role": "assistant", "content": beginning},
                {"role": "user", "content": go_on},
            ]
        answer = await sdk.chat.completions.create(
            model="offline",
            messages=talk,  # type: ignore[arg-type]
        )
        return answer.choices[0].message.content

    await ask("a table")
    await ask("a list")

    assert await ask("a table", "One") == ", two, three."
    assert await ask("a list", "One") == " and only."
    assert await ask("a table", TABLE[:5]) == TABLE[5:]


@pytest.mark.parametrize("is_stream", [True, False])
async def test_a_refusal_stands_in_a_field_of_its_own(
    sdk: openai.AsyncOpenAI, model: ModelServer, *, is_stream: bool
) -> None:
    model.faults.append(ModelFault(kind="refusal"))
    asking = sdk.chat.completions
    messages = [{"role": "user", "content": "a table"}]
    said, refused = "", ""

    if is_stream:
        async for chunk in await asking.create(
            model="offline",
            messages=messages,  # type: ignore[arg-type]
            stream=True,
        ):
            delta = chunk.choices[0].delta
            said += delta.content or ""
            refused += delta.refusal or ""
    else:
        whole = await asking.create(model="offline", messages=messages)  # type: ignore[arg-type]
        said = whole.choices[0].message.content or ""
        refused = whole.choices[0].message.refusal or ""

    assert (said, refused) == ("", REFUSAL)


async def test_newlines_are_timed_only_if_wanted(
    client: ClientSession, model: ModelServer
) -> None:
    await stream(client)
    assert model.newlines_written == []
    model.records_newlines = True
    model.scripts.append("a\nb\n\n")
    await stream(client)

    assert 1 <= len(model.newlines_written) <= 3
    assert model.newlines_written == sorted(model.newlines_written)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**ASKED, "model": "gpt-9"}, 404, "model_not_found"),
        ({**ASKED, "model": 5}, 404, "model_not_found"),
        ({"model": "offline"}, 400, None),
        ({**ASKED, "messages": ["hi"]}, 400, None),
        ({**ASKED, "messages": 5}, 400, None),
        ([1], 400, None),
        ("no json", 400, None),
    ],
)
async def test_a_wrong_request_is_refused_in_openais_shape(
    client: ClientSession, body: object, status: int, code: str | None
) -> None:
    data = body if isinstance(body, str) else json.dumps(body)
    answer = await client.post("/v1/chat/completions", data=data)

    assert answer.status == status
    error = (await answer.json())["error"]
    assert error["type"] == "invalid_request_error"
    assert error["code"] == code
    assert error["message"]


@pytest.mark.parametrize("path", ["/v1/models", "/v1/chat/completions"])
async def test_a_key_is_needed(client: ClientSession, path: str) -> None:
    method = "GET" if path.endswith("models") else "POST"
    answer = await client.request(
        method, path, headers={"Authorization": ""}, json=ASKED
    )

    assert answer.status == 401


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_an_error_can_be_ordered_once(
    client: ClientSession, model: ModelServer, status: int
) -> None:
    model.faults.append(ModelFault(status=status, retry_after_s=2))

    answer = await client.post("/v1/chat/completions", json=ASKED)
    again = await client.post("/v1/chat/completions", json=ASKED)

    assert (answer.status, answer.headers["Retry-After"]) == (status, "2")
    assert "error" in await answer.json()
    assert again.status == 200


async def test_stream_options_can_be_refused(
    client: ClientSession, model: ModelServer
) -> None:
    fault = ModelFault(kind="refuse_stream_options")
    model.faults.extend([fault, fault])

    refused = await stream(client, stream_options={"include_usage": True})
    accepted = await stream(client)

    assert json.loads(refused)["error"]["message"] == (
        "Unknown parameter: 'stream_options'."
    )
    assert len(events(accepted)) > 50


async def test_a_client_that_leaves_ends_the_answer() -> None:
    model = ModelServer(Pace(first_s=0, fragments_per_s=20))
    async with served(model) as url, ClientSession(url, headers=KEY) as slow:
        answer = await slow.post("/v1/chat/completions", json={**ASKED, "stream": True})
        await answer.content.readline()
        answer.close()
        await until_closed_early(model)


async def test_a_server_that_ends_does_not_wait_for_its_answers() -> None:
    model = ModelServer(Pace(first_s=0, fragments_per_s=20))
    model.faults.append(ModelFault(kind="stall"))
    async with asyncio.timeout(1.5), ClientSession(headers=KEY) as client:
        async with served(model) as url:
            path = f"{url}/v1/chat/completions"
            stalled = await client.post(path, json={**ASKED, "stream": True})
            paced = await client.post(path, json={**ASKED, "stream": True})
            await paced.content.readline()

        for answer in (stalled, paced):
            with pytest.raises(ClientPayloadError):
                await answer.read()

    assert not any(request.closed_early for request in model.requests)


async def until_closed_early(model: ModelServer) -> None:
    # The server tells nobody that a client has gone; it only writes it down.
    async with asyncio.timeout(5):
        while not model.requests[-1].closed_early:  # noqa: ASYNC110
            await asyncio.sleep(0)
