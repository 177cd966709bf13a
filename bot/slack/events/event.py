"""A message event, converted at the door: nothing behind it sees Slack's JSON."""

from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.conversation.turn import Message, Speaker, ThreadId, Turn, TurnId
from bot.slack.api.address import Address
from bot.slack.api.fields import (
    ID,
    TS,
    MalformedError,
    as_list,
    as_object,
    matching,
    optional_text,
    well_formed,
)

SPEAKING_SUBTYPES = frozenset({"", "file_share", "thread_broadcast"})
"""Subtypes that are somebody saying something.

Source: https://docs.slack.dev/reference/events/message, read 2026-11.
"""
SLACKBOT = "USLACKBOT"
WITHHELD = "(somebody of another workspace spoke here)"

log = structlog.stdlib.get_logger()


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
        root = self.thread_ts or ("" if self.kind == "im" else self.ts)
        return thread_id(self.team, self.channel, root)

    @property
    def turn(self) -> TurnId:
        """Return the turn that answers this, if anything does."""
        return turn_id(self.team, self.channel, self.ts)

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
            id=self.turn,
            question=self.as_message(is_overheard=False),
            address=address.dump(),
        )


def turn_id(team: str, channel: str, ts: str) -> TurnId:
    """Return the turn of the question at a place."""
    return TurnId(f"{team}:{channel}:{ts}")


def thread_id(team: str, channel: str, root: str) -> ThreadId:
    """Return the conversation below a parent's ts; none for a DM's top level."""
    place = f"slack:{team}:{channel}"
    return ThreadId(f"{place}:{root}" if root else place)


def place_of(thread: ThreadId) -> tuple[str, str, str]:
    """Return team, channel and the parent's ts of what `thread_id` returned."""
    _, team, channel, *root = thread.split(":")
    return team, channel, "".join(root)


def slack_message(body: dict[str, Any]) -> SlackMessage | None:
    """Return what a person said, or None for any other event. Never raises.

    Not speech: bots and workflows, Slackbot, edits, deletions, joins and the like.
    What cannot be read is logged and left: delivered again, it would be no better.
    """
    event = as_object(body.get("event"))
    if not _is_speech(event):
        return None
    try:
        return _read(body, event)
    except MalformedError as error:
        log.warning("an event that cannot be read is ignored", field=str(error))
        return None


def _is_speech(event: dict[str, Any]) -> bool:
    kind, subtype = event.get("type"), event.get("subtype") or ""
    # A message_replied may come without its subtype, but holds the parent as `message`.
    # Source: https://docs.slack.dev/reference/events/message/message_replied,
    # read 2026-11.
    return (
        isinstance(kind, str)
        and kind in {"message", "app_mention"}
        and isinstance(subtype, str)
        and subtype in SPEAKING_SUBTYPES
        and event.get("user") != SLACKBOT
        and not event.get("bot_id")
        and not event.get("hidden")
        and not event.get("message")
    )


def _read(body: dict[str, Any], event: dict[str, Any]) -> SlackMessage:
    team = team_of(body)
    channel = matching(ID, event, "channel")
    ts = matching(TS, event, "ts")
    thread_ts = matching(TS, event, "thread_ts") if event.get("thread_ts") else ""
    return SlackMessage(
        team=team,
        actor_team=_actor_team(body, event, team),
        user=matching(ID, event, "user"),
        channel=channel,
        kind=kind_of(channel, optional_text(event, "channel_type")),
        ts=ts,
        thread_ts="" if thread_ts == ts else thread_ts,
        text=well_formed(optional_text(event, "text")),
        files=tuple(
            _file_name(as_object(file)) for file in as_list(event.get("files"))
        ),
        is_mention=event["type"] == "app_mention",
    )


def team_of(body: dict[str, Any]) -> str:
    """Return the workspace of the installation that an event is for.

    `team_id` is where the event occurred, in a shared channel perhaps not with us.
    Source: https://api.slack.com/types/event, and Bolt's `extract_team_id`, which
    reads `authorizations` first because of shared channels; read 2026-11.
    """
    installation = _installation(body)
    holder = installation if installation.get("team_id") else body
    return matching(ID, holder, "team_id")


def _actor_team(body: dict[str, Any], event: dict[str, Any], team: str) -> str:
    """Return the person's own workspace; one of our organisation counts as ours."""
    names = ("user_team", "source_team", "team")
    actor = next((matching(ID, event, n) for n in names if event.get(n)), "")
    is_ours = actor and actor == _installation(body).get("enterprise_id")
    return team if is_ours else actor


def _installation(body: dict[str, Any]) -> dict[str, Any]:
    """Return the first of the installations that may see an event; Slack sends one."""
    return as_object(next(iter(as_list(body.get("authorizations"))), None))


def kind_of(channel: str, channel_type: str) -> str:
    """Return the kind of a channel; an app_mention does not say.

    A direct message is one under every name: `app_home` is another for it.
    Source: https://docs.slack.dev/reference/events/message.app_home, read 2026-11.
    """
    if channel.startswith("D"):
        return "im"
    if channel_type in {"channel", "group", "mpim", "im"}:
        return channel_type
    return "group" if channel.startswith("G") else "channel"


def _file_name(file: dict[str, Any]) -> str:
    names = (file.get(name) for name in ("name", "title", "id"))
    known = (name for name in names if name and isinstance(name, str))
    return well_formed(next(known, "file"))
