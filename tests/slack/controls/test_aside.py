"""A word to one person, seen by nobody else."""

from bot.playground.server import Playground
from bot.playground.webapi.faults import refusal
from bot.slack.api.web import Web
from bot.slack.controls.aside import POST, Reader, show


async def test_only_one_person_sees_it(web: Web, playground: Playground) -> None:
    parent = playground.say("U0ANA", "C0DEV", "hi")
    await show(web, Reader("C0DEV", "U0ANA", parent.ts), {"text": "psst"})

    (message,) = playground.workspace.ephemerals
    assert (message.only_for, message.thread_ts) == ("U0ANA", parent.ts)
    assert message.text == "psst"


async def test_where_slack_refuses_it_is_left(web: Web, playground: Playground) -> None:
    playground.webapi.faults.append(refusal(POST, "user_not_in_channel"))

    await show(web, Reader("C0DEV", "U0ANA", ""), {"text": "psst"})

    assert playground.workspace.ephemerals == []
