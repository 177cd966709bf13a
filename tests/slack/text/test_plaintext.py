"""Markdown as plain text."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.text import plaintext
from bot.slack.text.plaintext import fallback

MARKDOWN = st.text() | st.lists(
    st.sampled_from(["# ", "- ", "1. ", "> ", "**", "`", "```\n", "[a](b)", "\n", "a"])
    | st.sampled_from(
        ["![](c)", "<", "&", "|", "|-|\n", "\n\n", "---\n", "[a]: b\n", " "]
    )
).map("".join)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# Head **b** *i* ~~s~~ `c`", "Head b i s c"),
        ("a\nb\n\nc", "a\nb\nc"),
        ("- a\n- b\n  - c\n", "• a\n• b\n  • c"),
        ("3. a\n4. b\n\n   c", "3. a\n4. b\n   c"),
        ("- ```\n  x\n  ```", "• x"),
        ("-\n", "•"),
        ("> q\n> r", "q\nr"),
        ("| a | **b** |\n|---|---|\n| 1 | `2` |", "a | b\n1 | 2"),
        ("```py\nx = 1\n  **y**\n```", "x = 1\n  **y**"),
        ("[label](https://x.test) <https://y.test>", "label https://y.test"),
        ("![alt](https://x.test) ![](https://y.test)", "alt https://y.test"),
        ("a\n\n---\n\nb", "a\nb"),
        ("は**\u200b「強調」\u200b**です", "は「強調」です"),
        ("<!here> & <@U1>", "&lt;!here&gt; &amp; &lt;@U1&gt;"),
        ("&lt;!here&gt;", "&lt;!here&gt;"),
        ("[a]: b", "[a]: b"),
        ("---", "---"),
        (" \n", ""),
    ],
)
def test_markdown_reads_as_plain_text(markdown: str, expected: str) -> None:
    assert fallback(markdown) == expected


@given(MARKDOWN)
def test_a_fallback_holds_no_entity_and_is_never_empty(markdown: str) -> None:
    text = fallback(markdown)

    assert "<" not in text
    assert ">" not in text
    assert "&" not in re.sub("&(?:amp|lt|gt);", "", text)
    assert bool(text) == bool(markdown.strip())


@pytest.mark.parametrize("char", ["a", "<", "&", "あ", "* ", "a\n\n"])
@pytest.mark.parametrize("count", [2_999, 3_000, 3_001, 10_000])
def test_a_long_fallback_is_cut_where_it_stays_short(char: str, count: int) -> None:
    text = fallback(char * count)

    assert len(text) <= plaintext.MAX_ESCAPED_CHARS
    assert len(html.unescape(text)) <= plaintext.MAX_FALLBACK_CHARS
    assert text.endswith("…") or len(text) == count


def test_no_more_is_read_than_may_be_shown() -> None:
    text = "a " * plaintext.MAX_SOURCE_CHARS

    assert fallback(text + "**b**") == fallback(text)
