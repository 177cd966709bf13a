"""The JSON of OpenAI's chat completions, and what a fragment is."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.playground.model.completion import (
    MAX_FRAGMENT_CHARS,
    Completion,
    error_body,
    event,
    split_fragments,
)


@given(st.text())
def test_fragments_are_short_and_lose_nothing(text: str) -> None:
    fragments = list(split_fragments(text))

    assert "".join(fragments) == text
    assert all(1 <= len(fragment) <= MAX_FRAGMENT_CHARS for fragment in fragments)


def test_fragments_vary_in_size() -> None:
    sizes = {len(fragment) for fragment in split_fragments("Hello, dear world! " * 9)}

    assert len(sizes) >= 4


def test_a_newline_in_the_text_does_not_end_the_event() -> None:
    sent = event({"a": "one\n日本"}).decode()

    assert sent.count("\n") == 2
    assert json.loads(sent.removeprefix("data: ")) == {"a": "one\n日本"}


def test_usage_is_counted_only_where_it_was_asked_for() -> None:
    def delta(*, includes_usage: bool) -> dict[str, object]:
        completion = Completion("id", "offline", 1, 9, includes_usage)
        read: dict[str, object] = json.loads(
            completion.delta({}, 0).removeprefix(b"data: ")
        )
        return read

    assert delta(includes_usage=True)["usage"] is None
    assert "usage" not in delta(includes_usage=False)


def test_errors_say_whose_fault_they_are() -> None:
    assert error_body(404, "No.", "x") == {
        "error": {
            "message": "No.",
            "type": "invalid_request_error",
            "param": None,
            "code": "x",
        }
    }
    assert error_body(500, "Oh.")["error"]["type"] == "server_error"
