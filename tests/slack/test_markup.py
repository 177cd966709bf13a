"""Slack's markup, read and written."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack import markup

CALL = re.compile(r"<(?:!|@[UW][A-Z0-9])", re.IGNORECASE)
PIECES = st.sampled_from(
    ["<!here>", "<!HERE|x>", "<", "!channel", "<@U1>", "\n", " ", "&", "&lt;", "a", ">"]
)
TEXTS = st.text() | st.lists(PIECES, max_size=20).map("".join)


@pytest.mark.parametrize(
    ("received", "seen"),
    [
        ("<@UBOT> hi", "hi"),
        ("hey <@UBOT|linefeed> hi", "hey hi"),
        ("<@UBOT>", ""),
        ("ask <@UBEN>", "ask @ben"),
        ("ask <@UBEN|benjamin>", "ask @ben"),
        ("ask <@UNEW>", "ask @UNEW"),
        ("ask <@UNEW|newt>", "ask @newt"),
        ("<https://x.test/a>", "https://x.test/a"),
        ("<https://x.test/a|here>", "here (https://x.test/a)"),
        ("<https://x.test/a|https://x.test/a>", "https://x.test/a"),
        ("<https://x.test/?a=1&amp;copy=2>", "https://x.test/?a=1&copy=2"),
        ("<mailto:a@x.test|a@x.test>", "a@x.test"),
        ("<mailto:a@x.test>", "a@x.test"),
        ("<mailto:a@x.test|Ana>", "Ana (a@x.test)"),
        ("<!here> now", "@here now"),
        ("<!channel>", "@channel"),
        ("<!subteam^S1|@team>", "@team"),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ("<#C1|dev>", "#dev"),
        ("<#C1>", "#C1"),
        ("<#C1|>", "#C1"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("&amp;lt;", "&lt;"),
        ("&lt;@UBEN&gt;", "<@UBEN>"),
        ("1 < 2", "1 < 2"),
        ("", ""),
    ],
)
def test_a_received_text_is_read_as_people_see_it(received: str, seen: str) -> None:
    assert markup.legible(received, {"UBEN": "ben"}, "UBOT") == seen


@given(TEXTS)
def test_every_text_that_slack_can_send_is_legible(text: str) -> None:
    sent = html.escape(text, quote=False)

    assert markup.legible(sent, {}, "UBOT") == text.strip()


def test_mentions_are_found_with_and_without_a_label() -> None:
    text = "<@U1> <@W2|w> <@u3> <#C4> <!here> &lt;@U5&gt;"

    assert markup.mentioned_users(text) == {"U1", "W2"}


@pytest.mark.parametrize(
    "call",
    [
        "<!here>",
        "<!HERE|here>",
        "<!channel>",
        "<!Everyone>",
        "<!subteam^S1>",
        "<@U1>",
        "<@W1|w>",
        "<@u1>",
    ],
)
def test_a_shown_text_calls_nobody_and_stays_readable(call: str) -> None:
    shown = markup.shown(f"so {call} all")

    assert CALL.search(shown) is None
    assert shown.replace(markup.WORD_JOINER, "") == f"so {call} all"


@pytest.mark.parametrize(
    "text",
    ["<!DOCTYPE html>", "a <b> c", "if a < b && c > d", "<https://x.test|x>", "<@>"],
)
def test_what_calls_nobody_is_shown_untouched(text: str) -> None:
    assert markup.shown(text) == text


@given(TEXTS)
def test_showing_twice_changes_nothing(text: str) -> None:
    assert markup.shown(markup.shown(text)) == markup.shown(text)


@given(TEXTS)
def test_showing_takes_away_no_visible_character(text: str) -> None:
    shown = markup.shown(text).replace(markup.WORD_JOINER, "")

    assert shown.split() == text.replace(markup.WORD_JOINER, "").split()


def test_the_indent_of_the_first_line_is_shown() -> None:
    assert markup.shown(" \n\n    code\n\n") == "    code"


@given(TEXTS)
def test_a_fallback_holds_no_entity(text: str) -> None:
    fallback = markup.fallback(text)

    assert "<" not in fallback
    assert ">" not in fallback
    assert html.unescape(fallback) == html.unescape(html.escape(text))


@pytest.mark.parametrize("spare_chars", [-1, 0, 1, 2, 5])
def test_a_long_fallback_is_cut_between_entities(spare_chars: int) -> None:
    text = "a" * (markup.MAX_FALLBACK_CHARS - 2 + spare_chars) + "<<&&"

    seen = html.unescape(markup.fallback(text))

    assert len(seen) <= markup.MAX_FALLBACK_CHARS
    assert seen == text or (seen.endswith("…") and text.startswith(seen[:-1]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| a | b |\n|---|---|\n| 1 | 2 |\n", True),
        ("a | b\n:-: | -\n", True),
        ("| a |\n|-|\n", True),
        ("a\n---\nb | c\n", False),
        ("- | -\nno", True),
        ("| a | b |\n", False),
    ],
)
def test_a_table_is_known_by_its_delimiter_row(text: str, expected: bool) -> None:
    assert markup.has_table(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "[x](!channel)",
        "[x](<@U0ANA>)",
        "[x]: !here",
        "<\\!channel>",
        "&lt;!channel&gt;",
        "&#60;!here>",
        "<&#33;everyone>",
        "<&#x40;U0ANA>",
        "<!subteam\\^S123>",
    ],
)
def test_other_spellings_of_a_mention_are_undone_too(text: str) -> None:
    assert markup.WORD_JOINER in markup.shown(text)
    assert markup.shown(text).replace(markup.WORD_JOINER, "") == text
