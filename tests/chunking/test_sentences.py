"""Sentences, for speech and for long paragraphs."""

import pytest

from bot.chunking import SentenceChunker
from tests.chunking.texts import chunks_of


def bodies(text: str, limit: int = 200) -> list[str]:
    whole = chunks_of(SentenceChunker(limit), [text])
    assert chunks_of(SentenceChunker(limit), list(text)) == whole
    return [chunk.body for chunk in whole]


def kinds(text: str) -> list[tuple[str, bool]]:
    chunker = SentenceChunker(200)
    return [(s.kind, s.is_first) for s in (*chunker.push(text), *chunker.finish())]


@pytest.mark.parametrize("mark", "。！？｡．")
def test_a_japanese_sentence_leaves_with_its_terminator(mark: str) -> None:
    chunker = SentenceChunker(100)

    assert [s.body for s in chunker.push(f"はい{mark}")] == [f"はい{mark}"]


def test_a_japanese_sentence_does_not_end_in_brackets() -> None:
    assert bodies("「はい。そう。」と言った。次") == [
        "「はい。そう。」と言った。",
        "次",
    ]
    assert bodies("「開いた。\n次。") == ["「開いた。\n", "次。"]


@pytest.mark.parametrize("mark", [".", "!", "?", "…", "?!", "...", '."', ".**"])
def test_a_latin_sentence_leaves_with_the_white_space_behind_it(mark: str) -> None:
    chunker = SentenceChunker(100)

    assert chunker.push(f"So it is{mark}") == ()
    assert [s.body for s in chunker.push(" ")] == [f"So it is{mark}"]


@pytest.mark.parametrize(
    "text",
    [
        *("Mr. Fox", "See fig. 3", "e.g. this", "the U.S. army", "J. R. Smith"),
        *("1. One", "- 12. One", "It is 3.14 m", "a.b.c", "`a. b` c", "see etc. more"),
    ],
)
def test_what_is_no_end_ends_nothing(text: str) -> None:
    assert bodies(text) == [text]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("See `a. b` there. c", ["See `a. b` there.", " c"]),
        ("「あ。い。」とう。え", ["「あ。い。」とう。", "え"]),
        ("「Yes. No」 b", ["「Yes.", " No」 b"]),
        ("See e.g. this one. b", ["See e.g. this one.", " b"]),
        (
            "x" * 500 + " `a. b` e.g. Mr. " + "y. z",
            ["x" * 500 + " `a. b` e.g. Mr. y. z"],
        ),
        ('He said "so." Then', ['He said "so."', " Then"]),
        ("| a. b | c. d", ["| a. b | c. d"]),
    ],
)
def test_what_is_open_ends_no_sentence_and_what_is_closed_no_longer_counts(
    text: str, left: list[str]
) -> None:
    assert bodies(text, 1_000) == left


def test_empty_fragments_change_nothing() -> None:
    empty = [""] * 40
    parts = ["*", *empty, ". ", *empty, "Mr", *empty, ".", *empty, " Fox", ". ", "b"]

    chunks = chunks_of(SentenceChunker(100), parts)

    assert [chunk.body for chunk in chunks] == ["*. Mr. Fox.", " b"]


def test_a_pronoun_at_the_end_is_no_initial() -> None:
    assert bodies("So am I. You too.") == ["So am I.", " You too."]


def test_terminators_alone_lead_the_next_sentence() -> None:
    assert bodies("本当！？はい。") == ["本当！", "？はい。"]


def test_a_line_ends_its_sentence_and_white_space_leads_the_next() -> None:
    assert bodies("One\n\nTwo. Three\n") == ["One\n", "\nTwo.", " Three\n"]


def test_code_and_tables_are_told_apart_from_prose() -> None:
    text = (
        "So. It:\n```py\nx. y\n```\n| a. b | c |\n|---|---|\n| d. e | f |\nEnd.\n\nEnd"
    )

    assert kinds(text) == [
        ("prose", True),
        ("prose", True),
        ("code", True),
        ("code", False),
        ("code", False),
        ("table", True),
        ("table", False),
        ("table", False),
        ("table", False),
        ("prose", True),
    ]


def test_a_long_sentence_is_cut_at_a_clause_else_at_a_word() -> None:
    assert bodies("字" * 50 + "、" + "字" * 60, 100)[0] == "字" * 50 + "、"
    assert bodies("Some words, " * 10, 100)[0] == "Some words, " * 8
    assert bodies("word " * 30, 100)[0] == "word " * 19


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("はい。そうです。次は長い文です。", ["はい。そうです。次は長い文です。"]),
        (
            "Yes. It is as you say. No.\nSo. ",
            ["Yes. It is as you say.", " No.\n", "So. "],
        ),
        ("Yes. 3. One is enough here. ", ["Yes. 3. One is enough here.", " "]),
        ("So.\n```\nx\n```\n", ["So.\n", "```\n", "x\n", "```\n"]),
    ],
)
def test_a_short_sentence_leads_the_next_one_of_its_line_if_asked(
    text: str, left: list[str]
) -> None:
    whole = chunks_of(SentenceChunker(200, shortest=10), [text])

    assert [chunk.body for chunk in whole] == left
    assert chunks_of(SentenceChunker(200, shortest=10), list(text)) == whole


def test_a_short_sentence_does_not_wait_beyond_the_limit() -> None:
    chunker = SentenceChunker(64, shortest=10)
    chunker.push("はい。")

    assert chunker.push("字" * 62)
