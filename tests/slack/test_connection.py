"""Socket Mode with the real Bolt: who the bot is, and when an event is acked."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from bot.conversation.ports import SetupError, StoreError
from bot.conversation.turn import Message, ThreadId, Turn
from bot.playground.server import Playground
from bot.playground.webapi import Fault
from bot.playground.workspace import BOT_ID, BOT_USER, TEAM
from bot.slack.connection import Identity, connected, identify
from bot.slack.listeners import Listener
from bot.slack.policy import Policy
from bot.slack.web import Web, opened

ME = Identity(TEAM, BOT_USER, BOT_ID)


class GatedInbox:
    """An inbox that takes turns while its gate is open, after so many failures."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures = 0

    async def accept(self, turn: Turn) -> bool:
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise StoreError("disk full")
        self.turns.append(turn)
        return True


class EmptyMemory:
    async def add(self, message: Message) -> None:
        raise AssertionError(message)

    async def people(self, thread: ThreadId) -> frozenset[str]:
        return frozenset()


@pytest.fixture
async def inbox() -> GatedInbox:
    return GatedInbox()


@pytest.fixture
def listener(inbox: GatedInbox) -> Listener:
    return Listener(inbox, EmptyMemory(), Policy(BOT_USER))


@pytest.fixture
async def connection(
    web: Web, playground: Playground, listener: Listener
) -> AsyncGenerator[None]:
    async with connected(web, ME, playground.app_token, listener):
        yield


def all_acked(playground: Playground) -> bool:
    return all(e.acked_s is not None for e in playground.sockets.log)


async def test_the_bot_learns_who_it_is(web: Web) -> None:
    assert await identify(web) == ME


@pytest.mark.usefixtures("connection")
async def test_a_turn_is_stored_before_the_ack(
    playground: Playground, inbox: GatedInbox
) -> None:
    inbox.gate.clear()
    playground.say("U0ANA", "D0ANA", "hi")
    (envelope,) = playground.sockets.log
    # Delivered again means: not acknowledged for all that time.
    while not envelope.attempt:  # noqa: ASYNC110 - the playground tells nobody
        await asyncio.sleep(0)
    assert envelope.acked_s is None

    inbox.gate.set()
    await playground.until(lambda: all_acked(playground))

    assert {turn.question.text for turn in inbox.turns} == {"hi"}


@pytest.mark.usefixtures("connection")
async def test_what_was_not_stored_is_delivered_again(
    playground: Playground, inbox: GatedInbox
) -> None:
    inbox.failures = 1
    playground.say("U0ANA", "D0ANA", "hi")
    await playground.until(lambda: all_acked(playground))

    (envelope,) = playground.sockets.log
    assert envelope.attempt == 1
    assert [turn.question.text for turn in inbox.turns] == ["hi"]


@pytest.mark.usefixtures("connection")
async def test_every_other_event_is_acked_too(
    playground: Playground, inbox: GatedInbox, web: Web
) -> None:
    message = playground.say("U0ANA", "C0DEV", "to nobody")
    playground.workspace.edit(message)
    playground.workspace.delete("C0DEV", message.ts)
    await web.write("chat.postMessage", {"channel": "C0DEV", "text": "our own"})
    reaction = {"type": "reaction_added", "user": "U0ANA", "reaction": "wave"}
    for event in (reaction, {"type": "app_home_opened"}, {"type": "team_join"}):
        body = {"type": "event_callback", "team_id": TEAM, "event": event}
        playground.sockets.deliver(body)
    await playground.until(lambda: all_acked(playground))

    assert len(playground.sockets.log) == 7
    assert {envelope.attempt for envelope in playground.sockets.log} == {0}
    assert inbox.turns == []


@pytest.mark.usefixtures("connection")
async def test_both_events_of_a_mention_reach_the_inbox_as_one_turn(
    playground: Playground, inbox: GatedInbox
) -> None:
    playground.say("U0ANA", "C0DEV", "@Linefeed hi")
    await playground.until(lambda: all_acked(playground))

    assert len(playground.sockets.log) == 2
    assert len({turn.id for turn in inbox.turns}) == 1


@pytest.mark.usefixtures("connection")
async def test_the_web_api_is_not_called_per_event(playground: Playground) -> None:
    before = len(playground.webapi.calls)
    question = playground.say("U0ANA", "D0ANA", "hi")
    playground.say("U0ANA", "D0ANA", "hi again", thread_ts=question.ts)
    await playground.until(lambda: all_acked(playground))

    assert len(playground.webapi.calls) == before


async def test_variables_for_oauth_change_nothing(
    web: Web,
    playground: Playground,
    listener: Listener,
    inbox: GatedInbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("CLIENT_ID", "CLIENT_SECRET", "SIGNING_SECRET", "BOT_TOKEN"):
        monkeypatch.setenv(f"SLACK_{name}", "other")

    async with connected(web, ME, playground.app_token, listener):
        playground.say("U0ANA", "D0ANA", "hi")
        await playground.until(lambda: all_acked(playground))

    assert len(inbox.turns) == 1


async def test_a_proxy_changes_nothing_on_this_machine(
    playground: Playground,
    listener: Listener,
    inbox: GatedInbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async with (
        opened(playground.bot_token, playground.api_url) as web,
        connected(web, await identify(web), playground.app_token, listener),
    ):
        playground.say("U0ANA", "D0ANA", "hi")
        await playground.until(lambda: all_acked(playground))

    assert len(inbox.turns) == 1


@pytest.mark.usefixtures("connection")
async def test_the_connection_is_made_again_when_slack_ends_it(
    playground: Playground, inbox: GatedInbox
) -> None:
    opened_before = len(playground.webapi.called("apps.connections.open"))
    playground.sockets.disconnect()
    await playground.webapi.until_called(
        "apps.connections.open", count=opened_before + 1, within_s=20
    )
    playground.say("U0ANA", "D0ANA", "hi")
    await playground.until(
        lambda: bool(inbox.turns) and all_acked(playground), within_s=20
    )

    assert len(inbox.turns) >= 1


async def test_leaving_closes_the_connection(
    web: Web, playground: Playground, listener: Listener
) -> None:
    async with connected(web, ME, playground.app_token, listener):
        await playground.until(lambda: playground.sockets.connection_count == 1)

    await playground.until(lambda: playground.sockets.connection_count == 0)
    assert playground.sockets.connection_count == 0


async def test_a_wrong_bot_token_is_named(playground: Playground) -> None:
    async with opened("xoxb-wrong", playground.api_url) as web:
        with pytest.raises(SetupError) as failed:
            await identify(web)

    assert str(failed.value) == "Slack refuses SLACK_BOT_TOKEN: invalid_auth."


async def test_the_token_of_a_person_is_not_the_bots(
    web: Web, playground: Playground
) -> None:
    body = {"ok": True, "team_id": TEAM, "user_id": "U0ANA"}
    playground.webapi.faults.append(Fault("auth.test", 200, body))

    with pytest.raises(SetupError, match="SLACK_BOT_TOKEN is a person's"):
        await identify(web)


@pytest.mark.parametrize(
    ("token", "error"),
    [("xapp-wrong", "invalid_auth"), ("xoxb-playground", "not_allowed_token_type")],
)
async def test_a_wrong_app_token_is_named(
    web: Web, listener: Listener, token: str, error: str
) -> None:
    with pytest.raises(SetupError, match=f"SLACK_APP_TOKEN: {error}") as failed:
        async with connected(web, ME, token, listener):
            pass

    assert token not in str(failed.value)


async def test_a_slack_that_cannot_be_reached_is_named(
    unused_tcp_port: int, listener: Listener
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/api/"
    async with opened("xoxb-1", url) as web:
        with pytest.raises(SetupError, match="cannot be reached"):
            await identify(web)
        with pytest.raises(SetupError, match="cannot be reached"):
            async with connected(web, ME, "xapp-1", listener):
                pass
