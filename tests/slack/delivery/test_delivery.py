"""Replies on the wire: once, in order, in time, whatever goes wrong."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

import pytest

from bot.chunking import Chunk
from bot.conversation.ports import DeliveryError
from bot.conversation.turn import Turn
from bot.playground.server import Playground
from bot.playground.webapi.faults import Fault
from bot.playground.webapi.routes import Call
from bot.playground.workspace.identity import BOT_ID
from bot.slack.api import tokenwatch
from bot.slack.api.address import Address
from bot.slack.api.record import PAGE_SIZE, posted
from bot.slack.api.tokenwatch import TokenWatch
from bot.slack.api.web import Web
from bot.slack.delivery.delivery import SlackDelivery
from bot.slack.delivery.services import Services
from bot.slack.delivery.thinking import STATUS, THINKING
from bot.slack.pacing.budget import Budget
from bot.slack.text.limits import MAX_MESSAGE_CHARS

POST = "chat.postMessage"
INTERVAL_S = 0.05
Ask = Callable[..., Turn]


def by_lines(services: Services, interval_s: float, burst: int = 1) -> SlackDelivery:
    """Return a delivery that posts lines."""
    budget = Budget(interval_s, time.monotonic, burst)
    return SlackDelivery(replace(services, budget=budget), lambda _: "lines")


@pytest.fixture
async def delivery(services: Services) -> AsyncGenerator[SlackDelivery]:
    async with by_lines(services, INTERVAL_S) as delivery:
        yield delivery


async def reply(delivery: SlackDelivery, turn: Turn, *lines: str) -> None:
    async with delivery.open(turn) as outlet:
        for line in lines:
            outlet.send(Chunk(f"{line}\n"))


async def marked(web: Web, turn: Turn) -> list[str]:
    """Return the ts of a turn's messages in Slack, oldest first."""
    address = Address.load(turn.address)
    return sorted((await posted(web, address, turn.id, BOT_ID)).values())


def posts(playground: Playground, channel: str = "C0DEV") -> list[Call]:
    calls = playground.webapi.called(POST)
    return [call for call in calls if call.arguments["channel"] == channel]


def texts(playground: Playground, channel: str = "C0DEV") -> list[str]:
    """Return what stands in a channel from the bot, oldest first."""
    messages = playground.workspace.messages(channel)
    return [m.markdown or m.text for m in messages if m.bot_id]


async def test_a_reply_stands_in_its_thread_and_is_noted(
    playground: Playground, delivery: SlackDelivery, ask: Ask, notes: list[object]
) -> None:
    turn = ask()

    await reply(delivery, turn, "one")

    (message,) = playground.workspace.thread("C0DEV", turn.question.position)[1:]
    assert message.markdown == "one"
    assert notes == [(turn.id, 0, message.ts, "one\n")]


async def test_lines_that_wait_are_posted_together(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    async with delivery.open(ask()) as outlet:
        outlet.send(Chunk("one\n"))
        await playground.webapi.until_called(POST)
        for line in ("two", "three", "four"):
            outlet.send(Chunk(f"{line}\n"))

    assert texts(playground) == ["one", "two\nthree\nfour"]


async def test_a_line_goes_at_once_when_the_channel_is_free(
    playground: Playground, services: Services, ask: Ask
) -> None:
    interval_s = 60
    async with by_lines(services, interval_s) as delivery:
        clock = asyncio.get_running_loop().time
        async with delivery.open(ask()) as outlet:
            sent_s = clock()
            outlet.send(Chunk("one\n"))
        assert clock() - sent_s < interval_s / 10


async def test_an_empty_reply_posts_nothing(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    await reply(delivery, ask(), "", " ")

    assert posts(playground) == []


async def test_a_question_at_the_top_of_a_dm_is_answered_there(
    playground: Playground, delivery: SlackDelivery, ask: Ask, web: Web
) -> None:
    turn = ask(channel="D0ANA")

    await reply(delivery, turn, "one")

    (call,) = posts(playground, "D0ANA")
    assert "thread_ts" not in call.arguments
    assert playground.webapi.called(STATUS) == []
    assert await marked(web, turn) == [call.body["ts"]]


async def test_people_see_that_an_answer_is_coming(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    turn = ask()
    key = ("C0DEV", turn.question.position)

    async with delivery.open(turn) as outlet:
        await playground.until(lambda: key in playground.workspace.statuses)
        assert playground.workspace.statuses[key].text == THINKING
        outlet.send(Chunk("one\n"))

    assert key not in playground.workspace.statuses


async def test_without_a_status_the_reply_comes_all_the_same(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    playground.webapi.faults.append(Fault(STATUS, 200, {"ok": False, "error": "no"}))
    playground.webapi.faults.append(Fault(STATUS, kind="cut_before"))

    await reply(delivery, ask(), "one")
    await reply(delivery, ask(), "two")

    assert texts(playground) == ["one", "two"]


async def test_after_a_429_all_that_waits_goes_as_soon_as_slack_allows(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    refusal = {"ok": False, "error": "ratelimited"}
    fault = Fault(POST, 429, refusal, {"Retry-After": "1"})
    playground.webapi.faults.append(fault)

    async with delivery.open(ask()) as outlet:
        outlet.send(Chunk("one\n"))
        await playground.webapi.until_called(POST)
        outlet.send(Chunk("two\n"))

    first, second = posts(playground)
    assert 1 <= second.received_s - first.received_s < 2
    assert texts(playground) == ["one\ntwo"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(POST, kind="cut_before"),
        Fault(POST, kind="cut_after"),
        Fault(POST, 500),
        Fault(POST, 503, {}),
        Fault(POST, 200, {"ok": False, "error": "internal_error"}),
    ],
    ids=["cut before", "cut after", "500", "503", "internal_error"],
)
@pytest.mark.parametrize("channel", ["C0DEV", "D0ANA"])
async def test_an_unknown_outcome_loses_nothing_and_repeats_nothing(
    playground: Playground,
    delivery: SlackDelivery,
    ask: Ask,
    web: Web,
    fault: Fault,
    channel: str,
) -> None:
    playground.webapi.faults.append(fault)
    turn = ask(channel=channel)

    async with delivery.open(turn) as outlet:
        outlet.send(Chunk("one\n"))
        await playground.webapi.until_called(POST)
        outlet.send(Chunk("two\n"))

    assert "\n".join(texts(playground, channel)) == "one\ntwo"
    stored = [m for m in playground.workspace.messages(channel) if m.bot_id]
    assert await marked(web, turn) == [message.ts for message in stored]


async def test_a_500_behind_a_stored_post_does_not_repeat_it(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    # The SDK sees the same as for a 500: no answer that it can trust.
    playground.webapi.faults += [
        Fault(POST, kind="cut_after"),
        Fault(POST, kind="cut_after"),
    ]

    await reply(delivery, ask(), "one", "two")

    assert texts(playground) == ["one\ntwo"]


async def test_what_slack_refuses_in_blocks_goes_as_plain_text(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    refusal = {"ok": False, "error": "invalid_blocks"}
    playground.webapi.faults.append(Fault(POST, 200, refusal))

    await reply(delivery, ask(), "a <b> & <!here>")

    refused, plain = posts(playground)
    assert "blocks" in refused.arguments
    assert "blocks" not in plain.arguments
    assert texts(playground) == ["a &lt;b&gt; &amp; &lt;\u2060!here&gt;"]


async def test_a_long_text_that_grows_where_it_is_made_harmless_is_posted_whole(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    line = "<@U1> " * 1_800

    await reply(delivery, ask(), line)

    # As long as a message may be, before it is made harmless.
    assert len(line) < MAX_MESSAGE_CHARS
    whole = "".join(texts(playground)).replace("\u2060", "")
    assert "".join(whole.split()) == "<@U1>" * 1_800
    assert all(post.body["ok"] for post in posts(playground))


async def test_a_plain_text_that_slack_refuses_too_ends_the_reply(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    refusal = {"ok": False, "error": "invalid_blocks"}
    playground.webapi.faults += [Fault(POST, 200, refusal), Fault(POST, 200, refusal)]

    with pytest.raises(DeliveryError, match="invalid_blocks"):
        await reply(delivery, ask(), "one")


@pytest.mark.parametrize(
    "error", ["channel_not_found", "is_archived", "not_in_channel", "missing_scope"]
)
async def test_a_reply_without_a_place_ends_in_an_error(
    playground: Playground, delivery: SlackDelivery, ask: Ask, error: str
) -> None:
    playground.webapi.faults.append(Fault(POST, 200, {"ok": False, "error": error}))

    with pytest.raises(DeliveryError, match=error):
        await reply(delivery, ask(), "one")
    assert len(posts(playground)) == 1


async def test_a_429_in_one_channel_lets_another_go_on(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    pause = Fault(
        POST, 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"}
    )
    playground.webapi.faults.append(pause)
    async with delivery.open(ask()) as held:
        held.send(Chunk("waits\n"))
        await playground.webapi.until_called(POST)
        await reply(delivery, ask(channel="C0GENERAL"), "goes on")

    calls = playground.webapi.called(POST)
    assert [(c.arguments["channel"], c.status) for c in calls] == [
        ("C0DEV", 429),
        ("C0GENERAL", 200),
        ("C0DEV", 200),
    ]


async def test_a_429_in_a_second_channel_holds_them_all(
    web: Web, playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    pause = Fault(
        POST, 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"}
    )
    playground.webapi.faults += [pause, pause]
    third = ask(channel="C0JAPAN")
    async with (
        delivery.open(ask()) as one,
        delivery.open(ask(channel="C0GENERAL")) as two,
    ):
        for outlet in (one, two):
            outlet.send(Chunk("waits\n"))
        while not web.wait_s(POST, "C0JAPAN"):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
        await reply(delivery, third, "waits too")

    calls = playground.webapi.called(POST)
    refused_s = calls[1].received_s
    went = [call for call in calls if call.status == 200]
    assert len(went) == 3
    assert all(call.received_s >= refused_s + 0.9 for call in went)


async def test_a_refused_token_keeps_the_reply_until_it_works(
    web: Web,
    playground: Playground,
    delivery: SlackDelivery,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tokenwatch, "RETRY_S", 0.05)
    watch = TokenWatch(web, lambda: None)
    playground.revoke("bot")
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch.run())
        async with delivery.open(ask()) as outlet:
            outlet.send(Chunk("kept\n"))
            await playground.webapi.until_called(POST)
            await playground.webapi.until_called("auth.test", count=2)
            playground.restore()
        watching.cancel()

    assert [call.status for call in posts(playground)] == [200, 200]
    assert [call.body["ok"] for call in posts(playground)] == [False, True]


async def test_a_reply_to_a_deleted_question_ends_in_an_error(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    turn = ask()
    playground.workspace.delete("C0DEV", turn.question.position)

    with pytest.raises(DeliveryError, match="thread_not_found"):
        await reply(delivery, turn, "one")


async def test_after_a_failure_nothing_more_can_be_sent(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    refusal = {"ok": False, "error": "is_archived"}
    playground.webapi.faults.append(Fault(POST, 200, refusal))

    async def write_for_ever() -> None:
        async with delivery.open(ask()) as outlet:
            while True:
                outlet.send(Chunk("line\n"))
                await asyncio.sleep(0)

    with pytest.raises(DeliveryError, match="is_archived"):
        await write_for_ever()
    assert len(posts(playground)) == 1


async def test_one_reply_that_fails_does_not_end_the_others_of_its_channel(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    refusal = {"ok": False, "error": "is_archived"}
    playground.webapi.faults.append(Fault(POST, 200, refusal))

    with pytest.raises(DeliveryError):
        await reply(delivery, ask(), "one")
    await reply(delivery, ask(), "two")

    assert texts(playground) == ["two"]


async def test_replies_in_one_channel_take_turns(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    async with (
        delivery.open(ask()) as first,
        delivery.open(ask()) as second,
    ):
        for outlet, name in ((first, "a"), (second, "b")):
            for _ in range(2):
                outlet.send(Chunk(name * 10_000 + "\n"))

    assert [text[0] for text in texts(playground)] == ["a", "b", "a", "b"]


async def test_channels_do_not_wait_for_each_other(
    playground: Playground, services: Services, ask: Ask
) -> None:
    async with (
        by_lines(services, 0.5) as delivery,
        asyncio.TaskGroup() as group,
    ):
        for channel in ("C0DEV", "C0GENERAL", "D0ANA"):
            turn = ask(channel=channel)
            lines = ("a" * 10_000, "b" * 10_000)
            group.create_task(reply(delivery, turn, *lines))

    times_s = [call.received_s for call in playground.webapi.called(POST)]
    assert len(times_s) == 6
    # One after the other, they would take two and a half seconds.
    assert max(times_s[:3]) - min(times_s[:3]) < 0.5
    assert max(times_s) - min(times_s) < 1.5


async def test_a_reply_given_up_posts_nothing_more(
    playground: Playground, delivery: SlackDelivery, ask: Ask
) -> None:
    async def give_up() -> None:
        async with delivery.open(ask()) as outlet:
            outlet.send(Chunk("a" * 10_000 + "\n"))
            outlet.send(Chunk("b" * 10_000 + "\n"))
            await playground.webapi.until_called(POST)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await give_up()
    await reply(delivery, ask(), "next")
    await reply(delivery, ask(), "last")

    assert [text[0] for text in texts(playground)] == ["a", "n", "l"]


async def test_leaving_gives_up_what_waits(
    playground: Playground, services: Services, ask: Ask
) -> None:
    async with by_lines(services, 60) as delivery:
        reply = delivery.open(ask())
        outlet = await reply.__aenter__()
        outlet.send(Chunk("one\n"))
        await playground.until(lambda: bool(texts(playground)))
        outlet.send(Chunk("two\n"))

    assert texts(playground) == ["one"]


async def test_what_was_delivered_is_known_over_several_pages(
    playground: Playground, ask: Ask, web: Web
) -> None:
    turn, other = ask(), ask()
    parent = turn.question.position
    for seq in range(PAGE_SIZE + 50):
        mark = {"turn": turn.id, "seq": seq}
        metadata = {"event_type": "linefeed_reply", "event_payload": mark}
        post = {"channel": "C0DEV", "text": "x", "thread_ts": parent}
        await web.write(POST, {**post, "metadata": metadata})

    assert len(await marked(web, turn)) == PAGE_SIZE + 50
    assert await marked(web, other) == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault("conversations.replies", 200, {"ok": False, "error": "missing_scope"}),
        Fault("conversations.replies", 200, {"ok": False, "error": "no_permission"}),
    ],
    ids=["gone", "refused"],
)
async def test_what_cannot_be_read_is_unknown(
    playground: Playground, delivery: SlackDelivery, ask: Ask, fault: Fault
) -> None:
    playground.webapi.faults.append(fault)

    with pytest.raises(DeliveryError, match=r"missing_scope|cannot be read"):
        await delivery.resume(ask())
