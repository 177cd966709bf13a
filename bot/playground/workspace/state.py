"""State of the emulated workspace: its people, channels and messages.

Pure: no socket, no file, no clock of its own. Everything that shows or stores the
workspace listens to its changes; no other module of the playground writes it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from bot.playground.workspace.change import Change, PlaceKind, ReactionKind
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.file import File
from bot.playground.workspace.identity import BOT_USER, SLACKBOT
from bot.playground.workspace.message import TOMBSTONE, Message, Status, Stream
from bot.playground.workspace.person import Person

STATUS_LIFE_S = 120.0
"""https://docs.slack.dev/reference/methods/assistant.threads.setStatus,
read 2026-11."""

STREAM_LIFE_S = 300.0
"""Not documented; measured by others at 5.2 to 5.3 minutes, whatever was appended."""

Reactions = Mapping[tuple[str, str], dict[str, tuple[str, ...]]]
"""By channel and ts of the message: who reacted with which emoji, in order."""


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
    edit_window_s: float | None = None
    """How old a message may be that an app edits; None for any age."""
    reactions: dict[tuple[str, str], dict[str, tuple[str, ...]]] = field(
        default_factory=dict[tuple[str, str], dict[str, tuple[str, ...]]]
    )
    """See `Reactions`."""
    files: dict[str, File] = field(default_factory=dict[str, File])
    contents: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """What is in the files, by their ids."""
    files_origin: str = "https://files.slack.com"
    """Where files are downloaded; a server sets `http://HOST:PORT` once it runs."""
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

    def direct_channel(self, user: str) -> Channel | None:
        """Return the app's DM with a person, if there is one."""
        members = frozenset({user, BOT_USER})
        direct = (c for c in self.channels.values() if c.kind == "im")
        return next((c for c in direct if c.members == members), None)

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

    def shown_message(self, user: str, channel: str, ts: str) -> Message | None:
        """Return a message as a person finds it: everybody's, or theirs alone."""
        return self.message(channel, ts) or self._ephemeral(user, channel, ts)

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

    def begin_stream(self, message: Message, stream: Stream) -> Message:
        """Store a new message, and what streams into it."""
        self.streams[message.channel, message.ts] = stream
        return self.add(message)

    def grow(self, message: Message, stream: Stream | None) -> Message:
        """Put a message in its place with all that streamed; None ends its stream."""
        key = message.channel, message.ts
        if stream is None:
            del self.streams[key]
        else:
            self.streams[key] = stream
        return self._replace(message)

    def edit(self, message: Message, *, is_marked: bool = True) -> Message:
        """Put a message in the place of the one with its channel and ts, as edited.

        One that is not marked shows no "(edited)", whatever it showed before.
        """
        ts = f"{int(self.clock())}.000000" if is_marked else ""
        return self._replace(replace(message, is_edited=is_marked, edited_ts=ts))

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

    def replace_ephemeral(self, message: Message) -> None:
        """Put a message for one person in the place of the one that they see."""
        previous = self._ephemeral(message.only_for, message.channel, message.ts)
        shown = [message if each is previous else each for each in self.ephemerals]
        self.ephemerals[:] = shown
        self._tell(Change("ephemeral", message=message, previous=previous))

    def remove_ephemeral(self, message: Message) -> None:
        """Take a message away from its one reader."""
        self.ephemerals.remove(message)
        self._tell(Change("ephemeral", previous=message))

    def keep_content(self, file_id: str, content: bytes) -> None:
        """Keep what is in a file."""
        self.contents[file_id] = content

    def restore(
        self,
        messages: Iterable[Message],
        reactions: Reactions,
        contents: Mapping[str, bytes],
    ) -> None:
        """Add what was stored; of reactions nobody is told."""
        for message in messages:
            self.add(message)
        self.reactions.update(reactions)
        self.contents.update(contents)

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

    def add_channel(self, channel: Channel) -> None:
        """Make a channel; of a DM that nobody has spoken in nobody is told."""
        self.channels[channel.id] = channel

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

    def _ephemeral(self, user: str, channel: str, ts: str) -> Message | None:
        key = user, channel, ts
        own = (m for m in self.ephemerals if (m.only_for, m.channel, m.ts) == key)
        return next(own, None)

    def _replace(self, message: Message) -> Message:
        previous = self._messages[message.channel][message.ts]
        self._messages[message.channel][message.ts] = message
        if message.is_reply:
            self._siblings(message)[message.ts] = message
        self._tell(Change("changed", message=message, previous=previous))
        return message

    def _siblings(self, reply: Message) -> dict[str, Message]:
        return self._replies.setdefault((reply.channel, reply.thread_ts), {})

    def _tell(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            listener(change)
