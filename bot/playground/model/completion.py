"""Shapes of OpenAI's chat completions: chunks, whole answers, errors, fragments.

Pure. Source: https://platform.openai.com/docs/api-reference/chat, read 2026-11.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.playground.jsonobject import JsonObject

FinishReason = Literal["stop", "length", "content_filter", "tool_calls"]

MAX_FRAGMENT_CHARS = 6

CHARS_PER_TOKEN = 4
"""An estimate; https://platform.openai.com/docs/guides/tokens, read 2026-11."""

SERVER_ERROR = 500

DONE = b"data: [DONE]\n\n"
KEEPALIVE = b": keepalive\n\n"


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer's frame: all of its JSON but the words."""

    id: str
    model: str
    created: int
    """Unix time in seconds."""
    prompt_chars: int
    includes_usage: bool
    """The stream ends with a chunk that counts tokens."""
    counts_often: bool = False
    """Every other chunk counts them too."""

    def delta(
        self,
        delta: JsonObject,
        said_chars: int,
        finish_reason: FinishReason | None = None,
    ) -> bytes:
        """Return the event of one chunk with one choice."""
        choice = {"index": 0, "delta": delta, "logprobs": None}
        counted = self._usage(said_chars) if self.counts_often else None
        usage = {"usage": counted} if self.includes_usage else {}
        choices = [{**choice, "finish_reason": finish_reason}]
        return event(
            {**self._head("chat.completion.chunk"), "choices": choices, **usage}
        )

    def usage(self, said_chars: int | None) -> bytes:
        """Return the event of the chunk that counts tokens and has no choice.

        Without `said_chars` the count is null.
        """
        head = self._head("chat.completion.chunk")
        usage = None if said_chars is None else self._usage(said_chars)
        return event({**head, "choices": [], "usage": usage})

    def whole(
        self, said: str, finish_reason: FinishReason, refusal: str | None = None
    ) -> JsonObject:
        """Return the answer as one object."""
        message = {"role": "assistant", "content": said, "refusal": refusal}
        choice = {"index": 0, "message": message, "logprobs": None}
        return {
            **self._head("chat.completion"),
            "choices": [{**choice, "finish_reason": finish_reason}],
            "usage": self._usage(len(said)),
        }

    def _head(self, kind: str) -> JsonObject:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
        }

    def _usage(self, said_chars: int) -> JsonObject:
        prompt, completion = _tokens(self.prompt_chars), _tokens(said_chars)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }


def error_body(status: int, message: str, code: str | None = None) -> JsonObject:
    """Return the body of an error answer, and of an error event in a stream."""
    kind = "server_error" if status >= SERVER_ERROR else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def event(data: JsonObject) -> bytes:
    """Return one server-sent event.

    Its JSON is UTF-8 without escapes, but for halves of surrogate pairs, which have no
    UTF-8.
    """
    written = json.dumps(data, ensure_ascii=False)
    try:
        return f"data: {written}\n\n".encode()
    except UnicodeEncodeError:
        return f"data: {json.dumps(data)}\n\n".encode()


def split_fragments(text: str) -> Iterator[str]:
    """Yield fragments of 1 to 6 characters, always the same for the same text."""
    start = 0
    while start < len(text):
        size = 1 + (start * 7 + ord(text[start])) % MAX_FRAGMENT_CHARS
        yield text[start : start + size]
        start += size


def _tokens(chars: int) -> int:
    return -(-chars // CHARS_PER_TOKEN)
