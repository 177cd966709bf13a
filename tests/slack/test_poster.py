"""What a post carries, and what ends the search for a lost one."""

import asyncio
from collections.abc import Callable

import pytest

from bot.chunking import Chunk
from bot.conversation.ports import DeliveryError
from bot.conversation.turn import Turn
from bot.playground.server import Playground
from bot.playground.webapi.faults import Fault
from bot.playground.workspace.identity import BOT_ID
from bot.slack.outlet import LinesOutlet
from bot.slack.pacing import Pace
from bot.slack.poster import ChannelPoster, Doubt, Journal
from bot.slack.web import READ_RETRIES, Web

POST = "chat.postMessage"
REPLIES = "conversations.replies"
Ask = Callable[..., Turn]


@pytest.fixture
def poster(web: Web, journal: Journal) -> ChannelPoster:
    return ChannelPoster(web, BOT_ID, journal, Pace(0), Doubt(pause_s=0))


async def post(poster: ChannelPoster, turn: Turn, text: str = "line") -> None:
    outlet = LinesOutlet(turn, poster.add)
    outlet.send(Chunk(f"{text}\n"))
    await poster.run()
    await outlet.drained()


async def test_a_post_carries_all_that_slack_needs(
    poster: ChannelPoster, playground: Playground, ask: Ask
) -> None:
    turn = ask()

    await post(poster, turn, "a **b** <https://x.test>")

    (call,) = playground.webapi.called(POST)
    assert call.arguments == {
        "channel": "C0DEV",
        "thread_ts": turn.question.position,
        "text": "a **b** &lt;https://x.test&gt;",
        "blocks": [{"type": "markdown", "text": "a **b** <https://x.test>"}],
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {
            "event_type": "linefeed_reply",
            "event_payload": {"turn": turn.id, "seq": 0},
        },
    }


async def test_a_long_post_has_a_short_fallback(
    poster: ChannelPoster, playground: Playground, ask: Ask
) -> None:
    await post(poster, ask(), "x" * 9_000)

    (call,) = playground.webapi.called(POST)
    assert len(call.arguments["text"]) == 3_000
    assert len(call.arguments["blocks"][0]["text"]) == 9_000


async def test_a_poster_rests_when_nothing_waits(
    poster: ChannelPoster, playground: Playground
) -> None:
    await poster.run()

    assert not poster.is_running
    assert playground.webapi.called(POST) == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(REPLIES, 500),
        Fault(
            REPLIES, 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "0"}
        ),
    ],
    ids=["500", "429"],
)
async def test_the_search_goes_on_until_slack_answers(
    poster: ChannelPoster, playground: Playground, ask: Ask, fault: Fault
) -> None:
    playground.webapi.faults.append(Fault(POST, kind="cut_after"))
    # As many as the client takes before it gives up.
    playground.webapi.faults += [fault] * (READ_RETRIES + 1)

    await post(poster, ask())

    assert len(playground.webapi.called(POST)) == 1


@pytest.mark.parametrize("is_executed", [False, True])
@pytest.mark.parametrize(
    "answer", [b'{"ok":true}', b"[]", b'\xff\xfe{"ok":true}', b"[" * 100_000]
)
async def test_an_answer_that_makes_no_sense_leaves_the_line_posted_once(
    poster: ChannelPoster,
    playground: Playground,
    ask: Ask,
    answer: bytes,
    *,
    is_executed: bool,
) -> None:
    fault = Fault(POST, 200, raw=answer, is_executed=is_executed)
    playground.webapi.faults.append(fault)

    await post(poster, ask())

    messages = list(playground.workspace.messages("C0DEV"))
    assert [message.text for message in messages if message.bot_id] == ["line"]


async def test_the_search_ends_when_slack_stays_silent(
    web: Web, journal: Journal, playground: Playground, ask: Ask
) -> None:
    poster = ChannelPoster(
        web, BOT_ID, journal, Pace(0), Doubt(pause_s=0.01, patience_s=0.1)
    )
    playground.webapi.faults.append(Fault(POST, kind="cut_after"))
    playground.webapi.faults += [Fault(REPLIES, 500)] * 1_000

    with pytest.raises(DeliveryError, match="does not answer"):
        await post(poster, ask())


async def test_the_search_outlasts_a_refused_token(
    web: Web, journal: Journal, playground: Playground, ask: Ask
) -> None:
    doubt = Doubt(pause_s=0.01, patience_s=0.1)
    poster = ChannelPoster(web, BOT_ID, journal, Pace(0), doubt)
    playground.webapi.faults.append(Fault(POST, kind="cut_before"))
    playground.revoke("bot")
    async with asyncio.TaskGroup() as group:
        posting = group.create_task(post(poster, ask()))
        await web.token_state.until_refused()
        await asyncio.sleep(0.3)
        playground.restore()
        web.token_state.accept()

    await posting
    messages = list(playground.workspace.messages("C0DEV"))
    assert [message.text for message in messages if message.bot_id] == ["line"]


async def test_the_search_ends_when_the_thread_may_not_be_read(
    poster: ChannelPoster, playground: Playground, ask: Ask
) -> None:
    refusal = {"ok": False, "error": "missing_scope"}
    playground.webapi.faults.append(Fault(POST, kind="cut_after"))
    playground.webapi.faults.append(Fault(REPLIES, 200, refusal))

    with pytest.raises(DeliveryError, match="missing_scope"):
        await post(poster, ask())


async def test_a_fault_of_one_reply_ends_only_that_reply(
    web: Web, playground: Playground, ask: Ask
) -> None:
    class BrokenOnceJournal:
        is_broken = True

        def note(self, turn: str, seq: int, message: str) -> None:
            if self.is_broken:
                self.is_broken = False
                raise ZeroDivisionError

    poster = ChannelPoster(web, BOT_ID, BrokenOnceJournal(), Pace(0), Doubt())
    outlets = [LinesOutlet(ask(), poster.add) for _ in range(2)]
    for outlet in outlets:
        outlet.send(Chunk("line\n"))

    await poster.run()

    with pytest.raises(DeliveryError, match="posting failed"):
        await outlets[0].drained()
    await outlets[1].drained()
