"""Messages that are taken away again, whatever Slack says."""

import pytest

from bot.slack.api.address import Address
from bot.slack.delivery.removal import REMOVED, Removal
from bot.slack.pacing.budget import DELETE
from tests.slack.stage import Stage, staged


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["lost before"], []),
        (["lost after"], []),
        (["429:5"], []),
        (["refused:cant_delete_message"], [REMOVED]),
    ],
)
def test_a_message_is_gone_or_blank_at_last(words: list[str], shown: list[str]) -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await stage.reply("lines", ["one\n"], 1.0, turn)

        removal = Removal(stage.services, Address.load(turn.address), turn.id)
        await removal.remove(stage.messages(turn)[0])

        assert stage.shows(turn) == shown
        assert stage.calls(DELETE)

    staged(play, chat_delete=words)
