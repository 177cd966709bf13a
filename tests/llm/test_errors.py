"""A provider's error becomes one sentence that quotes nothing."""

import pytest
from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
    ModelTimeoutError,
)

from bot.llm.errors import (
    BROKE_OFF,
    CUT_BY_FILTER,
    CUT_BY_LENGTH,
    REFUSED,
    UNKNOWN,
    cut_off,
    model_error,
    unfinished,
)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ContextOverflowError, "too long for the model"),
        (ModelAuthenticationError, "refused my key"),
        (ModelPermissionDeniedError, "may not use this model"),
        (ModelNotFoundError, "LINEFEED_MODEL"),
        (ModelRateLimitError, "ask again in a minute"),
        (ModelInvalidRequestError, "did not accept"),
        (ModelTimeoutError, "does not answer"),
        (ModelConnectionError, "cannot be reached right now"),
        (ModelAPIError, "server has a problem"),
        (TimeoutError, "does not answer"),
        (RuntimeError, UNKNOWN),
    ],
)
def test_each_error_has_its_sentence(kind: type[Exception], words: str) -> None:
    error = model_error(kind("sk-secret"), is_break=False, has_text=False)

    assert words in error.sentence
    assert "secret" not in error.sentence
    assert not error.is_break


def test_an_answer_that_has_begun_broke_off_whatever_the_reason() -> None:
    error = model_error(RuntimeError(), is_break=True, has_text=True)

    assert (error.sentence, error.is_break) == (BROKE_OFF, True)


def test_an_answer_that_broke_before_its_first_word_still_says_why() -> None:
    error = model_error(TimeoutError(), is_break=True, has_text=False)

    assert "does not answer" in error.sentence
    assert error.is_break


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("length", CUT_BY_LENGTH),
        ("max_tokens", CUT_BY_LENGTH),
        ("content_filter", CUT_BY_FILTER),
        ("refusal", REFUSED),
    ],
)
def test_an_answer_cut_short_says_so(reason: str, sentence: str) -> None:
    error = cut_off(reason)

    assert error is not None
    assert (error.sentence, error.is_break) == (sentence, False)


@pytest.mark.parametrize("reason", ["", "stop", "end_turn"])
def test_a_whole_answer_says_nothing(reason: str) -> None:
    assert cut_off(reason) is None


def test_an_answer_that_does_not_say_why_it_ended_broke_off() -> None:
    begun = unfinished(is_break=True, has_text=True)
    empty = unfinished(is_break=False, has_text=False)

    assert (begun.sentence, begun.is_break) == (BROKE_OFF, True)
    assert (empty.sentence, empty.is_break) == (UNKNOWN, False)
