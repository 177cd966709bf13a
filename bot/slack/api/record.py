"""What Slack itself says was posted of a turn."""

import html
import re
from typing import Any

from bot.conversation.turn import TurnId
from bot.slack.api.address import Address
from bot.slack.api.web import Web

EVENT_TYPE = "linefeed_reply"
PAGE_SIZE = 200
"""Slack recommends no more
(https://docs.slack.dev/reference/methods/conversations.history, read 2026-11)."""

_HIDDEN = re.compile(
    r"\]\([^()\s]*\)|https?://[^\s|<>()]*|^[ >]*(?:```|~~~)[^\n]*|^[ >]*\d+[.)]|[\W_]+",
    re.MULTILINE,
)
"""Where links lead, the openers of fences, the numbers of lists, what is no letter."""


def metadata(turn: TurnId, seq: int) -> dict[str, Any]:
    """Return the mark that a posted message carries: ids only, any app may read it."""
    return {"event_type": EVENT_TYPE, "event_payload": {"turn": turn, "seq": seq}}


def mark_of(message: dict[str, Any], bot_id: str) -> tuple[TurnId, int] | None:
    """Return turn and seq of a message of Slack's, if it is one of our replies.

    What another app wrote proves nothing: anybody may copy our mark.
    """
    mark: dict[str, Any] = message.get("metadata") or {}
    if mark.get("event_type") != EVENT_TYPE or message.get("bot_id") != bot_id:
        return None
    payload: dict[str, Any] = mark.get("event_payload") or {}
    turn, seq = payload.get("turn"), payload.get("seq")
    if not isinstance(turn, str) or not isinstance(seq, int):
        return None
    return TurnId(turn), seq


def reply_position(turn_or_ts: str) -> str:
    """Return where a reply stands: in the place of its question.

    The id of a turn ends with its question's ts; a reply without a mark stands for
    itself, by its own.
    """
    return turn_or_ts.rpartition(":")[2]


def own_words(message: dict[str, Any]) -> str:
    """Return what the bot said: of Slack's own text, which holds no entity of ours."""
    return html.unescape(str(message.get("text") or ""))


def holds(message: dict[str, Any], before: str, behind: str) -> bool:
    """Say whether a message of Slack's holds more of a Markdown text than it did.

    Slack translates what it is given, so only the number of letters and digits counts:
    it is nearer to that of the text `behind` than to that of the text `before`.
    """
    seen = _letters(html.unescape(str(message.get("text", ""))))
    return abs(seen - _letters(behind)) < abs(seen - _letters(before))


async def posted(
    web: Web, address: Address, turn: TurnId, bot_id: str
) -> dict[int, str]:
    """Return the ts of a turn's messages in Slack, by their seq.

    Raises:
        RefusedError: if Slack does not let the thread be read.
        NoAnswerError: if it cannot be reached.
    """
    found: dict[int, str] = {}
    for message in await since_question(web, address):
        mark = mark_of(message, bot_id)
        if mark is not None and mark[0] == turn:
            found[mark[1]] = str(message["ts"])
    return found


async def unmarked(web: Web, address: Address, bot_id: str) -> frozenset[str]:
    """Return the ts of our messages since a question that bear no mark: streams.

    Raises:
        RefusedError: if Slack does not let the thread be read.
        NoAnswerError: if it cannot be reached.
    """
    return frozenset(
        str(message["ts"])
        for message in await since_question(web, address)
        if message.get("bot_id") == bot_id and mark_of(message, bot_id) is None
    )


async def since_question(web: Web, address: Address) -> list[dict[str, Any]]:
    """Return what stands in a question's place from it on, oldest first in a thread.

    Raises:
        RefusedError: if Slack does not let the place be read.
        NoAnswerError: if it cannot be reached.
    """
    arguments: dict[str, Any] = {
        "channel": address.channel,
        "oldest": address.ts,
        "include_all_metadata": True,
        "limit": PAGE_SIZE,
    }
    method = "conversations.history"
    if address.thread_ts:
        method = "conversations.replies"
        arguments["ts"] = address.thread_ts
    messages: list[dict[str, Any]] = []
    while True:
        page = await web.read(method, arguments)
        messages += page["messages"]
        more: dict[str, Any] = page.get("response_metadata") or {}
        if not more.get("next_cursor"):
            return messages
        arguments["cursor"] = more["next_cursor"]


def _letters(text: str) -> int:
    """Count the letters and digits of a text, without what may not be shown."""
    return len(_HIDDEN.sub("", text))
