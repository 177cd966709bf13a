"""A model that declines to answer says so beside its text, where LangChain drops it."""

from typing import Any, cast

from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI
from typing_extensions import override

REFUSAL = "refusal"
"""Of a delta (https://platform.openai.com/docs/api-reference/chat-streaming, read
2026-11), and of `additional_kwargs`, where langchain-openai puts it if nothing is
streamed."""


class RefusingChatOpenAI(ChatOpenAI):
    """Keeps the refusal of a streamed answer, which langchain-openai 1.7 drops."""

    @override
    def _convert_chunk_to_generation_chunk(
        self,
        chunk: dict[str, Any],
        default_chunk_class: type,
        base_generation_info: dict[str, Any] | None,
    ) -> ChatGenerationChunk | None:
        converted = super()._convert_chunk_to_generation_chunk(  # pyright: ignore[reportUnknownMemberType]
            chunk, default_chunk_class, base_generation_info
        )
        if converted is not None and (refusal := _refusal(chunk)):
            converted.message.additional_kwargs[REFUSAL] = refusal
        return converted


def _refusal(chunk: dict[str, Any]) -> str:
    choices = cast("list[dict[str, Any]]", chunk.get("choices") or [{}])
    delta = cast("dict[str, Any]", choices[0].get("delta") or {})
    return delta.get(REFUSAL) or ""


def is_refusal(chunk: AIMessageChunk) -> bool:
    """Say whether a chunk holds some of a refusal, beside its text or as a part."""
    content = cast("str | list[str | dict[str, Any]]", chunk.content)
    kinds = {part.get("type") for part in content if isinstance(part, dict)}
    return REFUSAL in kinds or bool(chunk.additional_kwargs.get(REFUSAL))
