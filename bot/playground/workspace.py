"""Nouns and state of the emulated workspace: people, channels, messages.

Pure: no socket, no file, no clock of its own. Everything that shows or stores the
workspace listens to its changes; nothing but `Workspace` writes it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

JsonObject = dict[str, Any]
"""A decoded JSON object, shaped as Slack documents it."""

ChannelKind = Literal["channel", "group", "mpim", "im"]

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


@dataclass(frozen=True, slots=True)
class Channel:
    """A place where messages stand."""

    id: str
    name: str
    kind: ChannelKind
    members: frozenset[str]
    """User ids, the bot's included where it was invited."""


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message, as Slack keeps it."""

    channel: str
    ts: str
    user: str
    text: str
    """Entity-encoded: only `&lt;`, `&gt;`, `&amp;` and `<…>` entities."""
    thread_ts: str = ""
    """The parent's ts; equal to `ts` or empty for a message that is no reply."""
    blocks: tuple[JsonObject, ...] = ()
    """As Slack returns them: `markdown` blocks already translated."""
    markdown: str = ""
    """The Markdown that came in a `markdown` block. For the page's eyes only: Slack
    never gives it back, so no API answer and no event may carry it."""
    bot_id: str = ""
    subtype: str = ""
    metadata: JsonObject | None = None
    files: tuple[str, ...] = ()
    """Names of attached files."""
    is_edited: bool = False

    @property
    def is_reply(self) -> bool:
        """Say whether this stands in a thread, below its parent."""
        return bool(self.thread_ts) and self.thread_ts != self.ts


@dataclass(frozen=True, slots=True)
class Status:
    """What the app says it is doing in a thread ("is thinking…"); empty clears it."""

    channel: str
    thread_ts: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to the workspace, told to every listener in order."""

    kind: Literal["added", "changed", "deleted", "status"]
    message: Message | None = None
    """The message as it is now; for `deleted`, as it was."""
    previous: Message | None = None
    """For `changed`: the message as it was."""
    status: Status | None = None


@dataclass
class Workspace:
    """All people, channels and messages, and who is told of changes."""

    clock: Callable[[], float]
    """Unix time in seconds."""
    people: dict[str, Person] = field(default_factory=dict[str, Person])
    channels: dict[str, Channel] = field(default_factory=dict[str, Channel])
    statuses: dict[tuple[str, str], Status] = field(
        default_factory=dict[tuple[str, str], Status]
    )
    """By channel and thread_ts; only those that are not empty."""
    reactions: set[tuple[str, str, str]] = field(
        default_factory=set[tuple[str, str, str]]
    )
    """The bot's reactions: channel, ts and name of the emoji."""
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
        self._tell(Change("added", message=message))
        if message.bot_id and message.thread_ts:
            self.set_status(Status(message.channel, message.thread_ts, ""))
        return message

    def edit(self, message: Message) -> Message:
        """Put a changed message in the place of the one with its channel and ts.

        Return it as it is stored.
        """
        edited = replace(message, is_edited=True)
        previous = self._messages[message.channel][message.ts]
        self._messages[message.channel][message.ts] = edited
        if edited.is_reply:
            self._siblings(edited)[edited.ts] = edited
        self._tell(Change("changed", message=edited, previous=previous))
        return edited

    def delete(self, channel: str, ts: str) -> None:
        """Remove a message; a parent's replies stay, as a thread without its root."""
        message = self._messages[channel].pop(ts)
        if message.is_reply:
            del self._siblings(message)[ts]
        self._tell(Change("deleted", message=message))

    def set_status(self, status: Status) -> None:
        """Show or, with an empty text, clear what the app does in a thread."""
        key = (status.channel, status.thread_ts)
        if status.text:
            self.statuses[key] = status
        elif self.statuses.pop(key, None) is None:
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
