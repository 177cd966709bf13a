"""With which writer a reply goes on that another process began."""

import pytest

from bot.playground.webapi.limits import Limits
from bot.slack.channels import Wish
from bot.slack.pacing.budget import POST, START, UPDATE
from tests.slack.delivery.test_faults import CHANNEL, asked
from tests.slack.lives import Life, Story
from tests.slack.virtual import WirelessSlack, virtually
from tests.slack.watch import visible

CODE = [("```py\n", 0.0), ("n0 = 1\n", 1.0), ("n1 = 1\n", 9.0), ("```\n", 1.0)]


@pytest.mark.parametrize(
    ("first", "then", "shown"),
    [
        ("edits", "edits", ["```py\nn0 = 1\nn1 = 1\n```"]),
        ("stream", "edits", ["```py\nn0 = 1\nn1 = 1\n```"]),
        ("edits", "lines", ["```py\nn0 = 1\n```", "```py\nn1 = 1\n```"]),
        ("edits", "stream", ["```py\nn0 = 1\n```", "```py\nn1 = 1\n```"]),
        ("stream", "stream", ["```py\nn0 = 1\n```", "```py\nn1 = 1\n```"]),
    ],
)
def test_a_reply_goes_on_as_its_place_is_set_now(
    first: Wish, then: Wish, shown: list[str]
) -> None:
    async def play() -> None:
        slack = WirelessSlack(Limits())
        story = Story(slack, asked(slack), CODE)
        await story.live(Life(first, 5.0))

        assert await story.live(Life(then))

        found = visible(slack.workspace, CHANNEL, story.turn.question.position)
        assert [text.strip() for text in found] == shown
        assert {POST, START, UPDATE} & {call.method for call in slack.calls}

    virtually(play())
