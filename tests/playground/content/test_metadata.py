"""The rules for a message's metadata."""

import pytest

from bot.playground.answer import RefusedError
from bot.playground.content.metadata import (
    MAX_METADATA_BYTES,
    refuse_large_metadata,
    refuse_malformed_metadata,
)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"text": "a", "number": 1, "part": 0.5, "flag": True},
        {"flat": {"a": 1}, "list": [{"a": 1}, {}]},
    ],
)
def test_scalars_and_flat_objects_are_taken(payload: object) -> None:
    metadata = {"event_type": "t", "event_payload": payload}

    refuse_malformed_metadata({"metadata": metadata})


@pytest.mark.parametrize(
    "metadata",
    [
        "x",
        {"event_type": 1, "event_payload": {}},
        {"event_type": "", "event_payload": {}},
        {"event_type": "t"},
        {"event_type": "t", "event_payload": []},
        {"event_type": "t", "event_payload": {"a": None}},
        {"event_type": "t", "event_payload": {"a": ["b"]}},
        {"event_type": "t", "event_payload": {"a": {"b": {}}}},
    ],
)
def test_any_other_shape_is_refused(metadata: object) -> None:
    with pytest.raises(RefusedError, match="invalid_metadata_format"):
        refuse_malformed_metadata({"metadata": metadata})


def test_none_keeps_and_empty_clears_metadata() -> None:
    refuse_malformed_metadata({})
    refuse_malformed_metadata({"metadata": {}})


def test_metadata_is_measured_in_bytes() -> None:
    metadata = {"event_type": "t", "event_payload": {"a": ""}}
    free = MAX_METADATA_BYTES - len(str(metadata).encode())
    metadata["event_payload"] = {"a": "é" * (free // 2)}

    refuse_large_metadata({"metadata": metadata})

    metadata["event_payload"] = {"a": "é" * (free // 2 + 1)}
    with pytest.raises(RefusedError, match="metadata_too_large"):
        refuse_large_metadata({"metadata": metadata})
