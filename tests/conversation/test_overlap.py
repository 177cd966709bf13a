"""What a continuation repeats is dropped, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.overlap import MAX_CHARS, MIN_CHARS, Overlap
from tests.long import examples


def behind(text: str, *fragments: str) -> str:
    overlap = Overlap(text)
    return "".join([*map(overlap.push, fragments), overlap.finish()])


@pytest.mark.parametrize(
    ("text", "continuation", "rest"),
    [
        ("The quick brown", " fox", " fox"),
        ("The quick brown", "quick brown fox", " fox"),
        ("The quick brown", "The quick brown fox", " fox"),
        ("one\ntwo\n", "two\nthree", "three"),
        ("one\ntwo\n", "one\ntwo\nthree", "three"),
        ("1\n", "1\n2\n", "2\n"),
        ("行を速く見せる。短い文", "を速く見せる。短い文です。", "です。"),
        ("The quick brown", "quick brown", ""),
    ],
)
def test_the_longest_repetition_is_dropped(
    text: str, continuation: str, rest: str
) -> None:
    assert behind(text, continuation) == rest
    assert behind(text, *continuation) == rest


@pytest.mark.parametrize(
    ("text", "continuation"),
    [
        ("10\n1", "1\n12\n"),
        ("a brown", "brown fox"),
        ("line\nline\n", "line\nline\n"),
        ("line\n" * 9, "line\n" * 9),
        ("  }\n}\n", "}\n"),
        ("| --------", "--------- |"),
        ("ha ha ha ha", "ha ha ha"),
        ("", "text"),
        ("text", ""),
        ("x" + "y" * (MIN_CHARS - 1), "y" * (MIN_CHARS - 1)),
    ],
)
def test_what_may_be_chance_or_a_text_that_repeats_itself_stays(
    text: str, continuation: str
) -> None:
    assert behind(text, continuation) == continuation
    assert behind(text, *continuation) == continuation


def test_a_repetition_is_looked_for_in_the_last_characters_only() -> None:
    text = "".join(f"{number} " for number in range(1000))

    assert behind(text, text[-MAX_CHARS:], "new") == "new"
    assert behind(text, text[-MAX_CHARS - 1 :], "new") == text[-MAX_CHARS - 1 :] + "new"


def test_what_cannot_be_a_repetition_is_not_held() -> None:
    overlap = Overlap("The quick brown")

    assert [overlap.push(part) for part in ("qu", "ite", " so")] == ["", "quite", " so"]


@pytest.mark.parametrize("fragments", [["anew"], ["The end"]])
def test_a_first_fragment_that_fits_nothing_is_not_held(fragments: list[str]) -> None:
    overlap = Overlap("The quick brown")

    assert [overlap.push(fragment) for fragment in fragments] == fragments


words = st.text("ab \n。", max_size=60)


@settings(max_examples=examples(80, 5000), deadline=None)
@given(words, st.lists(words, max_size=8))
def test_any_split_gives_the_same_end_of_the_continuation(
    text: str, fragments: list[str]
) -> None:
    whole = "".join(fragments)
    rest = behind(text, *fragments)

    assert rest == behind(text, whole) == behind(text, *whole)
    assert whole.endswith(rest)
    assert text.endswith(whole[: len(whole) - len(rest)])


halves = st.text("ab \n。", min_size=MIN_CHARS // 2, max_size=MAX_CHARS // 2 - 1)


@settings(max_examples=examples(50, 2000), deadline=None)
@given(words, halves, halves, words)
def test_what_the_text_says_once_and_the_continuation_again_is_dropped(
    before: str, left: str, right: str, fresh: str
) -> None:
    end = f"{left}Z{right}"

    assert behind(before + end, end + fresh) == fresh


@settings(max_examples=examples(80, 5000), deadline=None)
@given(words, words)
def test_an_exact_continuation_that_says_something_new_stays(
    text: str, fresh: str
) -> None:
    assert behind(text, f"Z{fresh}") == f"Z{fresh}"


@settings(max_examples=examples(50, 2000), deadline=None)
@given(words, st.lists(words.filter(bool), min_size=1, max_size=8))
def test_only_what_may_become_a_repetition_is_held(
    text: str, fragments: list[str]
) -> None:
    overlap, given_so_far, shown = Overlap(text), "", ""
    for fragment in fragments:
        given_so_far += fragment
        shown += overlap.push(fragment)
        held = given_so_far if not shown else ""

        assert shown == "" or given_so_far.endswith(shown)
        assert not held or any(
            text[-n:].startswith(held) or held.startswith(text[-n:])
            for n in range(1, len(text) + 1)
        )
