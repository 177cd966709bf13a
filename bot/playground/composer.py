"""What a person typed becomes a message, as Slack stores it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

from bot.playground.entities import BARE_URL, encode, rich_text
from bot.playground.workspace import Channel, Message, Workspace

# https://docs.slack.dev/changelog/2018-04-truncating-really-long-messages,
# read 2026-11.
MAX_TEXT_CHARS = 40_000

_BROADCASTS = ("channel", "here", "everyone")


class SpeechError(ValueError):
    """A person cannot say this here; the text is a sentence for that person."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What a person says, and where."""

    user: str
    channel: str
    text: str
    """As typed: nothing encoded, people as `@name`."""
    thread_ts: str = ""
    files: tuple[str, ...] = ()
    """Names of attached files."""
    subtype: str = ""


def say(workspace: Workspace, speech: Speech) -> Message:
    """Store what a person says and return it.

    Raises:
        SpeechError: The channel or thread does not exist, the person is no member, or
            nothing was said.
    """
    channel = workspace.channels.get(speech.channel)
    _check(workspace, speech, channel)
    text = stored_text(workspace, speech.text)
    return workspace.add(
        Message(
            channel=speech.channel,
            ts=workspace.next_ts(),
            user=speech.user,
            text=text,
            thread_ts=speech.thread_ts,
            blocks=(rich_text(text),) if text else (),
            subtype=speech.subtype or ("file_share" if speech.files else ""),
            files=speech.files,
        )
    )


def client_msg_id(message: Message) -> str:
    """Return the id that a person's client would have given to the message."""
    return str(uuid5(NAMESPACE_OID, f"{message.channel}/{message.ts}"))


def stored_text(workspace: Workspace, text: str) -> str:
    """Encode a typed text: names become mentions, addresses links, and nothing else.

    Entities that a person types are encoded, so that they cannot forge a mention.
    """
    entities = {f"@{name}": f"<!{name}>" for name in _BROADCASTS}
    entities |= {f"@{p.name}".lower(): f"<@{p.id}>" for p in workspace.people.values()}
    known = re.compile(f"({BARE_URL}|{_names(entities)})", re.IGNORECASE)
    parts = known.split(text[:MAX_TEXT_CHARS])
    return "".join(_stored_part(part, entities) for part in parts)


def _names(entities: Mapping[str, str]) -> str:
    """Match the longest name first, at its end only where an ASCII name ends."""
    longest = sorted(entities, key=len, reverse=True)
    names = "|".join(re.escape(name) for name in longest)
    return rf"(?<![A-Za-z0-9._-])(?:{names})(?![A-Za-z0-9_])"


def _stored_part(part: str, entities: Mapping[str, str]) -> str:
    if re.fullmatch(BARE_URL, part, re.IGNORECASE):
        return f"<{encode(part)}>"
    return entities.get(part.lower(), encode(part))


def _check(workspace: Workspace, speech: Speech, channel: Channel | None) -> None:
    if channel is None:
        raise SpeechError(f"There is no channel {speech.channel}.")
    if speech.user not in channel.members:
        raise SpeechError(f"{speech.user} is no member of {channel.name}.")
    if not speech.text.strip() and not speech.files:
        raise SpeechError("A message needs a text or a file.")
    if speech.thread_ts and not workspace.thread(channel.id, speech.thread_ts):
        raise SpeechError(f"There is no thread {speech.thread_ts} in {channel.name}.")
