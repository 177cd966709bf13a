"""Mentions are undone, however they are spelled."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.text.entities import mentions
from bot.playground.text.translation import translate
from bot.slack.text.calling import (
    WORD_JOINER,
    is_parted,
    is_target_awaited,
    quiet,
    quiet_target,
)
from tests.long import examples

SPELLINGS = {
    "<": ["<", "&lt;", "&LT;", "&#60;", "&#060;", "&#x3c;", "&#X3C;", "&amp;lt;"],
    "!": ["!", "\\!", "&#33;", "&#x21;", "&excl;", "\u200b!", "!\u200d"],
    "@": ["@", "\\@", "&#64;", "&#x40;", "&commat;", "\ufeff@"],
    "e": ["e", "E", "&#101;", "&#69;", "&#x65;", "e\u200b", "&amp;#101;"],
}
BANGS = ["!here", "!channel", "!everyone", "!group", "!subteam^S1", "!HERE|here"]


@st.composite
def calls(draw: st.DrawFn) -> str:
    word = draw(st.sampled_from([*BANGS, "@U0ANA", "@W1|w", "@u1", "@B1", "@S1"]))
    spelled = [
        draw(st.sampled_from(SPELLINGS.get(char, [char]))) for char in f"<{word}"
    ]
    return "".join(spelled) + draw(st.sampled_from([">", "&gt;", "|x>", ""]))


@settings(max_examples=examples(100, 5_000))
@given(calls(), st.sampled_from(["", "a", "`", "<", "&", "[x](", "\\"]))
def test_every_spelling_of_a_mention_is_undone(call: str, before: str) -> None:
    undone = quiet(before + call)

    assert undone != before + call
    assert undone.replace(WORD_JOINER, "") == before + call
    assert quiet(undone) == undone
    assert mentions(undone, translate(undone).blocks) == mentions("")


@pytest.mark.parametrize(
    "text",
    ["[x](!channel)", "[x](<!here>)", "[x]: @U0ANA", "[x](\\!here)", "[x](&#33;here)"],
)
def test_the_target_of_a_link_mentions_nobody(text: str) -> None:
    assert WORD_JOINER in quiet(text)


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html> <!-- x --> <![CDATA[x]]>",
        "a <b> c if a < b && c > d, a<!b",
        "<https://x.test|x> <#C1|dev> <!date^1^{date}|x> <@>",
        "@channel @here ana@x.test",
        "[x](!important) &lt;b&gt;",
    ],
)
def test_what_calls_nobody_stays_as_it_is(text: str) -> None:
    assert quiet(text) == text


@pytest.mark.parametrize("text", ["<@U1>", "<@U1|ana>", "`<@U1>`"])
def test_who_took_part_may_be_mentioned(text: str) -> None:
    assert quiet(text, {"U1"}) == text


@pytest.mark.parametrize(
    "text", ["<@U12>", "<@u1>", "<@U1", "&lt;@U1&gt;", "<\\@U1>", "<@U1 >"]
)
def test_nobody_is_mentioned_but_by_the_very_id(text: str) -> None:
    assert quiet(text, {"U1"}) != text


@pytest.mark.parametrize(
    ("before", "text", "expected"),
    [
        ("a <", "!here>", True),
        ("a <", "!", True),
        ("<!chan", "nel>", True),
        ("&l", "t;!here>", True),
        ("[a](", "!here)", True),
        ("<", "https://x.test>", False),
        ("<!here> ", "a", False),
        ("[a]", "(https://x.test)", False),
        ("", "<!here>", False),
    ],
)
def test_a_mention_in_two_parts_is_known(
    before: str, text: str, expected: bool
) -> None:
    assert is_parted(before, text) is expected


def test_a_target_on_the_next_line_mentions_nobody() -> None:
    assert is_target_awaited("> [a](\n")
    assert is_target_awaited("[a]: \r\n")
    assert not is_target_awaited("[a](b\n")
    assert quiet_target("> !here)") == f"> {WORD_JOINER}!here)"
    assert quiet_target("here") == "here"
