"""A provider's error becomes one sentence of ours; its own words stay in the log."""

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

from bot.conversation.ports import ModelError

BROKE_OFF = "The model broke off here. Ask me to go on."
UNKNOWN = "The model could not answer. Please ask again."
CUT_BY_LENGTH = "The model stopped at its length limit here. Ask me to go on."
CUT_BY_FILTER = "The model's provider stopped the answer here (content filter)."
REFUSED = "The model declines to answer this."

_SENTENCES: tuple[tuple[type[Exception], str], ...] = (
    (
        ContextOverflowError,
        "This thread is too long for the model. Start a new one, or ask for less.",
    ),
    (
        ModelAuthenticationError,
        "The model refused my key. Whoever runs me must check it.",
    ),
    (
        ModelPermissionDeniedError,
        "My key may not use this model. Whoever runs me must check it.",
    ),
    (
        ModelNotFoundError,
        "The model does not exist. Whoever runs me must check its name"
        " (LINEFEED_MODEL, LINEFEED_CHANNELS).",
    ),
    (
        ModelRateLimitError,
        "The model has too much to do right now. Please ask again in a minute.",
    ),
    (ModelInvalidRequestError, "The model did not accept the request."),
    (ModelTimeoutError, "The model cannot be reached, or does not answer."),
    (ModelConnectionError, "The model cannot be reached right now."),
    (ModelAPIError, "The model's server has a problem. Please ask again later."),
    (TimeoutError, "The model does not answer. Please ask again."),
)
"""The first class that fits counts."""

_CUTS = {
    "length": CUT_BY_LENGTH,
    "max_tokens": CUT_BY_LENGTH,
    "content_filter": CUT_BY_FILTER,
    "refusal": REFUSED,
}
"""By the finish reason of OpenAI's API, or the stop reason of Anthropic's.

The words of a refusal are the provider's and are not shown.
"""


def model_error(error: Exception, *, is_break: bool, has_text: bool) -> ModelError:
    """Return what the core may know of an error that LangChain raised.

    The answer had begun if `is_break`, perhaps with nothing that people read; they
    read something if `has_text`.
    """
    fitting = (text for kind, text in _SENTENCES if isinstance(error, kind))
    sentence = BROKE_OFF if has_text else next(fitting, UNKNOWN)
    return ModelError(sentence, is_break=is_break)


def cut_off(finish_reason: str) -> ModelError | None:
    """Return the error for an answer that ended before its end, else None."""
    sentence = _CUTS.get(finish_reason)
    if sentence is None:
        return None
    return ModelError(sentence, is_cut=sentence is CUT_BY_LENGTH)


def unfinished(*, is_break: bool, has_text: bool) -> ModelError:
    """Return the error for an answer that ended without saying why."""
    return ModelError(BROKE_OFF if has_text else UNKNOWN, is_break=is_break)
