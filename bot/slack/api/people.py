"""Who is who: display names, looked up once an hour."""

import asyncio
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import structlog

from bot.conversation.turn import Message, Speaker
from bot.slack.api.fields import as_object
from bot.slack.api.web import NoAnswerError, RefusedError, Web
from bot.slack.text import markup

LOOKUP_TIMEOUT_S = 3.0
"""A name is worth this much waiting before an answer, and no more."""
PAUSE_S = 60.0
"""How long no name is asked for after Slack gave no answer."""
LIFE_S = 3_600.0
"""How old a name may be; an older one still counts while Slack gives none."""
MAX_NAMES = 10_000
MAX_NAME_CHARS = 64
MAX_LEARNED = 20
"""How many people are looked up at the same time, and for one thread."""
MAX_MENTIONS = 20
"""How many people that a message mentions are looked up; the others stay ids."""

log = structlog.stdlib.get_logger()


class People:
    """The reader of `conversation.ports`, with names from users.info."""

    def __init__(self, web: Web, bot_user: str) -> None:
        """Take mentions of `bot_user` as the bot's own."""
        self._web = web
        self._bot_user = bot_user
        self._names: dict[str, tuple[str, float]] = {}
        """With the loop's time from which each is looked up again."""
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

    async def learn(self, users: Iterable[str]) -> None:
        """Look up the names of several people at the same time; never raises."""
        async with asyncio.TaskGroup() as group:
            for user in sorted(users)[:MAX_LEARNED]:
                group.create_task(self._name(user))

    async def _name(self, user: str) -> str:
        """Return a display name, or the id while it cannot be looked up."""
        clock = asyncio.get_running_loop().time
        known, asked_from_s = self._names.get(user, (user, float("-inf")))
        if clock() >= max(asked_from_s, self._asks_from_s):
            try:
                async with asyncio.timeout(LOOKUP_TIMEOUT_S):
                    answer = await self._web.read("users.info", {"user": user})
            except RefusedError as error:
                log.warning("a name is refused", user=user, error=error.error)
                if error.retry_after_s is None:
                    self._keep(user, known)
                else:
                    self._asks_from_s = clock() + error.retry_after_s
            except (NoAnswerError, TimeoutError) as error:
                log.warning("names cannot be looked up", error=str(error))
                self._asks_from_s = clock() + PAUSE_S
            else:
                self._keep(user, _display_name(as_object(answer.get("user"))) or known)
        return self._names.get(user, (known, 0.0))[0]

    def _keep(self, user: str, name: str) -> None:
        # The one that was looked up longest ago stands first.
        self._names.pop(user, None)
        if len(self._names) >= MAX_NAMES:
            del self._names[next(iter(self._names))]
        self._names[user] = name, asyncio.get_running_loop().time() + LIFE_S


def _display_name(user: dict[str, Any]) -> str:
    profile: dict[str, Any] = user.get("profile") or {}
    names: tuple[object, ...] = (
        *(profile.get("display_name"), profile.get("real_name")),
        user.get("name"),
    )
    tamed = (_tame(name) for name in names)
    return next((name for name in tamed if name), "")


def _tame(name: object) -> str:
    """Return a name in one line, without what is not seen or turns the text around."""
    visible = (
        " " if unicodedata.category(char) in {"Zl", "Zp", "Cc"} else char
        for char in str(name or "")
        if unicodedata.category(char) not in {"Cf", "Cs", "Co", "Cn"}
    )
    return " ".join("".join(visible).split())[:MAX_NAME_CHARS].strip()
