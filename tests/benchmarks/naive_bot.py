"""What many bots do: one message, edited once a second with all that came so far.

Run as `python naive_bot.py MODEL_URL API_URL BOT_TOKEN APP_TOKEN`; ends when it is told
to. Of Slack's limits it knows what the SDK's retry handler knows.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

UPDATE_S = 1.0


async def fragments(model_url: str) -> AsyncGenerator[str]:
    """Yield what the model says."""
    question = {
        "model": "offline",
        "stream": True,
        "messages": [{"role": "user", "content": "talk"}],
    }
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Bearer none"}) as session,
        session.post(f"{model_url}/chat/completions", json=question) as stream,
    ):
        async for line in stream.content:
            data = line.removeprefix(b"data: ").strip()
            if data and data != b"[DONE]":
                for choice in json.loads(data)["choices"]:
                    yield choice["delta"].get("content") or ""


async def main(model_url: str, api_url: str, bot_token: str, app_token: str) -> None:
    """Answer every mention, until the process is ended."""
    retries = AsyncRateLimitErrorRetryHandler(max_retry_count=10)
    # Any: the SDK leaves its types half open.
    client: Any = AsyncWebClient(bot_token, api_url, retry_handlers=[retries])
    client.proxy = None
    app = AsyncApp(client=client)

    async def answer(event: dict[str, Any]) -> None:
        place = await client.chat_postMessage(
            channel=event["channel"], thread_ts=event["ts"], text="…"
        )
        said = ""
        updated_s = time.monotonic()

        async def show() -> None:
            await client.chat_update(
                channel=place["channel"], ts=place["ts"], markdown_text=said
            )

        async for fragment in fragments(model_url):
            said += fragment
            if time.monotonic() >= updated_s + UPDATE_S:
                updated_s = time.monotonic()
                await show()
        await show()

    untyped: Any = app
    untyped.event("app_mention")(answer)
    untyped.event("message")(_ignore)
    await AsyncSocketModeHandler(app, app_token).start_async()


async def _ignore() -> None:
    """Let Bolt acknowledge what is no mention."""


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
