"""A refusal is seen, wherever a provider writes it."""

from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from pydantic import SecretStr

from bot.llm.refusal import RefusingChatOpenAI, is_refusal


@pytest.mark.parametrize(
    ("chunk", "is_one"),
    [
        (AIMessageChunk("text"), False),
        (AIMessageChunk("", additional_kwargs={"refusal": None}), False),
        (AIMessageChunk("", additional_kwargs={"refusal": "No."}), True),
        (AIMessageChunk(["text", {"type": "text", "text": "x"}]), False),
        (AIMessageChunk([{"type": "refusal", "refusal": "No."}]), True),
    ],
    ids=str,
)
def test_a_refusal_stands_beside_the_text_or_is_a_part_of_it(
    chunk: AIMessageChunk, *, is_one: bool
) -> None:
    assert is_refusal(chunk) == is_one


@pytest.mark.parametrize(
    ("choices", "is_one"),
    [
        ([{"delta": {"role": "assistant", "refusal": "No"}}], True),
        ([{"delta": {"role": "assistant", "content": "x", "refusal": None}}], False),
        ([{"delta": {"role": "assistant"}}], False),
        ([{"delta": None}], False),
        ([], False),
    ],
    ids=str,
)
def test_a_delta_keeps_its_refusal(choices: list[Any], *, is_one: bool) -> None:
    model = RefusingChatOpenAI(model="m", api_key=SecretStr("x"))

    converted = model._convert_chunk_to_generation_chunk(
        {"choices": choices}, AIMessageChunk, None
    )

    message = None if converted is None else converted.message
    assert (isinstance(message, AIMessageChunk) and is_refusal(message)) == is_one
