"""Which messages of a place's history are heard as if their event came only now."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.conversation.turn import TurnId
from bot.slack.api.fields import TS, as_object
from bot.slack.api.preflight import Identity
from bot.slack.api.record import mark_of
from bot.slack.events.event import SlackMessage, slack_message
from bot.slack.events.history import Place

UNKNOWN_TEAM = "unknown"
"""Whose a person is of whom Slack does not say it, where strangers are present."""

Items = Mapping[str, dict[str, Any]]
"""Messages as Slack's histories hold them, by ts."""


def threads(
    items: Items, joined: Iterable[str], bot: Identity, oldest_s: float
) -> list[str]:
    """Return the threads to read, by their parent's ts, the newest first.

    Those that tell of a person's reply since `oldest_s`, and those of `joined` whose
    parent is too old to be among the items.
    """
    active = {
        item["thread_ts"]
        for item in items.values()
        if item.get("thread_ts")
        and float(item.get("latest_reply") or item["ts"]) > oldest_s
        and not _has_only_answers(item, bot)
    }
    return sorted(active | {ts for ts in joined if ts not in items}, reverse=True)


def missed(
    place: Place, items: Items, bot: Identity, oldest_s: float
) -> list[SlackMessage]:
    """Return what people said since `oldest_s` and the bot may not have heard.

    Oldest first, as it reads now. Left out is what has an answer of the bot's already.
    A mention that an edit put in counts, though no event tells of it: better one answer
    too many than none to somebody who mended a word.
    """
    answered = _answered(items.values(), bot.bot_id)
    found: list[SlackMessage] = []
    for item in items.values():
        message = said(place, item, bot)
        if (
            message is not None
            and float(message.ts) > oldest_s
            and message.as_turn().id not in answered
            and not _has_only_answers(item, bot)
        ):
            found.append(message)
    return sorted(found, key=lambda message: message.ts)


def edited(
    place: Place, items: Items, bot: Identity, oldest_s: float
) -> list[SlackMessage]:
    """Return what people changed since `oldest_s`, as it reads now."""
    found = (
        said(place, item, bot) for item in items.values() if _edited_s(item) > oldest_s
    )
    return [message for message in found if message is not None]


def said(place: Place, item: dict[str, Any], bot: Identity) -> SlackMessage | None:
    """Return what a person said, from a message of a history; None if nobody did."""
    return slack_message(_body(place, item, bot))


def _edited_s(item: dict[str, Any]) -> float:
    ts = as_object(item.get("edited")).get("ts")
    return float(ts) if isinstance(ts, str) and TS.fullmatch(ts) else 0.0


def _has_only_answers(item: dict[str, Any], bot: Identity) -> bool:
    """Say whether a parent tells of replies, and none but the bot's."""
    return item.get("reply_users") == [bot.user]


def _answered(items: Iterable[dict[str, Any]], bot_id: str) -> frozenset[TurnId]:
    """Return the turns that the bot's own messages name."""
    marks = (mark_of(item, bot_id) for item in items)
    return frozenset(mark[0] for mark in marks if mark is not None)


def _body(place: Place, item: dict[str, Any], bot: Identity) -> dict[str, Any]:
    """Return a message of a history in the shape of its event."""
    unknown = UNKNOWN_TEAM if place.is_shared else ""
    team = {"team": item.get("team") or unknown}
    where = {"channel": place.channel, "channel_type": place.kind}
    installation = {"team_id": bot.team, "enterprise_id": bot.enterprise or None}
    return {
        "team_id": bot.team,
        "authorizations": [installation],
        "event": {**item, **team, **where},
    }
