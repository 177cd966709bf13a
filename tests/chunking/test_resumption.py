"""What closes a chunk and opens the next."""

import pytest

from bot.chunking.markdown import MarkdownState
from bot.chunking.resumption import closing, is_told, reopening


def behind(*lines: str) -> MarkdownState:
    state = MarkdownState()
    for line in lines:
        state.feed(f"{line}\n")
    return state


def test_code_in_an_item_opens_again_in_the_item() -> None:
    state = behind("1. a", "   - b", "     ```py", "     x")

    again = reopening(state, "     y\n", is_within_line=False)

    assert again == "1.\n   -\n     ```py\n"


def test_what_the_next_line_ends_is_not_opened_again() -> None:
    state = behind("1. a", "   - b", "     ```py", "     x")

    assert reopening(state, "c\n", is_within_line=False) == ""


def test_the_rest_of_a_line_stays_in_its_item_or_quote() -> None:
    assert reopening(behind("- a", "  - b"), "c\n", is_within_line=True) == "-\n  - "
    assert reopening(behind("> a"), "c\n", is_within_line=True) == "> "


@pytest.mark.parametrize(
    ("lines", "closer"),
    [(["````py"], "````"), (["> ```"], ""), (["$$", "x"], "$$"), (["a"], "")],
)
def test_what_must_not_stay_open_is_closed(lines: list[str], closer: str) -> None:
    assert closing(behind(*lines)) == closer


@pytest.mark.parametrize(
    ("lines", "beginning", "told"),
    [
        (["a"], "--", False),
        (["a | b"], "|-", False),
        (["a"], "b", True),
        (["a"], "> -", True),
        (["> a"], "> -", False),
        (["```"], "``", False),
        (["```"], "x", True),
        (["a | b", "--|--"], "`", False),
    ],
)
def test_some_beginnings_do_not_tell_what_their_line_is(
    lines: list[str], beginning: str, *, told: bool
) -> None:
    assert is_told(behind(*lines), beginning) is told
