"""What Slack itself remembers of conversations: read in pages, within its limits."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import structlog

from bot.slack.pacing.pacing import Pace

BURST = 15
INTERVAL_S = 2.0
"""At most 45 calls of a method in any minute: Tier 3 allows 50 per workspace and
method (https://docs.slack.dev/apis/web-api/rate-limits, read 2026-11), and a reply
whose fate is unknown is looked up with the same methods.
"""
PAGE_SIZE = 100
PLACES_PAGE_SIZE = 200
"""Slack recommends no more.

Source: https://docs.slack.dev/reference/methods/users.conversations, read 2026-11.
"""
MAX_PAGES = 10
TYPES = "public_channel,private_channel,mpim,im"

_TS = re.compile(r"\d+\.\d+", re.ASCII)

log = structlog.stdlib.get_logger()


class Reading(Protocol):
    """Calls that change nothing: `web.Web`."""

    async def read(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return what a method answers."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """A channel or direct message where the bot is a member."""

    channel: str
    kind: str
    """`channel`, `group`, `mpim` or `im`."""
    is_shared: bool
    """People of other workspaces are in it."""


class History:
    """Reads places and messages; waits rather than exceed the limits.

    Every method may raise `RefusedError` and `NoAnswerError`. Of more than `MAX_PAGES`
    pages the rest is left out, with a warning.
    """

    def __init__(self, web: Reading) -> None:
        """Call the methods of `web`."""
        self._web = web
        self._paces: dict[str, Pace] = {}

    async def places(self) -> tuple[Place, ...]:
        """Return where the bot is a member, archived channels left out."""
        arguments = {
            "types": TYPES,
            "exclude_archived": True,
            "limit": PLACES_PAGE_SIZE,
        }
        channels = await self._pages("users.conversations", arguments, "channels")
        return tuple(map(_place, channels))

    async def newest(self, channel: str, oldest_s: float) -> list[dict[str, Any]]:
        """Return a channel's messages since `oldest_s`, newest first, no replies.

        A whole page at least, because older parents tell of their new replies:
        `latest_reply` is the ts of the last one.
        """
        arguments = {
            "channel": channel,
            "include_all_metadata": True,
            "limit": PAGE_SIZE,
        }
        return await self._pages(
            "conversations.history",
            arguments,
            "messages",
            lambda found: float(found[-1]["ts"]) <= oldest_s,
        )

    async def thread(
        self, channel: str, ts: str, oldest_s: float
    ) -> list[dict[str, Any]]:
        """Return a thread's parent and its replies since `oldest_s`, oldest first.

        The parent may come more than once, or be a tombstone.
        """
        arguments = {
            "channel": channel,
            "ts": ts,
            "oldest": f"{oldest_s:.6f}",
            "include_all_metadata": True,
            "limit": PAGE_SIZE,
        }
        return await self._pages("conversations.replies", arguments, "messages")

    async def _pages(
        self,
        method: str,
        arguments: dict[str, Any],
        name: str,
        is_enough: Callable[[list[dict[str, Any]]], bool] | None = None,
    ) -> list[dict[str, Any]]:
        """Return the items of all pages, or until a page is enough."""
        items: list[dict[str, Any]] = []
        for _ in range(MAX_PAGES):
            page = await self._read(method, arguments)
            found = _sound(page[name], method)
            items += found
            more: dict[str, Any] = page.get("response_metadata") or {}
            is_last = not more.get("next_cursor")
            if is_last or (found and is_enough is not None and is_enough(found)):
                return items
            arguments = {**arguments, "cursor": more["next_cursor"]}
        channel = arguments.get("channel")
        log.warning("there is more than is read", method=method, channel=channel)
        return items

    async def _read(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        pace = self._paces.setdefault(method, Pace(INTERVAL_S, BURST))
        now_s = asyncio.get_running_loop().time()
        wait_s = pace.wait_s(now_s)
        # Before the pause: whoever comes meanwhile takes the next slot.
        pace.spend(now_s)
        await asyncio.sleep(wait_s)
        return await self._web.read(method, arguments)


def _sound(found: Any, method: str) -> list[dict[str, Any]]:
    """Return the items that have what makes them one; a broken one hides no other."""
    items = cast("list[object]", found) if isinstance(found, list) else []
    objects = [cast("dict[str, Any]", i) for i in items if isinstance(i, dict)]
    sound = [item for item in objects if _is_channel(item) or _is_message(item)]
    if len(sound) < len(items):
        log.warning("Slack sent what cannot be read", method=method)
    return sound


def _is_channel(item: dict[str, Any]) -> bool:
    return isinstance(item.get("id"), str)


def _is_message(item: dict[str, Any]) -> bool:
    ts = item.get("ts")
    return isinstance(ts, str) and _TS.fullmatch(ts) is not None


def _place(channel: dict[str, Any]) -> Place:
    """Return a conversation object as a place.

    Source: https://docs.slack.dev/reference/objects/conversation-object, read 2026-11.
    """
    kind = "channel"
    if channel.get("is_im"):
        kind = "im"
    elif channel.get("is_mpim"):
        kind = "mpim"
    elif channel.get("is_private") or channel.get("is_group"):
        kind = "group"
    is_ours = channel.get("is_org_shared") or not channel.get("is_shared")
    marks = (channel.get("is_ext_shared"), channel.get("is_pending_ext_shared"))
    return Place(channel["id"], kind, is_shared=any(marks) or not is_ours)
