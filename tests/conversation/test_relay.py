"""Fragments go on in whole lines, and a long paragraph by its sentences."""

import asyncio
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chunking import Chunk
from bot.conversation.ports import DeliveryError
from bot.conversation.relay import MAX_HELD_CHARS, MAX_LINE_CHARS, Draft, Relay
from bot.conversation.turn import Message
from tests.long import examples
from tests.slack.virtual import virtually

WAIT_S = 4.0


class TimedOutlet:
    """Keeps what came when, in seconds of the loop; fails where it is told to."""

    def __init__(self) -> None:
        self.came: list[tuple[float, str]] = []
        self.is_gone = False

    def send(self, chunk: Chunk) -> None:
        if self.is_gone:
            raise DeliveryError("the channel is gone")
        self.came.append((asyncio.get_running_loop().time(), chunk.text))

    def remark(self, sentence: str) -> None:
        raise NotImplementedError

    def heard(self, messages: Iterable[Message]) -> None:
        raise NotImplementedError


def timed(*steps: str | float) -> list[tuple[float, str]]:
    """Push texts and wait seconds, as the steps say; return what came when."""

    async def relay_all() -> list[tuple[float, str]]:
        outlet = TimedOutlet()
        with Relay(Draft(), outlet, WAIT_S) as relay:
            for step in steps:
                if isinstance(step, str):
                    relay.push(step)
                else:
                    await asyncio.sleep(step)
            relay.finish()
        return outlet.came

    return virtually(relay_all())


def test_a_line_goes_on_in_the_moment_it_is_whole() -> None:
    assert timed("one\ntw", 1.0, "o\n", 1.0, "three") == [
        (0, "one\n"),
        (1, "two\n"),
        (2, "three"),
    ]


def test_a_paragraph_that_waits_goes_out_to_the_end_of_a_sentence() -> None:
    assert timed("It is so. That is", 10.0, " all.\n") == [
        (WAIT_S, "It is so. "),
        (10, "That is all.\n"),
    ]


def test_a_paragraph_without_the_end_of_a_sentence_waits_for_it() -> None:
    came = timed("It is", 6.3, " so. That", 3.0, "\n")

    assert came == [(6.5, "It is so. "), (9.3, "That\n")]


def test_a_very_long_sentence_goes_out_by_words() -> None:
    words = "word " * (MAX_HELD_CHARS // 5 + 1)

    assert timed(f"{words}and", 5.0) == [(WAIT_S, words), (5, "and")]


def test_the_wait_begins_with_the_line_and_not_with_the_reply() -> None:
    assert timed("one\n", 3.9, "It is so. That", 2.0, " too.\n") == [
        (0, "one\n"),
        (5.9, "It is so. That too.\n"),
    ]


def test_a_second_sentence_waits_as_long_as_the_first() -> None:
    came = timed("One is. ", 4.5, "Two is. ", 5.0, "Three is. ")

    assert came == [(WAIT_S, "One is. "), (2 * WAIT_S, "Two is. "), (9.5, "Three is. ")]


@pytest.mark.parametrize("text", ["```\nx = 1. y", "| a. b", "**It is so. That", "- "])
def test_what_is_no_text_yet_waits_for_its_line(text: str) -> None:
    *_, (when_s, last) = timed(text, 60.0)

    assert (when_s, last) == (60, text.rpartition("\n")[2])


def test_nothing_is_sent_behind_the_end() -> None:
    assert timed("It is so. That") == [(0, "It is so. That")]


def test_a_line_over_the_limit_goes_on_in_pieces() -> None:
    came = timed("word " * MAX_LINE_CHARS)

    assert len(came) > 4
    assert all(len(text) <= MAX_LINE_CHARS for _, text in came)


def test_an_error_of_the_timer_comes_with_the_next_line() -> None:
    async def relay_into_nowhere() -> Draft:
        outlet, draft = TimedOutlet(), Draft()
        with Relay(draft, outlet, WAIT_S) as relay:
            relay.push("One.\nIt is so. That")
            outlet.is_gone = True
            await asyncio.sleep(60)
            with pytest.raises(DeliveryError):
                relay.push(" too.\n")
        return draft

    draft = virtually(relay_into_nowhere())

    assert "".join(draft.sent) == "One.\n"
    assert draft.text == "One.\nIt is so. That too.\n"


def test_a_relay_that_is_left_sends_no_more() -> None:
    async def leave() -> list[tuple[float, str]]:
        outlet = TimedOutlet()
        with Relay(Draft(), outlet, WAIT_S) as relay:
            relay.push("It is so. That")
        await asyncio.sleep(60)
        return outlet.came

    assert virtually(leave()) == []


parts = st.sampled_from(
    ["One. ", "so", " ", "\n", "\n\n", "- a", "| a |\n|---|\n", "```\n", "**", "行。"]
)
steps = st.lists(st.one_of(parts, st.floats(0, 9)), max_size=30)


@settings(max_examples=examples(60, 5000), deadline=None)
@given(steps)
def test_whatever_waits_no_character_is_lost_or_doubled(
    steps: list[str | float],
) -> None:
    whole = "".join(step for step in steps if isinstance(step, str))

    assert "".join(text for _, text in timed(*steps)) == whole
