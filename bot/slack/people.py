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
PAUSE_S = 60.0
"""How long no name is asked for after Slack gave no answer."""
MAX_NAMES = 10_000
MAX_MENTIONS = 20
"""How many people that a message mentions are looked up; the others stay ids."""

log = structlog.stdlib.get_logger()


class People:
    """The reader of `conversation.ports`, with names from users.info."""

    def __init__(self, web: Web, bot_user: str) -> None:
        """Take mentions of `bot_user` as the bot's own."""
        self._web = web
        self._bot_user = bot_user
        self._names: dict[str, str] = {}
        self._asks_from_s = float("-inf")

    async def legible(self, message: Message) -> Message:
        """Return a message as a person sees it."""
        mentioned = markup.mentioned_users(message.text) - {self._bot_user}
        asked = sorted(mentioned)[:MAX_MENTIONS]
        names = {user: await self._name(user) for user in asked}
        speaker = message.speaker
        return replace(
            message,
            text=markup.legible(message.text, names, self._bot_user),
            speaker=Speaker(speaker.id, speaker.name or await self._name(speaker.id)),
        )

    async def _name(self, user: str) -> str:
        """Return a display name, or the id while it cannot be looked up."""
        clock = asyncio.get_running_loop().time
        if user not in self._names and clock() >= self._asks_from_s:
            try:
                async with asyncio.timeout(LOOKUP_TIMEOUT_S):
                    answer = await self._web.read("users.info", {"user": user})
            except RefusedError as error:
                log.warning("a name is refused", user=user, error=error.error)
                if error.retry_after_s is None:
                    self._keep(user, user)
                else:
                    self._asks_from_s = clock() + error.retry_after_s
            except (NoAnswerError, TimeoutError) as error:
                log.warning("names cannot be looked up", error=str(error))
                self._asks_from_s = clock() + PAUSE_S
            else:
                self._keep(user, _display_name(answer["user"]) or user)
        return self._names.get(user, user)

    def _keep(self, user: str, name: str) -> None:
        if len(self._names) >= MAX_NAMES:
            del self._names[next(iter(self._names))]
        self._names[user] = name


def _display_name(user: dict[str, Any]) -> str:
    profile: dict[str, Any] = user.get("profile") or {}
    return str(
        profile.get("display_name")
        or profile.get("real_name")
        or user.get("name")
        or ""
    )
