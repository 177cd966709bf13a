"""What a stream's pieces make together."""

from typing import Any

import pytest

from bot.playground.answer import RefusedError
from bot.playground.content.chunks import arrange, grow, source
from bot.playground.jsonobject import JsonObject
from bot.playground.workspace.message import Stream

DIVIDER: JsonObject = {"type": "divider"}
TABLE = "|a|\n|-|\n|1|\n"


def markdown(text: str) -> JsonObject:
    return {"type": "markdown_text", "text": text}


def task(number: int, **fields: Any) -> JsonObject:
    given = {"id": str(number), "title": "t", "status": "pending"}
    return {"type": "task_update", **given, **fields}


def plan(title: str) -> JsonObject:
    return {"type": "plan_update", "title": title}


def grown(*chunks: JsonObject, is_plan: bool = False) -> Stream:
    stream = Stream(0.0, is_plan=is_plan)
    for chunk in chunks:
        stream = grow(stream, {"chunks": [chunk]}).stream
    return stream


def kinds(stream: Stream) -> list[str]:
    return [block["type"] for block in arrange(stream)[0]]


def test_pieces_of_markdown_are_translated_as_a_whole() -> None:
    stream = grown(markdown("**a"), markdown("**\n\n- b\n"), markdown("- c\n"))

    blocks, text = arrange(stream)

    assert kinds(stream) == ["rich_text"]
    assert [part["type"] for part in blocks[0]["elements"]] == [
        "rich_text_section",
        "rich_text_list",
    ]
    assert text == "a\n• b\n• c"
    assert source(stream.chunks) == "**a**\n\n- b\n- c\n"


def test_blocks_stand_where_they_were_sent() -> None:
    blocks = {"type": "blocks", "blocks": [DIVIDER]}

    assert kinds(grown(markdown("a"), blocks, markdown("b"))) == [
        "rich_text",
        "divider",
        "rich_text",
    ]


def test_a_task_changes_where_it_first_stood() -> None:
    stream = grown(
        task(1, details="a"),
        markdown("x"),
        task(2),
        task(1, title="u", status="complete", details="\nb", output="c"),
    )

    blocks, _ = arrange(stream)

    assert kinds(stream) == ["task_card", "rich_text", "task_card"]
    assert (blocks[0]["title"], blocks[0]["status"]) == ("u", "complete")
    details = blocks[0]["details"]["elements"][0]["elements"]
    assert details == [{"type": "text", "text": "a\nb"}]
    assert "output" in blocks[0]
    assert "output" not in blocks[2]


def test_a_plan_holds_all_tasks_where_the_first_stood() -> None:
    stream = grown(task(1), markdown("x"), task(2), plan("p"), is_plan=True)

    blocks, _ = arrange(stream)

    assert kinds(stream) == ["plan", "rich_text"]
    assert blocks[0]["title"] == "p"
    assert [card["task_id"] for card in blocks[0]["tasks"]] == ["1", "2"]


def test_without_a_plan_its_title_shows_nowhere() -> None:
    assert kinds(grown(plan("p"), markdown("x"))) == ["rich_text"]


def test_sources_of_a_task_add_up() -> None:
    url = {"type": "url", "url": "https://x", "text": "x"}

    blocks, _ = arrange(grown(task(1, sources=[url]), task(1, sources=[url])))

    assert blocks[0]["sources"] == [url, url]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"markdown_text": "a", "chunks": [markdown("a")]}, "invalid_arguments"),
        ({"markdown_text": "a" * 12_001}, "msg_too_long"),
        ({"chunks": [markdown("a" * 6_000), markdown("a" * 6_001)]}, "msg_too_long"),
        ({"chunks": "[{"}, "invalid_chunks"),
        ({"chunks": ["a"]}, "invalid_chunks"),
        ({"chunks": [{"type": "image"}]}, "invalid_chunks"),
        ({"chunks": [markdown("")]}, "invalid_chunks"),
        ({"chunks": [{"type": "markdown_text"}]}, "invalid_chunks"),
        ({"chunks": [plan("")]}, "invalid_chunks"),
        ({"chunks": [plan("p" * 257)]}, "invalid_chunks"),
        ({"chunks": [task(1, title="t" * 257)]}, "invalid_chunks"),
        ({"chunks": [task(1, id="")]}, "invalid_chunks"),
        ({"chunks": [task(1, status="done")]}, "invalid_chunks"),
        ({"chunks": [task(1, details="d" * 257)]}, "invalid_chunks"),
        ({"chunks": [task(1, output=1)]}, "invalid_chunks"),
        ({"chunks": [task(1, sources="s")]}, "invalid_chunks"),
        ({"chunks": [task(1, sources=[{"type": "url"}])]}, "invalid_chunks"),
        ({"chunks": [{"type": "blocks", "blocks": []}]}, "invalid_chunks"),
        ({"chunks": [{"type": "blocks", "blocks": [{}]}]}, "invalid_blocks"),
        (
            {"chunks": [{"type": "blocks", "blocks": [{"type": "file"}]}]},
            "internal_error",
        ),
        (
            {"chunks": [{"type": "blocks", "blocks": [DIVIDER] * 51}]},
            "msg_blocks_too_many",
        ),
    ],
)
def test_what_is_no_content_is_refused(arguments: JsonObject, error: str) -> None:
    with pytest.raises(RefusedError, match=f"^{error}$"):
        grow(Stream(0.0), arguments)


def test_the_first_content_fixes_how_the_rest_must_come() -> None:
    text, chunks = {"markdown_text": "a"}, {"chunks": [markdown("a")]}

    for first, other in ((text, chunks), (chunks, text)):
        stream = grow(Stream(0.0), first).stream
        grow(stream, first)
        with pytest.raises(RefusedError, match="streaming_mode_mismatch"):
            grow(stream, other)


def test_no_content_fixes_nothing() -> None:
    stream = grow(Stream(0.0), {"chunks": []}).stream

    assert (stream.mode, stream.chunks) == ("", ())


def test_blocks_beyond_fifty_in_all_chunks_are_left_out() -> None:
    some = {"chunks": [{"type": "blocks", "blocks": [DIVIDER] * 30}]}
    first = grow(Stream(0.0), some)
    second = grow(first.stream, some)
    third = grow(second.stream, some)

    assert (first.warnings, second.warnings) == ((), ("blocks_dropped",))
    assert len(arrange(second.stream)[0]) == 50
    assert third.stream == second.stream


def test_markdown_of_all_calls_together_ends_where_that_of_one_does() -> None:
    stream = grow(Stream(0.0), {"markdown_text": "a" * 7_000}).stream

    with pytest.raises(RefusedError, match="msg_too_long"):
        grow(stream, {"markdown_text": "b" * 5_001})
    full = grow(stream, {"markdown_text": "b" * 5_000}).stream

    assert source(full.chunks) == "a" * 7_000 + "b" * 5_000


def test_blocks_and_markdown_of_a_stream_are_too_long_together() -> None:
    texts = [{"type": "mrkdwn", "text": "a" * 3_000}] * 4
    blocks = [{"type": "section", "text": text} for text in texts]
    stream = grown({"type": "blocks", "blocks": blocks}, markdown("a" * 797))

    arrange(stream)
    with pytest.raises(RefusedError, match="msg_blocks_too_long"):
        arrange(grow(stream, {"chunks": [markdown("b")]}).stream)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f"{TABLE}\n---\n{TABLE}", "invalid_attachments"),
        ("a\n\n" * 51, "msg_blocks_too_many"),
    ],
)
def test_translated_markdown_obeys_the_rules_for_blocks(text: str, error: str) -> None:
    with pytest.raises(RefusedError, match=error):
        arrange(grown(markdown(text)))


def test_a_table_in_a_block_counts_beside_one_in_markdown() -> None:
    block = {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}
    stream = grown(markdown(TABLE), {"type": "blocks", "blocks": [block]})

    with pytest.raises(RefusedError, match="invalid_attachments"):
        arrange(stream)
