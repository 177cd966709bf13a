"""What of a sentence is spoken."""

import pytest
from hypothesis import given, settings

from bot.chunking import Sentence, SentenceChunker, spoken
from tests.chunking.texts import anything
from tests.long import examples


def said(text: str) -> list[str]:
    chunker = SentenceChunker(200)
    sentences = (*chunker.push(text), *chunker.finish())
    return [words for one in sentences if (words := spoken(one))]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("  ## **Bold** *and* __more__\n", "Bold and more"),
        ("> - [x] done ~~not~~\n", "done not"),
        ("2. two\n", "2. two"),
        ("See [the *page*](https://a.org/x_(y)) now.", "See the page now."),
        ("![a fox](fox.png) runs", "a fox runs"),
        ("See [label][1].", "See label."),
        ("At https://www.a.org/b?c=d#e, or <http://b.org>.", "At a.org, or b.org."),
        ("「https://a.jp/b」を見て。", "「a.jp」を見て。"),
        ("https://user:secret@a.org:80/", "a.org"),
        ("Call `f(x)` or ``a ` b``.", "Call f(x) or a ` b."),
        ("2 * 3, snake_case and \\*that\\*", "2 * 3, snake_case and *that*"),
        ("<b>so</b> a < b", "so a < b"),
    ],
)
def test_only_the_words_are_spoken(body: str, words: str) -> None:
    assert spoken(Sentence(body)) == words


@pytest.mark.parametrize("body", ["---\n", "\n \n", "**\n", "[a]: https://a.org\n"])
def test_what_has_no_words_is_silent(body: str) -> None:
    assert spoken(Sentence(body)) == ""


def test_code_and_tables_are_named_once() -> None:
    text = "So:\n\n```py\nx = 1\n```\n\n| a |\n|---|\n| 1 |\n\nDone. Bye.\n"

    assert said(text) == ["So:", "(code)", "(table)", "Done.", "Bye."]


@settings(max_examples=examples(40, 2000), deadline=None)
@given(anything)
def test_what_is_spoken_is_one_line_without_space_around(text: str) -> None:
    words = spoken(Sentence(text))

    assert words == " ".join(words.split())
