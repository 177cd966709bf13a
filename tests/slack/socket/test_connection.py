"""The connection comes back: at once where it can, without a gap where Slack warns."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.conversation.ports import SetupError
from bot.playground.server import Playground
from bot.playground.webapi.faults import Fault
from bot.slack.api.web import Web, opened
from bot.slack.events.listeners import Listener
from bot.slack.socket import connection as module
from bot.slack.socket import link
from bot.slack.socket.bolt import bolt_app, receiving
from bot.slack.socket.connection import (
    MAX_PAUSE_S,
    MIN_PAUSE_S,
    Connection,
    connected,
    pause_s,
)
from tests.slack.conftest import ME, GatedInbox

OPEN = "apps.connections.open"


@dataclass
class Hearing:
    """A connection of the real Bolt app, and how often it had a gap."""

    web: Web
    playground: Playground
    listener: Listener
    gaps: int = 0
    has_company: bool = False
    _told: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def begun(self, app_token: str = "") -> AsyncGenerator[Connection]:
        answer = receiving(bolt_app(self.web, ME, self.listener, (), [].append))
        token = app_token or self.playground.app_token
        async with connected(
            self.web, token, answer, self._note, has_company=self.has_company
        ) as connection:
            yield connection

    async def until_gaps(self, count: int) -> None:
        """Wait until so many gaps were told."""
        while self.gaps < count:
            self._told.clear()
            await self._told.wait()

    def _note(self) -> None:
        self.gaps += 1
        self._told.set()

    async def hears(self) -> None:
        """Say something and wait until it is acked."""
        self.playground.say("U0ANA", "D0ANA", "hi")
        sent = self.playground.sockets.log[-1]
        await self.playground.until(lambda: sent.acked_s is not None)


@pytest.fixture
def hearing(web: Web, playground: Playground, listener: Listener) -> Hearing:
    return Hearing(web, playground, listener)


async def until_opened(playground: Playground, count: int) -> None:
    await playground.webapi.until_called(OPEN, count=count)


async def test_events_are_heard_from_entering_to_leaving(
    hearing: Hearing, playground: Playground, inbox: GatedInbox
) -> None:
    async with hearing.begun() as connection:
        assert connection.is_open
        await hearing.hears()

    await playground.until(lambda: playground.sockets.connection_count == 0)
    assert [turn.question.text for turn in inbox.turns] == ["hi"]
    assert not connection.is_open


async def test_the_first_connection_is_behind_a_gap(hearing: Hearing) -> None:
    async with hearing.begun():
        assert hearing.gaps == 1


async def test_a_handover_that_slack_asks_for_has_no_gap(
    hearing: Hearing, playground: Playground
) -> None:
    counts: list[int] = []
    async with hearing.begun():
        playground.sockets.disconnect("warning")
        while len(playground.webapi.called(OPEN)) < 2:
            counts.append(playground.sockets.connection_count)
            await asyncio.sleep(0)
        await playground.until(lambda: playground.sockets.connection_count == 2)
        await hearing.hears()

    assert min(counts) == 1
    assert hearing.gaps == 1


async def test_a_cut_connection_is_made_again_at_once(
    hearing: Hearing, playground: Playground, inbox: GatedInbox
) -> None:
    async with hearing.begun():
        playground.sockets.drop()
        await until_opened(playground, 2)
        await playground.until(lambda: playground.sockets.connection_count == 1)
        await hearing.hears()

    assert len(inbox.turns) == 1
    assert hearing.gaps == 2


async def test_a_silent_connection_is_made_again(
    hearing: Hearing, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "PING_S", 0.05)
    monkeypatch.setattr(link, "SILENCE_S", 0.2)
    async with hearing.begun() as connection:
        playground.sockets.black_hole()
        await until_opened(playground, 2)
        await hearing.until_gaps(2)

        assert connection.is_open
        await hearing.hears()


async def test_an_old_connection_does_not_linger_for_ever(
    hearing: Hearing, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "LINGER_S", 0.1)
    monkeypatch.setattr(link, "PING_S", 0.05)
    async with hearing.begun():
        playground.sockets.disconnect("warning")
        await until_opened(playground, 2)
        await playground.until(lambda: playground.sockets.connection_count == 2)
        await playground.until(lambda: playground.sockets.connection_count == 1)

    assert hearing.gaps == 1


@pytest.mark.parametrize("fault", ["drop", "black_hole"])
async def test_a_link_that_breaks_beside_another_is_a_gap(
    hearing: Hearing,
    playground: Playground,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    monkeypatch.setattr(link, "PING_S", 0.05)
    monkeypatch.setattr(link, "SILENCE_S", 0.2)
    async with hearing.begun() as connection:
        playground.sockets.disconnect("warning")
        await until_opened(playground, 2)
        await playground.until(lambda: playground.sockets.connection_count == 2)
        getattr(playground.sockets, fault)()
        await hearing.until_gaps(2)
        await hearing.hears()

        assert connection.is_open


@pytest.mark.parametrize(
    "url", ["", "nowhere", f"ws://{'x' * 70}.test/", "ws://[::1", 7, None]
)
async def test_an_odd_address_does_not_end_the_bot(
    hearing: Hearing,
    playground: Playground,
    monkeypatch: pytest.MonkeyPatch,
    url: object,
) -> None:
    monkeypatch.setattr(module, "MIN_PAUSE_S", 0.01)
    async with hearing.begun():
        body = {"ok": True, "url": url}
        playground.webapi.faults.append(Fault(OPEN, 200, body, times=2))
        playground.sockets.drop()
        await hearing.until_gaps(2)
        await hearing.hears()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(OPEN, times=2),
        Fault(OPEN, 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "0"}),
        Fault(OPEN, kind="cut_before", times=2),
        Fault(OPEN, kind="hang"),
    ],
    ids=["500", "429", "cut", "black hole"],
)
async def test_it_tries_again_while_slack_gives_no_address(
    hearing: Hearing,
    playground: Playground,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    monkeypatch.setattr(module, "MIN_PAUSE_S", 0.01)
    monkeypatch.setattr(module, "OPEN_TIMEOUT_S", 0.3)
    async with hearing.begun() as connection:
        playground.webapi.faults.append(fault)
        playground.sockets.drop()
        await hearing.until_gaps(2)

        assert connection.is_open


@pytest.mark.parametrize("kind", ["token", "socket mode"])
async def test_what_is_switched_off_while_it_runs_is_waited_for(
    hearing: Hearing,
    playground: Playground,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setattr(module, "MIN_PAUSE_S", 0.01)
    off: dict[str, Callable[[], Any]] = {
        "token": lambda: playground.revoke("app"),
        "socket mode": playground.sockets.switch_off,
    }
    on: dict[str, Callable[[], Any]] = {
        "token": playground.restore,
        "socket mode": playground.sockets.switch_on,
    }
    async with hearing.begun() as connection:
        off[kind]()
        playground.sockets.drop()
        await until_opened(playground, 3)
        assert not connection.is_open
        on[kind]()
        await hearing.until_gaps(2)
        await hearing.hears()


@pytest.mark.parametrize(
    ("token", "error"),
    [("xapp-wrong", "invalid_auth"), ("xoxb-playground", "not_allowed_token_type")],
)
async def test_a_wrong_app_token_is_named(
    hearing: Hearing, playground: Playground, token: str, error: str
) -> None:
    with pytest.raises(ExceptionGroup) as failed:
        async with hearing.begun(token):
            pass

    sentence = str(failed.value.exceptions[0])
    assert sentence.startswith(f"Slack refuses SLACK_APP_TOKEN: {error}. It must be")
    assert token not in sentence
    assert len(playground.webapi.called(OPEN)) == 1


async def test_the_start_names_socket_mode_that_is_switched_off(
    hearing: Hearing, playground: Playground
) -> None:
    playground.sockets.switch_off()

    with pytest.raises(ExceptionGroup) as failed:
        async with hearing.begun():
            pass

    (cause,) = failed.value.exceptions
    assert isinstance(cause, SetupError)
    assert "switch it on" in str(cause)


async def test_the_start_names_too_many_processes(
    hearing: Hearing, playground: Playground
) -> None:
    async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
        links = [playground.sockets.new_url() for _ in range(10)]
        for url in links:
            await stack.enter_async_context(session.ws_connect(url))
        with pytest.raises(ExceptionGroup) as failed:
            async with hearing.begun():
                pass

    assert "Ten processes" in str(failed.value.exceptions[0])


@pytest.mark.parametrize(
    "fault", [Fault(OPEN, kind="hang"), Fault(OPEN, kind="cut_before")], ids=str
)
async def test_a_start_without_slack_ends(
    hearing: Hearing,
    playground: Playground,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    monkeypatch.setattr(module, "START_TIMEOUT_S", 0.1)
    playground.webapi.faults.append(fault)

    with pytest.raises(ExceptionGroup) as failed:
        async with hearing.begun():
            pass

    assert "cannot be reached" in str(failed.value.exceptions[0])


async def test_a_start_names_the_address_that_was_not_reached(
    hearing: Hearing, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "START_TIMEOUT_S", 0.3)
    playground.sockets.black_hole(is_new_too=True)

    with pytest.raises(ExceptionGroup) as failed:
        async with hearing.begun():
            pass

    sentence = str(failed.value.exceptions[0])
    assert sentence.startswith(f"{playground.sockets.origin}/link/ cannot be reached")
    assert "ticket" not in sentence


@pytest.mark.parametrize("has_company", [False, True])
async def test_another_process_with_the_token_is_named_where_none_should_be(
    hearing: Hearing, playground: Playground, *, has_company: bool
) -> None:
    hearing.has_company = has_company
    with capture_logs() as logged:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(playground.sockets.new_url()),
            hearing.begun(),
        ):
            pass

    warnings = [line for line in logged if line["log_level"] == "warning"]
    assert len(warnings) == (not has_company)
    for warning in warnings:
        assert warning["event"].startswith("another process is connected")
        assert warning["others"] == 1


async def test_a_handover_is_no_other_process(
    hearing: Hearing, playground: Playground
) -> None:
    with capture_logs() as logged:
        async with hearing.begun():
            playground.sockets.disconnect("warning")
            await playground.until(lambda: playground.sockets.connection_count == 2)
            await hearing.hears()

    assert not [line for line in logged if line["log_level"] == "warning"]


async def test_a_proxy_changes_nothing_on_this_machine(
    playground: Playground, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async with opened(playground.bot_token, playground.api_url) as web:
        hearing = Hearing(web, playground, listener)
        async with hearing.begun():
            await hearing.hears()


@given(st.integers(1, 100))
def test_pauses_grow_from_one_second_to_thirty(failures: int) -> None:
    shortest_s, longest_s = MIN_PAUSE_S * 0.75, MAX_PAUSE_S

    assert shortest_s <= pause_s(failures) <= longest_s
    assert pause_s(failures + 10) >= 0.75 * min(longest_s, 2 ** (failures + 9))
    assert pause_s(0) == 0


def test_a_pause_after_days_of_failures_is_no_overflow() -> None:
    assert pause_s(100_000) <= MAX_PAUSE_S
