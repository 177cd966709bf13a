"""A message that grows by edits: never an older text behind a newer one."""

import asyncio
from itertools import pairwise

import pytest

from bot.conversation.turn import Turn
from bot.slack.pacing.budget import POST, TIERS, UPDATE
from tests.slack.stage import Stage, staged

LINES = [f"line {number}\n" for number in range(8)]


async def reply(
    stage: Stage, pieces: list[str] | None = None, pause_s: float = 0.3
) -> Turn:
    """Deliver a reply in edits; see that it is whole and never went back."""
    turn = stage.ask()
    pieces = LINES if pieces is None else pieces
    await stage.reply("edits", pieces, pause_s, turn)
    await asyncio.sleep(30)
    assert "\n".join(stage.shows(turn)).split() == "".join(pieces).split()
    assert stage.slack.watch.regressions() == []
    assert stage.notes.text() == "".join(pieces)
    return turn


def test_a_message_is_posted_once_and_then_edited() -> None:
    async def play(stage: Stage) -> None:
        turn = await reply(stage)

        (post,), edits = stage.calls(POST), stage.calls(UPDATE)
        assert len(stage.shows(turn)) == 1
        assert post.arguments["unfurl_links"] is False
        assert len(edits) == len(LINES) - 1
        assert {edit.arguments["parse"] for edit in edits} == {"none"}

    staged(play)


def test_each_edit_repeats_the_mark_with_its_own_number() -> None:
    async def play(stage: Stage) -> None:
        turn = await reply(stage)

        marks = [
            call.arguments["metadata"]["event_payload"]
            for call in stage.calls(POST) + stage.calls(UPDATE)
        ]
        assert [mark["turn"] for mark in marks] == [turn.id] * len(marks)
        assert [mark["seq"] for mark in marks] == list(range(len(marks)))

    staged(play)


def test_a_line_is_visible_within_a_third_of_a_second() -> None:
    async def play(stage: Stage) -> None:
        begun_s = stage.now_s
        await reply(stage)

        for number in range(len(LINES)):
            seen_s = stage.slack.watch.first_seen_s(f"line {number}")
            assert seen_s - begun_s - number * 0.3 < 0.3

    staged(play)


def test_one_call_at_a_time_and_the_newest_state_wins() -> None:
    async def play(stage: Stage) -> None:
        await reply(stage, pause_s=0.02)

        calls = stage.calls(POST) + stage.calls(UPDATE)
        for before, after in pairwise(calls):
            assert before.ended_s is not None
            assert before.ended_s <= after.begun_s
        assert len(calls) < len(LINES)

    staged(play)


def test_an_empty_bucket_slows_the_edits_and_the_last_one_lands() -> None:
    async def play(stage: Stage) -> None:
        pieces = [f"line {number}\n" for number in range(200)]
        await reply(stage, pieces, pause_s=0.25)

        interval_s, burst = TIERS[UPDATE]
        assert len(stage.calls(UPDATE)) <= burst + 50 / interval_s + 1
        assert stage.slack.watch.first_seen_s("line 199") < 50 + 2 * interval_s

    staged(play)


@pytest.mark.parametrize("word", ["lost before", "lost after", "slow:20", "held:14"])
@pytest.mark.parametrize("at", [0, 6])
def test_behind_an_edit_without_an_answer_the_newest_state_is_sent(
    word: str, at: int
) -> None:
    async def play(stage: Stage) -> None:
        await reply(stage)

    staged(play, chat_update=["ok"] * at + [word])


def test_an_edit_that_comes_behind_the_last_one_is_corrected() -> None:
    async def play(stage: Stage) -> None:
        await reply(stage, LINES[:3], pause_s=0.2)

    staged(play, chat_update=["held:15.5"])


@pytest.mark.parametrize("word", ["lost before", "lost after", "late store:2"])
def test_a_post_without_an_answer_is_looked_for(word: str) -> None:
    async def play(stage: Stage) -> None:
        turn = await reply(stage)

        assert len(stage.shows(turn)) == 1

    staged(play, chat_postMessage=[word])


def test_after_a_429_no_edit_comes_before_the_pause_is_over() -> None:
    async def play(stage: Stage) -> None:
        await reply(stage)

        refused, after, *_ = stage.calls(UPDATE)
        assert refused.ended_s is not None
        assert after.begun_s == pytest.approx(refused.ended_s + 9, abs=0.01)

    staged(play, chat_update=["429:9"])


@pytest.mark.parametrize("error", ["edit_window_closed", "msg_too_long"])
def test_a_refused_edit_goes_on_as_lines_behind_what_is_there(error: str) -> None:
    async def play(stage: Stage) -> None:
        turn = await reply(stage)

        assert len(stage.shows(turn)) > 1
        assert len(stage.calls(UPDATE)) == 3

    staged(play, chat_update=["ok", "ok", f"refused:{error}"])
