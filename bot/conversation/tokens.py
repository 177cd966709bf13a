"""An estimate of tokens that needs no network and no model's own tables."""

from collections.abc import Iterable

TOKENS_PER_MESSAGE = 4
"""What role and separators cost; OpenAI's own counting example adds 3 or 4
(https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken, read 2026-11).
"""
ASCII_CHARS_PER_TOKEN = 4

MIN_RATIO, MAX_RATIO = 0.5, 2.0
"""How far a provider's count may correct the estimate."""
OBSERVATION_WEIGHT = 0.2
"""Of the newest count; older ones fade."""
MIN_OBSERVED_TOKENS = 100
"""In shorter prompts the tokens between the messages count too much."""


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a message costs.

    Four ASCII characters make a token, every other character (Japanese, say) one.
    """
    ascii_chars = len(text.encode("ascii", "ignore"))
    other_chars = len(text) - ascii_chars
    return -(-ascii_chars // ASCII_CHARS_PER_TOKEN) + other_chars + TOKENS_PER_MESSAGE


def shorten(text: str, budget_tokens: int) -> str:
    """Return the text, or its beginning and end around a mark if it is over budget.

    The result is within the budget, unless the mark alone is not.
    """
    if estimate_tokens(text) <= budget_tokens:
        return text
    mark = f"\n[… {len(text)} characters in all, the middle is left out …]\n"
    room = max(0, budget_tokens - estimate_tokens(mark))
    return leading(text, room // 2) + mark + leading(text[::-1], room // 2)[::-1]


def leading(text: str, budget_tokens: int) -> str:
    """Return the beginning of a text that fits; what a message costs is not counted."""
    quarters = budget_tokens * ASCII_CHARS_PER_TOKEN
    for count, char in enumerate(text):
        quarters -= 1 if char.isascii() else ASCII_CHARS_PER_TOKEN
        if quarters < 0:
            return text[:count]
    return text


class TokenBudget:
    """How much of a thread a prompt may hold, in estimated tokens.

    The provider's own count of each prompt corrects it: where the estimate is too low,
    fewer estimated tokens fit. One budget is for one model.
    """

    def __init__(self, tokens: int, instructions: Iterable[str] = ()) -> None:
        """Allow so many of the model's own tokens.

        The longest of the `instructions` that prompts may begin with takes its part of
        them, but no more than half: a thread without room would be forgotten.
        """
        self._tokens = tokens
        self._reserved_tokens = max(map(estimate_tokens, instructions), default=0)
        self._ratio = 1.0

    @property
    def tokens(self) -> int:
        """Return how many estimated tokens fit now."""
        fitting_tokens = int(self._tokens / self._ratio)
        return max(fitting_tokens // 2, fitting_tokens - self._reserved_tokens)

    def observe(self, estimated_tokens: int, counted_tokens: int) -> None:
        """Take into account what the provider counted for a prompt."""
        if estimated_tokens < MIN_OBSERVED_TOKENS or counted_tokens <= 0:
            return
        ratio = counted_tokens / estimated_tokens
        ratio = min(MAX_RATIO, max(MIN_RATIO, ratio))
        self._ratio += OBSERVATION_WEIGHT * (ratio - self._ratio)
