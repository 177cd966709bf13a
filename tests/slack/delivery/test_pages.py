"""A reply on pages: text only grows, every page is within Slack's limits."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chunking import LineChunker, utf8_bytes
from bot.slack.delivery.page import Page, Snapshot
from bot.slack.delivery.pages import Pages
from bot.slack.text.limits import (
    MAX_BLOCKS,
    MAX_MESSAGE_CHARS,
    MAX_STREAM_BYTES,
    estimated_blocks,
)
from tests.chunking.texts import leaves_a_fence_open
from tests.long import examples
from tests.slack.delivery.test_faults import numbers, replies
from tests.slack.watch import _goes_on as goes_on

TABLE = "| a | b |\n|---|---|\n| n1 | 2 |\n"


def pieces(text: str, size: int = 3_000) -> list[str]:
    """Return a text as it comes from the core."""
    chunker = LineChunker(3_000)
    found = []
    for start in range(0, len(text), size):
        found += chunker.push(text[start : start + size])
    return [chunk.text for chunk in (*found, *chunker.finish())]


@dataclass
class Read:
    """What a reader of pages saw: each page's states, one after the other."""

    pages: list[Page] = field(default_factory=list[Page])
    states: list[list[Snapshot]] = field(default_factory=list[list[Snapshot]])

    def deliver(self, page: Page) -> Snapshot:
        """Bring a page's newest state into Slack."""
        if not any(page is known for known in self.pages):
            self.pages.append(page)
            self.states.append([])
        snapshot = page.snapshot()
        self.states[-1].append(snapshot)
        page.deliver(snapshot)
        return snapshot

    def all(self, pages: Pages) -> None:
        """Deliver until nothing is new."""
        while (page := pages.current).has_news:
            if page.has_text:
                self.deliver(page)
            else:
                page.is_delivered = True

    @property
    def texts(self) -> list[str]:
        """Return what each page showed last."""
        return [states[-1].text for states in self.states]

    @property
    def streamed(self) -> list[str]:
        """Return what was appended to each page, closed at the end."""
        return [
            "".join(state.added for state in states) + states[-1].closing
            for states in self.states
        ]

    @property
    def source(self) -> str:
        return "".join(state.source for states in self.states for state in states)


def read(text: str, data: st.DataObject | None = None) -> Read:
    """Lay a text out, and deliver some or each of the states on the way."""
    pages, seen = Pages(), Read()
    *coming, last = pieces(text)
    for piece in coming:
        pages.add(piece)
        if data is None or data.draw(st.booleans()):
            seen.all(pages)
    # What ends a text without a newline comes together with the end.
    pages.add(last)
    pages.end()
    seen.all(pages)
    return seen


def tables(text: str) -> int:
    """Return how many tables a text shows: delimiter rows outside of code."""
    return sum(line.strip() == "|---|---|" for line in text.split("\n"))


@settings(max_examples=examples(15, 1000))
@given(replies(), st.data())
def test_every_page_is_complete_and_within_the_limits(
    text: str, data: st.DataObject
) -> None:
    seen = read(text, data)

    assert numbers("\n".join(seen.texts)) == numbers(text)
    assert seen.source == text
    assert max(map(len, seen.texts)) <= MAX_MESSAGE_CHARS
    assert max(map(estimated_blocks, seen.texts)) <= MAX_BLOCKS
    assert max(map(tables, seen.texts)) <= 1
    assert not any(map(leaves_a_fence_open, seen.texts))


@settings(max_examples=examples(15, 1000))
@given(replies(), st.data())
def test_what_a_page_showed_goes_on_in_what_it_shows_next(
    text: str, data: st.DataObject
) -> None:
    for states in read(text, data).states:
        for before, after in pairwise(states):
            assert goes_on(before.text, after.text)
            assert not leaves_a_fence_open(before.text)


@settings(max_examples=examples(15, 1000))
@given(replies(), st.data())
def test_what_is_appended_is_what_an_edit_shows(text: str, data: st.DataObject) -> None:
    seen = read(text, data)

    assert [each.strip() for each in seen.streamed] == [
        each.strip() for each in seen.texts
    ]


@settings(max_examples=examples(15, 1000))
@given(replies(), st.integers(0, 60), st.data())
def test_what_was_delivered_and_the_rest_are_everything(
    text: str, at: int, data: st.DataObject
) -> None:
    pages, seen = Pages(), Read()
    # What ends a text without a newline comes together with the end.
    text = f"{text}\n"
    coming = pieces(text)
    for piece in coming[:at]:
        pages.add(piece)
        if data.draw(st.booleans()):
            seen.all(pages)
    for piece in coming[at:]:
        pages.add(piece)

    assert seen.source + pages.rest().source == text
    resumed = pages.resumed()
    resumed.end()
    seen.all(resumed)

    assert numbers("\n".join(seen.texts)) == numbers(text)
    assert not any(map(leaves_a_fence_open, seen.texts))


@settings(max_examples=examples(10, 500))
@given(replies())
def test_what_is_measured_in_bytes_fits_in_bytes(text: str) -> None:
    pages, seen = Pages(limit=MAX_STREAM_BYTES, length=utf8_bytes), Read()
    for piece in pieces(text.replace("on and on", "漢字の長い行")):
        pages.add(piece)
    pages.end()
    seen.all(pages)

    assert max(map(utf8_bytes, seen.texts)) <= MAX_STREAM_BYTES


def test_white_space_alone_is_no_page() -> None:
    assert read("\n \n\n").texts == []


def test_blank_lines_at_the_beginning_and_the_end_are_not_shown() -> None:
    assert read("\n\none\n\ntwo\n\n").texts == ["one\n\ntwo"]


def test_only_white_space_is_no_news() -> None:
    pages = Pages()
    pages.add("one\n")
    Read().all(pages)

    pages.add("\n")

    assert not pages.current.has_news


def test_a_line_that_grows_shows_what_there_is_of_it() -> None:
    pages, seen = Pages(), Read()
    for piece in ("A paragraph. ", "It goes on. ", "It ends.\n"):
        pages.add(piece)
        seen.all(pages)

    assert [state.text for state in seen.states[0]] == [
        "A paragraph.",
        "A paragraph. It goes on.",
        "A paragraph. It goes on. It ends.",
    ]


def test_a_page_that_is_nearly_full_ends_where_a_block_does() -> None:
    paragraph = "".join(f"n{n} " + "x" * 95 + "\n" for n in range(10)) + "\n"
    first, second = read(paragraph * 11).texts

    assert first.endswith("x" * 95)
    assert second.startswith("n0 ")
    assert 0.7 * MAX_MESSAGE_CHARS < len(first) < MAX_MESSAGE_CHARS


def test_a_heading_stays_with_what_follows_it() -> None:
    paragraph = "x" * 990 + "\n\n"
    texts = read(f"{paragraph * 8}## Title\n\n{paragraph}").texts

    assert [text.count("## Title") for text in texts] == [0, 1]
    assert texts[1].startswith("## Title")


def test_a_long_code_block_goes_on_in_a_code_block() -> None:
    code = "".join(f"value_{n} = {n}\n" for n in range(900))
    first, second = read(f"Before.\n\n```py\n{code}```\nBehind.\n").texts

    assert first.startswith("Before.\n\n```py\n")
    assert first.endswith("\n```")
    assert second.startswith("```py\n")
    assert second.endswith("```\nBehind.")


def test_a_long_table_goes_on_under_its_header() -> None:
    rows = "".join(f"| n{n} | {'x' * 60} |\n" for n in range(250))
    texts = read(f"| a | b |\n|---|---|\n{rows}").texts

    assert len(texts) > 1
    assert all(text.startswith("| a | b |\n|---|---|\n| n") for text in texts)


def test_a_second_table_begins_a_second_page() -> None:
    texts = read(f"one\n\n{TABLE}\ntwo\n\n{TABLE}\nthree\n").texts

    assert texts == [f"one\n\n{TABLE}\ntwo", f"{TABLE}\nthree"]


def test_a_remark_closes_what_is_open_and_stands_apart() -> None:
    pages, seen = Pages(), Read()
    pages.add("one\n```py\nx = 1\n")
    seen.all(pages)
    pages.remark("I was interrupted.")
    seen.all(pages)
    pages.add("two\n")
    seen.all(pages)

    assert seen.texts == ["one\n```py\nx = 1\n```\n\n_I was interrupted._\n\ntwo"]
    assert seen.streamed[0].strip() == seen.texts[0]
    assert seen.source == "one\n```py\nx = 1\ntwo\n"


def test_a_remark_behind_half_a_line_begins_a_paragraph() -> None:
    pages, seen = Pages(), Read()
    pages.add("Half a li")
    pages.remark("It broke off.")
    seen.all(pages)

    assert seen.texts == ["Half a li\n\n_It broke off._"]


def test_an_undelivered_remark_is_part_of_the_rest() -> None:
    pages = Pages()
    pages.add("one\n")
    Read().all(pages)
    pages.remark("Aha.")
    pages.add("two\n")

    said = [part.remark or part.source for part in pages.rest().parts]
    assert said == ["Aha.", "two\n"]


def test_a_page_can_be_turned_anywhere() -> None:
    pages, seen = Pages(), Read()
    pages.add("```py\none = 1\n")
    seen.all(pages)
    pages.turn()
    pages.add("two = 2\n```\n")
    pages.end()
    seen.all(pages)

    assert seen.texts == ["```py\none = 1\n```", "```py\ntwo = 2\n```"]
    assert seen.source == "```py\none = 1\ntwo = 2\n```\n"


def test_an_empty_page_is_not_turned() -> None:
    pages, seen = Pages(), Read()
    pages.turn()
    pages.add("one\n")
    seen.all(pages)

    assert seen.texts == ["one"]


def test_a_page_that_must_still_be_ended_stays_the_current_one() -> None:
    pages = Pages()
    pages.add("one\n")
    pages.end()
    page = pages.current
    page.deliver(page.snapshot(), is_open=True)
    assert pages.current.has_news

    page.deliver(page.snapshot())

    assert not pages.current.has_news


def test_a_call_for_everybody_stays_harmless_over_the_pieces_of_a_line() -> None:
    pages, seen = Pages(), Read()
    for piece in ("Wake up, <!", "channel> and <@U0B", "EN>.\n"):
        pages.add(piece)
        seen.all(pages)

    for state in seen.states[0]:
        assert "<!channel>" not in state.text
        assert "<@U0BEN>" not in state.text


@pytest.mark.parametrize("count", [1, 44, 45, 46, 200])
def test_thematic_breaks_are_counted_as_slack_does(count: int) -> None:
    texts = read("".join(f"n{n}\n\n---\n\n" for n in range(count))).texts

    assert max(map(estimated_blocks, texts)) <= MAX_BLOCKS
    assert numbers("\n".join(texts)) == [f"n{n}" for n in range(count)]
