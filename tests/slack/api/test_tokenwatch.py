"""A revoked token is noticed without any event, and its return too."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.playground.server import Playground
from bot.playground.webapi.faults import Fault
from bot.slack.api import tokenwatch
from bot.slack.api.tokenwatch import TokenWatch
from bot.slack.api.web import Web


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenwatch, "CHECK_S", 0.02)
    monkeypatch.setattr(tokenwatch, "RETRY_S", 0.02)


async def test_an_idle_bot_notices_a_revoked_token_and_its_return(
    web: Web, playground: Playground
) -> None:
    returned = asyncio.Event()
    watch = TokenWatch(web, returned.set)
    with capture_logs() as logged:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(watch.run())
            playground.revoke("bot")
            await web.token_state.until_refused()
            assert not returned.is_set()
            playground.restore()
            await returned.wait()
            watching.cancel()

    assert not web.token_state.is_refused
    levels = [line["log_level"] for line in logged]
    assert levels == ["critical", "warning"]
    assert "token_revoked" in str(logged[0])
    assert playground.bot_token not in str(logged)


@pytest.mark.parametrize(
    "fault", [Fault("auth.test"), Fault("auth.test", kind="cut_before")]
)
async def test_no_answer_is_no_return(
    web: Web, playground: Playground, fault: Fault
) -> None:
    returned = asyncio.Event()
    watch = TokenWatch(web, returned.set)
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch.run())
        playground.revoke("bot")
        await web.token_state.until_refused()
        playground.webapi.faults += [fault] * 2
        asked = len(playground.webapi.called("auth.test"))
        await playground.webapi.until_called("auth.test", count=asked + 2)

        assert web.token_state.is_refused
        assert not returned.is_set()
        watching.cancel()


async def test_a_token_that_works_is_not_spoken_of(
    web: Web, playground: Playground
) -> None:
    returned = asyncio.Event()
    watch = TokenWatch(web, returned.set)
    with capture_logs() as logged:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(watch.run())
            await playground.webapi.until_called("auth.test", count=3)
            watching.cancel()

    assert logged == []
    assert not returned.is_set()
