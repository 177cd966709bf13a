"""Other servers' ways to write the same answer lose nothing of it."""

from hypothesis import given
from hypothesis import strategies as st

from bot.playground.model.completion import split_fragments
from bot.playground.model.dialect import Dialect

SIZES = st.integers(1, 9)


@given(st.text(), SIZES)
def test_fragments_of_one_size_lose_nothing(text: str, size: int) -> None:
    fragments = list(Dialect(fragment_chars=size).fragments(text))

    assert "".join(fragments) == text
    assert all(len(fragment) == size for fragment in fragments[:-1])


@given(st.binary(min_size=1), SIZES)
def test_packets_lose_nothing(data: bytes, size: int) -> None:
    packets = list(Dialect(packet_bytes=size).packets(data))

    assert b"".join(packets) == data
    assert max(map(len, packets)) <= size


def test_an_event_is_one_packet_if_nothing_else_is_wanted() -> None:
    assert list(Dialect().packets(b"data")) == [b"data"]
    assert list(Dialect().fragments("hello")) == list(split_fragments("hello"))


def test_a_delta_names_one_field_or_all_of_them() -> None:
    assert Dialect().delta("content", "a") == {"content": "a"}
    assert Dialect(has_nulls=True).delta("content", "a") == {
        "role": None,
        "content": "a",
        "reasoning_content": None,
        "tool_calls": None,
    }
