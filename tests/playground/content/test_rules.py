"""The rules for the content of a message, at their limits."""

from typing import Any

import pytest

from bot.playground.answer import RefusedError
from bot.playground.content.rules import read_blocks, read_content, split_text
from bot.playground.jsonobject import JsonObject


def source(text: str) -> JsonObject:
    return {"type": "markdown", "text": text}


def sections(chars: int) -> list[JsonObject]:
    texts = ["a" * min(3_000, chars - start) for start in range(0, chars, 3_000)]
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in texts
    ]


def table(rows: int, cell_chars: int = 1) -> JsonObject:
    cell = {"type": "raw_text", "text": "a" * cell_chars}
    return {"type": "table", "rows": [[cell]] * rows}


DIVIDER: JsonObject = {"type": "divider"}
TABLE = "|a|\n|-|\n|1|\n"
META: JsonObject = {"event_type": "t", "event_payload": {}}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "no_text"),
        ({"text": "", "blocks": []}, "no_text"),
        ({"markdown_text": "a", "text": "a"}, "markdown_text_conflict"),
        ({"markdown_text": "a", "blocks": [DIVIDER]}, "markdown_text_conflict"),
        ({"markdown_text": "a" * 12_001}, "msg_too_long"),
        ({"blocks": "[{"}, "invalid_blocks_format"),
        ({"blocks": [{"text": "a"}]}, "invalid_blocks"),
        ({"blocks": [{"type": "unheard_of"}]}, "invalid_blocks"),
        ({"blocks": [{"type": "markdown", "text": ""}]}, "invalid_blocks"),
        ({"attachments": "a"}, "invalid_attachments"),
        ({"attachments": ["a"]}, "invalid_attachments"),
        ({"attachments": [{}] * 101}, "too_many_attachments"),
        ({"blocks": [DIVIDER] * 51}, "msg_blocks_too_many"),
        ({"blocks": [source("a" * 6_000), source("a" * 6_001)]}, "msg_blocks_too_long"),
        ({"blocks": [*sections(13_172), DIVIDER]}, "msg_blocks_too_long"),
        ({"blocks": [source("a\n\n---\n" * 26)]}, "msg_blocks_too_many"),
        ({"blocks": [source("a\n\n" * 50), DIVIDER]}, "msg_blocks_too_many"),
        ({"markdown_text": "a\n\n" * 51}, "msg_blocks_too_many"),
        ({"blocks": [table(1, 10_001)]}, "invalid_blocks"),
        ({"blocks": [table(1), table(1)]}, "invalid_attachments"),
        ({"blocks": [source(f"{TABLE}\n---\n{TABLE}")]}, "invalid_attachments"),
        ({"blocks": [source(TABLE + "|1|\n" * 99)]}, "invalid_blocks"),
        ({"blocks": [source("|a" * 21 + "|\n" + "|-" * 21 + "|\n")]}, "invalid_blocks"),
        ({"text": "a", "metadata": "x"}, "invalid_metadata_format"),
        ({"text": "a", "metadata": {"event_type": 1}}, "invalid_metadata_format"),
        ({"text": "a", "metadata": {"event_type": "t"}}, "invalid_metadata_format"),
        (
            {"text": "a", "metadata": META | {"event_payload": {"x": "あ" * 5_500}}},
            "metadata_too_large",
        ),
    ],
)
def test_a_broken_rule_is_refused_in_slacks_words(
    arguments: dict[str, Any], error: str
) -> None:
    with pytest.raises(RefusedError, match=f"^{error}$"):
        read_content(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"markdown_text": "a" * 12_000},
        {"markdown_text": "a\n\n" * 50},
        {"blocks": [source("a\n\n" * 49), DIVIDER]},
        {"blocks": [DIVIDER] * 50},
        {"blocks": [source("a" * 12_000)]},
        {"blocks": [*sections(12_672), DIVIDER]},
        {"blocks": [table(100, 20)]},
        {"blocks": [table(1, 10_000)]},
        {"blocks": [source(TABLE + "|1|\n" * 98)]},
        {"text": "a", "metadata": META},
        {"text": "a", "metadata": {}},
        {"attachments": [{}]},
    ],
)
def test_what_just_fits_is_taken(arguments: dict[str, Any]) -> None:
    assert not read_content(arguments).is_truncated


def test_markdown_is_stored_translated_and_its_source_apart() -> None:
    content = read_content({"blocks": [source("**a**"), DIVIDER, source("b")]})

    assert [block["type"] for block in content.blocks] == [
        "rich_text",
        "divider",
        "rich_text",
    ]
    assert content.text == "a\nb"
    assert content.markdown == "**a**\n\nb"


def test_markdown_text_is_translated_too() -> None:
    content = read_content({"markdown_text": "**a**"})

    assert content.text == "a"
    assert content.blocks[0]["type"] == "rich_text"


def test_a_given_text_is_kept_beside_the_blocks() -> None:
    assert read_content({"text": "t", "blocks": [source("m")]}).text == "t"


def test_a_long_text_is_split_as_slack_splits_it() -> None:
    whole, split = (read_content({"text": "x" * n}) for n in (4_040, 4_041))

    assert [len(text) for text in split_text(whole)] == [4_040]
    assert [len(text) for text in split_text(split)] == [4_000, 41]


def test_a_text_beside_blocks_is_not_split() -> None:
    content = read_content({"text": "x" * 5_000, "blocks": [DIVIDER]})

    assert len(split_text(content)) == 1


def test_a_far_too_long_text_is_cut() -> None:
    content = read_content({"text": "x" * 40_001})

    assert content.is_truncated
    assert len(content.text) == 40_000


def test_an_edit_takes_less_than_a_post() -> None:
    read_content({"text": "x" * 4_000}, is_short=True)

    with pytest.raises(RefusedError, match="msg_too_long"):
        read_content({"text": "x" * 4_001}, is_short=True)


def test_blocks_alone_obey_the_same_rules() -> None:
    stored = read_blocks([source("**a**"), DIVIDER])

    assert [block["type"] for block in stored] == ["rich_text", "divider"]
    for blocks in ([DIVIDER] * 51, [source("a\n\n---\n" * 26)]):
        with pytest.raises(RefusedError, match="msg_blocks_too_many"):
            read_blocks(blocks)


def test_a_block_id_of_markdown_is_dropped() -> None:
    (block,) = read_blocks([source("a") | {"block_id": "b"}])

    assert "block_id" not in block
