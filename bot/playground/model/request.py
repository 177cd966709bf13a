"""A request to the offline model: read, understood, or refused."""

import json
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import web

from bot.playground.jsonobject import JsonObject
from bot.playground.model.recital import ModelMessage

MODEL = "offline"
"""The model's name; every name that begins with it is accepted."""


@dataclass(slots=True)
class ModelRequest:
    """A request as it was understood."""

    model: str
    messages: tuple[ModelMessage, ...]
    is_stream: bool
    includes_usage: bool
    body: JsonObject
    answer: str = ""
    """What it gets if nothing goes wrong."""
    closed_early: bool = False
    """The client went away before the end of the answer."""


class ModelRefusedError(Exception):
    """A request that gets an error answer; the text is its sentence."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def check_key(http: web.Request) -> None:
    """Raise `ModelRefusedError` (401) where no key is given."""
    if not http.headers.get("Authorization", "").startswith("Bearer "):
        sentence = "You didn't provide an API key; the offline model takes any."
        raise ModelRefusedError(web.HTTPUnauthorized.status_code, sentence)


async def read_request(http: web.Request) -> ModelRequest:
    """Read a chat completion.

    Raises:
        ModelRefusedError: 400 if the body has not the shape of one, 404 if it wants a
            model that is not the offline one.
    """
    bad = web.HTTPBadRequest.status_code
    try:
        body = await http.json()
        model, messages = body["model"], body["messages"]
        read = tuple(ModelMessage(m["role"], _text(m["content"])) for m in messages)
        options: JsonObject = body.get("stream_options") or {}
        request = ModelRequest(
            model=model,
            messages=read,
            is_stream=bool(body.get("stream")),
            includes_usage=bool(options.get("include_usage")),
            body=body,
        )
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ModelRefusedError(bad, "The body is no valid JSON.") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelRefusedError(
            bad, f"The body is no chat completion: {error}"
        ) from error
    if not isinstance(model, str) or not model.startswith(MODEL):
        sentence = (
            f"The model `{model}` does not exist or you do not have access to it."
        )
        status = web.HTTPNotFound.status_code
        raise ModelRefusedError(status, sentence, "model_not_found")
    return request


def _text(content: Any) -> str:
    """Return a message's text, which may come as a list of parts."""
    if content is None or isinstance(content, str):
        return content or ""
    parts = cast("list[JsonObject]", content)
    return "".join(part["text"] for part in parts if part["type"] == "text")
