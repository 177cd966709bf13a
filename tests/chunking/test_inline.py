"""Whether a line leaves something inline open."""

import pytest

from bot.chunking.inline import InlineState


def is_open_behind(text: str) -> bool:
    state = InlineState()
    state.feed(text)
    return state.is_open


@pytest.mark.parametrize(
    "text",
    [
        *(
            "**a",
            "*a **b** c",
            "_a",
            "~~a",
            "`a",
            "``a`",
            "[a",
            "[a](b",
            "<a",
            "<!-- a",
        ),
        *("***a**", "a *b_", "*[a*](b)", "**a*"),
    ],
)
def test_something_may_be_open(text: str) -> None:
    assert is_open_behind(f"{text}\n")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "**a**",
            "*a **b** c*",
            "a_b",
            "* a",
            "`a * b`",
            "[a *b](c)",
            "<https://a_b>",
        ),
        *("a * b", "\\*a", "[x]", "a]", "***a** b*", "<b>*a*</b>", "a < b", "``a`b``"),
    ],
)
def test_nothing_is_open(text: str) -> None:
    assert not is_open_behind(f"{text}\n")


def test_a_later_line_closes_what_an_earlier_opened() -> None:
    state = InlineState()
    state.feed("a **b\n")
    state.feed("c `d\n")
    state.feed("e` f** g\n")

    assert not state.is_open
