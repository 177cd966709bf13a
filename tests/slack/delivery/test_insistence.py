"""A call beside the replies: made until Slack answers, and no longer than needed."""

import asyncio

import pytest

from bot.slack.api.web import RefusedError
from bot.slack.delivery.insistence import Call, Fate, insist, is_set_within
from bot.slack.pacing.budget import TIERS, UPDATE
from tests.slack.stage import Stage, staged


async def insisted(
    stage: Stage, over_s: float = 1e9, patience_s: float = 60, reserve: int = 0
) -> Fate:
    """Edit a message of the bot's until Slack answers, or some time is over."""
    turn = stage.ask()
    ts = await stage.services.web.write_message(
        "chat.postMessage", {"channel": "C0DEV", "text": "x"}
    )
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(over_s, over.set)
    arguments = {"channel": "C0DEV", "ts": ts, "text": turn.id}
    return await insist(
        stage.services, Call(UPDATE, arguments, patience_s, reserve), over
    )


@pytest.mark.parametrize(
    ("words", "fate", "calls"),
    [
        ([], "done", 1),
        (["429:3"], "done", 2),
        (["429"], "done", 2),
        (["lost after", "lost before"], "done", 3),
        (["lost after", "refused:invalid_blocks"], "unknown", 2),
        (["429:100"], "not", 1),
        (["outage:1000"], "unknown", 6),
    ],
    ids=str,
)
def test_a_call_is_made_until_slack_answers(
    words: list[str], fate: Fate, calls: int
) -> None:
    async def play(stage: Stage) -> None:
        assert await insisted(stage, patience_s=50) == fate
        assert len(stage.calls(UPDATE)) == calls

    staged(play, chat_update=words)


def test_a_refusal_is_told() -> None:
    async def play(stage: Stage) -> None:
        with pytest.raises(RefusedError, match="invalid_blocks"):
            await insisted(stage)

    staged(play, chat_update=["refused:invalid_blocks"])


def test_where_it_is_over_no_call_follows() -> None:
    async def play(stage: Stage) -> None:
        assert await insisted(stage, over_s=2) == "not"
        assert stage.now_s < 3

    staged(play, chat_update=["429:10"])


def test_calls_that_are_left_to_others_are_not_taken() -> None:
    async def play(stage: Stage) -> None:
        interval_s, burst = TIERS[UPDATE]
        for _ in range(burst - 9):
            stage.budget.spend(UPDATE)
        begun_s = stage.now_s
        assert await insisted(stage, reserve=10) == "done"
        assert interval_s < stage.now_s - begun_s < 3 * interval_s

    staged(play)


async def test_an_event_is_waited_for_no_longer_than_it_may_be() -> None:
    event = asyncio.Event()

    assert not await is_set_within(event, 0)
    event.set()
    assert await is_set_within(event, 0)


def test_a_call_that_is_not_needed_any_more_is_not_tried_again() -> None:
    async def play(stage: Stage) -> None:
        answers = iter([True, True, False])

        async def is_needed() -> bool:
            return next(answers)

        arguments = {"channel": "C0DEV", "ts": "1.1", "text": "x"}
        call = Call(UPDATE, arguments, 60, is_needed=is_needed)
        assert await insist(stage.services, call, asyncio.Event()) == "unknown"
        assert len(stage.calls(UPDATE)) == 2

    staged(play, chat_update=["lost before"] * 9)
