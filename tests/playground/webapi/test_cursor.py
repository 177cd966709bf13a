"""A cursor holds what was put in, and nothing else is one."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.answer import RefusedError
from bot.playground.webapi.cursor import read_cursor, write_cursor
from tests.long import examples


@settings(max_examples=examples(60, 2_000), deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_cursor_gives_back_what_it_was_made_of(value: str) -> None:
    assert read_cursor(write_cursor("team", value), "team") == value


@pytest.mark.parametrize(
    "cursor",
    ["", "a", "§", "%%%", urlsafe_b64encode(b"\xff").decode(), write_cursor("ts", 1)],
)
def test_what_is_no_cursor_of_this_list_is_refused(cursor: str) -> None:
    with pytest.raises(RefusedError, match="invalid_cursor"):
        read_cursor(cursor, "team")
