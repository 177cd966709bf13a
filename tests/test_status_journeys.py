"""What people live through at the limits, and how they learn of them, on the wire."""

from collections.abc import Callable

from bot.playground.model.fault import ModelFault
from bot.playground.server import Playground
from bot.playground.workspace.message import Message
from bot.slack.controls import ephemeral
from tests.conftest import Bots
from tests.test_journeys import answered, answers, settled

GENERAL, ANA, BEN = "C0GENERAL", "U0ANA", "U0BEN"
COMMAND = "/linefeed"


def seen_by(playground: Playground, user: str) -> Callable[[], list[Message]]:
    """Return what tells what one person alone is shown."""
    return lambda: [m for m in playground.workspace.ephemerals if m.only_for == user]


async def status(playground: Playground, user: str = ANA) -> str:
    """Ask for the status; return what is shown."""
    mine = seen_by(playground, user)
    count = len(mine())
    envelope = playground.interactions.command(user, GENERAL, COMMAND, "status")
    assert envelope is not None
    await playground.until(lambda: len(mine()) > count)
    assert envelope.acked_s is not None
    return mine()[-1].text


async def test_the_slash_command_and_the_home_tab_tell_how_the_bot_is(
    playground: Playground, bots: Bots
) -> None:
    homes = playground.interactions.views.homes
    async with bots.running(playground, LINEFEED_DAILY_TOKENS=1_000_000):
        text = await status(playground)
        playground.open_home(ANA)
        await playground.until(lambda: ANA in homes)

    assert "Replies here: lines" in text
    assert "Model here: offline" in text
    assert "0 running, 0 waiting" in text
    assert "Tokens of the last 24 hours: 0 of 1,000,000" in text
    assert "Last error: none" in text
    home = str(homes[ANA].json["blocks"])
    assert "mention me in a channel" in home
    assert "Model here: offline" in home


async def test_who_spent_their_hour_is_told_so_and_others_are_answered(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground, LINEFEED_HOURLY_TOKENS=1):
        first = playground.say(ANA, GENERAL, "@Linefeed echo: so")
        # The first answer waits for the models' libraries to load.
        await playground.until(lambda: bool(playground.model.requests), within_s=40)
        await answered(playground, first, "so")
        # Behind the first one in its thread, so that its tokens are known.
        playground.say(ANA, GENERAL, "and now?", thread_ts=first.ts)
        await playground.until(lambda: len(answers(playground, GENERAL, first.ts)) > 1)
        other = playground.say(BEN, GENERAL, "@Linefeed echo: hi")
        await answered(playground, other, "hi")
        told = answers(playground, GENERAL, first.ts)[1].text

    assert "You have used the 1 tokens" in told
    assert "in about 60 minutes" in told
    assert len(playground.model.requests) == 2


async def test_what_is_too_much_for_a_thread_is_refused_once_and_for_all(
    playground: Playground, bots: Bots
) -> None:
    refused = seen_by(playground, ANA)
    playground.model.faults.append(ModelFault(kind="stall"))
    capped = {"LINEFEED_MAX_WAITING": 1, "LINEFEED_AT_ONCE": 1, "LINEFEED_GRACE_S": 0}
    async with bots.running(playground, **capped):
        playground.say(BEN, "D0BEN", "hello")
        await playground.until(lambda: bool(playground.model.requests), within_s=40)
        root = playground.say(ANA, GENERAL, "@Linefeed echo: one")
        playground.say(ANA, GENERAL, "@Linefeed echo: two", thread_ts=root.ts)
        await playground.until(lambda: bool(refused()))
        await settled(playground)
        text = await status(playground, BEN)
    # What is looked up after a start was refused already.
    async with bots.running(playground, **capped):
        await answered(playground, root, "one")
        await settled(playground)

    assert "1 running, 1 waiting" in text
    assert [(m.text, m.thread_ts) for m in refused()] == [
        (ephemeral.THREAD_FULL, root.ts)
    ]
    asked = [m.text for r in playground.model.requests for m in r.messages]
    assert not any("two" in words for words in asked)
