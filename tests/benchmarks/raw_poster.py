"""The floor for latency: read a stream and post its lines, with aiohttp alone.

Run as `python raw_poster.py MODEL_URL API_URL TOKEN`; answers one question and ends.
"""

import asyncio
import json
import sys

import aiohttp


async def main(model_url: str, api_url: str, token: str) -> None:
    """Post every line of the model's answer as soon as its newline was read."""
    question = {
        "model": "offline",
        "stream": True,
        "messages": [{"role": "user", "content": "talk"}],
    }
    key = {"Authorization": "Bearer none"}
    waiting = ""
    async with aiohttp.ClientSession() as session:
        # The bot's connections are warm when it is asked, so these are too.
        await _call(session, f"{api_url}auth.test", token, {})
        async with session.post(
            f"{model_url}/chat/completions", json=question, headers=key
        ) as stream:
            async for line in stream.content:
                data = line.removeprefix(b"data: ").strip()
                if not data or data == b"[DONE]":
                    continue
                for choice in json.loads(data)["choices"]:
                    waiting += choice["delta"].get("content") or ""
                while "\n" in waiting:
                    text, waiting = waiting.split("\n", 1)
                    await _post(session, api_url, token, text)


async def _post(
    session: aiohttp.ClientSession, api_url: str, token: str, text: str
) -> None:
    message = {
        "channel": "D0ANA",
        "text": text,
        "blocks": [{"type": "markdown", "text": text}],
    }
    await _call(session, f"{api_url}chat.postMessage", token, message)


async def _call(
    session: aiohttp.ClientSession, url: str, token: str, arguments: dict[str, object]
) -> None:
    key = {"Authorization": f"Bearer {token}"}
    async with session.post(url, json=arguments, headers=key) as answer:
        await answer.json()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
