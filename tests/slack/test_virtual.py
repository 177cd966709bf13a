"""A Slack without a wire: what happens to a call, and whom it lets pass."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings

from bot.playground.people.composer import Speech, say
from bot.playground.webapi.limits import UNLIMITED, Limits
from bot.playground.workspace.identity import TEAM
from bot.slack.api.web import NoAnswerError, RefusedError
from tests.long import examples
from tests.slack.call import NO_ANSWER, early_calls
from tests.slack.schedule import Schedule, fault_schedules
from tests.slack.virtual import WirelessSlack, virtually
from tests.slack.watch import visible

POST = "chat.postMessage"
LINES = [f"line {number}" for number in range(8)]

Poster = Callable[[WirelessSlack, str], Awaitable[None]]


async def naive(slack: WirelessSlack, line: str) -> None:
    """Post a line until Slack says that it did."""
    while True:
        try:
            await slack.write(POST, {"channel": "C0DEV", "text": line})
        except NoAnswerError:
            continue
        except RefusedError as error:
            await asyncio.sleep(error.retry_after_s or 0)
        else:
            return


async def careful(slack: WirelessSlack, line: str) -> None:
    """Post a line, and look twice for it where Slack does not say."""
    while True:
        try:
            await slack.write(POST, {"channel": "C0DEV", "text": line})
        except NoAnswerError:
            if await is_found(slack, line):
                return
        except RefusedError as error:
            await asyncio.sleep(error.retry_after_s or 0)
        else:
            return


async def is_found(slack: WirelessSlack, line: str) -> bool:
    missing = 0
    while missing < 2:
        await asyncio.sleep(2)
        try:
            page = await slack.read("conversations.history", {"channel": "C0DEV"})
        except (NoAnswerError, RefusedError):
            continue
        if line in [message["text"] for message in page["messages"]]:
            return True
        missing += 1
    return False


def played(
    schedule: Schedule, poster: Poster, limits: Limits = UNLIMITED
) -> WirelessSlack:
    """Let all lines be posted; return the Slack that they are in."""

    async def play() -> WirelessSlack:
        slack = WirelessSlack(limits, schedule=schedule)
        for line in LINES:
            await poster(slack, line)
        await asyncio.sleep(60)
        return slack

    return virtually(play())


def shown(slack: WirelessSlack) -> list[str]:
    return visible(slack.workspace, "C0DEV")


def test_where_all_is_well_every_call_takes_its_time() -> None:
    slack = played(Schedule(), naive)

    assert shown(slack) == LINES
    assert slack.watch.first_seen_s(LINES[1]) == pytest.approx(0.09)
    first = slack.calls[0]
    assert (first.begun_s, first.ended_s) == (0.0, pytest.approx(0.06))
    assert (first.method, first.result) == (POST, "ok")


@pytest.mark.parametrize(
    ("word", "times"),
    [
        ("lost before", 1),
        ("refused:internal_error", 1),
        ("lost after", 2),
        ("late store:1", 2),
        ("slow:14", 1),
        ("held:14", 1),
        ("slow:20", 2),
        ("held:20", 2),
        ("outage:60", 1),
        ("429:3", 1),
        ("429", 1),
    ],
)
def test_who_posts_again_blindly_posts_twice_what_was_stored(
    word: str, times: int
) -> None:
    slack = played(Schedule(["ok", word]), naive)

    assert sorted(shown(slack)) == sorted([*LINES, *[LINES[1]] * (times - 1)])
    assert slack.calls[1].result != "ok" or word in ("slow:14", "held:14")


@pytest.mark.parametrize(
    ("word", "ended_s", "seen_s"),
    [
        ("slow:2", 2.06, 0.03),
        ("held:2", 2.06, 2.03),
        ("slow:20", 15.0, 0.03),
        ("held:20", 15.0, 20.03),
        ("late store:2", 0.06, 2.03),
        ("lost after", 0.06, 0.03),
    ],
)
def test_a_call_is_executed_and_answered_when_its_word_says(
    word: str, ended_s: float, seen_s: float
) -> None:
    slack = played(Schedule([word]), naive)

    assert slack.calls[0].ended_s == pytest.approx(ended_s)
    first = next(s for s in slack.watch.sights if s.at_s >= seen_s - 0.001)
    assert (first.at_s, first.text) == (pytest.approx(seen_s), LINES[0])


@pytest.mark.parametrize(("word", "pause_s"), [("429:3", 3.0), ("429", 30.0)])
def test_a_pause_is_stated_and_kept(word: str, pause_s: float) -> None:
    slack = played(Schedule([word]), naive)

    assert slack.calls[0].retry_after_s == pause_s
    assert slack.calls[1].begun_s == pytest.approx(0.06 + pause_s)
    assert early_calls(slack.calls) == []


def test_who_calls_into_a_pause_again_and_again_is_told() -> None:
    async def hasty(slack: WirelessSlack, line: str) -> None:
        while True:
            try:
                await slack.write(POST, {"channel": "C0DEV", "text": line})
            except RefusedError:
                continue

    with pytest.raises(AssertionError, match="nobody waits"):
        played(Schedule(["429:3"]), hasty)


def test_slacks_own_limits_hold_for_what_is_stored_late_too() -> None:
    slack = played(Schedule(["late store:3"] * 4), naive, Limits())

    results = [call.result for call in slack.calls[:4]]
    assert results == [NO_ANSWER] * 3 + ["ratelimited"]
    assert shown(slack).count(LINES[0]) == 4


def test_what_is_too_long_is_found_in_the_calls() -> None:
    async def play() -> None:
        slack = WirelessSlack(UNLIMITED)
        blocks = [{"type": "markdown", "text": "a" * 12_001}]
        with pytest.raises(RefusedError, match="msg_blocks_too_long"):
            await slack.write(POST, {"channel": "C0DEV", "blocks": blocks})

        assert slack.calls[0].is_too_long

    virtually(play())


def test_a_call_given_up_takes_effect_all_the_same() -> None:
    async def play() -> None:
        slack = WirelessSlack(UNLIMITED)
        arguments = {"channel": "C0DEV", "text": "a"}
        async with asyncio.TaskGroup() as group:
            task = group.create_task(slack.write(POST, arguments))
            await asyncio.sleep(0.01)
            task.cancel()
        arguments["text"] = "b"
        await asyncio.sleep(1)

        assert shown(slack) == ["a"]
        assert slack.calls[0].ended_s == pytest.approx(0.01)

    virtually(play())


def test_a_stream_may_end_while_an_append_is_on_its_way() -> None:
    async def play() -> None:
        slack = WirelessSlack(
            UNLIMITED, schedule=Schedule(by_method={"chat.appendStream": ["held:2"]})
        )
        slack.workspace.stream_life_s = 1.0
        asked = say(slack.workspace, Speech("U0ANA", "C0DEV", "q"))
        place: dict[str, Any] = {"channel": "C0DEV", "thread_ts": asked.ts}
        recipient = {"recipient_user_id": "U0ANA", "recipient_team_id": TEAM}
        begun = await slack.write("chat.startStream", place | recipient)
        more = {"channel": "C0DEV", "ts": begun["ts"], "markdown_text": "a"}

        with pytest.raises(RefusedError, match="message_not_in_streaming_state"):
            await slack.write("chat.appendStream", more)

    virtually(play())


def test_how_long_a_call_takes_may_depend_on_its_method() -> None:
    async def play() -> None:
        slack = WirelessSlack(
            UNLIMITED, latency_s=lambda method: 2.0 if method == POST else 0.5
        )
        await slack.write(POST, {"channel": "C0DEV", "text": "a"})
        await slack.read("conversations.history", {"channel": "C0DEV"})

        assert [call.ended_s for call in slack.calls] == [2.0, 2.5]

    virtually(play())


@pytest.mark.parametrize(("word", "calls"), [("lost before", 3), ("429:1", 3)])
def test_a_read_is_repeated_as_often_as_the_bot_does(word: str, calls: int) -> None:
    async def play() -> None:
        slack = WirelessSlack(UNLIMITED, schedule=Schedule([word] * 9))

        with pytest.raises((NoAnswerError, RefusedError)):
            await slack.read("conversations.history", {"channel": "C0DEV"})

        assert len(slack.calls) == calls

    virtually(play())


def test_calls_wait_while_the_token_is_refused() -> None:
    async def play() -> None:
        slack = WirelessSlack(UNLIMITED)
        slack.revoke()
        async with asyncio.TaskGroup() as group:
            group.create_task(naive(slack, "a"))
            await slack.token_state.until_refused()
            await asyncio.sleep(60)
            with pytest.raises(RefusedError, match="token_revoked"):
                await slack.ask("auth.test")
            slack.restore()

        assert shown(slack) == ["a"]
        assert (await slack.ask("auth.test")).fields["ok"]

    virtually(play())


def test_what_fails_in_the_background_fails_the_test() -> None:
    async def play() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(1)

    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        virtually(play())


@settings(max_examples=examples(60, 1_000))
@given(fault_schedules())
def test_who_looks_before_posting_again_posts_each_line_once(
    schedule: Schedule,
) -> None:
    slack = played(schedule, careful, Limits())

    assert shown(slack) == LINES
    assert early_calls(slack.calls) == []
    assert slack.watch.regressions() == []
