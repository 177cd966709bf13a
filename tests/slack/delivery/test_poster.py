"""What a post carries, whose turn it is, and what ends the search for a lost one."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine

import pytest

from bot.chunking import Chunk
from bot.conversation.ports import DeliveryError
from bot.conversation.turn import Turn
from bot.playground.server import Playground
from bot.playground.webapi.faults import Fault
from bot.playground.webapi.limits import Limits
from bot.slack.api.refusals import MISSING
from bot.slack.delivery.lines import LinesWriter
from bot.slack.delivery.outlet import ReplyOutlet
from bot.slack.delivery.poster import ChannelPoster
from bot.slack.delivery.services import Services
from tests.slack.stage import INTERVAL_S, Stage, staged

POST = "chat.postMessage"
REPLIES = "conversations.replies"
Ask = Callable[..., Turn]


def replying(stage: Stage, turn: Turn | None = None) -> ReplyOutlet:
    """Return the outlet of a reply that comes as lines."""
    poster = stage.poster()
    return ReplyOutlet(
        turn or stage.ask(), 0, lambda outlet: LinesWriter(outlet, poster.add)
    )


async def post(stage: Stage, *texts: str, turn: Turn | None = None) -> None:
    """Reply with lines and wait until they are there."""
    outlet = replying(stage, turn)
    for text in texts:
        outlet.send(Chunk(f"{text}\n"))
    await outlet.drained()


def test_a_post_carries_all_that_slack_needs() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await post(stage, "a **b** <https://x.test>", turn=turn)

        (call,) = stage.calls(POST)
        text, blocks = call.arguments.pop("text"), call.arguments.pop("blocks")
        assert call.arguments == {
            "channel": "C0DEV",
            "thread_ts": turn.question.position,
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {
                "event_type": "linefeed_reply",
                "event_payload": {"turn": turn.id, "seq": 0},
            },
        }
        assert blocks == [{"type": "markdown", "text": "a **b** <https://x.test>"}]
        assert "<" not in text

    staged(play)


def test_a_long_post_has_a_short_fallback() -> None:
    async def play(stage: Stage) -> None:
        await post(stage, "x" * 9_000)

        (call,) = stage.calls(POST)
        assert len(call.arguments["text"]) <= 3_000
        assert len(call.arguments["blocks"][0]["text"]) == 9_000

    staged(play)


def test_what_is_posted_is_noted_with_its_words() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await post(stage, "", "one <!here>", turn=turn)

        (ts,) = [m.ts for m in stage.slack.workspace.messages("C0DEV") if m.bot_id]
        assert [note[1:] for note in stage.notes.notes] == [(0, ts, "\none <!here>\n")]

    staged(play)


def test_a_short_reply_is_there_line_by_line_at_once_and_a_long_one_paced() -> None:
    async def play(stage: Stage) -> None:
        outlet = replying(stage)
        for number in range(6):
            outlet.send(Chunk(f"line {number}\n"))
            await asyncio.sleep(0.1)
        await outlet.drained()

        begun_s = [call.begun_s for call in stage.calls(POST)]
        texts = [call.arguments["blocks"][0]["text"] for call in stage.calls(POST)]
        assert texts[:3] == ["line 0", "line 1", "line 2"]
        assert begun_s[2] < 0.3
        assert texts[3] == "line 3\nline 4\nline 5"
        assert begun_s[3] == pytest.approx(INTERVAL_S, abs=0.01)

    staged(play)


def test_replies_take_turns() -> None:
    async def play(stage: Stage) -> None:
        outlets = {name: replying(stage) for name in "abc"}
        for name, outlet in outlets.items():
            for _ in range(3):
                outlet.send(Chunk(name * 2_000 + "\n"))
                outlet.send(Chunk("\n" + name * 8_500 + "\n"))
        for outlet in outlets.values():
            await outlet.drained()

        order = [call.arguments["blocks"][0]["text"][0] for call in stage.calls(POST)]
        assert order[:6] == list("abcabc")

    staged(play, limits=Limits())


def test_a_429_ends_the_bursts_and_all_that_waits_goes_behind_it() -> None:
    async def play(stage: Stage) -> None:
        outlet = replying(stage)
        for number in range(4):
            outlet.send(Chunk(f"line {number}\n"))
            await asyncio.sleep(0.2)
        await outlet.drained()
        await post(stage, "next")
        await post(stage, "last")

        first, second, third, fourth = stage.calls(POST)
        assert (first.plan, second.begun_s) == ("429:7", pytest.approx(7.06))
        assert second.arguments["blocks"][0]["text"].count("line") == 4
        assert third.begun_s >= second.begun_s + INTERVAL_S - 1e-6
        assert fourth.begun_s >= third.begun_s + INTERVAL_S - 1e-6

    staged(play, chat_postMessage=["429:7"])


def test_the_search_for_one_post_holds_up_no_other_reply() -> None:
    async def play(stage: Stage) -> None:
        lost = replying(stage)
        lost.send(Chunk("lost\n"))
        await asyncio.sleep(0.2)
        before_s = stage.now_s
        await post(stage, "other")
        assert stage.now_s - before_s < 0.1
        await lost.drained()

        texts = [call.arguments["blocks"][0]["text"] for call in stage.calls(POST)]
        assert texts == ["lost", "other", "lost"]
        # Two looks, two seconds apart.
        assert len(stage.calls(REPLIES)) == 2

    staged(play, chat_postMessage=["lost before"])


@pytest.mark.parametrize("word", ["lost after", "slow:20", "late store:1", "held:3"])
def test_what_arrived_is_found_and_posted_once(word: str) -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await post(stage, "one", turn=turn)

        assert stage.shows(turn) == ["one"]
        assert stage.notes.text() == "one\n"

    staged(play, chat_postMessage=[word])


@pytest.mark.parametrize("word", ["lost before", "429:1"])
def test_the_search_goes_on_until_slack_answers(word: str) -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await post(stage, "one", turn=turn)

        assert stage.shows(turn) == ["one"]
        assert len(stage.calls(POST)) == 1

    staged(play, chat_postMessage=["lost after"], conversations_replies=[word] * 8)


def test_where_slack_stays_silent_the_reply_goes_on_and_says_so() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        outlet = replying(stage, turn)
        outlet.send(Chunk("one\n"))
        await asyncio.sleep(1)
        outlet.send(Chunk("two\n"))
        await outlet.drained()

        assert stage.shows(turn) == ["one", f"_{MISSING}_\ntwo"]
        patience_s = stage.services.doubt.patience_s
        assert patience_s < stage.now_s < patience_s + 60

    staged(
        play,
        chat_postMessage=["lost after"],
        conversations_replies=["lost before"] * 2_000,
    )


def test_the_search_outlasts_a_refused_token() -> None:
    async def play(stage: Stage) -> None:
        slack, turn = stage.slack, stage.ask()
        outlet = replying(stage, turn)
        outlet.send(Chunk("one\n"))
        await asyncio.sleep(1)
        slack.revoke()
        outlet.send(Chunk("two\n"))
        await asyncio.sleep(2 * stage.services.doubt.patience_s)
        slack.restore()
        await outlet.drained()

        assert stage.shows(turn) == ["one\ntwo"]

    staged(play, chat_postMessage=["lost before"])


def test_where_the_thread_may_not_be_read_the_reply_says_so() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await post(stage, "one", turn=turn)

        assert stage.shows(turn) == ["one", f"_{MISSING}_"]

    staged(
        play,
        chat_postMessage=["lost after"],
        conversations_replies=["refused:missing_scope"],
    )


def test_a_fault_of_one_reply_ends_only_that_reply(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def play(stage: Stage) -> None:
        outlets = [replying(stage), replying(stage)]
        note = stage.notes.note

        def note_once_broken(*args: object) -> None:
            monkeypatch.setattr(stage.notes, "note", note)
            raise ZeroDivisionError

        monkeypatch.setattr(stage.notes, "note", note_once_broken)
        for outlet in outlets:
            outlet.send(Chunk("line\n"))

        with pytest.raises(DeliveryError, match="posting failed"):
            await outlets[0].drained()
        await outlets[1].drained()

    staged(play)


@pytest.fixture
async def start() -> AsyncGenerator[Callable[..., Callable[[], object]]]:
    """Start tasks that end with the test."""
    async with asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[None]] = []

        def start(work: Coroutine[None, None, None]) -> Callable[[], object]:
            tasks.append(group.create_task(work))
            return tasks[-1].cancel

        yield start
        for task in tasks:
            task.cancel()


@pytest.mark.parametrize("is_executed", [False, True])
@pytest.mark.parametrize(
    "answer", [b'{"ok":true}', b"[]", b'\xff\xfe{"ok":true}', b"[" * 100_000]
)
async def test_an_answer_that_makes_no_sense_leaves_the_line_posted_once(
    services: Services,
    start: Callable[..., Callable[[], object]],
    playground: Playground,
    ask: Ask,
    answer: bytes,
    *,
    is_executed: bool,
) -> None:
    fault = Fault(POST, 200, raw=answer, is_executed=is_executed)
    playground.webapi.faults.append(fault)
    poster = ChannelPoster(services, "C0DEV", start)
    outlet = ReplyOutlet(ask(), 0, lambda outlet: LinesWriter(outlet, poster.add))

    outlet.send(Chunk("line\n"))
    await outlet.drained()

    messages = list(playground.workspace.messages("C0DEV"))
    assert [message.text for message in messages if message.bot_id] == ["line"]
