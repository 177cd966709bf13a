"""What came as JSON is an object, or counts as an empty one."""

import pytest

from bot.playground.jsonobject import as_object


def test_an_object_stays_itself() -> None:
    decoded = {"a": 1}

    assert as_object(decoded) is decoded


@pytest.mark.parametrize("value", [None, 1, "a", [{"a": 1}]])
def test_anything_else_counts_as_empty(value: object) -> None:
    assert as_object(value) == {}
