"""Who answers and who summarizes: the models that the settings name."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module

from bot.conversation.ports import (
    Briefing,
    Briefings,
    ChatModel,
    Summarizer,
    TokenMeter,
)
from bot.conversation.turn import Turn
from bot.settings import Settings
from bot.slack import channels
from bot.slack.api import web as slack_web


@dataclass(frozen=True, slots=True)
class ChannelBriefings:
    """Who answers in which channel: what is set for it, else for all."""

    book: channels.ChannelBook
    usual: Briefing
    models: Mapping[str, ChatModel]
    """All that the book names."""

    def of(self, turn: Turn) -> Briefing:
        """Return what a turn is answered with."""
        chosen = self.book.of(turn)
        return Briefing(
            chosen.system_prompt or self.usual.instructions,
            self.models[chosen.model] if chosen.model else self.usual.model,
        )


@asynccontextmanager
async def opened(
    settings: Settings, book: channels.ChannelBook, meter: TokenMeter
) -> AsyncGenerator[tuple[Briefings, Summarizer]]:
    """Load the models' libraries, a second's work, in a thread; then set them up.

    `meter` is told what the usual model's provider counts.

    Raises:
        SetupError: if a provider's package is not installed or lacks a setting.
    """
    await asyncio.to_thread(import_module, "bot.llm.model")
    from bot.llm.client import ModelOptions, pooled  # noqa: PLC0415 - loaded above
    from bot.llm.model import LangChainModel  # noqa: PLC0415 - loaded above
    from bot.llm.summarizer import ModelSummarizer  # noqa: PLC0415 - loaded above

    options = ModelOptions(
        model=settings.model,
        base_url=settings.openai_base_url,
        # A server that asks for no key still wants the header.
        api_key=settings.openai_api_key.get_secret_value() or "none",
        timeout_s=settings.model_timeout_s,
        uses_proxy=not slack_web.is_loopback(settings.openai_base_url),
    )
    async with pooled(options) as build:

        def model(name: str, place: str, meter: TokenMeter | None = None) -> ChatModel:
            return LangChainModel(
                build(name, place),
                settings.model_timeout_s,
                is_traced=settings.tracing,
                meter=meter,
            )

        usual = Briefing(
            settings.system_prompt, model(settings.model, "LINEFEED_MODEL", meter)
        )
        models = {name: model(name, place) for name, place in book.models().items()}
        name = settings.summary_model or settings.model
        summarizer = ModelSummarizer(model(name, "LINEFEED_SUMMARY_MODEL"), name)
        yield ChannelBriefings(book, usual, models), summarizer
