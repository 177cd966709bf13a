"""What Slack itself says was posted of a turn."""

from typing import Any

from bot.conversation.turn import TurnId
from bot.slack.address import Address
from bot.slack.web import Web

EVENT_TYPE = "linefeed_reply"
PAGE_SIZE = 200


def metadata(turn: TurnId, seq: int) -> dict[str, Any]:
    """Return the mark that a posted message carries: ids only, any app may read it."""
    return {"event_type": EVENT_TYPE, "event_payload": {"turn": turn, "seq": seq}}


async def posted(web: Web, address: Address, turn: TurnId) -> dict[int, str]:
    """Return the ts of a turn's messages in Slack, by their seq.

    Raises:
        RefusedError: if Slack does not let the thread be read.
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
    found: dict[int, str] = {}
    while True:
        page = await web.read(method, arguments)
        for message in page["messages"]:
            mark: dict[str, Any] = message.get("metadata") or {}
            payload: dict[str, Any] = mark.get("event_payload") or {}
            is_ours = mark.get("event_type") == EVENT_TYPE
            if is_ours and payload.get("turn") == turn and "seq" in payload:
                found[payload["seq"]] = message["ts"]
        more: dict[str, Any] = page.get("response_metadata") or {}
        if not more.get("next_cursor"):
            return found
        arguments["cursor"] = more["next_cursor"]
