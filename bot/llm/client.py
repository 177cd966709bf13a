"""LangChain's clients, set up once: one pool, time limits, no tracing."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx2
import openai
from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from bot.conversation.ports import SetupError
from bot.llm.refusal import RefusingChatOpenAI

CONNECT_TIMEOUT_S = 5.0
MAX_CONNECTIONS = 1000
KEEPALIVE_S = 60.0
MAX_RETRIES = 2
"""Before the first fragment only: the SDK never retries a stream that has begun."""
RETRY_AFTER = ("retry-after", 1), ("retry-after-ms", 1000)
"""Where a server says how long to wait, and how many of its units are a second."""


Build = Callable[[str, str], BaseChatModel]
"""Builds the client of a model from its name, and from where that is set.

It raises `SetupError`, which names the latter, if the provider's package is not
installed or lacks a setting.
"""


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Which model, and where it is."""

    model: str
    """Its name, or `provider:name` for a provider that LangChain knows."""
    base_url: str
    api_key: str
    timeout_s: float
    """The longest silence."""
    uses_proxy: bool = True
    """Whether proxy variables of the environment count."""


@asynccontextmanager
async def opened(options: ModelOptions) -> AsyncGenerator[BaseChatModel]:
    """Build one client and close its connections on leaving.

    Raises:
        SetupError: if the provider's package is not installed.
    """
    async with pooled(options) as build:
        yield build(options.model, "LINEFEED_MODEL")


@asynccontextmanager
async def pooled(options: ModelOptions) -> AsyncGenerator[Build]:
    """Yield what builds clients that share one pool, closed on leaving.

    Building blocks for about a tenth of a second (TLS contexts).
    """
    # Longer than the model's own limit on silence: two of one length would race.
    timeout = httpx2.Timeout(2 * options.timeout_s, connect=CONNECT_TIMEOUT_S)
    limits = httpx2.Limits(
        max_connections=MAX_CONNECTIONS,
        max_keepalive_connections=MAX_CONNECTIONS,
        keepalive_expiry=KEEPALIVE_S,
    )
    # Both clients are given, else ChatOpenAI builds another TLS context at each call.
    async with openai.DefaultAioHttpClient(
        limits=limits,
        timeout=timeout,
        trust_env=options.uses_proxy,
        event_hooks={"response": [partial(_forbid_long_waits, options.timeout_s)]},
    ) as http_async_client:
        with openai.DefaultHttpxClient(trust_env=options.uses_proxy) as http_client:

            def build(model: str, source: str) -> BaseChatModel:
                return _other_provider(model, source) or RefusingChatOpenAI(
                    model=model.removeprefix("openai:"),
                    base_url=options.base_url,
                    api_key=SecretStr(options.api_key),
                    http_async_client=http_async_client,
                    http_client=http_client,
                    # Not inherited from the client: unset, there would be no limit.
                    timeout=timeout,
                    max_retries=MAX_RETRIES,
                    stream_chunk_timeout=None,
                    use_responses_api=False,
                )

            yield build


async def _forbid_long_waits(timeout_s: float, response: httpx2.Response) -> None:
    """Let no retry wait so long that the refusal would be taken for silence.

    The SDK waits up to two minutes if a server asks for that, all within the one
    longest silence; this header, OpenAI's own, tells it not to.
    """
    longest_s = timeout_s / (MAX_RETRIES + 1)
    for name, units_per_s in RETRY_AFTER:
        try:
            wait_s = float(response.headers.get(name, 0)) / units_per_s
        except ValueError:  # a date, which no provider of models sends
            continue
        if wait_s > longest_s:
            response.headers["x-should-retry"] = "false"


def _other_provider(model: str, source: str) -> BaseChatModel | None:
    """Return the model of another provider; None if the name means none.

    Names of models contain colons too (`llama3:8b`), so an unknown prefix is part of
    the name.
    """
    provider, colon, name = model.partition(":")
    if not colon or provider == "openai":
        return None
    try:
        return init_chat_model(name, model_provider=provider)
    except ImportError as error:
        raise SetupError(f"{source} names the provider {provider}: {error}.") from error
    except (ValueError, openai.OpenAIError) as error:
        if "Unsupported provider" in str(error):
            return None
        raise SetupError(
            f"{source} names the provider {provider}, which lacks a setting"
            f" ({type(error).__name__})."
        ) from error
