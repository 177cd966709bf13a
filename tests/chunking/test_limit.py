"""How long a text is, and how much of it fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chunking import Length, utf8_bytes, utf16_units
from bot.chunking.limit import fitting_chars
from tests.chunking.texts import LENGTHS, anything


@pytest.mark.parametrize(
    ("text", "as_bytes", "as_units"),
    [("", 0, 0), ("a\0", 2, 2), ("é漢", 5, 2), ("🎉", 4, 2), ("\ud83d", 3, 1)],
)
def test_a_text_has_a_length_in_each_unit(
    text: str, as_bytes: int, as_units: int
) -> None:
    assert (utf8_bytes(text), utf16_units(text)) == (as_bytes, as_units)


@given(anything, st.integers(-1, 200), LENGTHS)
def test_as_much_fits_as_the_room_allows_and_no_more(
    text: str, room: int, length: Length
) -> None:
    count = fitting_chars(text, room, length)

    assert count == 0 or length(text[:count]) <= room
    assert count == len(text) or length(text[: count + 1]) > room
