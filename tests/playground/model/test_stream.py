"""Every fault and every dialect of the model as the bytes on the wire."""

import asyncio
import itertools
import json

import openai
import pytest
from aiohttp import ClientPayloadError, ClientSession

from bot.playground.model.dialect import Dialect
from bot.playground.model.fault import PAGE, Kind, ModelFault
from bot.playground.model.routes import ModelServer
from bot.playground.model.stream import Pace
from tests.playground.model.test_routes import (
    ASKED,
    KEY,
    TABLE,
    events,
    served,
    until_closed_early,
)

PATH = "/v1/chat/completions"
STREAM = {**ASKED, "stream": True, "stream_options": {"include_usage": True}}


def model_with(*faults: ModelFault, dialect: Dialect | None = None) -> ModelServer:
    model = ModelServer(Pace(0, 0))
    model.faults.extend(faults)
    model.dialect = dialect or Dialect()
    return model


async def streamed(model: ModelServer) -> str:
    async with served(model) as url, ClientSession(url, headers=KEY) as client:
        return await (await client.post(PATH, json=STREAM)).text()


async def raw(model: ModelServer) -> tuple[bytes, bool]:
    """Return all bytes that come for a stream, and whether a reset ended them."""
    async with served(model) as url:
        port = int(url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = json.dumps(STREAM)
        writer.write(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n"
            f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        came = b""
        try:
            while data := await reader.read(1_000_000):
                came += data
        except ConnectionResetError:
            return came, True
        finally:
            writer.close()
        return came, False


@pytest.mark.parametrize("is_before_headers", [True, False])
@pytest.mark.parametrize("kind", ["cut", "reset"])
async def test_a_connection_ends_by_fin_or_by_rst_without_the_bodys_end(
    kind: Kind, is_before_headers: bool
) -> None:
    fault = ModelFault(kind=kind, is_before_headers=is_before_headers)
    model = model_with(fault)

    came, is_reset = await raw(model)

    assert is_reset == (kind == "reset")
    assert b"0\r\n\r\n" not in came
    if is_before_headers:
        assert came == b""
    assert not model.requests[0].closed_early


async def test_a_truncated_body_ends_inside_a_chunk() -> None:
    came, is_reset = await raw(model_with(ModelFault(kind="truncated")))

    assert came.endswith(b"1000\r\ndata: {")
    assert not is_reset


@pytest.mark.parametrize("after", [0, 3])
async def test_a_cut_comes_behind_its_fragments(after: int) -> None:
    model = model_with(ModelFault(kind="cut", after_fragments=after))

    came, _ = await raw(model)

    assert came.count(b'"content": "') == 1 + after


async def test_an_unfinished_stream_ends_in_order_but_says_nothing_of_it() -> None:
    model = model_with(ModelFault(kind="unfinished", after_fragments=2))

    came = await streamed(model)

    assert came.count("data: ") == 1 + 2
    assert "[DONE]" not in came
    assert '"finish_reason": "' not in came


async def test_a_late_cut_comes_behind_the_whole_answer() -> None:
    came, _ = await raw(model_with(ModelFault(kind="late_cut")))

    assert b'"finish_reason": "stop"' in came
    assert b"completion_tokens" not in came
    assert b"[DONE]" not in came


@pytest.mark.parametrize("kind", ["stall", "keepalive"])
async def test_a_silent_stream_lasts_until_the_client_goes(kind: Kind) -> None:
    model = model_with(ModelFault(kind=kind, after_fragments=1))
    async with served(model) as url, ClientSession(url, headers=KEY) as client:
        answer = await client.post(PATH, json=STREAM)
        for _ in range(4 if kind == "stall" else 5):
            line = await answer.content.readline()
        answer.close()
        await until_closed_early(model)

    assert line == (b"\n" if kind == "stall" else b": keepalive\n")


async def test_a_silence_before_the_headers_is_no_answer_at_all() -> None:
    model = model_with(ModelFault(kind="stall", is_before_headers=True))
    async with served(model) as url, ClientSession(url, headers=KEY) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await client.post(PATH, json=STREAM)
        await until_closed_early(model)


@pytest.mark.parametrize(
    ("kind", "strange"),
    [
        ("broken_json", b'{"delta"\n'),
        ("garbage", b"\xff\xfe"),
        ("no_choices", b"mpl-0"),
    ],
)
async def test_a_strange_event_disturbs_an_answer_that_goes_on(
    kind: Kind, strange: bytes
) -> None:
    came, _ = await raw(model_with(ModelFault(kind=kind, after_fragments=1)))

    before, behind = came.split(strange)
    assert before.count(b'"content": "') == 2
    assert b"[DONE]" in behind


async def test_a_page_comes_in_place_of_the_stream() -> None:
    model = model_with(ModelFault(kind="page"))
    async with served(model) as url, ClientSession(url, headers=KEY) as client:
        answer = await client.post(PATH, json=STREAM)

        assert (answer.status, answer.content_type) == (200, "text/html")
        assert await answer.text() == PAGE


@pytest.mark.parametrize("kind", ["length", "content_filter", "tool_calls"])
async def test_an_answer_can_end_for_another_reason(kind: Kind) -> None:
    fault = ModelFault(kind=kind, after_fragments=2)

    *said, last, _ = events(await streamed(model_with(fault)))
    async with (
        served(model_with(fault)) as url,
        ClientSession(url, headers=KEY) as client,
    ):
        whole = await (await client.post(PATH, json=ASKED)).json()

    assert len(said) == 1 + 2
    assert last["choices"][0]["finish_reason"] == kind  # type: ignore[index]
    assert whole["choices"][0]["finish_reason"] == kind
    assert TABLE.startswith(whole["choices"][0]["message"]["content"] or "?")


async def test_an_answer_can_break_off_with_an_error() -> None:
    fault = ModelFault(kind="error", after_fragments=1)
    async with served(model_with(fault, fault)) as url:
        sdk = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0)
        async with sdk:
            chunks = await sdk.chat.completions.create(
                model="offline",
                messages=[{"role": "user", "content": "hi"}],
                stream=True,
            )
            with pytest.raises(openai.APIError, match="broke off"):
                [chunk async for chunk in chunks]
        async with ClientSession(url, headers=KEY) as client:
            whole = await client.post(PATH, json=ASKED)

    assert whole.status == 500


async def test_an_error_can_come_before_the_first_fragment() -> None:
    came = await streamed(model_with(ModelFault(kind="error", after_fragments=0)))

    *_, last = came.removesuffix("\n\n").split("\n\n")
    assert json.loads(last.removeprefix("data: "))["error"]["type"] == "server_error"


@pytest.mark.parametrize(
    ("dialect", "counted"),
    [
        (Dialect(), [False, False, True]),
        (Dialect(usage="every"), [True, True, True]),
        (Dialect(usage="null"), [False, False, False]),
    ],
)
async def test_tokens_are_counted_where_the_dialect_does(
    dialect: Dialect, counted: list[bool]
) -> None:
    first, *_, stop, usage = events(await streamed(model_with(dialect=dialect)))

    assert [bool(e["usage"]) for e in (first, stop, usage)] == counted
    assert usage["choices"] == []


async def test_a_dialect_may_count_nothing() -> None:
    model = model_with(dialect=Dialect(usage="none"))

    assert all("usage" not in event for event in events(await streamed(model)))


async def test_reasoning_has_deltas_of_its_own_before_the_answer() -> None:
    dialect = Dialect(reasoning="hm, hm", has_nulls=True, fragment_chars=3)
    _, *chunks, _, _ = events(await streamed(model_with(dialect=dialect)))

    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]  # type: ignore[index]
    assert [delta["reasoning_content"] for delta in deltas[:3]] == ["hm,", " hm", None]
    assert [delta["content"] for delta in deltas[:2]] == [None, None]
    assert "".join(delta["content"] or "" for delta in deltas) == TABLE


async def test_a_character_comes_in_several_packets() -> None:
    model = model_with(dialect=Dialect(packet_bytes=1))
    model.scripts.append("行")

    came, _ = await raw(model)

    assert b"\r\n1\r\n\xe8\r\n1\r\n\xa1\r\n1\r\n\x8c\r\n" in came


async def test_the_pace_is_kept_without_drift() -> None:
    model = ModelServer(Pace(first_s=0.1, fragments_per_s=500))
    model.scripts.append("x" * 500)
    loop = asyncio.get_running_loop()
    begin_s = loop.time()
    count = len(events(await streamed(model))) - 3
    took_s = loop.time() - begin_s

    due_s = model.pace.due_s(count - 1)
    # A pause after each fragment, a millisecond late, would be half a second too long.
    assert due_s <= took_s < due_s + 0.5


def test_a_pace_of_zero_is_no_pace() -> None:
    assert [Pace(0, 0).due_s(index) for index in range(3)] == [0, 0, 0]
    dues = [Pace(1, 2).due_s(index) for index in range(3)]
    assert [b - a for a, b in itertools.pairwise(dues)] == [0.5, 0.5]


async def test_a_cut_stream_is_an_error_for_its_client() -> None:
    model = model_with(ModelFault(kind="cut", after_fragments=3))
    with pytest.raises(ClientPayloadError):
        await streamed(model)
