"""A message that grows as a native stream: it ends in time, and holds it all."""

import asyncio

import pytest

from bot.chunking import Chunk
from bot.conversation.ports import StoppedError
from bot.conversation.turn import Turn
from bot.playground.webapi.streams import stop_by_reader
from bot.slack.pacing.budget import APPEND, POST, START, STOP, UPDATE
from tests.slack.stage import Stage, staged

LINES = [f"line {number}\n" for number in range(8)]


async def reply(
    stage: Stage, pieces: list[str] | None = None, pause_s: float = 0.3
) -> Turn:
    """Deliver a reply as a stream; see that it is whole and never went back."""
    turn = stage.ask()
    pieces = LINES if pieces is None else pieces
    await stage.reply("stream", pieces, pause_s, turn)
    await asyncio.sleep(30)
    assert "\n".join(stage.shows(turn)).split() == "".join(pieces).split()
    assert stage.slack.watch.regressions() == []
    assert stage.notes.text() == "".join(pieces)
    return turn


def test_a_stream_is_begun_for_the_asker_grows_and_is_stopped_with_its_mark() -> None:
    async def play(stage: Stage) -> None:
        turn = await reply(stage)

        (start,), (stop,) = stage.calls(START), stage.calls(STOP)
        assert start.arguments["recipient_user_id"] == "U0ANA"
        assert start.arguments["recipient_team_id"]
        assert start.arguments["thread_ts"] == turn.question.position
        assert stop.arguments["metadata"]["event_payload"]["turn"] == turn.id
        assert len(stage.calls(APPEND)) == len(LINES) - 1
        assert not stage.slack.workspace.streams
        assert not stage.calls(POST) + stage.calls(UPDATE)

    staged(play)


def test_whole_lines_are_appended_as_chunks() -> None:
    async def play(stage: Stage) -> None:
        await reply(stage)

        for call in stage.calls(START) + stage.calls(APPEND):
            assert "markdown_text" not in call.arguments
            (chunk,) = call.arguments["chunks"]
            assert chunk["type"] == "markdown_text"
            assert chunk["text"].endswith("\n")

    staged(play)


def test_a_stream_is_left_before_its_death_however_seldom_it_grows() -> None:
    async def play(stage: Stage) -> None:
        turn = await reply(stage, pause_s=97)

        assert len(stage.shows(turn)) > 2
        assert all(call.result == "ok" for call in stage.slack.calls)

    staged(play)


def test_a_stream_is_left_in_a_silence_too() -> None:
    async def play(stage: Stage) -> None:
        turn = await reply(stage, LINES[:2], pause_s=1_000)

        assert len(stage.shows(turn)) == 2
        assert all(call.result == "ok" for call in stage.slack.calls)

    staged(play)


@pytest.mark.parametrize("method", [START, APPEND, STOP])
@pytest.mark.parametrize("word", ["lost before", "lost after", "slow:20", "held:3"])
def test_what_became_of_a_call_is_found_out_and_nothing_is_twice(
    method: str, word: str
) -> None:
    async def play(stage: Stage) -> None:
        await reply(stage)

    staged(play, **{method.replace(".", "_"): [word]})


def test_a_stream_that_began_late_is_adopted() -> None:
    async def play(stage: Stage) -> None:
        turn = await reply(stage)

        assert len(stage.shows(turn)) == 1

    staged(play, chat_startStream=["late store:1"])


def test_another_replys_messages_are_not_adopted() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await stage.reply("stream", LINES[:2], 0.1, turn)
        again = Turn(turn.id, turn.question, turn.address, attempts=2)
        async with stage.delivery("stream") as delivery:
            await delivery.resume(again)
            async with delivery.open(again) as outlet:
                outlet.heard((again.question,))
                outlet.send(Chunk("again\n"))

        assert stage.shows(turn) == ["line 0\nline 1", "again"]

    staged(play, chat_startStream=["ok", "lost before"])


@pytest.mark.parametrize("method", [START, APPEND, STOP])
def test_after_a_429_no_call_comes_before_the_pause_is_over(method: str) -> None:
    async def play(stage: Stage) -> None:
        await reply(stage)

        refused, *later = stage.calls(method)
        assert refused.ended_s is not None
        assert all(call.begun_s >= refused.ended_s + 9 - 1e-6 for call in later)

    staged(play, **{method.replace(".", "_"): ["429:9"]})


@pytest.mark.parametrize(
    "error", ["message_not_in_streaming_state", "streaming_state_conflict"]
)
@pytest.mark.parametrize("method", [APPEND, STOP])
def test_a_stream_that_takes_no_more_is_settled_by_an_edit(
    method: str, error: str
) -> None:
    async def play(stage: Stage) -> None:
        await reply(stage)

        assert stage.calls(UPDATE)
        assert not stage.slack.workspace.streams

    staged(play, **{method.replace(".", "_"): [f"refused:{error}"]})


def test_a_refused_start_goes_on_in_edits() -> None:
    async def play(stage: Stage) -> None:
        turn = await reply(stage)

        assert len(stage.calls(POST)) == 1
        assert len(stage.calls(UPDATE)) > 1
        assert len(stage.shows(turn)) == 1

    staged(play, chat_startStream=["refused:channel_type_not_supported"])


def test_a_reader_stops_the_reply() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()

        def stop() -> None:
            (ts,) = [m.ts for m in stage.slack.workspace.messages("C0DEV") if m.bot_id]
            stop_by_reader(stage.slack.workspace, "C0DEV", ts)

        asyncio.get_running_loop().call_later(1, stop)
        with pytest.RaisesGroup(
            StoppedError, allow_unwrapped=True, flatten_subgroups=True
        ):
            await stage.reply("stream", LINES, 0.3, turn)
        (shown,) = stage.shows(turn)
        assert shown.split("\n") == ["line 0", "line 1", "line 2", "line 3"]

    staged(play)
