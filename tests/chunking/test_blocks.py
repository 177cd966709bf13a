"""Chunks that can each stand alone: examples, then properties."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.chunking import UNLIMITED, BlockChunker, Hold, joined
from tests.chunking.texts import (
    COMMONMARK,
    TABLES,
    begun_documents,
    chunks_of,
    code_of,
    documents,
    leaves_a_fence_open,
    lists_of,
)
from tests.long import examples

property_run = settings(max_examples=examples(60, 2000), deadline=None)

GAPS_CHARS = 8
"""Room for the blank lines before and behind a list: they must stand somewhere."""
HOLDS = st.sampled_from(["lines", "whole"])
QUOTED_CODE = (
    "p word\n\n> 1. ```\n\n>    x = 1\n>    x = 1\n>    x = 1\n>    ```\n"
    "> 1. word word two words two words two words Done. [link](http://x.y)"
    " [link](http://x.y)\n> 1. word\n\n"
)
"""A limit of 100 is reached behind a mark of the quote."""
INDENTED_TEXT = (
    "p word\n\n2) ``` js title\n   # no title\n   ```\n2) p word\n"
    "   p word word word two words [link](http://x.y)\n   p word\n"
    "2) ```\n   x = 1\n   ```\n\n"
)
"""A limit of 100 is reached in the indent of a line of an item."""
BOTH = pytest.mark.parametrize("hold", ["lines", "whole"])


def texts_of(text: str, limit: int = 1000, hold: Hold = "lines") -> list[str]:
    return [c.text for c in chunks_of(BlockChunker(limit, hold=hold), [text])]


def has_table(text: str) -> bool:
    return any(token.type == "table_open" for token in COMMONMARK.parse(text))


def test_every_line_of_a_paragraph_is_a_chunk() -> None:
    assert texts_of("one\ntwo\nthree\n") == ["one\n", "two\n", "three\n"]


def test_a_line_leaves_with_its_newline_and_not_before() -> None:
    chunker = BlockChunker(100)

    assert chunker.push("one line") == ()
    assert [chunk.text for chunk in chunker.push("\ntwo")] == ["one line\n"]
    assert [chunk.text for chunk in chunker.finish()] == ["two"]


def test_a_list_item_leaves_with_its_children_as_soon_as_the_next_line_ends_it() -> (
    None
):
    chunker = BlockChunker(100)

    assert chunker.push("- a\n  - child\n\n  more\n") == ()
    (first,) = chunker.push("- b\n")
    (second,) = chunker.push("\nbehind\n")[:1]

    assert first.text == "- a\n  - child\n\n  more\n"
    assert second.text == "- b\n"


def test_paragraphs_and_lists_can_be_held_whole() -> None:
    text = "one\ntwo\n\n- a\n- b\n\n- c\n\nbehind\n"

    assert texts_of(text, hold="whole") == [
        "one\ntwo\n",
        "\n- a\n- b\n\n- c\n",
        "\nbehind\n",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "**bold\nbold**\n",
        "a `code\nspan` b\n",
        "[a\nb](/url)\n",
        "*a **b\nc** d*\n",
        "~~gone\ngone~~\n",
    ],
)
def test_a_line_with_something_inline_open_waits_for_its_end(text: str) -> None:
    assert texts_of(f"{text}behind\n") == [text, "behind\n"]


@pytest.mark.parametrize("text", ["[a](\n/url)\n", "<a\nb='c'>d</a>\n", "a ``` b\n"])
def test_what_no_line_can_tell_holds_the_paragraph(text: str) -> None:
    assert texts_of(f"{text}more\n\nbehind\n") == [f"{text}more\n", "\nbehind\n"]


@pytest.mark.parametrize(
    "line", ["2 * 3 = 6", "5*3*2", "snake_case_name", "a < b", "- [ ] todo", "\\*a"]
)
def test_marks_that_open_nothing_hold_nothing(line: str) -> None:
    assert texts_of(f"{line}\n\nbehind\n")[0] == f"{line}\n"


def test_a_heading_leaves_with_what_follows_it() -> None:
    assert texts_of("# a\n\n## b\none\ntwo\n") == ["# a\n\n## b\none\n", "two\n"]
    assert texts_of("# a\n\n- b\n- c\n", hold="whole") == ["# a\n\n- b\n- c\n"]


@BOTH
@pytest.mark.parametrize(
    "block",
    [
        "```py\nx = 1\n\ny = 2\n```\n",
        "~~~~\n```\n~~~\n~~~~\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n",
        "a | b\n--|--\n1 | 2\n",
        "> one\n> two\n>\n> - three\n",
        "<details>\n<b>x</b>\n</details>\n",
        "<!-- one\n\ntwo -->\n",
        "$$\nx\n- y\n$$\n",
        "\\[\nx\n\\]\n",
        "- a\n  ```sh\n  ls\n\n  pwd\n  ```\n",
        "> ```\n> x\n> ```\n",
        "    code\n\n    more\n",
    ],
)
def test_what_would_break_apart_is_one_chunk(block: str, hold: Hold) -> None:
    assert texts_of(f"a\n\n{block}\nb\n", hold=hold) == ["a\n", f"\n{block}", "\nb\n"]


def test_a_closed_fence_leaves_with_its_last_line() -> None:
    assert len(BlockChunker(100).push("```\nx\n```\n")) == 1


def test_what_may_be_a_table_waits_for_one_line() -> None:
    chunker = BlockChunker(100)

    assert chunker.push("a | b\n") == ()
    assert [chunk.text for chunk in chunker.push("c\n")] == ["a | b\n", "c\n"]


def test_white_space_leads_the_chunk_behind_it() -> None:
    assert texts_of("\n\na\n \nb\n") == ["\n\na\n", " \nb\n"]


def test_white_space_at_the_end_is_a_chunk() -> None:
    assert texts_of("a\n\n") == ["a\n", "\n"]


def test_a_block_over_the_limit_is_cut_between_two_lines() -> None:
    lines = [f"line {number} of the code\n" for number in range(5)]

    first, second, third = texts_of("".join(["````py\n", *lines, "````\n"]), 64)

    assert first == "````py\n" + lines[0] + lines[1] + "````"
    assert second == "````py\n" + lines[2] + lines[3] + "````"
    assert third == "````py\n" + lines[4] + "````\n"


def test_a_closing_line_needs_no_room_for_another() -> None:
    block = "```py\n" + "x" * 53 + "\n```\n"

    assert texts_of(block, len(block)) == [block]


def test_a_code_line_over_the_limit_is_cut_within() -> None:
    chunks = chunks_of(BlockChunker(64), ["~~~\n" + "x" * 150 + "\n~~~\n"])

    assert all(chunk.text.startswith("~~~\n") for chunk in chunks)
    assert all(chunk.suffix == "\n~~~" for chunk in chunks[:-1])


def test_a_fence_in_an_item_opens_again_in_the_item() -> None:
    code = "".join(f"      line {number} of code\n" for number in range(5))
    text = f"10) a\n\n    - b\n      ```py\n{code}      ```\n"

    chunks = texts_of(text, 100)

    assert len(chunks) > 1
    assert "".join(map(code_of, chunks)) == code_of(text)


def test_a_cut_between_the_mark_of_a_quote_and_its_code_indents_nothing() -> None:
    chunks = chunks_of(BlockChunker(100), [QUOTED_CODE])

    assert chunks[-2].text == ">    ```\n> 1. word\n"


def test_a_long_info_string_is_not_repeated() -> None:
    text = "```" + "x" * 120 + "\n" + "code line\n" * 20 + "```\n"

    assert all(t.startswith("```\ncode") for t in texts_of(text, 200)[1:])


def test_an_open_fence_is_closed_at_the_end() -> None:
    assert texts_of("```py\nx = 1") == ["```py\nx = 1\n```"]
    assert texts_of("```py\nx = 1\n") == ["```py\nx = 1\n```"]
    assert texts_of("```py") == ["```py\n```"]


def test_a_closing_line_without_newline_needs_no_other() -> None:
    assert texts_of("```\nx\n```") == ["```\nx\n```"]


def test_a_table_over_the_limit_repeats_its_header() -> None:
    head, row = "| a | b |\n|---|---|\n", "| " + "x" * 16 + " | y |\n"

    chunks = chunks_of(BlockChunker(64), [head + row * 3])

    assert [chunk.text for chunk in chunks] == [head + row, head + row, head + row]
    assert joined(chunks) == head + row * 3


def test_a_list_over_the_limit_is_cut_at_an_item() -> None:
    item = "- " + "x" * 20 + "\n  - y\n"

    assert texts_of(item * 5, 64, "whole") == [item * 2, item * 2, item]


def test_a_long_line_is_cut_behind_a_sentence_or_a_word() -> None:
    assert texts_of("Some words. " * 8, 64) == ["Some words. " * 5, "Some words. " * 3]
    assert texts_of("word " * 20, 64) == ["word " * 12, "word " * 8]


def test_a_long_line_is_not_cut_in_a_link() -> None:
    link = "[two words](https://example.org/a_path)"

    assert texts_of("word " * 8 + link + " behind", 64)[0] == "word " * 8


def test_a_long_line_without_spaces_is_cut_between_graphemes() -> None:
    family = "👨‍👩‍👧"

    assert all(set(t) == set(family) for t in texts_of(family * 40, 64))
    assert [len(t) % len(family) for t in texts_of(family * 40, 64)] == [0, 0, 0, 0]


def test_the_two_halves_of_a_line_end_stay_together() -> None:
    assert not any(t.endswith("\r") for t in texts_of("x" * 63 + "\r\ny", 64))


@pytest.mark.parametrize("start", range(50, 66))
def test_the_rest_of_a_cut_line_opens_no_fence(start: int) -> None:
    text = "x" * start + " ```py " + "y" * 20 + "\n\nnext\n"

    assert texts_of(text, 64)[-1] == "\nnext\n"


@pytest.mark.parametrize("start", range(50, 66))
def test_the_rest_of_a_cut_code_line_closes_no_fence(start: int) -> None:
    text = "```\n" + "x" * start + " ```\nnext\n```\nbehind\n"

    assert texts_of(text, 64)[-1] == "behind\n"


def test_definitions_are_carried_to_later_chunks_that_use_them() -> None:
    text = "[a]: /a\n[b]: /b\n\nSee [A].\nSee none.\nSee [b][].\n"

    chunks = chunks_of(BlockChunker(100), [text])

    assert [chunk.text for chunk in chunks] == [
        "[a]: /a\n[b]: /b\n\nSee [A].\n",
        "See none.\n",
        "[b]: /b\n\nSee [b][].\n",
    ]
    assert joined(chunks[1:]) == "[b]: /b\n\nSee none.\nSee [b][].\n"


@property_run
@given(begun_documents(), st.integers(100, 400), HOLDS)
@example("p\n```\nab\n```", 100, "lines")
@example(f"## a\n> {'b' * 96}\n> 1. ```\n>    - c\n>    d\n>    e\n", 126, "lines")
@example(QUOTED_CODE, 100, "lines")
@example(QUOTED_CODE, 100, "whole")
@example(INDENTED_TEXT, 100, "whole")
def test_each_chunk_alone_shows_its_code_as_code(
    text: str, limit: int, hold: Hold
) -> None:
    chunks = texts_of(text, limit, hold)

    assert not any(map(leaves_a_fence_open, chunks))
    code = "".join(map(code_of, chunks))
    assert code.rstrip() == code_of(text).rstrip()


@property_run
@given(TABLES, st.integers(100, 400), HOLDS)
def test_every_row_of_a_table_stands_under_its_header(
    text: str, limit: int, hold: Hold
) -> None:
    for chunk in chunks_of(BlockChunker(limit, hold=hold), [text]):
        has_row = any(line.startswith("| ") for line in chunk.body.split("\n"))
        assert not has_row or has_table(chunk.text)


@property_run
@given(begun_documents(), st.integers(100, 400))
def test_a_list_that_fits_with_what_leads_it_is_whole(text: str, limit: int) -> None:
    bodies = [c.body for c in chunks_of(BlockChunker(limit, hold="whole"), [text])]

    for led, itself in lists_of(text):
        if len(led) + GAPS_CHARS <= limit:
            assert any(itself in body for body in bodies)


@property_run
@given(documents())
def test_rendering_chunk_by_chunk_is_rendering_the_whole(text: str) -> None:
    chunks = texts_of(text, UNLIMITED, "whole")

    assert "".join(map(COMMONMARK.render, chunks)) == COMMONMARK.render(text)


@property_run
@given(documents())
def test_nothing_inline_is_cut_where_lines_leave(text: str) -> None:
    def inline(source: str) -> str:
        html = COMMONMARK.render(source)
        return "".join(html.replace("<p>", "").replace("</p>", "").split())

    plain = "\n".join(line for line in text.split("\n") if line.startswith("p "))

    assert "".join(map(inline, texts_of(plain))) == inline(plain)
