"""What people notice of a bad line, a refused token, and a Slack that asks to wait."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.conversation.ports import SetupError
from bot.playground.model.stream import Pace
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.webapi.faults import Fault
from bot.playground.webapi.limits import UNLIMITED
from bot.slack.api import tokenwatch
from bot.slack.socket import connection, link
from bot.storage.database import FILE_NAME
from tests.conftest import Bots
from tests.test_journeys import answered, answers, read

pytestmark = pytest.mark.no_cover

POST = "chat.postMessage"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bot notice and retry in tenths of seconds what takes it seconds."""
    monkeypatch.setattr(link, "PING_S", 0.1)
    monkeypatch.setattr(link, "SILENCE_S", 0.4)
    monkeypatch.setattr(connection, "MIN_PAUSE_S", 0.05)
    monkeypatch.setattr(connection, "OPEN_TIMEOUT_S", 0.5)
    monkeypatch.setattr(tokenwatch, "CHECK_S", 0.1)
    monkeypatch.setattr(tokenwatch, "RETRY_S", 0.1)


@pytest.fixture
async def playground() -> AsyncGenerator[Playground]:
    """A playground that loses every event which no connection takes."""
    options = PlaygroundOptions(
        limits=UNLIMITED, pace=Pace(0, 0), redelivery_s=(), warning_s=0.5
    )
    async with Playground(options) as playground:
        yield playground


@asynccontextmanager
async def working(
    bots: Bots, playground: Playground, **variables: object
) -> AsyncGenerator[None]:
    """Run a bot, from its first look-up on: then it is connected."""
    async with bots.running(playground, **variables):
        await playground.webapi.until_called("users.conversations")
        yield


async def asked(playground: Playground, text: str) -> list[str]:
    """Ask, and return the whole answer."""
    question = playground.say("U0ANA", "C0GENERAL", f"@Linefeed echo: {text}")
    return await answered(playground, question, text)


@pytest.mark.parametrize("fault", ["black_hole", "drop", "disconnect"])
async def test_a_question_right_behind_a_fault_of_the_line_is_answered(
    playground: Playground, bots: Bots, fault: str
) -> None:
    async with working(bots, playground):
        getattr(playground.sockets, fault)()

        assert await asked(playground, "there") == ["there"]


async def test_no_event_is_lost_at_a_refresh(
    bots: Bots, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ack may cross Slack's goodbye: that event comes again, in vain."""
    # Nobody is silent here but a busy machine, which must not look like a gap.
    monkeypatch.setattr(link, "SILENCE_S", 6.0)
    options = PlaygroundOptions(limits=UNLIMITED, pace=Pace(0, 0), warning_s=0.5)
    async with Playground(options) as playground, working(bots, playground):
        log = playground.sockets.log
        await asked(playground, "first")
        looks = len(playground.webapi.called("users.conversations"))
        playground.sockets.disconnect("warning")
        for number in range(20):
            known = len(log)
            await asked(playground, f"during {number}")
            # It is answered before Slack could send it again.
            assert {envelope.tries for envelope in list(log)[known:]} == {1}
            await asyncio.sleep(0.05)
        await playground.until(lambda: playground.sockets.connection_count == 1)
        await asked(playground, "last")
        # The bot's own answers come back as events, too.
        await playground.until(lambda: all(e.acked_s for e in log))

    # A question's two events and its answer's: no more is in hand at the same time.
    assert sum(envelope.tries > 1 for envelope in log) <= 3
    assert len(playground.webapi.called("users.conversations")) == looks
    assert len(playground.model.requests) == 22


async def test_a_reply_goes_on_while_the_connection_is_gone(
    playground: Playground, bots: Bots
) -> None:
    playground.model.pace = Pace(0, 200)
    text = "\n\n".join(f"Line {number}." for number in range(20))
    playground.model.scripts.append(text)
    async with working(bots, playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed hello")
        await playground.webapi.until_called(POST)
        playground.sockets.switch_off()

        assert await answered(playground, question, text) == text.split("\n\n")


async def test_what_is_asked_while_the_app_token_is_dead_is_answered_later(
    playground: Playground, bots: Bots
) -> None:
    async with working(bots, playground):
        playground.revoke("app")
        playground.sockets.drop()
        await playground.webapi.until_called("apps.connections.open", count=3)
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: late")
        playground.restore()

        assert await answered(playground, question, "late") == ["late"]


async def test_a_revoked_token_costs_no_line_and_no_question(
    playground: Playground, bots: Bots
) -> None:
    playground.model.pace = Pace(0, 200)
    text = "\n\n".join(f"Line {number}." for number in range(20))
    playground.model.scripts.append(text)
    async with working(bots, playground):
        first = playground.say("U0ANA", "C0GENERAL", "@Linefeed hello")
        await playground.webapi.until_called(POST)
        playground.revoke("bot")
        asked_before = len(playground.webapi.called("auth.test"))
        await playground.webapi.until_called("auth.test", count=asked_before + 2)
        second = playground.say("U0BEN", "C0DEV", "@Linefeed echo: unheard")
        playground.restore()

        assert await answered(playground, first, text) == text.split("\n\n")
        assert await answered(playground, second, "unheard") == ["unheard"]


async def test_a_429_in_one_channel_does_not_delay_another(
    playground: Playground, bots: Bots
) -> None:
    body = {"ok": False, "error": "ratelimited"}
    pause = Fault(POST, 429, body, {"Retry-After": "3"})
    async with working(bots, playground):
        playground.webapi.faults.append(pause)
        held = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: held")
        await playground.webapi.until_called(POST)
        free = playground.say("U0BEN", "C0DEV", "@Linefeed echo: free")
        await answered(playground, free, "free")
        assert answers(playground, "C0GENERAL", held.ts) == []
        await answered(playground, held, "held")

    first, _, last = playground.webapi.called(POST)
    assert last.received_s - first.received_s >= 3


async def test_a_429_of_a_read_does_not_delay_posts(
    playground: Playground, bots: Bots
) -> None:
    body = {"ok": False, "error": "ratelimited"}
    async with working(bots, playground):
        fault = Fault("conversations.history", 429, body, {"Retry-After": "60"})
        playground.webapi.faults.append(fault)

        assert await asked(playground, "at once") == ["at once"]


async def test_a_supervisor_sees_what_is_wrong(
    playground: Playground, bots: Bots, unused_tcp_port: int
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/healthz"

    async def until(name: str, *, is_good: bool) -> None:
        """Ask until a field says so, and check that the status does too."""
        while True:
            with suppress(aiohttp.ClientConnectorError):
                async with session.get(url) as answer:
                    if (await answer.json())[name] is is_good:
                        assert answer.status == (200 if is_good else 503)
                        return
            await asyncio.sleep(0.02)

    async with (
        working(bots, playground, LINEFEED_HEALTH_PORT=unused_tcp_port),
        aiohttp.ClientSession() as session,
    ):
        await until("is_connected", is_good=True)
        playground.sockets.black_hole(is_new_too=True)
        await until("is_connected", is_good=False)
        playground.sockets.hear_again()
        await until("is_connected", is_good=True)
        playground.revoke("bot")
        await until("is_token_accepted", is_good=False)
        playground.restore()
        await until("is_token_accepted", is_good=True)
        (bots.data / FILE_NAME).unlink()
        await until("is_database_writable", is_good=False)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda p: p.revoke("bot"), "SLACK_BOT_TOKEN: token_revoked"),
        (lambda p: p.revoke("app"), "SLACK_APP_TOKEN: token_revoked"),
        (lambda p: p.sockets.switch_off(), "Socket Mode is off: switch it on"),
        (lambda p: p.sockets.black_hole(is_new_too=True), "cannot be reached"),
    ],
    ids=["bot token", "app token", "socket mode", "network"],
)
async def test_a_start_that_cannot_succeed_ends_with_the_fix(
    playground: Playground,
    bots: Bots,
    spoil: Callable[[Playground], None],
    sentence: str,
) -> None:
    spoil(playground)

    with pytest.raises(ExceptionGroup) as failed:
        async with asyncio.timeout(10), bots.running(playground) as bot:
            await bot

    (cause,) = _leaves(failed.value)
    assert isinstance(cause, SetupError)
    assert sentence in str(cause)
    assert len(playground.webapi.called("apps.connections.open")) <= 1


def _leaves(error: BaseException) -> list[BaseException]:
    parts: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return [leaf for part in parts for leaf in _leaves(part)] or [error]


async def test_a_second_process_with_the_token_is_told_of(
    playground: Playground, bots: Bots
) -> None:
    with capture_logs() as logged:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(playground.sockets.new_url()),
            working(bots, playground),
        ):
            pass

    assert "another process is connected with SLACK_APP_TOKEN" in str(logged)


async def test_a_look_up_leaves_what_was_answered_alone(
    playground: Playground, bots: Bots
) -> None:
    async with working(bots, playground):
        for number in range(2):
            await asked(playground, f"{number}")
            playground.sockets.drop()
            await playground.webapi.until_called(
                "users.conversations", count=number + 2
            )
        await asked(playground, "last")

    roots = [m for m in playground.workspace.messages("C0GENERAL") if not m.is_reply]
    assert [len(read(answers(playground, "C0GENERAL", r.ts))) for r in roots] == [1] * 3
