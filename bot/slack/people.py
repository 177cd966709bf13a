"""Who is who: display names, looked up once."""

import asyncio
from dataclasses import replace
from typing import Any

import structlog

from bot.conversation.turn import Message, Speaker
from bot.slack import markup
from bot.slack.web import NoAnswerError, RefusedError, Web

LOOKUP_TIMEOUT_S = 3.0
"""A name is worth this much waiting before an answer, and no more."""
MAX_NAMES = 10_000

log = structlog.stdlib.get_logger()


class People:
    """The reader of `conversation.ports`, with names from users.info."""

    def __init__(self, web: Web, bot_user: str) -> None:
        """Take mentions of `bot_user` as the bot's own."""
        self._web = web
        self._bot_user = bot_user
        self._names: dict[str, str] = {}

    async def legible(self, message: Message) -> Message:
        """Return a message as a person sees it."""
        mentioned = markup.mentioned_users(message.text) - {self._bot_user}
        names = {user: await self._name(user) for user in sorted(mentioned)}
        speaker = message.speaker
        return replace(
            message,
            text=markup.legible(message.text, names, self._bot_user),
            speaker=Speaker(speaker.id, speaker.name or await self._name(speaker.id)),
        )

    async def _name(self, user: str) -> str:
        """Return a display name, or the id while it cannot be looked up."""
        if user not in self._names:
            try:
                async with asyncio.timeout(LOOKUP_TIMEOUT_S):
                    answer = await self._web.read("users.info", {"user": user})
            except (RefusedError, NoAnswerError, TimeoutError) as error:
                log.warning("no name found", user=user, error=str(error))
                return user
            if len(self._names) >= MAX_NAMES:
                self._names.pop(next(iter(self._names)))
            self._names[user] = _display_name(answer["user"]) or user
        return self._names[user]


def _display_name(user: dict[str, Any]) -> str:
    profile: dict[str, Any] = user.get("profile") or {}
    return str(
        profile.get("display_name")
        or profile.get("real_name")
        or user.get("name")
        or ""
    )
