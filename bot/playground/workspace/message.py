"""A message and what goes with it: a stream into it, a status below it."""

from dataclasses import dataclass
from typing import Literal
from uuid import NAMESPACE_OID, uuid5

from bot.playground.jsonobject import JsonObject
from bot.playground.workspace.file import File
from bot.playground.workspace.identity import BOT_ID, BOT_USER

MAX_TEXT_CHARS = 40_000
"""https://docs.slack.dev/changelog/2018-04-truncating-really-long-messages,
read 2026-11."""

TYPED_SUBTYPES = ("file_share", "me_message", "thread_broadcast")
"""What a person's client sent, under an id of its own."""

TOMBSTONE = "This message was deleted."
"""What stands in place of a deleted parent, its subtype `tombstone`."""


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
    files: tuple[File, ...] = ()
    is_edited: bool = False
    edited_ts: str = ""
    inviter: str = ""
    """Who brought the person whose joining this tells of."""
    username: str = ""
    """The name that an integration without a user goes by."""
    only_for: str = ""
    """The one person who sees it, if it is ephemeral."""
    is_streamed: bool = False
    """The app began it as a stream, which may have ended since."""

    @property
    def is_reply(self) -> bool:
        """Say whether this stands in a thread, below its parent."""
        return bool(self.thread_ts) and self.thread_ts != self.ts

    @property
    def is_told(self) -> bool:
        """Say whether Slack tells of something in it that nobody typed."""
        return bool(self.subtype) and self.subtype not in TYPED_SUBTYPES

    @property
    def client_msg_id(self) -> str:
        """Return the id that a person's client would have given to it."""
        return str(uuid5(NAMESPACE_OID, f"{self.channel}/{self.ts}"))


def app_message(channel: str, ts: str, thread_ts: str = "") -> Message:
    """Return a message of the app with nothing in it, not yet stored."""
    return Message(channel, ts, BOT_USER, "", thread_ts, bot_id=BOT_ID)


@dataclass(frozen=True, slots=True)
class Status:
    """What the app says it is doing in a thread ("is thinking…"); empty clears it."""

    channel: str
    thread_ts: str
    text: str


@dataclass(frozen=True, slots=True)
class Stream:
    """What the app has sent into a message that streams, or that a reader stopped."""

    ends_s: float
    """When Slack ends it by itself, whatever is appended."""
    is_plan: bool = False
    """Its tasks stand together in one plan."""
    mode: Literal["", "markdown_text", "chunks"] = ""
    """How its content comes, fixed by the first that came."""
    chunks: tuple[JsonObject, ...] = ()
    is_stopped_by_reader: bool = False
