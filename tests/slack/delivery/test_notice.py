"""What the asker is told where a reply cannot go on: in place, else directly."""

import pytest

from bot.playground.webapi.membership import archive
from bot.slack.api.address import Address
from bot.slack.api.refusals import GONE_ERRORS
from bot.slack.delivery.notice import notify
from tests.slack.stage import Stage, staged

POST = "chat.postMessage"
EPHEMERAL = "chat.postEphemeral"


async def told(stage: Stage, error: str, channel: str = "C0DEV") -> None:
    address = Address.load(stage.ask(channel).address)
    await notify(stage.services.web, address, error)


def test_where_the_thread_is_locked_only_the_asker_sees_why() -> None:
    async def play(stage: Stage) -> None:
        await told(stage, "restricted_action_thread_locked")

        (message,) = stage.slack.workspace.ephemerals
        assert message.only_for == "U0ANA"
        assert message.text == "I could not finish my answer: its thread is locked."
        assert not stage.calls(POST)

    staged(play)


@pytest.mark.parametrize("error", ["is_archived", "not_in_channel"])
def test_where_the_channel_is_closed_the_asker_is_told_directly(error: str) -> None:
    async def play(stage: Stage) -> None:
        archive(stage.slack.workspace, "U0ANA", "C0DEV")
        await told_in_archive(stage, error)

        (message,) = [m for m in stage.slack.workspace.messages("D0ANA") if m.bot_id]
        assert message.text.startswith("I could not finish my answer: ")
        assert message.text.endswith("You asked in <#C0DEV>.")
        assert not stage.calls(EPHEMERAL)

    async def told_in_archive(stage: Stage, error: str) -> None:
        address = Address("T", "T", "U0ANA", "C0DEV", "channel", "1.0", "1.0")
        await notify(stage.services.web, address, error)

    staged(play)


@pytest.mark.parametrize("word", ["refused:user_not_in_channel", "lost before"])
def test_what_cannot_be_shown_in_place_is_said_directly(word: str) -> None:
    async def play(stage: Stage) -> None:
        await told(stage, "restricted_action")

        assert [call.channel for call in stage.calls(POST)] == ["U0ANA"]

    staged(play, chat_postEphemeral=[word])


@pytest.mark.parametrize("word", ["refused:is_archived", "lost after", "429:30"])
def test_what_cannot_be_said_at_all_is_left_at_that(word: str) -> None:
    async def play(stage: Stage) -> None:
        await told(stage, "is_archived")

        assert len(stage.calls(POST)) == 1

    staged(play, chat_postMessage=[word])


@pytest.mark.parametrize("error", sorted(GONE_ERRORS))
def test_no_code_of_slacks_is_shown_to_people(error: str) -> None:
    async def play(stage: Stage) -> None:
        await told(stage, error)

        calls = stage.calls(EPHEMERAL) + stage.calls(POST)
        assert calls
        assert not any("_" in call.arguments["text"] for call in calls)

    staged(play)
