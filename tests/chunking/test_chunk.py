"""What is delivered at once, and neighbouring chunks as one text."""

import pickle

import pytest

from bot.chunking import Chunk, Sentence, joined


def test_the_text_of_a_chunk_is_readable_on_its_own() -> None:
    chunk = Chunk("x = 1\n", "```py\n", "```")

    assert chunk.text == "```py\nx = 1\n```"


@pytest.mark.parametrize("chunk", [Chunk("x"), Sentence("x", kind="code")])
@pytest.mark.parametrize("field", ["body", "prefix", "suffix", "text", "kind"])
def test_a_chunk_cannot_be_changed(chunk: Chunk, field: str) -> None:
    with pytest.raises(AttributeError):
        setattr(chunk, field, "y")


def test_a_sentence_is_a_chunk_that_knows_its_kind() -> None:
    sentence = Sentence("x", kind="code", is_first=False)

    assert isinstance(sentence, Chunk)
    assert repr(sentence) == "Sentence(body='x', kind='code', is_first=False)"
    assert sentence == Sentence("x", "", "", "code", False)
    assert sentence != Sentence("x", kind="code")
    assert sentence != Chunk("x")
    assert pickle.loads(pickle.dumps(sentence)) == sentence  # noqa: S301 - our own


def test_a_fence_closed_only_to_be_opened_again_leaves_no_trace() -> None:
    first = Chunk("```py\nx = 1\n", suffix="```")
    second = Chunk("y = 2\n```\n", "```py\n")

    assert joined([first, second]) == "```py\nx = 1\ny = 2\n```\n"


def test_chunks_from_the_middle_of_a_block_keep_its_outer_fences() -> None:
    second = Chunk("y = 2\n", "```py\n", "```")
    third = Chunk("z = 3\n", "```py\n", "```")

    assert joined([second, third]) == "```py\ny = 2\nz = 3\n```"


def test_a_repeated_header_stands_once() -> None:
    first = Chunk("| a |\n|---|\n| 1 |\n")
    second = Chunk("| 2 |\n", "| a |\n|---|\n")

    assert joined([first, second]) == "| a |\n|---|\n| 1 |\n| 2 |\n"


def test_carried_definitions_stand_once_before_all() -> None:
    first = Chunk("See [a].\n", "[a]: /a\n\n")
    second = Chunk("See [b] and [a].\n", "[b]: /b\n[a]: /a\n\n")

    text = joined([first, second])

    assert text == "[a]: /a\n[b]: /b\n\nSee [a].\nSee [b] and [a].\n"


def test_a_suffix_stays_where_the_next_chunk_does_not_undo_it() -> None:
    cut_off = Chunk("```py\nx = 1", suffix="\n```")
    note = Chunk("\n_The model broke off._\n")

    text = joined([cut_off, note])

    assert text == "```py\nx = 1\n```\n_The model broke off._\n"


def test_nothing_joined_is_nothing() -> None:
    assert joined([]) == ""
