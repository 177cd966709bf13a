"""One reply's waiting lines: everything becomes messages, once and in order."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chunking import BlockChunker, Chunk
from bot.conversation.ports import DeliveryError
from bot.conversation.turn import Message, Speaker, ThreadId, Turn, TurnId
from bot.slack.address import Address
from bot.slack.outlet import (
    MAX_MESSAGE_CHARS,
    MAX_PLAIN_CHARS,
    SEQ_PER_ATTEMPT,
    LinesOutlet,
    Post,
)
from tests.long import examples

TURN = Turn(
    id=TurnId("T1:C1:1.0"),
    question=Message(ThreadId("t"), "1.0", "person", Speaker("U1"), "hi"),
    address=Address("T1", "T1", "U1", "C1", "channel", "1.0", "1.0").dump(),
    attempts=1,
)
LINES = st.text(st.sampled_from("ab<&é漢 "), max_size=9)
SIZES = st.sampled_from([1, 1, 1, 700, 3_000, 10_999])


@st.composite
def chunks(draw: st.DrawFn) -> list[Chunk]:
    lines = draw(st.lists(st.tuples(LINES, SIZES), max_size=12))
    text = "\n".join(line * times for line, times in lines)
    chunker = BlockChunker(MAX_MESSAGE_CHARS)
    return [*chunker.push(text), *chunker.finish()]


def outlet(ready: list[LinesOutlet] | None = None) -> LinesOutlet:
    return LinesOutlet(TURN, [].append if ready is None else ready.append)


def visible(text: str) -> str:
    return "".join(text.split())


@settings(max_examples=examples(100, 3000))
@given(chunks(), st.data())
def test_all_is_posted_once_and_in_order_whatever_happens(
    sent: list[Chunk], data: st.DataObject
) -> None:
    reply = outlet()
    stored: list[Post] = []
    coming = list(sent)
    troubles = 3

    while coming or reply.has_text:
        if coming and (not reply.has_text or data.draw(st.booleans())):
            reply.send(coming.pop(0))
            continue
        post = reply.take()
        assert visible(post.text)
        assert len(post.text) <= (MAX_PLAIN_CHARS if post.is_plain else 11_000)
        outcome = data.draw(st.sampled_from(["stored", "give_back", "simplify"]))
        if troubles and outcome == "give_back":
            reply.give_back()
        elif troubles and outcome == "simplify" and not post.is_plain:
            reply.simplify()
        else:
            reply.stored()
            stored.append(post)
        troubles -= outcome != "stored"

    posted = "".join(visible(post.text) for post in stored)
    assert posted == visible("".join(chunk.body for chunk in sent))
    assert [post.seq for post in stored] == list(range(len(stored)))


@given(st.integers(0, 20))
def test_a_reply_is_drained_when_nothing_waits(lines: int) -> None:
    reply = outlet()
    for number in range(lines):
        reply.send(Chunk(f"{number}\n"))
    while reply.has_text:
        reply.take()
        reply.stored()

    asyncio.run(reply.drained())


def test_neighbouring_lines_share_a_message_up_to_the_limit() -> None:
    reply = outlet()
    for _ in range(3):
        reply.send(Chunk("x" * 4_999 + "\n"))

    assert len(reply.take().text) == 9_999


def test_white_space_alone_is_no_message() -> None:
    ready: list[LinesOutlet] = []
    reply = outlet(ready)

    reply.send(Chunk(" \n"))

    assert not reply.has_text
    assert ready == []
    asyncio.run(reply.drained())


def test_white_space_waits_for_the_line_behind_it() -> None:
    ready: list[LinesOutlet] = []
    reply = outlet(ready)

    reply.send(Chunk("\n"))
    reply.send(Chunk("line\n"))

    assert ready == [reply]
    assert reply.take().text == "line"


def test_a_post_calls_nobody() -> None:
    reply = outlet()
    reply.send(Chunk("<!channel> <@U1>\n"))

    assert reply.take().text == "<\u2060!channel> <\u2060@U1>"


def test_what_is_given_back_goes_first() -> None:
    reply = outlet()
    reply.send(Chunk("one\n"))
    reply.take()
    reply.send(Chunk("two\n"))

    reply.give_back()

    assert reply.take() == Post(0, "one\ntwo", is_plain=False)


def test_plain_pieces_are_not_mixed_with_what_follows() -> None:
    reply = outlet()
    reply.send(Chunk("one\n"))
    reply.take()
    reply.send(Chunk("two\n"))

    reply.simplify()

    assert reply.take() == Post(0, "one", is_plain=True)
    reply.stored()
    assert reply.take() == Post(1, "two", is_plain=False)


def test_a_later_attempt_uses_other_numbers() -> None:
    reply = LinesOutlet(replace(TURN, attempts=3), lambda _: None)
    reply.send(Chunk("one\n"))

    assert reply.take().seq == 2 * SEQ_PER_ATTEMPT


async def test_a_failure_reaches_who_sends_and_who_waits() -> None:
    reply = outlet()
    reply.send(Chunk("one\n"))
    reply.take()
    reply.fail("it is gone")

    with pytest.raises(DeliveryError, match="it is gone"):
        reply.send(Chunk("two\n"))
    with pytest.raises(DeliveryError, match="it is gone"):
        await reply.drained()
    assert not reply.has_text
