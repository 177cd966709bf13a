"""Slack's markup, read and written."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.text import markup

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
