"""What stands in a thread before the first question in it, read from Slack once."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol, cast

import structlog

from bot.conversation.memory import BOT
from bot.conversation.tokens import estimate_tokens, shorten
from bot.conversation.turn import Message, ThreadId, TurnId
from bot.slack.api.fields import TS
from bot.slack.api.preflight import Identity
from bot.slack.api.record import mark_of, own_words, reply_position
from bot.slack.api.web import NoAnswerError, RefusedError
from bot.slack.events.event import place_of
from bot.slack.events.history import Place
from bot.slack.events.missed import said
from bot.slack.events.policy import Policy

TIMEOUT_S = 3.0
"""What was said before is worth this much waiting before an answer, and no more."""
MAX_MESSAGES = 100
MAX_TOKENS = 4_000
"""Half of the usual budget: the newest messages, and the thread's first one."""
MAX_MESSAGE_TOKENS = 1_000
"""A longer message loses its middle."""
PAGE_SIZE = 200
"""Slack recommends no more
(https://docs.slack.dev/reference/methods/conversations.replies, read 2026-11)."""
MAX_PAGES = 15
"""Slack gives the oldest page first, so that all must be read up to the newest."""

Item = dict[str, Any]

log = structlog.stdlib.get_logger()


class Reading(Protocol):
    """Calls that change nothing: `web.Web`."""

    async def read(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return what a method answers."""
        ...


class Names(Protocol):
    """Knows people's names: `people.People`."""

    async def learn(self, users: Iterable[str]) -> None:
        """Look up the names of several people at the same time."""
        ...


class ThreadHistory:
    """The earlier messages of `conversation.ports`, from conversations.replies."""

    def __init__(
        self, web: Reading, bot: Identity, policy: Policy, names: Names
    ) -> None:
        """Read over `web`; of whom `policy` does not welcome only that they spoke."""
        self._web = web
        self._bot = bot
        self._policy = policy
        self._names = names

    async def before(self, question: Message) -> tuple[Message, ...] | None:
        """Return what stands in a question's thread before it, oldest first.

        None if Slack does not let it be read, or not in time.
        """
        _, channel, root = place_of(question.thread)
        if not root or root == question.position:
            return ()
        try:
            async with asyncio.timeout(TIMEOUT_S) as limit:
                items = await self._read(channel, root, question.position)
            found = _within_limits(self._messages(channel, question.thread, items))
            with suppress(TimeoutError):
                async with asyncio.timeout_at(limit.when()):
                    people = {m.speaker.id for m in found if m.role == "person"}
                    await self._names.learn(people)
        except (RefusedError, NoAnswerError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            log.warning("what was said before cannot be read", error=reason)
            return None
        except Exception:
            # The boundary: what stands in a thread must not keep it from an answer.
            log.exception("what was said before cannot be understood")
            return ()
        log.info("what was said before was read", messages=len(found))
        return found

    async def _read(self, channel: str, root: str, latest: str) -> list[Item]:
        """Return the thread's messages before a ts, its parent first."""
        items: dict[str, Item] = {}
        arguments: dict[str, Any] = {
            "channel": channel,
            "ts": root,
            "latest": latest,
            "include_all_metadata": True,
            "limit": PAGE_SIZE,
        }
        for _ in range(MAX_PAGES):
            page = await self._web.read("conversations.replies", arguments)
            items |= {item["ts"]: item for item in _sound(page.get("messages"))}
            more: dict[str, Any] = page.get("response_metadata") or {}
            if not more.get("next_cursor"):
                return [items[ts] for ts in sorted(items) if ts < latest]
            arguments = {**arguments, "cursor": more["next_cursor"]}
        log.warning("a thread is too long to be read", channel=channel, ts=root)
        return []

    def _messages(
        self, channel: str, thread: ThreadId, items: list[Item]
    ) -> list[Message]:
        """Return what people and the bot itself said; other bots said nothing."""
        ours = {None, self._bot.team, self._bot.enterprise}
        is_shared = any(item.get("team") not in ours for item in items)
        place = Place(
            channel, "im" if channel.startswith("D") else "channel", is_shared
        )
        replies: dict[TurnId | str, list[str]] = defaultdict(list)
        for item in items:
            if item.get("bot_id") == self._bot.bot_id:
                mark = mark_of(item, self._bot.bot_id)
                replies[mark[0] if mark else item["ts"]].append(own_words(item))
        found: list[Message] = []
        for item in items:
            message = said(place, item, self._bot)
            if message is None:
                continue
            is_to_bot = self._policy.is_addressed(message)
            is_to_bot = is_to_bot or message.as_turn().id in replies
            kept = message.as_message(is_overheard=not is_to_bot)
            if not self._policy.welcomes(message):
                kept = message.as_presence()
            # A thread's first message in a DM belongs to the talk outside of it too.
            found.append(replace(kept, thread=thread))
        for key, texts in replies.items():
            whole = "\n".join(texts)
            found.append(Message(thread, reply_position(key), "bot", BOT, whole))
        return sorted(found, key=_place)


def _sound(found: Any) -> list[Item]:
    """Return what has a ts; a broken message hides no other."""
    items = cast("list[object]", found) if isinstance(found, list) else []
    objects = [cast("Item", item) for item in items if isinstance(item, dict)]
    return [o for o in objects if TS.fullmatch(str(o.get("ts")))]


def _within_limits(messages: list[Message]) -> tuple[Message, ...]:
    """Return the first message and as many of the newest as may be shown."""
    left_tokens = MAX_TOKENS
    chosen: list[Message] = []
    for message in [*messages[:1], *reversed(messages[1:])][:MAX_MESSAGES]:
        text = shorten(message.text, MAX_MESSAGE_TOKENS)
        left_tokens -= estimate_tokens(text)
        if left_tokens < 0:
            break
        chosen.append(replace(message, text=text))
    return tuple(sorted(chosen, key=_place))


def _place(message: Message) -> tuple[str, bool]:
    """Sort a reply behind its question, whose position it has."""
    return message.position, message.role == "bot"
