"""What a refused call answers."""

from bot.playground.answer import RefusedError


def test_a_refusal_carries_slacks_word_and_details() -> None:
    error = RefusedError("missing_scope", needed="a", provided="b")

    assert str(error) == "missing_scope"
    assert error.body == {
        "ok": False,
        "error": "missing_scope",
        "needed": "a",
        "provided": "b",
    }
