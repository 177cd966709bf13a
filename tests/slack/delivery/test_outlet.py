"""The open end of a reply: what comes in reaches one writer, and its end who waits."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.chunking import Chunk
from bot.conversation.ports import DeliveryError
from bot.conversation.turn import Message, Speaker, ThreadId, Turn, TurnId
from bot.slack.api.address import Address
from bot.slack.delivery.outlet import ReplyOutlet

TURN = Turn(
    id=TurnId("T1:C1:1.0"),
    question=Message(ThreadId("t"), "1.0", "person", Speaker("U1"), "hi"),
    address=Address("T1", "T1", "U1", "C1", "channel", "1.0", "1.0").dump(),
    attempts=1,
)


class ListingWriter:
    """Keeps what it is told."""

    def __init__(self, outlet: ReplyOutlet | None = None) -> None:
        self.told: list[str] = []
        self._outlet = outlet
        """Settled by the end, if there is one."""

    def add(self, text: str) -> None:
        self.told.append(text)

    def remark(self, sentence: str) -> None:
        self.told.append(f"({sentence})")

    def end(self) -> None:
        self.told.append("end")
        if self._outlet is not None:
            self._outlet.settle()

    def give_up(self) -> None:
        self.told.append("given up")


def written() -> tuple[ReplyOutlet, list[ListingWriter]]:
    """Return an outlet and the writers that it begins."""
    writers: list[ListingWriter] = []

    def begin(outlet: ReplyOutlet) -> ListingWriter:
        writers.append(ListingWriter(outlet))
        return writers[-1]

    return ReplyOutlet(TURN, 0, begin), writers


async def test_all_that_comes_in_reaches_one_writer_in_order() -> None:
    outlet, writers = written()

    outlet.send(Chunk("one\n"))
    outlet.remark("Aha.")
    outlet.send(Chunk("two"))
    await outlet.drained()

    (writer,) = writers
    assert writer.told == ["one\n", "(Aha.)", "two", "end"]


async def test_an_empty_reply_has_no_writer_and_is_drained_at_once() -> None:
    outlet, writers = written()

    await outlet.drained()

    assert writers == []


async def test_another_writer_goes_on() -> None:
    outlet, (first, second) = written()[0], (ListingWriter(), ListingWriter())
    outlet.write_with(first)
    outlet.send(Chunk("one\n"))
    outlet.write_with(second)
    outlet.send(Chunk("two\n"))

    assert (first.told, second.told) == (["one\n"], ["two\n"])


async def test_a_writer_that_comes_behind_the_end_learns_of_it() -> None:
    outlet, writers = written()[0], [ListingWriter()]
    outlet.write_with(writers[0])
    async with asyncio.TaskGroup() as group:
        group.create_task(outlet.drained())
        await asyncio.sleep(0)
        writers.append(ListingWriter(outlet))
        outlet.write_with(writers[1])

    assert writers[1].told == ["end"]


async def test_before_the_end_nothing_settles_it() -> None:
    outlet = ReplyOutlet(TURN, 0, lambda _: ListingWriter())
    outlet.send(Chunk("one\n"))
    outlet.settle()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await outlet.drained()


async def test_a_failure_reaches_who_sends_and_who_waits() -> None:
    outlet, writers = written()
    outlet.send(Chunk("one\n"))
    outlet.fail(DeliveryError("it is gone"))
    outlet.fail(DeliveryError("and more"))

    with pytest.raises(DeliveryError, match="it is gone"):
        outlet.send(Chunk("two\n"))
    with pytest.raises(DeliveryError, match="it is gone"):
        outlet.remark("three")
    with pytest.raises(DeliveryError, match="it is gone"):
        await outlet.drained()
    assert writers[0].told == ["one\n", "given up", "given up"]


def test_numbers_ascend_from_the_first() -> None:
    outlet = ReplyOutlet(TURN, 7, lambda _: ListingWriter())

    assert [outlet.next_seq(), outlet.next_seq()] == [7, 8]


async def test_the_first_message_is_told_of_once() -> None:
    outlet, _ = written()
    assert not outlet.first.is_set()

    with capture_logs() as logged:
        for ts in ("1.1", "1.2", "1.1"):
            outlet.store(ts)

    assert outlet.first.is_set()
    assert list(outlet.messages) == ["1.1", "1.2"]
    assert [entry["event"] for entry in logged] == ["first line posted"]


async def test_where_nothing_will_come_nobody_waits_for_the_first_line() -> None:
    outlet, _ = written()

    outlet.fail(DeliveryError("it is gone"))

    assert outlet.first.is_set()
    assert not outlet.messages
