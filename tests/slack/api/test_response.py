"""Answers at the address that came with a press."""

import pytest

from bot.playground.server import Playground
from bot.playground.workspace.message import app_message
from bot.slack.api.response import respond
from bot.slack.api.web import Web


def address(playground: Playground, ts: str = "") -> str:
    key = playground.interactions.responses.issue("U0ANA", "C0DEV", ts)
    return f"{playground.url}/respond/{key}"


async def test_an_answer_replaces_the_message(web: Web, playground: Playground) -> None:
    message = app_message("C0DEV", playground.workspace.next_ts())
    playground.workspace.add(message)

    url = address(playground, message.ts)
    assert await respond(web, url, {"text": "new", "replace_original": True})

    stored = playground.workspace.message("C0DEV", message.ts)
    assert stored is not None
    assert stored.text == "new"


@pytest.mark.parametrize(
    "url", ["", "http://127.0.0.1:9/respond/1", "no address", "slack://x"]
)
async def test_an_address_that_does_not_answer_is_no_error(web: Web, url: str) -> None:
    assert not await respond(web, url, {"text": "new"})


async def test_a_refused_answer_is_told(web: Web, playground: Playground) -> None:
    assert not await respond(web, address(playground), {"text": ""})
    assert not await respond(web, f"{playground.url}/respond/0", {"text": "x"})
