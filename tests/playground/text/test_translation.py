"""What Slack makes of Markdown."""

import json

import pytest

from bot.playground.jsonobject import JsonObject
from bot.playground.text.entities import mentions
from bot.playground.text.translation import translate


def section(markdown: str) -> list[JsonObject]:
    (block,) = translate(markdown).blocks
    (part,) = block["elements"]
    elements: list[JsonObject] = part["elements"]
    return elements


def text(content: str, *styles: str) -> JsonObject:
    element: JsonObject = {"type": "text", "text": content}
    return element | {"style": dict.fromkeys(styles, True)} if styles else element


@pytest.mark.parametrize(
    ("markdown", "elements"),
    [
        ("plain\nnext", [text("plain\nnext")]),
        ("**b *i***", [text("b ", "bold"), text("i", "bold", "italic")]),
        ("~~s~~", [text("s", "strike")]),
        ("`<@U1>`", [text("<@U1>", "code")]),
        ("は**「あ」**で", [text("は**「あ」**で")]),
        ("は\u200b**「あ」**\u200bで", [text("は\u200b**「あ」**\u200bで")]),
        (
            "は**\u200b「あ」\u200b**で",
            [text("は"), text("\u200b「あ」\u200b", "bold"), text("で")],
        ),
        ("# Head", [text("Head", "bold")]),
        ("[a](https://x)", [{"type": "link", "url": "https://x", "text": "a"}]),
        ("<https://x|a>", [{"type": "link", "url": "https://x", "text": "a"}]),
        ("![a](https://x)", [{"type": "link", "url": "https://x", "text": "a"}]),
        ("<https://x>", [{"type": "link", "url": "https://x"}]),
        ("at https://x/y", [text("at "), {"type": "link", "url": "https://x/y"}]),
        ("<@U1>!", [{"type": "user", "user_id": "U1"}, text("!")]),
        ("<!channel>", [{"type": "broadcast", "range": "channel"}]),
        ("\\<!channel>", [text("<!channel>")]),
        ("&lt;!channel&gt;", [text("<!channel>")]),
        ("<b>x</b>", [text("<b>x</b>")]),
    ],
)
def test_inline_markdown_becomes_rich_text(
    markdown: str, elements: list[JsonObject]
) -> None:
    assert section(markdown) == elements


def parts(markdown: str) -> list[JsonObject]:
    (block,) = translate(markdown).blocks
    elements: list[JsonObject] = block["elements"]
    return elements


def test_a_nested_list_becomes_runs_of_equal_depth() -> None:
    runs = parts("- a\n  1. b\n- c\n\n  d\n")

    assert [(run["style"], run["indent"]) for run in runs] == [
        ("bullet", 0),
        ("ordered", 1),
        ("bullet", 0),
    ]
    assert [e["text"] for e in runs[2]["elements"][0]["elements"]] == ["c", "\n", "d"]


def test_items_behind_a_code_block_go_on_counting() -> None:
    runs = parts("1. a\n   ```py\n   x\n   ```\n2. b\n")

    assert [run["type"] for run in runs] == [
        "rich_text_list",
        "rich_text_preformatted",
        "rich_text_list",
    ]
    assert runs[1]["language"] == "py"
    assert runs[2]["offset"] == 1


def test_a_table_in_a_list_item_stays_as_text() -> None:
    runs = parts("- a\n\n  | x | y |\n  |---|---|\n  | 1 | 2 |\n")

    assert "x" in json.dumps(runs[1])
    assert runs[1]["type"] == "rich_text_section"


def test_a_quote_keeps_its_code_apart() -> None:
    kinds = [part["type"] for part in parts("> a\n>\n> ```\n> x\n> ```\n")]

    assert kinds == ["rich_text_quote", "rich_text_preformatted"]


def test_a_table_and_a_rule_are_blocks_of_their_own() -> None:
    blocks = translate("a\n\n| x | y |\n|--:|---|\n| 1 | **2** |\n\n---\n\nb").blocks

    assert [block["type"] for block in blocks] == [
        "rich_text",
        "table",
        "divider",
        "rich_text",
    ]
    table = blocks[1]
    assert table["column_settings"] == [{"align": "right"}, {"align": "left"}]
    assert table["rows"][0] == [
        {"type": "raw_text", "text": "x"},
        {"type": "raw_text", "text": "y"},
    ]
    assert table["rows"][1][1]["type"] == "rich_text"


def test_the_text_reads_as_the_blocks_do_and_is_encoded() -> None:
    translation = translate(
        "# A & B\n\n- x <@U1>\n- <!here> <#C1> <!subteam^S1>\n\n"
        "| a | `b` |\n|---|---|\n| 1 | [l](https://x?a=1&b=2) |\n\n`<!channel>` https://y\n"
    )

    assert translation.text == (
        "A &amp; B\n• x <@U1>\n• <!here> <#C1> <!subteam^S1>\n"
        "a | b\n1 | <https://x?a=1&amp;b=2|l>\n&lt;!channel&gt; <https://y>"
    )


def test_blocks_and_text_notify_the_same_people() -> None:
    translation = translate("<@U1> <!here> `<@U2>` \\<@U3>")

    assert mentions(translation.text) == mentions("", translation.blocks)
    assert mentions(translation.text).users == {"U1"}
