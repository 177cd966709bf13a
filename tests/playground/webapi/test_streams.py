"""Native streams: their life, their rules, and the real SDK's helper over the wire."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.errors import SlackApiError
from slack_sdk.models.messages.chunk import MarkdownTextChunk, TaskUpdateChunk
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.answer import RefusedError
from bot.playground.jsonobject import JsonObject
from bot.playground.people.composer import Speech, say
from bot.playground.pulse import Pulse
from bot.playground.webapi import chat, streams
from bot.playground.webapi.conversations import read_replies
from bot.playground.webapi.limits import UNLIMITED, RateLimiter
from bot.playground.webapi.methods import BOT_TOKEN, Methods
from bot.playground.webapi.routes import WebApi
from bot.playground.workspace.change import Change
from bot.playground.workspace.identity import BOT_ID, TEAM
from bot.playground.workspace.message import Message
from bot.playground.workspace.person import Person
from bot.playground.workspace.state import STREAM_LIFE_S, Workspace
from tests.playground.conftest import FakeClock

DIVIDER: JsonObject = {"type": "divider"}
META: JsonObject = {"event_type": "t", "event_payload": {"n": 1}}
RECIPIENT = {"recipient_user_id": "U0ANA", "recipient_team_id": TEAM}


@pytest.fixture
def asked(workspace: Workspace) -> Message:
    return say(workspace, Speech("U0ANA", "C0DEV", "q"))


def start(workspace: Workspace, asked: Message, **arguments: Any) -> JsonObject:
    """Begin a stream and return what names it."""
    place = {"channel": asked.channel, "thread_ts": asked.ts, **RECIPIENT}
    answer = streams.start_stream(workspace, place | arguments)
    return {"channel": answer["channel"], "ts": answer["ts"]}


def shown(workspace: Workspace, place: JsonObject) -> Message:
    message = workspace.message(place["channel"], place["ts"])
    assert message is not None
    return message


def state(workspace: Workspace, place: JsonObject) -> str:
    message = shown(workspace, place)
    asked = {"channel": message.channel, "ts": message.thread_ts}
    replies = read_replies(workspace, asked)["messages"]
    states = [m["streaming_state"] for m in replies if m["ts"] == message.ts]
    return str(states[0])


def test_a_stream_is_a_reply_that_grows_and_ends(
    workspace: Workspace, asked: Message
) -> None:
    place = start(workspace, asked, markdown_text="**a")
    streams.append_stream(workspace, {**place, "markdown_text": "**\n\n- b"})
    assert state(workspace, place) == "in_progress"
    assert shown(workspace, place).text == "a\n• b"

    answer = streams.stop_stream(
        workspace,
        {**place, "markdown_text": "\n- c", "blocks": [DIVIDER], "metadata": META},
    )

    message = shown(workspace, place)
    assert state(workspace, place) == "completed"
    assert (message.thread_ts, message.bot_id) == (asked.ts, BOT_ID)
    assert message.markdown == "**a**\n\n- b\n- c"
    assert [block["type"] for block in message.blocks] == ["rich_text", "divider"]
    assert answer["message"]["text"] == "a\n• b\n• c"
    assert answer["message"]["metadata"] == META
    assert "edited" not in answer["message"]


def test_start_and_stop_may_come_without_content(
    workspace: Workspace, asked: Message
) -> None:
    place = start(workspace, asked)
    with pytest.raises(RefusedError, match="no_text"):
        streams.append_stream(workspace, place)

    streams.stop_stream(workspace, {**place, "chunks": []})

    assert shown(workspace, place).text == ""


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"channel": "C0NONE"}, "channel_not_found"),
        ({"thread_ts": ""}, "invalid_thread_ts"),
        ({"thread_ts": "1.0"}, "invalid_thread_ts"),
        ({"recipient_user_id": ""}, "missing_recipient_user_id"),
        ({"recipient_team_id": None}, "missing_recipient_team_id"),
        ({"recipient_user_id": "U0NONE"}, "user_not_found"),
        ({"recipient_user_id": "U0FAR"}, "user_not_found"),
        ({"recipient_team_id": "T0OTHER"}, "user_not_found"),
        ({"task_display_mode": "cards"}, "invalid_arguments"),
        ({"markdown_text": "a" * 12_001}, "msg_too_long"),
    ],
)
def test_a_stream_in_a_channel_is_for_somebody_in_a_thread(
    workspace: Workspace, asked: Message, changed: JsonObject, error: str
) -> None:
    workspace.people["U0FAR"] = Person("U0FAR", "far")

    with pytest.raises(RefusedError, match=f"^{error}$"):
        start(workspace, asked, **changed)

    assert workspace.thread("C0DEV", asked.ts) == (asked,)
    assert workspace.streams == {}


def test_a_stream_in_a_dm_names_nobody(workspace: Workspace) -> None:
    asked = say(workspace, Speech("U0ANA", "D0ANA", "q"))

    streams.start_stream(workspace, {"channel": "D0ANA", "thread_ts": asked.ts})

    with pytest.raises(RefusedError, match="invalid_thread_ts"):
        streams.start_stream(workspace, {"channel": "D0ANA"})


def test_a_guest_of_another_workspace_is_named_with_their_own_team(
    workspace: Workspace, asked: Message
) -> None:
    channel = workspace.channels["C0DEV"]
    members = channel.members | {"U0FAR"}
    workspace.people["U0FAR"] = Person("U0FAR", "far", team="T0OTHER")
    workspace.channels["C0DEV"] = replace(channel, members=members)

    start(workspace, asked, recipient_user_id="U0FAR", recipient_team_id="T0OTHER")
    with pytest.raises(RefusedError, match="user_not_found"):
        start(workspace, asked, recipient_user_id="U0FAR")


def test_a_stream_dies_of_age_whatever_is_appended(
    workspace: Workspace, asked: Message, clock: FakeClock
) -> None:
    place = start(workspace, asked, markdown_text="a")
    for _ in range(4):
        clock.now_s += STREAM_LIFE_S / 5
        streams.append_stream(workspace, {**place, "markdown_text": "b"})
    with pytest.raises(RefusedError, match="streaming_state_conflict"):
        chat.update(workspace, {**place, "markdown_text": "c"})

    clock.now_s += STREAM_LIFE_S / 5

    assert state(workspace, place) == "completed"
    for call in (streams.append_stream, streams.stop_stream):
        with pytest.raises(RefusedError, match="message_not_in_streaming_state"):
            call(workspace, {**place, "markdown_text": "c"})
    assert shown(workspace, place).markdown == "abbbb"
    chat.update(workspace, {**place, "markdown_text": "c"})
    assert shown(workspace, place).markdown == "c"


def test_streams_begun_at_once_stay_apart(workspace: Workspace, asked: Message) -> None:
    first, second = (start(workspace, asked, markdown_text=text) for text in "ab")

    streams.append_stream(workspace, {**first, "markdown_text": "1"})
    streams.stop_stream(workspace, {**second, "markdown_text": "2"})

    assert shown(workspace, first).markdown == "a1"
    assert shown(workspace, second).markdown == "b2"
    assert state(workspace, first) == "in_progress"
    assert state(workspace, second) == "completed"


def test_a_thread_shows_what_streams_so_far_but_its_metadata_only_at_the_end(
    workspace: Workspace, asked: Message
) -> None:
    def found() -> JsonObject:
        arguments = {"channel": "C0DEV", "ts": asked.ts, "include_all_metadata": True}
        message: JsonObject = read_replies(workspace, arguments)["messages"][-1]
        return message

    place = start(workspace, asked, markdown_text="a", metadata=META)
    assert (found()["ts"], found()["text"]) == (place["ts"], "a")
    assert (found()["streaming_state"], "metadata" in found()) == ("in_progress", False)
    streams.append_stream(workspace, {**place, "markdown_text": "b", "metadata": META})
    assert (found()["text"], "metadata" in found()) == ("ab", False)

    streams.stop_stream(workspace, {**place, "metadata": META})

    assert (found()["streaming_state"], found()["metadata"]) == ("completed", META)


@pytest.mark.parametrize(
    ("more", "error"),
    [("b" * 2_001, "msg_too_long"), ("\n\nb" * 50, "msg_blocks_too_many")],
)
def test_an_append_that_does_not_fit_changes_nothing(
    workspace: Workspace, asked: Message, more: str, error: str
) -> None:
    place = start(workspace, asked, markdown_text="a" * 10_000)

    with pytest.raises(RefusedError, match=f"^{error}$"):
        streams.append_stream(workspace, {**place, "markdown_text": more})

    streams.append_stream(workspace, {**place, "markdown_text": "b"})
    assert shown(workspace, place).markdown == "a" * 10_000 + "b"


def test_a_streams_life_is_an_option(
    workspace: Workspace, asked: Message, clock: FakeClock
) -> None:
    workspace.stream_life_s = 5
    place = start(workspace, asked)

    clock.now_s += 5

    with pytest.raises(RefusedError, match="message_not_in_streaming_state"):
        streams.append_stream(workspace, {**place, "markdown_text": "c"})


def test_a_streamed_message_is_edited_with_blocks_only(
    workspace: Workspace, asked: Message
) -> None:
    place = start(workspace, asked, markdown_text="a")
    streams.stop_stream(workspace, place)

    with pytest.raises(RefusedError, match="block_mismatch"):
        chat.update(workspace, {**place, "text": "b"})
    blocks = [{"type": "markdown", "text": "b"}]
    chat.update(workspace, {**place, "text": "b", "blocks": blocks})

    assert shown(workspace, place).text == "b"


def test_a_reader_ends_a_stream_for_good(workspace: Workspace, asked: Message) -> None:
    place = start(workspace, asked, markdown_text="a")

    streams.stop_by_reader(workspace, place["channel"], place["ts"])

    assert state(workspace, place) == "completed"
    assert shown(workspace, place).markdown == "a"
    for call in (streams.append_stream, streams.stop_stream):
        with pytest.raises(RefusedError, match="stopped_by_user"):
            call(workspace, {**place, "markdown_text": "b"})
    with pytest.raises(KeyError):
        streams.stop_by_reader(workspace, place["channel"], place["ts"])


def test_only_its_own_streams_can_the_bot_append_to(
    workspace: Workspace, asked: Message
) -> None:
    posted = chat.post_message(workspace, {"channel": "C0DEV", "text": "a"})
    more = {"channel": "C0DEV", "markdown_text": "b"}

    for ts, error in (
        (asked.ts, "message_not_owned_by_app"),
        (posted["ts"], "message_not_in_streaming_state"),
        ("1.0", "message_not_found"),
    ):
        with pytest.raises(RefusedError, match=error):
            streams.append_stream(workspace, {**more, "ts": ts})


def test_an_archived_channel_takes_no_stream(
    workspace: Workspace, asked: Message
) -> None:
    place = start(workspace, asked)
    channel = workspace.channels["C0DEV"]
    workspace.channels["C0DEV"] = replace(channel, is_archived=True)

    with pytest.raises(RefusedError, match="is_archived"):
        start(workspace, asked)
    with pytest.raises(RefusedError, match="is_archived"):
        streams.append_stream(workspace, {**place, "markdown_text": "b"})


def test_a_deleted_message_streams_no_more(
    workspace: Workspace, asked: Message
) -> None:
    place = start(workspace, asked)

    chat.delete(workspace, place)

    assert workspace.streams == {}
    with pytest.raises(RefusedError, match="message_not_found"):
        streams.append_stream(workspace, {**place, "markdown_text": "b"})


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"blocks": [DIVIDER] * 51}, "msg_blocks_too_many"),
        ({"blocks": "[{"}, "invalid_blocks_format"),
        ({"metadata": {"event_type": 1}}, "invalid_metadata_format"),
        ({"chunks": [{"type": "markdown_text", "text": "a"}]}, "mode_mismatch"),
    ],
)
def test_a_refused_stop_leaves_the_stream_as_it_was(
    workspace: Workspace, asked: Message, arguments: JsonObject, error: str
) -> None:
    place = start(workspace, asked, markdown_text="a")
    before = shown(workspace, place)

    with pytest.raises(RefusedError, match=error):
        streams.stop_stream(workspace, {**place, **arguments})

    assert shown(workspace, place) == before
    assert state(workspace, place) == "in_progress"


def test_blocks_of_the_stop_are_counted_apart_from_those_in_chunks(
    workspace: Workspace, asked: Message
) -> None:
    chunk = {"type": "blocks", "blocks": [DIVIDER] * 50}
    place = start(workspace, asked, chunks=[chunk])

    streams.stop_stream(workspace, {**place, "blocks": [DIVIDER] * 50})

    assert len(shown(workspace, place).blocks) == 100


def test_what_is_left_out_is_warned_of(workspace: Workspace, asked: Message) -> None:
    chunks = [{"type": "blocks", "blocks": [DIVIDER] * 30}] * 2
    place = {"channel": "C0DEV", "thread_ts": asked.ts, **RECIPIENT}

    answer = streams.start_stream(workspace, {**place, "chunks": chunks})

    assert answer["warning"] == "blocks_dropped"


def test_each_step_is_told_as_a_message_and_its_changes(
    workspace: Workspace, asked: Message
) -> None:
    changes: list[Change] = []
    workspace.listen(changes.append)

    place = start(workspace, asked)
    streams.append_stream(workspace, {**place, "markdown_text": "a"})
    streams.stop_stream(workspace, place)

    assert [change.kind for change in changes] == ["added", "changed", "changed"]
    assert not any(change.message.is_edited for change in changes if change.message)


@pytest.fixture
async def client(workspace: Workspace) -> AsyncIterator[AsyncWebClient]:
    limiter = RateLimiter(UNLIMITED, workspace.clock)
    methods = Methods(workspace, limiter, dict)
    app = web.Application()
    WebApi(methods, Pulse()).add_to(app)
    async with TestServer(app) as server:
        url = str(server.make_url("/api/"))
        yield AsyncWebClient(token=BOT_TOKEN, base_url=url, retry_handlers=[])


async def test_the_sdks_stream_says_all_it_was_given(
    client: AsyncWebClient, workspace: Workspace, asked: Message
) -> None:
    stream = await client.chat_stream(
        channel="C0DEV", thread_ts=asked.ts, buffer_size=3, **RECIPIENT
    )
    task = TaskUpdateChunk(id="1", title="t", status="in_progress")

    assert await stream.append(markdown_text="**a") is not None
    assert await stream.append(markdown_text="**") is None
    await stream.append(chunks=[MarkdownTextChunk(text=" b"), task])
    await stream.append(markdown_text="c")
    answer = await stream.stop(blocks=[DIVIDER], metadata=META)

    message = shown(workspace, {"channel": "C0DEV", "ts": stream.ts})
    assert message.markdown == "**a** bc"
    assert [block["type"] for block in message.blocks] == [
        "rich_text",
        "task_card",
        "rich_text",
        "divider",
    ]
    assert answer["message"]["streaming_state"] == "completed"
    assert message.metadata == META


async def test_the_sdks_stream_of_a_short_answer_is_started_at_its_stop(
    client: AsyncWebClient, workspace: Workspace, asked: Message
) -> None:
    stream = await client.chat_stream(
        channel="C0DEV", thread_ts=asked.ts, buffer_size=256, **RECIPIENT
    )
    await stream.append(markdown_text="short")

    await stream.stop()

    assert shown(workspace, {"channel": "C0DEV", "ts": stream.ts}).text == "short"


async def test_the_sdks_stream_hears_of_its_end(
    client: AsyncWebClient, workspace: Workspace, asked: Message, clock: FakeClock
) -> None:
    stream = await client.chat_stream(
        channel="C0DEV", thread_ts=asked.ts, buffer_size=1, **RECIPIENT
    )
    await stream.append(markdown_text="a")
    clock.now_s += STREAM_LIFE_S

    with pytest.raises(SlackApiError) as caught:
        await stream.append(markdown_text="b")

    assert caught.value.response["error"] == "message_not_in_streaming_state"
    blocks = [{"type": "markdown", "text": "ab"}]
    await client.chat_update(
        channel="C0DEV", ts=str(stream.ts), text="ab", blocks=blocks
    )
