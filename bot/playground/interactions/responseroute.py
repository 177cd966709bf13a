"""The route behind every `response_url`."""

import json
from collections import deque
from dataclasses import dataclass
from typing import cast

from aiohttp import web

from bot.playground.answer import Answer
from bot.playground.interactions.responseurls import ResponseUrls
from bot.playground.jsonobject import JsonObject
from bot.playground.pulse import Pulse

MAX_RESPONSES_LOGGED = 1_000


@dataclass(frozen=True, slots=True)
class UrlResponse:
    """An answer to an interaction, and what Slack said to it."""

    body: JsonObject
    answer: Answer


class ResponseRoute:
    """Takes JSON at `/respond/…`; no token is asked for."""

    def __init__(self, responses: ResponseUrls, pulse: Pulse) -> None:
        self._responses = responses
        self._pulse = pulse
        self.log: deque[UrlResponse] = deque(maxlen=MAX_RESPONSES_LOGGED)
        """What arrived, oldest first."""

    def add_to(self, app: web.Application) -> None:
        """Serve the route from an application."""
        app.router.add_post("/respond/{key}", self._serve)

    async def _serve(self, request: web.Request) -> web.Response:
        try:
            body: object = json.loads(await request.text())
        except ValueError:
            body = None
        if isinstance(body, dict):
            fields = cast("JsonObject", body)
            answer = self._responses.respond(request.match_info["key"], fields)
        else:
            fields, answer = {}, Answer({"ok": False, "error": "invalid_payload"}, 400)
        self.log.append(UrlResponse(fields, answer))
        self._pulse.ring()
        return web.json_response(answer.body, status=answer.status)
