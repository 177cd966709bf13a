"""Nouns and state of the emulated workspace: people, channels, messages.

Pure: no socket, no file, no clock of its own. Everything that shows or stores the
workspace listens to its changes; nothing but `Workspace` writes it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.playground.attachment import File
from bot.playground.message import SLACKBOT, TOMBSTONE
from bot.playground.message import JsonObject as JsonObject
from bot.playground.message import Message as Message
from bot.playground.message import Status as Status
from bot.playground.message import Stream as Stream

ChannelKind = Literal["channel", "group", "mpim", "im"]
ReactionKind = Literal["reacted", "unreacted"]
PlaceKind = Literal["joined", "left", "archived", "unarchived"]
MessageKind = Literal["added", "changed", "deleted"]
ChangeKind = Literal[MessageKind, ReactionKind, PlaceKind, "status", "ephemeral"]

# https://docs.slack.dev/reference/methods/assistant.threads.setStatus, read 2026-11.
STATUS_LIFE_S = 120.0
# Not documented; measured by others at 5.2 to 5.3 minutes, whatever was appended.
STREAM_LIFE_S = 300.0

TEAM = "T0PLAYGROUND"
BOT_USER = "U0LINEFEED"
BOT_ID = "B0LINEFEED"


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the workspace, or the bot's user."""

    id: str
    name: str
    """Display name, what others see behind the @."""
    team: str = TEAM
    """Home workspace; another one makes the person external (Slack Connect)."""
    bot_id: str = ""
    """Set for bots only."""
    is_restricted: bool = False
    """A guest."""
    is_ultra_restricted: bool = False
    """A guest of a single channel."""
    is_deleted: bool = False
    """Deactivated: may do nothing any more."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A place where messages stand."""

    id: str
    name: str
    kind: ChannelKind
    members: frozenset[str]
    """User ids, the bot's included where it was invited."""
    is_archived: bool = False
    """It can be read, and nobody can write there."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to the workspace, told to every listener in order."""

    kind: ChangeKind
    message: Message | None = None
    """The message as it is now; for `deleted`, as it was."""
    previous: Message | None = None
    """For `changed`: the message as it was."""
    status: Status | None = None
    channel: Channel | None = None
    """The place as it is now, if it is the place that changed."""
    user: str = ""
    """Who reacted, joined, left or archived."""
    actor: str = ""
    """Who brought or removed `user`, if not themselves."""
    emoji: str = ""


@dataclass
class Workspace:
    """All people, channels and messages, and who is told of changes."""

    clock: Callable[[], float]
    """Unix time in seconds."""
    people: dict[str, Person] = field(default_factory=dict[str, Person])
    channels: dict[str, Channel] = field(default_factory=dict[str, Channel])
    streams: dict[tuple[str, str], Stream] = field(
        default_factory=dict[tuple[str, str], Stream]
    )
    """By channel and ts of the message."""
    stream_life_s: float = STREAM_LIFE_S
    reactions: dict[tuple[str, str], dict[str, tuple[str, ...]]] = field(
        default_factory=dict[tuple[str, str], dict[str, tuple[str, ...]]]
    )
    """By channel and ts of the message: who reacted with which emoji, in order."""
    files: dict[str, File] = field(default_factory=dict[str, File])
    contents: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """What is in the files, by their ids."""
    files_origin: str = "https://files.slack.com"
    """Where files are downloaded: `http://HOST:PORT` once a server runs."""
    ephemerals: list[Message] = field(default_factory=list[Message])
    """Messages for one person each, oldest first; they are in no history."""
    _statuses: dict[tuple[str, str], tuple[Status, float]] = field(
        default_factory=dict[tuple[str, str], tuple[Status, float]]
    )
    """With the time at which each vanishes."""
    _messages: dict[str, dict[str, Message]] = field(
        default_factory=dict[str, dict[str, Message]]
    )
    _replies: dict[tuple[str, str], dict[str, Message]] = field(
        default_factory=dict[tuple[str, str], dict[str, Message]]
    )
    """Replies by channel and parent, so that a thread is read without its channel."""
    _listeners: list[Callable[[Change], None]] = field(
        default_factory=list[Callable[[Change], None]]
    )
    _last_us: int = 0

    @property
    def statuses(self) -> dict[tuple[str, str], Status]:
        """Return what is shown now by channel and thread_ts, nothing empty or old."""
        now_s = self.clock()
        shown = self._statuses.items()
        return {key: status for key, (status, ends_s) in shown if now_s < ends_s}

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` after every change; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def next_ts(self) -> str:
        """Return a ts that is later than every earlier one, microseconds included."""
        self._last_us = max(self._last_us + 1, int(self.clock() * 1_000_000))
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def messages(self, channel: str) -> Iterator[Message]:
        """Yield a channel's messages, replies included, oldest first."""
        yield from self._messages.get(channel, {}).values()

    def message(self, channel: str, ts: str) -> Message | None:
        """Return one message, if it exists and was not deleted."""
        return self._messages.get(channel, {}).get(ts)

    def thread(self, channel: str, thread_ts: str) -> tuple[Message, ...]:
        """Return a thread, its parent first, oldest reply next."""
        parent = self.message(channel, thread_ts)
        replies = self._replies.get((channel, thread_ts), {}).values()
        return (*((parent,) if parent else ()), *replies)

    def add(self, message: Message) -> Message:
        """Store a new message and clear the status that it answers, if it is a bot's.

        A restored message's ts (see `next_ts`) counts as given out.
        """
        seconds, _, micros = message.ts.partition(".")
        self._last_us = max(self._last_us, int(seconds) * 1_000_000 + int(micros))
        self._messages.setdefault(message.channel, {})[message.ts] = message
        if message.is_reply:
            self._siblings(message)[message.ts] = message
        self.files |= {file.id: file for file in message.files}
        self._tell(Change("added", message=message))
        if message.bot_id and message.thread_ts:
            self.set_status(Status(message.channel, message.thread_ts, ""))
        return message

    def is_streaming(self, message: Message) -> bool:
        """Say whether the app may still append to a message."""
        stream = self.streams.get((message.channel, message.ts))
        if stream is None or stream.is_stopped_by_reader:
            return False
        return self.clock() < stream.ends_s

    def edit(self, message: Message, *, is_growth: bool = False) -> Message:
        """Put a changed message in the place of the one with its channel and ts.

        Return it as it is stored: as edited, unless a stream has only grown.
        """
        edited = message
        if not is_growth:
            ts = f"{int(self.clock())}.000000"
            edited = replace(message, is_edited=True, edited_ts=ts)
        previous = self._messages[message.channel][message.ts]
        self._messages[message.channel][message.ts] = edited
        if edited.is_reply:
            self._siblings(edited)[edited.ts] = edited
        self._tell(Change("changed", message=edited, previous=previous))
        return edited

    def delete(self, channel: str, ts: str) -> None:
        """Remove a message; a parent with replies becomes a tombstone.

        Seen, not documented: https://github.com/slack-edge/slack-edge/pull/10. The
        tombstone goes with its last reply.
        """
        message = self._messages[channel][ts]
        self.streams.pop((channel, ts), None)
        self.reactions.pop((channel, ts), None)
        if message.subtype != "tombstone" and self._replies.get((channel, ts)):
            stone = Message(
                channel, ts, SLACKBOT, TOMBSTONE, thread_ts=ts, subtype="tombstone"
            )
            self._messages[channel][ts] = stone
            self._tell(Change("changed", message=stone, previous=message))
            return
        del self._messages[channel][ts]
        if message.is_reply:
            del self._siblings(message)[ts]
        self._tell(Change("deleted", message=message))
        parent = self.message(channel, message.thread_ts)
        is_lonely = parent and message.is_reply and not self._siblings(message)
        if parent and is_lonely and parent.subtype == "tombstone":
            self.delete(channel, parent.ts)

    def add_ephemeral(self, message: Message) -> Message:
        """Show a message to its one reader; nobody else learns of it."""
        self.ephemerals.append(message)
        self._tell(Change("ephemeral", message=message))
        return message

    def set_reaction(
        self, kind: ReactionKind, message: Message, emoji: str, user: str
    ) -> None:
        """Put a person's emoji on a message, or take it away."""
        shown = self.reactions.setdefault((message.channel, message.ts), {})
        others = tuple(name for name in shown.get(emoji, ()) if name != user)
        shown[emoji] = (*others, user) if kind == "reacted" else others
        if not shown[emoji]:
            del shown[emoji]
        self._tell(Change(kind, message=message, user=user, emoji=emoji))

    def set_channel(
        self, kind: PlaceKind, channel: Channel, user: str, actor: str = ""
    ) -> None:
        """Put a changed channel in the place of the one with its id."""
        self.channels[channel.id] = channel
        self._tell(Change(kind, channel=channel, user=user, actor=actor))

    def set_status(self, status: Status) -> None:
        """Show or, with an empty text, clear what the app does in a thread."""
        key = (status.channel, status.thread_ts)
        if status.text:
            self._statuses[key] = (status, self.clock() + STATUS_LIFE_S)
        elif self._statuses.pop(key, None) is None:
            return
        self._tell(Change("status", status=status))

    def _siblings(self, reply: Message) -> dict[str, Message]:
        return self._replies.setdefault((reply.channel, reply.thread_ts), {})

    def _tell(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            listener(change)


def new_workspace(clock: Callable[[], float]) -> Workspace:
    """Return the workspace that a newcomer meets: three people, three channels, DMs."""
    workspace = Workspace(clock)
    people = (
        Person("U0ANA", "ana"),
        Person("U0BEN", "ben"),
        Person("U0CHIE", "千恵"),
        Person(BOT_USER, "Linefeed", bot_id=BOT_ID),
    )
    workspace.people = {person.id: person for person in people}
    everyone = frozenset(workspace.people)
    rooms = [
        Channel("C0GENERAL", "general", "channel", everyone),
        Channel("C0DEV", "dev", "channel", everyone),
        Channel("C0JAPAN", "日本語", "channel", everyone),
    ]
    rooms += [
        Channel(f"D0{p.id[2:]}", p.name, "im", frozenset({p.id, BOT_USER}))
        for p in people
        if not p.bot_id
    ]
    workspace.channels = {room.id: room for room in rooms}
    return workspace
