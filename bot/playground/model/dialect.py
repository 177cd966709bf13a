"""How servers of OpenAI's protocol differ from OpenAI's own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.playground.jsonobject import JsonObject
from bot.playground.model.completion import split_fragments


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a server of the protocol does its own way; none of it is a fault."""

    usage: Literal["last", "every", "null", "none"] = "last"
    """Where tokens are counted, if that was asked for; `null` is a last chunk without.

    In every chunk is `continuous_usage_stats` of vLLM and SGLang, by
    https://docs.rs/dynamo-protocols (`ChatCompletionStreamOptions`), read 2026-11.
    """
    reasoning: str = ""
    """Said before the answer in deltas of its own, as DeepSeek's thinking models do.

    Source:
    https://api-docs.deepseek.com/guides/thinking_mode_api_example_streaming,
    read 2026-11.
    """
    has_nulls: bool = False
    """A delta names every field, and those that say nothing are null."""
    fragment_chars: int | None = None
    """The size of every fragment; `None` is 1 to 6 characters."""
    packet_bytes: int | None = None
    """The most bytes written at once; `None` is a whole event."""

    def fragments(self, text: str) -> Iterator[str]:
        """Yield the fragments of an answer."""
        size = self.fragment_chars
        if size is None:
            return split_fragments(text)
        return (text[start : start + size] for start in range(0, len(text), size))

    def packets(self, data: bytes) -> Iterator[bytes]:
        """Yield the pieces in which data are written."""
        size = self.packet_bytes or len(data)
        return (data[start : start + size] for start in range(0, len(data), size))

    def delta(self, field: str, text: str) -> JsonObject:
        """Return a delta with one field, or with all of them."""
        if not self.has_nulls:
            return {field: text}
        return {
            "role": None,
            "content": None,
            "reasoning_content": None,
            "tool_calls": None,
            field: text,
        }
