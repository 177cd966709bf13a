"""Where a line that is too long is cut."""

import pytest

from bot.chunking.cut import place, word_ends


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("One. Two three four", "One. "),
        ("一。二三四五六七八九", "一。"),
        ("one two three four", "one two three "),
        ("one `two three four five", "one "),
        ("one [two three](four) five", "one "),
        ("one <https://a.b|c d e> f", "one "),
        ("one **two three four** five", "one "),
    ],
)
def test_the_best_place_is_taken(text: str, head: str) -> None:
    assert text[: place(text, 1, 16)] == head


@pytest.mark.parametrize("rest", ["- a", "3. a", "``` a", "# a", "> a", "<b>", "$$ a"])
def test_what_follows_the_cut_begins_no_block(rest: str) -> None:
    assert place(f"one two {rest}", 1, 8) == 4


def test_where_nothing_else_is_left_a_link_is_cut() -> None:
    assert 2 < place("[" + "x" * 40 + "](y)", 2, 16) <= 16


def test_a_surrogate_pair_in_two_characters_is_not_cut() -> None:
    assert place("x" * 15 + "\ud83d\udc00" + "x" * 9, 2, 16) == 15


def test_words_end_where_nothing_stands_open_last_first() -> None:
    assert list(word_ends("one `two three` four")) == [16, 4]
