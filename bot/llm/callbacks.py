"""Line-buffered output for any LangChain program: a callback handler."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.outputs import LLMResult
from typing_extensions import override

from bot.chunking import Chunk, LineChunker

MAX_LINE_CHARS = 11_000
"""A longer line is handed over in pieces."""

OnLine = Callable[[UUID, str], Awaitable[None]]
OnEnd = Callable[[UUID], Awaitable[None]]
OnError = Callable[[UUID, BaseException], Awaitable[None]]


class LineCallbacks(AsyncCallbackHandler):
    """Hand the streamed text of each run over in whole lines.

    Each function is optional and gets the run's id first. What is left of the last
    line comes before the end, or before the error that broke the run off. One handler
    serves any number of runs at once; what it keeps of a run goes with it. The model
    must stream (`streaming=True`, or `astream`), else there is nothing to buffer.
    """

    def __init__(
        self,
        on_line: OnLine | None = None,
        on_end: OnEnd | None = None,
        on_error: OnError | None = None,
        *,
        max_line_chars: int = MAX_LINE_CHARS,
    ) -> None:
        """Call these functions; raises `LimitError` if lines could hold too little."""
        super().__init__()
        self._on_line = on_line
        self._on_end = on_end
        self._on_error = on_error
        self._max_line_chars = max_line_chars
        LineChunker(max_line_chars)
        self._chunkers: dict[UUID, LineChunker] = {}

    @override
    async def on_llm_new_token(
        self, token: str | list[str | dict[str, Any]], *, run_id: UUID, **kwargs: Any
    ) -> None:
        """Take a fragment; empty ones and those that are not text change nothing."""
        text = token if isinstance(token, str) else _text(token)
        if not text:
            return
        if run_id not in self._chunkers:
            self._chunkers[run_id] = LineChunker(self._max_line_chars)
        await self._tell(run_id, self._chunkers[run_id].push(text))

    @override
    async def on_llm_end(
        self, response: LLMResult, *, run_id: UUID, **kwargs: Any
    ) -> None:
        """Hand the rest over, then say that the run has ended."""
        await self._flush(run_id)
        if self._on_end is not None:
            await self._on_end(run_id)

    @override
    async def on_llm_error(
        self, error: BaseException, *, run_id: UUID, **kwargs: Any
    ) -> None:
        """Hand the rest over, then the error."""
        await self._flush(run_id)
        if self._on_error is not None:
            await self._on_error(run_id, error)

    async def _flush(self, run_id: UUID) -> None:
        chunker = self._chunkers.pop(run_id, None)
        if chunker is not None:
            await self._tell(run_id, chunker.finish())

    async def _tell(self, run_id: UUID, chunks: tuple[Chunk, ...]) -> None:
        if self._on_line is None:
            return
        for chunk in chunks:
            await self._on_line(run_id, chunk.body)


def _text(parts: list[str | dict[str, Any]]) -> str:
    """Return the text of a content that is a list of typed parts."""
    texts = (part if isinstance(part, str) else part.get("text", "") for part in parts)
    return "".join(map(str, texts))
