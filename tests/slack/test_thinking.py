"""The sign that an answer is coming: there in time, and gone with the first line."""

import asyncio

import pytest

from bot.slack.outlet import ReplyOutlet
from bot.slack.thinking import HEARTBEAT_S, REACTION, STATUS, THINKING, Thinking
from tests.slack.stage import Stage, staged

ADD = "reactions.add"
REMOVE = "reactions.remove"
STATUS_LIFE_S = 120
"""https://docs.slack.dev/reference/methods/assistant.threads.setStatus,
read 2026-11."""


def begun(stage: Stage, channel: str = "C0DEV") -> ReplyOutlet:
    """Let the sign for a reply be shown."""
    outlet = stage.outlet(stage.ask(channel))
    stage.start(Thinking(stage.services.web, outlet).run())
    return outlet


def statuses(stage: Stage) -> list[str]:
    return [call.arguments["status"] for call in stage.calls(STATUS)]


async def post(stage: Stage, outlet: ReplyOutlet) -> None:
    """Post the first line of a reply."""
    place = {"channel": outlet.address.channel, "thread_ts": outlet.address.thread_ts}
    ts = await stage.services.web.write_message(
        "chat.postMessage", {**place, "text": "x"}
    )
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

        assert not stage.calls(ADD) + stage.calls(REMOVE)

    staged(play)


def test_a_refused_sign_hurts_nobody_and_is_not_repeated() -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage, "D0ANA")
        await asyncio.sleep(2)
        outlet.store("1.1")
        await asyncio.sleep(2)

        assert len(stage.calls(ADD)) == 1

    staged(play, reactions_add=["refused:missing_scope"])


@pytest.mark.parametrize("word", ["lost before", "lost after", "429:5"])
def test_a_sign_without_an_answer_is_tried_again(word: str) -> None:
    async def play(stage: Stage) -> None:
        outlet = begun(stage, "D0ANA")
        await asyncio.sleep(20)
        outlet.store("1.1")
        await asyncio.sleep(20)

        assert not any(stage.slack.workspace.reactions.values())
        assert len(stage.calls(ADD)) > 1

    staged(play, reactions_add=[word, word])


def test_a_slack_that_never_answers_is_not_asked_for_ever() -> None:
    async def play(stage: Stage) -> None:
        begun(stage, "D0ANA").store("1.1")
        outlet = begun(stage, "D0ANA")
        await asyncio.sleep(200)
        outlet.store("1.2")
        await asyncio.sleep(200)

        assert len(stage.calls(ADD)) == 5

    staged(play, reactions_add=["lost before"] * 99)
