"""The sign that an answer is coming: there in time, and gone with the first line."""

import asyncio
from dataclasses import replace

import pytest

from bot.playground.webapi.limits import Limits
from bot.slack.delivery.insistence import MAX_PAUSE_S
from bot.slack.delivery.outlet import ReplyOutlet
from bot.slack.delivery.thinking import (
    HEARTBEAT_S,
    REACTION,
    REMOVAL_S,
    SHOWING_S,
    STATUS_LIFE_S,
    THINKING,
    Thinking,
)
from bot.slack.pacing.budget import REACT, STATUS, TIERS, UNREACT
from tests.slack.stage import Stage, staged


def begun(stage: Stage, channel: str = "C0DEV") -> ReplyOutlet:
    """Let the sign for a reply be shown."""
    outlet = stage.outlet(stage.ask(channel))
    stage.start(Thinking(stage.services, outlet).run())
    return outlet


def statuses(stage: Stage) -> list[str]:
    return [call.arguments["status"] for call in stage.calls(STATUS)]


async def post(stage: Stage, outlet: ReplyOutlet, pause_s: float = 0.0) -> None:
    """Post the first line of a reply; it is known a pause later."""
    place = {"channel": outlet.address.channel, "thread_ts": outlet.address.thread_ts}
    outlet.next_seq()
    ts = await stage.services.web.write_message(
        "chat.postMessage", {**place, "text": "x"}
    )
    await asyncio.sleep(pause_s)
    outlet.store(ts)


def test_the_status_is_there_at_once_and_gone_with_the_first_line() -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage)
        await asyncio.sleep(0.1)
        (shown,) = stage.slack.workspace.statuses.values()
        assert shown.text == THINKING
        await post(stage, outlet)
        await asyncio.sleep(1)
        assert not stage.slack.workspace.statuses
        # Slack cleared it by itself.
        assert statuses(stage) == [THINKING]

    staged(play)


def test_the_status_stays_however_long_it_takes() -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage)
        await asyncio.sleep(1)
        for _ in range(100):
            await asyncio.sleep(7)
            assert stage.slack.workspace.statuses
        times_s = [call.begun_s for call in stage.calls(STATUS)]
        assert len(times_s) == 1 + int(701 / HEARTBEAT_S)
        await post(stage, outlet)
        await asyncio.sleep(STATUS_LIFE_S)
        assert len(stage.calls(STATUS)) == len(times_s)

    staged(play)


def test_a_status_that_comes_behind_the_first_line_is_cleared() -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage)
        # The post comes first, as it may: the two calls run side by side.
        await asyncio.sleep(0.01)
        outlet.next_seq()
        outlet.store("1.1")
        await asyncio.sleep(1)

        assert statuses(stage) == [THINKING, ""]
        assert not stage.slack.workspace.statuses

    staged(play)


@pytest.mark.parametrize("channel", ["C0DEV", "D0ANA"])
def test_a_reply_that_fails_leaves_no_sign(channel: str) -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage, channel)
        await asyncio.sleep(5)
        outlet.first.set()
        await asyncio.sleep(1)

        workspace = stage.slack.workspace
        assert not workspace.statuses
        assert not any(workspace.reactions.values())

    staged(play)


def test_the_top_of_a_direct_message_gets_a_reaction_within_a_second() -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage, "D0ANA")
        await asyncio.sleep(0.9)
        (shown,) = stage.slack.workspace.reactions.values()
        assert list(shown) == [REACTION]
        outlet.store("1.1")
        await asyncio.sleep(0.2)
        assert not any(stage.slack.workspace.reactions.values())
        assert not stage.calls(STATUS)

    staged(play)


def test_a_quick_answer_needs_no_reaction() -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage, "D0ANA")
        await asyncio.sleep(0.3)
        outlet.store("1.1")
        await asyncio.sleep(5)

        assert not stage.calls(REACT) + stage.calls(UNREACT)

    staged(play)


@pytest.mark.parametrize("first_s", [0.1, 5.0])
def test_the_reaction_of_a_process_that_died_goes_with_the_next_attempt(
    first_s: float,
) -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask("D0ANA")
        place = {"channel": "D0ANA", "timestamp": turn.question.position}
        await stage.services.web.write(REACT, {**place, "name": REACTION})
        outlet = stage.outlet(replace(turn, attempts=2))
        stage.start(Thinking(stage.services, outlet).run())
        await asyncio.sleep(first_s)
        assert any(stage.slack.workspace.reactions.values())
        outlet.store("1.1")
        await asyncio.sleep(1)
        assert not any(stage.slack.workspace.reactions.values())
        assert len(stage.calls(UNREACT)) == 1

    staged(play)


def test_a_refused_sign_hurts_nobody_and_is_not_repeated() -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage, "D0ANA")
        await asyncio.sleep(2)
        outlet.store("1.1")
        await asyncio.sleep(2)

        assert len(stage.calls(REACT)) == 1

    staged(play, reactions_add=["refused:missing_scope"])


@pytest.mark.parametrize("word", ["lost before", "lost after", "429:5"])
def test_a_sign_without_an_answer_is_tried_again(word: str) -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage, "D0ANA")
        await asyncio.sleep(20)
        outlet.store("1.1")
        await asyncio.sleep(20)

        assert not any(stage.slack.workspace.reactions.values())
        assert len(stage.calls(REACT)) > 1

    staged(play, reactions_add=[word, word])


def test_a_slack_that_never_answers_is_not_asked_for_ever() -> None:
    async def play(stage: Stage) -> None:
        begun(stage, "D0ANA").store("1.1")
        outlet = begun(stage, "D0ANA")
        await asyncio.sleep(200)
        outlet.store("1.2")
        await asyncio.sleep(200)

        times_s = [call.begun_s for call in stage.calls(REACT)]
        assert len(times_s) == 6
        assert times_s[-1] < SHOWING_S

    staged(play, reactions_add=["lost before"] * 99)


@pytest.mark.parametrize(
    ("status", "post_s", "pause_s"),
    [
        # It takes effect behind the post, and is answered before the post is.
        ("held:0.3", 0.1, 0.5),
        ("lost before", 0.1, 2.0),
        ("lost after", 0.1, 2.0),
        ("held:14", 1.0, 0.1),
        ("slow:14", 1.0, 0.1),
    ],
)
def test_a_status_that_may_come_behind_the_post_is_cleared(
    status: str, post_s: float, pause_s: float
) -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage)
        await asyncio.sleep(post_s)
        await post(stage, outlet, pause_s)
        await asyncio.sleep(30)

        assert not stage.slack.workspace.statuses
        assert statuses(stage)[-1] == ""

    staged(play, **{STATUS: [status]})


def test_a_status_is_not_shown_when_the_reply_is_over() -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage)
        await asyncio.sleep(1)
        await post(stage, outlet)
        await asyncio.sleep(20)

        assert statuses(stage) == [THINKING]

    staged(play, **{STATUS: ["429:5"]})


@pytest.mark.parametrize("outage_s", [10, 60, 400])
def test_a_reaction_goes_when_slack_is_back(outage_s: int) -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage, "D0ANA")
        await asyncio.sleep(2)
        outlet.store("1.1")
        await asyncio.sleep(outage_s + MAX_PAUSE_S + 1)

        assert not any(stage.slack.workspace.reactions.values())
        assert len(stage.calls(UNREACT)) < 20

    staged(play, reactions_remove=[f"outage:{outage_s}"])


def test_a_reaction_that_cannot_go_is_left_at_last() -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage, "D0ANA")
        await asyncio.sleep(2)
        outlet.store("1.1")
        await asyncio.sleep(2 * REMOVAL_S)

        assert stage.calls(UNREACT)[-1].begun_s < 2 + REMOVAL_S

    staged(play, reactions_remove=["lost before"] * 99)


def test_pauses_that_slack_asks_for_are_no_tries() -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage, "D0ANA")
        await asyncio.sleep(2)
        outlet.store("1.1")
        await asyncio.sleep(REMOVAL_S)

        assert not any(stage.slack.workspace.reactions.values())

    staged(play, reactions_remove=["429:30"] * 15)


@pytest.mark.parametrize("pause_s", [0.0, 0.1, 0.75])
def test_many_questions_get_no_more_reactions_than_can_go_again(pause_s: float) -> None:
    async def answer(stage: Stage) -> None:
        outlet = begun(stage, "D0ANA")
        await asyncio.sleep(2)
        outlet.store("1.1")

    async def play(stage: Stage) -> None:
        for _ in range(60):
            stage.start(answer(stage))
            await asyncio.sleep(pause_s)
        await asyncio.sleep(5)

        # Nobody waits for one to go.
        assert not any(stage.slack.workspace.reactions.values())
        assert {call.result for call in stage.slack.calls} == {"ok"}
        assert len(stage.calls(REACT)) >= TIERS[UNREACT][1]

    staged(play, limits=Limits())
