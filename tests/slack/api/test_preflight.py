"""Every reason not to start is one sentence that names the fix."""

import pytest

from bot.conversation.ports import SetupError
from bot.playground.manifest import DEFAULT_SCOPES
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.webapi.faults import Fault
from bot.playground.workspace.identity import BOT_ID, BOT_USER, TEAM
from bot.slack.api import preflight
from bot.slack.api.preflight import SCOPES, Identity, identify
from bot.slack.api.web import Web, opened


async def failure(web: Web) -> str:
    """Return the sentence that the preflight ends with."""
    with pytest.raises(SetupError) as failed:
        await identify(web)
    return str(failed.value)


async def test_the_bot_learns_who_it_is(web: Web) -> None:
    assert await identify(web) == Identity(TEAM, BOT_USER, BOT_ID)


async def test_a_wrong_bot_token_is_named(playground: Playground) -> None:
    async with opened("xoxb-wrong", playground.api_url) as web:
        sentence = await failure(web)

    assert sentence.startswith("Slack refuses SLACK_BOT_TOKEN: invalid_auth. Copy it")
    assert "xoxb-wrong" not in sentence


async def test_a_revoked_token_ends_the_start(web: Web, playground: Playground) -> None:
    playground.revoke("bot")

    assert "SLACK_BOT_TOKEN: token_revoked." in await failure(web)
    assert len(playground.webapi.called("auth.test")) == 1


async def test_the_token_of_a_person_is_not_the_bots(
    web: Web, playground: Playground
) -> None:
    body = {"ok": True, "team_id": TEAM, "user_id": "U0ANA"}
    playground.webapi.faults.append(Fault("auth.test", 200, body))

    assert "SLACK_BOT_TOKEN is a person's" in await failure(web)


@pytest.mark.parametrize("lacking", sorted(SCOPES))
async def test_each_missing_scope_is_named(lacking: str) -> None:
    options = PlaygroundOptions(scopes=DEFAULT_SCOPES - {lacking})
    async with (
        Playground(options) as playground,
        opened(playground.bot_token, playground.api_url) as web,
    ):
        sentence = await failure(web)

    assert sentence.startswith(f"The app lacks the scope {lacking}. Put manifest.yaml")


@pytest.mark.parametrize(
    "odd", [{"team_id": None}, {"user_id": 7}, {"bot_id": ""}, {"team_id": ""}], ids=str
)
async def test_a_server_that_is_no_slack_is_named(
    web: Web, playground: Playground, odd: dict[str, object]
) -> None:
    body = {"ok": True, "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT_ID, **odd}
    headers = {"x-oauth-scopes": ",".join(SCOPES)}
    playground.webapi.faults.append(Fault("auth.test", 200, body, headers))

    assert "does not answer as Slack does" in await failure(web)


async def test_more_scopes_than_needed_do_no_harm() -> None:
    options = PlaygroundOptions(scopes=DEFAULT_SCOPES | {"reactions:write"})
    async with (
        Playground(options) as playground,
        opened(playground.bot_token, playground.api_url) as web,
    ):
        assert await identify(web)


async def test_a_pause_that_slack_asks_for_is_no_wrong_token(
    web: Web, playground: Playground
) -> None:
    body = {"ok": False, "error": "ratelimited"}
    pause = Fault("auth.test", 429, body, {"Retry-After": "7"})
    playground.webapi.faults.append(pause)

    assert await failure(web) == "Slack asks for a pause of 7 s; start again then."


async def test_a_slack_that_cannot_be_reached_is_named(unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/api/"
    async with opened("xoxb-1", url) as web:
        assert f"{url} cannot be reached (ClientConnectorError)" in await failure(web)


async def test_a_slack_that_never_answers_is_not_waited_for(
    web: Web, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "TIMEOUT_S", 0.05)
    playground.webapi.faults.append(Fault("auth.test", kind="hang"))

    assert "cannot be reached (TimeoutError). Check the network" in await failure(web)
