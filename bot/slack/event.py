"""A message event, converted at the door: nothing behind it sees Slack's JSON."""

from dataclasses import dataclass, replace
from typing import Any

from bot.conversation.turn import Message, Speaker, ThreadId, Turn, TurnId
from bot.slack.address import Address

SPEAKING_SUBTYPES = frozenset({"", "file_share", "thread_broadcast"})
"""Subtypes that are somebody saying something.

Source: https://docs.slack.dev/reference/events/message, read 2026-11.
"""
SLACKBOT = "USLACKBOT"
WITHHELD = "(somebody of another workspace spoke here)"


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """What a person said in Slack, from either event that tells of it."""

    team: str
    actor_team: str
    """Empty where Slack does not say; then the person is of our own workspace."""
    user: str
    channel: str
    kind: str
    ts: str
    thread_ts: str
    """The parent's ts; empty unless this is a reply in a thread."""
    text: str
    """With Slack's entities."""
    files: tuple[str, ...]
    is_mention: bool
    """Slack itself says that the bot is mentioned."""

    @property
    def thread(self) -> ThreadId:
        """Return the conversation that this belongs to."""
        place = f"slack:{self.team}:{self.channel}"
        root = self.thread_ts or ("" if self.kind == "im" else self.ts)
        return ThreadId(f"{place}:{root}" if root else place)

    def as_message(self, *, is_overheard: bool) -> Message:
        """Return what the memory keeps."""
        return Message(
            thread=self.thread,
            position=self.ts,
            role="person",
            speaker=Speaker(self.user),
            text=self.text,
            files=self.files,
            is_overheard=is_overheard,
        )

    def as_presence(self) -> Message:
        """Return that somebody spoke, without what they said."""
        return replace(self.as_message(is_overheard=True), text=WITHHELD, files=())

    def as_turn(self) -> Turn:
        """Return the turn that answers this, the same from every event of it."""
        is_unthreaded = self.kind == "im" and not self.thread_ts
        address = Address(
            team=self.team,
            actor_team=self.actor_team,
            user=self.user,
            channel=self.channel,
            kind=self.kind,
            ts=self.ts,
            thread_ts="" if is_unthreaded else self.thread_ts or self.ts,
        )
        return Turn(
            id=TurnId(f"{self.team}:{self.channel}:{self.ts}"),
            question=self.as_message(is_overheard=False),
            address=address.dump(),
        )


def slack_message(body: dict[str, Any]) -> SlackMessage | None:
    """Return what a person said, or None for any other event.

    Not speech: bots and workflows, Slackbot, edits, deletions, joins and the like.
    """
    event: dict[str, Any] = body.get("event") or {}
    needed = (body.get("team_id"), *map(event.get, ("user", "channel", "ts")))
    is_speech = (
        all(needed)
        and event.get("type") in {"message", "app_mention"}
        and (event.get("subtype") or "") in SPEAKING_SUBTYPES
        and event["user"] != SLACKBOT
        and not event.get("bot_id")
        and not event.get("hidden")
    )
    if not is_speech:
        return None
    ts, thread_ts = event["ts"], event.get("thread_ts") or ""
    return SlackMessage(
        team=body["team_id"],
        actor_team=_actor_team(body, event),
        user=event["user"],
        channel=event["channel"],
        kind=event.get("channel_type") or _kind(event["channel"]),
        ts=ts,
        thread_ts="" if thread_ts == ts else thread_ts,
        text=_well_formed(event.get("text") or ""),
        files=tuple(_file_name(file) for file in event.get("files") or ()),
        is_mention=event["type"] == "app_mention",
    )


def _actor_team(body: dict[str, Any], event: dict[str, Any]) -> str:
    """Return the person's own workspace; one of our organisation counts as ours."""
    actor = event.get("user_team") or event.get("source_team") or event.get("team")
    authorizations: list[dict[str, Any]] = body.get("authorizations") or [{}]
    if actor and actor == authorizations[0].get("enterprise_id"):
        return str(body["team_id"])
    return str(actor or "")


def _kind(channel: str) -> str:
    """Return the kind of a channel where the event, an app_mention, does not say."""
    return {"D": "im", "G": "group"}.get(channel[:1], "channel")


def _file_name(file: dict[str, Any]) -> str:
    name = file.get("name") or file.get("title") or file.get("id") or "file"
    return _well_formed(str(name))


def _well_formed(text: str) -> str:
    """Return a text that can be stored: half a surrogate pair is no character."""
    return text.encode("utf-8", "replace").decode()
