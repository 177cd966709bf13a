"""Replies in every mode, over the wire: what people see, and what Slack's faults do."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable
from functools import partial

import pytest

from bot import app
from bot.playground.model.dialect import Dialect
from bot.playground.model.fault import ModelFault
from bot.playground.model.stream import Pace
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.webapi.faults import Fault, refusal
from bot.playground.webapi.limits import UNLIMITED
from bot.playground.webapi.membership import archive, kick
from bot.playground.webapi.streams import stop_by_reader
from bot.playground.workspace.identity import BOT_USER
from bot.playground.workspace.message import Message
from bot.slack.api import tokenwatch, web
from bot.slack.api.refusals import MISSING
from bot.slack.delivery.services import Doubt, Services
from bot.slack.delivery.thinking import REACTION, STATUS, THINKING
from bot.slack.pacing.budget import APPEND, POST, START, STOP, UPDATE
from tests.chunking.texts import leaves_a_fence_open
from tests.conftest import Bots
from tests.slack.watch import Watch, visible

pytestmark = pytest.mark.no_cover

MODES = ["lines", "edits", "stream"]
CALLS = [
    ("lines", POST),
    ("edits", POST),
    ("edits", UPDATE),
    ("stream", START),
    ("stream", APPEND),
    ("stream", STOP),
]
"""Each mode with each of the calls that bring a reply into Slack."""
TEXT = "\n".join(f"n{number} is a line." for number in range(12))
RETRY_S = 1
CHANNEL = "C0GENERAL"


@pytest.fixture(autouse=True)
def _haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is a matter of seconds in Slack be one of milliseconds."""
    doubt = Doubt(pause_s=0.02, patience_s=3)
    monkeypatch.setattr(app, "Services", partial(Services, doubt=doubt))
    monkeypatch.setattr(tokenwatch, "RETRY_S", 0.05)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Reply:
    """A question, and what people see of its answer."""

    def __init__(self, playground: Playground, question: Message) -> None:
        self.playground = playground
        self.question = question
        self.watch = Watch(playground.workspace, time.monotonic)

    @property
    def messages(self) -> list[str]:
        """Return what the bot's messages in the thread show."""
        workspace, asked = self.playground.workspace, self.question
        thread_ts = "" if asked.channel.startswith("D") else asked.ts
        return visible(workspace, asked.channel, thread_ts)

    @property
    def lines(self) -> list[str]:
        """Return the lines that people read, without blank ones."""
        return shown("\n".join(self.messages))

    @property
    def is_begun(self) -> bool:
        return bool(self.messages)

    async def until(self, condition: Callable[[], bool]) -> None:
        # The first bot of a process loads the model's libraries.
        await self.playground.until(condition, within_s=30)

    async def until_cancelled(self) -> None:
        """Wait until the model was told to stop."""
        (request,) = self.playground.model.requests
        async with asyncio.timeout(5):
            while not request.closed_early:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)

    async def whole(self, text: str = TEXT) -> None:
        """Wait until the reply shows a text, and see that nothing was ever wrong."""
        await self.until(lambda: self.lines == shown(text))
        self.check()

    def check(self) -> None:
        """See that no message lost what it showed, or left a block of code open."""
        assert self.watch.regressions() == []
        assert not any(map(leaves_a_fence_open, self.messages))


def shown(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def numbers(lines: Iterable[str]) -> list[str]:
    return re.findall(r"\bn\d+\b", "\n".join(lines))


def ask(
    playground: Playground,
    text: str = TEXT,
    *,
    channel: str = CHANNEL,
    fragments_per_s: float = 300,
) -> Reply:
    """Ask something that the model answers with a text, in some time."""
    playground.model.scripts.append(text)
    playground.model.pace = Pace(0, fragments_per_s)
    return Reply(playground, playground.say("U0ANA", channel, "@Linefeed write"))


def calls(playground: Playground, method: str) -> list[tuple[float, int]]:
    """Return when a method was called and the status of each answer."""
    found = playground.webapi.called(method)
    return [(call.received_s, call.status) for call in found]


def direct(playground: Playground) -> list[str]:
    """Return what the bot said to Ana directly."""
    return visible(playground.workspace, "D0ANA")


def private(playground: Playground) -> list[str]:
    """Return what only Ana sees."""
    found = playground.workspace.ephemerals
    return [message.text for message in found if message.only_for == "U0ANA"]


async def test_a_reply_arrives_whole(
    playground: Playground, bots: Bots, mode: str
) -> None:
    text = f"{TEXT}\n\n```py\nn12 = 1\n```\n| a | b |\n|---|---|\n| n13 | 2 |\n\nEnd."
    async with bots.running(playground, LINEFEED_DELIVERY=mode):
        reply = ask(playground, text)
        await reply.whole(text)

    methods = {call.method for call in playground.webapi.calls}
    own = {"lines": {POST}, "edits": {POST, UPDATE}, "stream": {START, APPEND, STOP}}
    assert methods & {POST, UPDATE, START, APPEND, STOP} == own[mode]
    assert len(reply.messages) == 1 or mode == "lines"


async def test_whole_lines_are_seen_while_the_model_writes(
    playground: Playground, bots: Bots, mode: str
) -> None:
    playground.model.faults.append(ModelFault(after_fragments=30, kind="stall"))
    async with bots.running(playground, LINEFEED_DELIVERY=mode, LINEFEED_GRACE_S=0):
        reply = ask(playground)
        await reply.until(lambda: len(reply.lines) >= 3)

        assert reply.lines == shown(TEXT)[: len(reply.lines)]


@pytest.mark.parametrize(("mode", "method"), CALLS)
async def test_after_a_429_all_that_waits_goes_as_soon_as_slack_allows(
    playground: Playground, bots: Bots, mode: str, method: str
) -> None:
    body = {"ok": False, "error": "ratelimited"}
    headers = {"Retry-After": str(RETRY_S)}
    playground.webapi.faults.append(Fault(method, 429, body, headers))
    async with bots.running(playground, LINEFEED_DELIVERY=mode):
        reply = ask(playground)
        await reply.whole()

    (refused_s, status), *later = calls(playground, method)
    assert status == 429
    # What can no more be appended comes with the end of the stream.
    assert later or method == APPEND
    for next_s, _ in later[:1]:
        assert RETRY_S <= next_s - refused_s < 2 * RETRY_S


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "500", "hang"])
@pytest.mark.parametrize(("mode", "method"), CALLS)
async def test_what_nobody_answered_is_there_once(
    playground: Playground,
    bots: Bots,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    method: str,
    kind: str,
) -> None:
    if kind == "hang":
        monkeypatch.setattr(web, "CALL_TIMEOUT_S", 0.25)
    faults = {
        "cut_before": Fault(method, kind="cut_before"),
        "cut_after": Fault(method, kind="cut_after"),
        "500": Fault(method, 500),
        "hang": Fault(method, kind="hang", is_executed=True),
    }
    playground.webapi.faults.append(faults[kind])
    async with bots.running(playground, LINEFEED_DELIVERY=mode):
        reply = ask(playground)
        await reply.whole()


@pytest.mark.parametrize(("mode", "method"), [("lines", POST), ("stream", START)])
async def test_what_is_stored_late_is_found(
    playground: Playground, bots: Bots, mode: str, method: str
) -> None:
    fault = Fault(method, kind="stored_late", delay_s=0.03)
    playground.webapi.faults.append(fault)
    async with bots.running(playground, LINEFEED_DELIVERY=mode):
        reply = ask(playground)
        await reply.whole()

    assert len(numbers(reply.lines)) == 12


@pytest.mark.parametrize(
    ("mode", "method", "error"),
    [
        ("lines", POST, "msg_too_long"),
        ("lines", POST, "invalid_blocks"),
        ("lines", POST, "msg_blocks_too_long"),
        ("edits", POST, "msg_too_long"),
        ("edits", UPDATE, "msg_too_long"),
        ("edits", UPDATE, "invalid_blocks"),
        ("edits", UPDATE, "msg_blocks_too_long"),
        ("stream", START, "msg_too_long"),
        ("stream", APPEND, "msg_too_long"),
        ("stream", APPEND, "invalid_blocks"),
        ("stream", STOP, "msg_too_long"),
    ],
)
async def test_what_slack_does_not_want_like_this_is_brought_another_way(
    playground: Playground, bots: Bots, mode: str, method: str, error: str
) -> None:
    playground.webapi.faults.append(refusal(method, error))
    async with bots.running(playground, LINEFEED_DELIVERY=mode):
        reply = ask(playground)
        await reply.until(lambda: numbers(reply.lines) == numbers([TEXT]))


@pytest.mark.parametrize("mode", ["lines", "edits"])
async def test_where_nothing_can_be_read_the_reply_goes_on_and_says_so(
    playground: Playground, bots: Bots, mode: str
) -> None:
    playground.webapi.faults.append(Fault(POST, kind="cut_after"))
    playground.webapi.faults.append(Fault("conversations.replies", times=None))
    async with bots.running(playground, LINEFEED_DELIVERY=mode):
        reply = ask(playground)
        await reply.until(lambda: numbers(reply.lines) == numbers([TEXT]))

    assert reply.lines.count(f"_{MISSING}_") == 1


Ending = Callable[[Playground], object]


def archived(playground: Playground) -> None:
    archive(playground.workspace, "U0ANA", CHANNEL)


def removed(playground: Playground) -> None:
    kick(playground.workspace, "U0ANA", "C0DEV", BOT_USER)


def locked(playground: Playground) -> None:
    for method in (POST, UPDATE, APPEND, STOP):
        error = "restricted_action_thread_locked"
        playground.webapi.faults.append(refusal(method, error, times=None))


@pytest.mark.parametrize(
    ("channel", "end", "tell"),
    [
        (CHANNEL, archived, direct),
        ("C0DEV", removed, direct),
        ("C0DEV", locked, private),
    ],
    ids=["archived", "removed", "locked"],
)
async def test_where_the_place_is_gone_the_asker_is_told_and_the_model_stopped(
    playground: Playground,
    bots: Bots,
    mode: str,
    channel: str,
    end: Ending,
    tell: Callable[[Playground], list[str]],
) -> None:
    text = "\n".join(f"n{number} and on it goes." for number in range(2_000))
    async with bots.running(playground, LINEFEED_DELIVERY=mode):
        reply = ask(playground, text, channel=channel)
        await reply.until(lambda: reply.is_begun)
        end(playground)
        await reply.until(lambda: bool(tell(playground)))
        await reply.until_cancelled()

    (sentence,) = tell(playground)
    assert sentence.startswith("I could not finish my answer")
    assert 0 < len(numbers(reply.lines)) < 2_000


async def test_a_reply_whose_token_is_revoked_goes_on_when_it_works_again(
    playground: Playground, bots: Bots, mode: str
) -> None:
    async with bots.running(playground, LINEFEED_DELIVERY=mode):
        reply = ask(playground)
        await reply.until(lambda: reply.is_begun)
        playground.revoke("bot")
        await playground.webapi.until_called("auth.test", count=3)
        playground.restore()
        await reply.whole()


async def test_a_stream_that_slack_ends_goes_on_in_the_next_message(bots: Bots) -> None:
    options = PlaygroundOptions(limits=UNLIMITED, stream_life_s=0.08)
    async with (
        Playground(options) as playground,
        bots.running(playground, LINEFEED_DELIVERY="stream"),
    ):
        reply = ask(playground)
        await reply.whole()

        assert len(reply.messages) > 1
        assert len(playground.webapi.called(START)) > 1


async def test_a_stream_is_left_before_slack_ends_it(
    playground: Playground, bots: Bots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.delivery.streamed.LIFE_S", 0.08)
    async with bots.running(playground, LINEFEED_DELIVERY="stream"):
        reply = ask(playground)
        await reply.whole()

    assert len(reply.messages) > 1
    refused = [call for call in playground.webapi.calls if not call.body.get("ok")]
    assert refused == []


async def test_a_reader_can_stop_a_stream(playground: Playground, bots: Bots) -> None:
    text = "\n".join(f"n{number} and on it goes." for number in range(2_000))
    async with bots.running(playground, LINEFEED_DELIVERY="stream"):
        reply = ask(playground, text)
        await reply.until(lambda: len(reply.lines) >= 2)
        ts = playground.webapi.called(START)[0].body["ts"]
        stop_by_reader(playground.workspace, CHANNEL, ts)
        await reply.until_cancelled()
        again = ask(playground, "n0 again")
        await again.whole("n0 again")

    assert numbers(reply.lines) == [f"n{n}" for n in range(len(numbers(reply.lines)))]
    assert len(reply.messages) == 1
    assert not direct(playground) + private(playground)


@pytest.mark.parametrize(
    ("method", "error"),
    [
        (APPEND, "message_not_in_streaming_state"),
        (APPEND, "streaming_state_conflict"),
        (STOP, "message_not_in_streaming_state"),
        (STOP, "streaming_state_conflict"),
        (APPEND, "internal_error"),
    ],
)
async def test_a_stream_that_takes_no_more_is_settled_and_followed(
    playground: Playground, bots: Bots, method: str, error: str
) -> None:
    playground.webapi.faults.append(refusal(method, error))
    async with bots.running(playground, LINEFEED_DELIVERY="stream"):
        reply = ask(playground)
        await reply.whole()

    assert playground.webapi.called(UPDATE)


async def test_a_message_that_still_streams_is_stopped_before_its_edit(
    playground: Playground, bots: Bots
) -> None:
    playground.webapi.faults.append(Fault(APPEND, kind="cut_before"))
    async with bots.running(playground, LINEFEED_DELIVERY="stream"):
        reply = ask(playground)
        await reply.whole()

    edits = [call.body.get("error") for call in playground.webapi.called(UPDATE)]
    assert edits in ([None], ["streaming_state_conflict", None])
    assert not playground.workspace.streams


async def test_a_long_reply_rolls_over_within_the_limits(
    playground: Playground, bots: Bots, mode: str
) -> None:
    code = "\n".join(f"value = {'1' * 40}  # n{n}" for n in range(150))
    rows = "\n".join(f"| n{n} | {'x' * 60} |" for n in range(150, 220))
    prose = "\n\n".join(f"n{n}{' goes on and on.' * 30}" for n in range(220, 255))
    table = f"| a | b |\n|---|---|\n{rows}"
    text = f"```py\n{code}\n```\n\n{table}\n\nand\n\n{table}\n\n{prose}"
    assert 29_000 < len(text) < 60_000
    playground.model.dialect = Dialect(fragment_chars=300)
    async with bots.running(playground, LINEFEED_DELIVERY=mode):
        reply = ask(playground, text, fragments_per_s=0)
        await reply.until(lambda: bool(playground.model.requests))

    reply.check()
    assert numbers(reply.lines) == numbers([text])
    assert len(reply.messages) > 3
    assert all(len(message) <= 11_000 for message in reply.messages)
    assert all(message.count("|---|---|") <= 1 for message in reply.messages)
    refused = [call for call in playground.webapi.calls if not call.body.get("ok")]
    assert refused == []


async def test_a_refused_stream_goes_on_in_edits(
    playground: Playground, bots: Bots
) -> None:
    error = "channel_type_not_supported"
    playground.webapi.faults.append(refusal(START, error, times=None))
    async with bots.running(playground, LINEFEED_DELIVERY="stream"):
        reply = ask(playground)
        await reply.whole()

    assert len(reply.messages) == 1
    assert playground.webapi.called(UPDATE)


async def test_refused_edits_go_on_as_lines_with_the_rest_exactly(
    playground: Playground, bots: Bots
) -> None:
    error = "edit_window_closed"
    playground.webapi.faults.append(refusal(UPDATE, error, times=None))
    async with bots.running(playground, LINEFEED_DELIVERY="edits"):
        reply = ask(playground)
        await reply.whole()

    assert len(playground.webapi.called(UPDATE)) == 1
    assert len(reply.messages) > 1


async def test_a_reply_falls_from_stream_over_edits_to_lines(
    playground: Playground, bots: Bots
) -> None:
    playground.webapi.faults.append(refusal(START, "team_access_not_granted", None))
    playground.webapi.faults.append(refusal(UPDATE, "cant_update_message", None))
    text = f"{TEXT}\n\n```py\n" + "n12 = 1\n" * 9 + "```\nEnd."
    async with bots.running(playground, LINEFEED_DELIVERY="stream"):
        reply = ask(playground, text)
        await reply.until(lambda: numbers(reply.lines) == numbers([text]))
        reply.check()

    assert reply.lines[-1] == "End."


async def test_the_top_of_a_direct_message_is_edited_and_not_streamed(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground, LINEFEED_DELIVERY="stream"):
        reply = ask(playground, channel="D0ANA")
        await reply.whole()

    assert not playground.webapi.called(START)
    assert playground.webapi.called(UPDATE)
    assert len(reply.messages) == 1


async def test_a_thread_shows_that_an_answer_is_coming_until_it_comes(
    playground: Playground, bots: Bots, mode: str
) -> None:
    async with bots.running(playground, LINEFEED_DELIVERY=mode):
        playground.model.scripts.append("n0")
        playground.model.pace = Pace(0.5, 0)
        question = playground.say("U0ANA", CHANNEL, "@Linefeed write")
        reply = Reply(playground, question)
        key = CHANNEL, question.ts
        await reply.until(lambda: key in playground.workspace.statuses)
        assert playground.workspace.statuses[key].text == THINKING
        assert not reply.is_begun
        await reply.whole("n0")
        await reply.until(lambda: not playground.workspace.statuses)


async def test_a_reply_that_fails_leaves_no_sign_behind(
    playground: Playground, bots: Bots, mode: str
) -> None:
    for method in (POST, START):
        fault = refusal(method, "restricted_action_thread_locked", None)
        playground.webapi.faults.append(fault)
    async with bots.running(playground, LINEFEED_DELIVERY=mode):
        ask(playground)
        await playground.webapi.until_called(STATUS)
        await playground.until(lambda: bool(private(playground)))

    assert not playground.workspace.statuses


async def test_at_the_top_of_a_direct_message_the_question_gets_a_sign(
    playground: Playground, bots: Bots, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.delivery.thinking.REACTION_DELAY_S", 0.05)
    async with bots.running(playground, LINEFEED_DELIVERY=mode):
        playground.model.pace = Pace(0.5, 0)
        playground.model.scripts.append("n0")
        question = playground.say("U0ANA", "D0ANA", "write")
        shown_now = playground.workspace.reactions
        key = "D0ANA", question.ts
        await playground.until(lambda: REACTION in shown_now.get(key, {}))
        reply = Reply(playground, question)
        await reply.whole("n0")
        await playground.until(lambda: not shown_now.get(key))

    assert not playground.webapi.called(STATUS)


async def test_a_short_reply_appears_line_by_line_at_once(
    playground: Playground, bots: Bots
) -> None:
    text = "n0 one\nn1 two\nn2 three"
    async with bots.running(
        playground, LINEFEED_DELIVERY="lines", LINEFEED_POST_INTERVAL_S=1.1
    ):
        reply = ask(playground, text, fragments_per_s=30)
        await reply.whole(text)

    begun_s = [received_s for received_s, _ in calls(playground, POST)]
    assert reply.messages == text.split("\n")
    assert begun_s[-1] - begun_s[0] < 1


async def test_a_short_reply_in_auto_comes_as_lines(
    playground: Playground, bots: Bots
) -> None:
    text = "n0 one\nn1 two\nn2 three"
    async with bots.running(playground, LINEFEED_DELIVERY="auto"):
        reply = ask(playground, text)
        await reply.whole(text)

    assert not playground.webapi.called(UPDATE)


async def test_a_long_reply_in_auto_goes_on_in_a_message_that_grows(
    playground: Playground, bots: Bots
) -> None:
    text = "\n\n".join(f"n{number} is a paragraph." for number in range(40))
    async with bots.running(playground, LINEFEED_DELIVERY="auto"):
        reply = ask(playground, text)
        await reply.whole(text)

    grown = reply.messages[-1]
    assert grown.split("\n")[-1].startswith("n39 ")
    assert len(numbers([grown])) > 20
    assert len(playground.webapi.called(UPDATE)) > 1


async def test_each_channel_has_a_mode_of_its_own(
    playground: Playground, bots: Bots
) -> None:
    file = bots.data.parent / "channels.toml"
    file.write_text('[C0DEV]\ndelivery = "edits"\n', "utf-8")
    async with bots.running(playground, LINEFEED_CHANNELS=file):
        dev = ask(playground, channel="C0DEV")
        await dev.whole()
        general = ask(playground)
        await general.whole()

    assert len(dev.messages) == 1
    assert len(general.messages) > 1


async def test_nobody_is_called_in_any_mode_or_field(
    playground: Playground, bots: Bots, mode: str
) -> None:
    calling = ("<!channel>", "<!here>", "<!everyone>", "<!subteam^S1>", "<@U0BEN>")
    text = "\n".join(f"n{n} {call} wake up" for n, call in enumerate(calling))
    async with bots.running(playground, LINEFEED_DELIVERY=mode):
        reply = ask(playground, text)
        await reply.until(lambda: len(numbers(reply.lines)) == len(calling))

    for call in playground.webapi.calls:
        if call.method in (POST, UPDATE, START, APPEND, STOP):
            assert not any(each in str(call.arguments) for each in calling)


async def test_a_paragraph_without_a_newline_is_seen_before_it_ends(
    playground: Playground, bots: Bots, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.conversation.relay.MAX_LINE_WAIT_S", 0.1)
    monkeypatch.setattr("bot.conversation.relay.LOOK_S", 0.02)
    answerer = partial(app.Answerer, max_line_wait_s=0.1)
    monkeypatch.setattr(app, "Answerer", answerer)
    text = " ".join(f"n{number} is a sentence." for number in range(200))
    playground.model.faults.append(ModelFault(after_fragments=60, kind="stall"))
    async with bots.running(playground, LINEFEED_DELIVERY=mode, LINEFEED_GRACE_S=0):
        reply = ask(playground, text)
        if mode == "lines":
            await asyncio.sleep(0.3)
            assert not reply.is_begun
        else:
            await reply.until(lambda: len(numbers(reply.lines)) >= 2)
            assert text.startswith(reply.lines[0])
