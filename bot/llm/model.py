"""The model as the core sees it: a prompt goes in, fragments of text come out."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, nullcontext
from typing import Any, cast

import structlog
from langchain_core.exceptions import ModelInvalidRequestError
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
)
from langchain_core.messages.ai import UsageMetadata
from langchain_openai import ChatOpenAI
from langsmith import tracing_context  # pyright: ignore[reportUnknownVariableType]

from bot.conversation.ports import TokenMeter
from bot.conversation.prompt import Prompt
from bot.conversation.tokens import estimate_tokens
from bot.conversation.turn import Spent
from bot.llm.errors import cut_off, model_error, unfinished
from bot.llm.reasoning import ReasoningFilter
from bot.llm.refusal import REFUSAL, is_refusal

log = structlog.stdlib.get_logger()

_MESSAGES = {"system": SystemMessage, "person": HumanMessage, "bot": AIMessage}


def _nobody(_: Spent) -> None:
    """Tell nobody."""


class LangChainModel:
    """The chat model of `conversation.ports`; safe for any number of streams."""

    def __init__(
        self,
        model: BaseChatModel,
        stall_s: float,
        *,
        is_traced: bool,
        meter: TokenMeter | None = None,
    ) -> None:
        """Use a model that `client.opened` gave; `stall_s` is the longest silence.

        `meter` is told what the provider counted.
        """
        self._model = model
        self._stall_s = stall_s
        self._is_traced = is_traced
        self._meter = meter
        # Only OpenAI's protocol has usage as an option of the stream.
        self._asks_usage = isinstance(model, ChatOpenAI)
        # Its last chunk says why the answer ended; a proxy that gave up sends none.
        # Not documented as a duty (`finish_reason` of the SDK's `ChatCompletionChunk`
        # is optional), so that taking its absence for a break is our choice.
        self._gives_reasons = isinstance(model, ChatOpenAI)

    async def stream(
        self, prompt: Prompt, report: Callable[[Spent], None] = _nobody
    ) -> AsyncGenerator[str]:
        """Yield the answer's text, without reasoning; report its cost if it is known.

        Raises:
            ModelError: before the first fragment, or where the answer broke off.
        """
        visible = ReasoningFilter()
        finish_reason = ""
        has_begun = False
        try:
            async with aclosing(self._chunks(prompt, report)) as chunks:
                async for chunk in chunks:
                    has_begun = True
                    finish_reason = _finish_reason(chunk, finish_reason)
                    if text := visible.push(_well_formed(_text(chunk))):
                        yield text
        except Exception as error:
            log.debug("the model's own error", exc_info=True)
            # Behind the finish reason nothing but the count of tokens can be lost.
            if not finish_reason:
                raise model_error(
                    error, is_break=has_begun, has_text=visible.has_begun
                ) from error
        rest = visible.finish()
        if rest:
            yield rest
        has_text = visible.has_begun or bool(rest)
        if not finish_reason and self._gives_reasons:
            raise unfinished(is_break=has_begun, has_text=has_text)
        if (cut := cut_off(finish_reason)) is not None:
            raise cut

    async def _chunks(
        self, prompt: Prompt, report: Callable[[Spent], None]
    ) -> AsyncGenerator[AIMessageChunk]:
        """Yield LangChain's chunks; ask again if the server knows no usage option."""
        messages = [_MESSAGES[m.role](m.text) for m in prompt.messages]
        estimated = sum(estimate_tokens(m.text) for m in prompt.messages)

        def spent(usage: UsageMetadata) -> None:
            self._report(usage, estimated)
            report(Spent(usage["input_tokens"], usage["output_tokens"]))

        try:
            async with aclosing(self._attempt(messages, spent)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except ModelInvalidRequestError as error:
            if not self._asks_usage or "stream_options" not in str(error):
                raise
            log.warning("the model's server knows no stream_options: no usage is known")
            self._asks_usage = False
            async with aclosing(self._attempt(messages, spent)) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def _attempt(
        self, messages: Sequence[BaseMessage], spent: Callable[[UsageMetadata], None]
    ) -> AsyncGenerator[AIMessageChunk]:
        options: dict[str, Any] = {}
        if isinstance(self._model, ChatOpenAI):
            options["stream_usage"] = self._asks_usage
        source = self._model.astream(list(messages), **options)
        # LangChain decides about tracing when the first chunk is asked for.
        quiet = nullcontext() if self._is_traced else tracing_context(enabled=False)
        async with aclosing(cast("AsyncGenerator[AIMessageChunk]", source)) as stream:
            with quiet:
                chunk = await self._next(stream)
            usage: UsageMetadata | None = None
            while chunk is not None:
                # Some servers count in every chunk; the last one counts all.
                usage = chunk.usage_metadata or usage
                yield chunk
                chunk = await self._next(stream)
            if usage is not None:
                spent(usage)

    def _report(self, usage: UsageMetadata, estimated_tokens: int) -> None:
        counted_tokens = usage["input_tokens"]
        log.info(
            "tokens used",
            prompt_tokens=counted_tokens,
            answer_tokens=usage["output_tokens"],
        )
        if self._meter is not None:
            self._meter.observe(estimated_tokens, counted_tokens)

    async def _next(
        self, stream: AsyncIterator[AIMessageChunk]
    ) -> AIMessageChunk | None:
        """Return the next chunk, or None at the end.

        Keep-alive comments reset the connection's own time limit, not this one.
        """
        async with asyncio.timeout(self._stall_s):
            return await anext(stream, None)


def _text(chunk: AIMessageChunk) -> str:
    """Return the text of a chunk, whose content is text or a list of typed parts."""
    content = cast("str | list[str | dict[str, Any]]", chunk.content)
    if isinstance(content, str):
        return content
    return "".join(
        part if isinstance(part, str) else str(part.get("text", ""))
        for part in content
        if isinstance(part, str) or part.get("type") == "text"
    )


def _well_formed(text: str) -> str:
    """Return a text without halves of surrogate pairs, which cannot be stored."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _finish_reason(chunk: AIMessageChunk, known: str) -> str:
    """Return why the answer ends, as far as is known; a refusal is no mere stop."""
    if known == REFUSAL or is_refusal(chunk):
        return REFUSAL
    metadata = cast("dict[str, Any]", chunk.response_metadata)  # pyright: ignore[reportUnknownMemberType]
    return str(metadata.get("finish_reason") or metadata.get("stop_reason") or known)
