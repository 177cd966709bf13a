"""What a person typed becomes a message, as Slack stores it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.playground.text.entities import BARE_URL, decode, encode, rich_text
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.file import File, Upload, stored_file
from bot.playground.workspace.message import MAX_TEXT_CHARS, Message
from bot.playground.workspace.state import Workspace

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
    files: tuple[str | Upload, ...] = ()
    """What is attached; a mere name is an empty file."""
    subtype: str = ""
    """`me_message`, `thread_broadcast`, or empty."""


def say(workspace: Workspace, speech: Speech) -> Message:
    """Store what a person, or another app's bot, says and return it.

    Raises:
        SpeechError: if the channel or thread does not exist, the channel is archived,
            the speaker is deactivated or no member, or nothing was said.
    """
    channel = open_channel(workspace, speech.user, speech.channel)
    _check(workspace, speech, channel)
    ts = workspace.next_ts()
    text = stored_text(workspace, speech.text)
    is_plain = not text or speech.subtype == "me_message"
    return workspace.add(
        Message(
            channel=speech.channel,
            ts=ts,
            user=speech.user,
            text=text,
            thread_ts=speech.thread_ts,
            blocks=() if is_plain else (rich_text(text),),
            bot_id=workspace.people[speech.user].bot_id,
            subtype=speech.subtype or ("file_share" if speech.files else ""),
            files=_stored_files(workspace, speech, ts),
        )
    )


def edit_message(
    workspace: Workspace, user: str, channel: str, ts: str, text: str
) -> Message:
    """Change what a person said, as typed anew, and return it.

    Raises:
        SpeechError: if it is not theirs to edit, or nothing is left of it.
    """
    message = _own_message(workspace, user, channel, ts)
    if not text.strip() and not message.files:
        raise SpeechError("A message needs a text or a file.")
    stored = stored_text(workspace, text)
    blocks = (rich_text(stored),) if stored else ()
    return workspace.edit(replace(message, text=stored, blocks=blocks))


def delete_message(workspace: Workspace, user: str, channel: str, ts: str) -> None:
    """Remove what a person said.

    Raises:
        SpeechError: if it is not theirs to delete.
    """
    _own_message(workspace, user, channel, ts)
    workspace.delete(channel, ts)


def open_channel(workspace: Workspace, user: str, channel_id: str) -> Channel:
    """Return a channel in which a person may do something.

    Raises:
        SpeechError: if it does not exist or is archived, or the person is deactivated
            or no member.
    """
    channel = workspace.channels.get(channel_id)
    if channel is None:
        raise SpeechError(f"There is no channel {channel_id}.")
    person = workspace.people.get(user)
    if person is None or user not in channel.members:
        raise SpeechError(f"{user} is no member of {channel.name}.")
    if person.is_deleted:
        raise SpeechError(f"{person.name} is deactivated.")
    if channel.is_archived:
        raise SpeechError(f"{channel.name} is archived.")
    return channel


def stored_text(workspace: Workspace, text: str) -> str:
    """Encode a typed text: names become mentions, addresses links, and nothing else.

    Entities that a person types are encoded, so that they cannot forge a mention.
    """
    entities = {f"@{name}": f"<!{name}>" for name in _BROADCASTS}
    entities |= {f"@{p.name}".lower(): f"<@{p.id}>" for p in workspace.people.values()}
    known = re.compile(f"({BARE_URL}|{_names(entities)})", re.IGNORECASE)
    parts = known.split(text[:MAX_TEXT_CHARS])
    return "".join(_stored_part(part, entities) for part in parts)


def typed_text(workspace: Workspace, text: str) -> str:
    """Return what a person would type to have this stored."""
    names = {f"@{p.id}": f"@{p.name}" for p in workspace.people.values()}
    names |= {f"!{name}": f"@{name}" for name in _BROADCASTS}
    return decode(re.sub(r"<([^<>]*)>", lambda m: names.get(m[1], m[1]), text))


def _names(entities: Mapping[str, str]) -> str:
    """Match the longest name first, at its end only where an ASCII name ends."""
    longest = sorted(entities, key=len, reverse=True)
    names = "|".join(re.escape(name) for name in longest)
    return rf"(?<![A-Za-z0-9._-])(?:{names})(?![A-Za-z0-9_])"


def _stored_part(part: str, entities: Mapping[str, str]) -> str:
    if re.fullmatch(BARE_URL, part, re.IGNORECASE):
        return f"<{encode(part)}>"
    return entities.get(part.lower(), encode(part))


def _check(workspace: Workspace, speech: Speech, channel: Channel) -> None:
    if not speech.text.strip() and not speech.files:
        raise SpeechError("A message needs a text or a file.")
    if speech.thread_ts and not workspace.thread(channel.id, speech.thread_ts):
        raise SpeechError(f"There is no thread {speech.thread_ts} in {channel.name}.")


def _own_message(workspace: Workspace, user: str, channel: str, ts: str) -> Message:
    place = open_channel(workspace, user, channel)
    message = workspace.message(channel, ts)
    if message is None:
        raise SpeechError(f"There is no message {ts} in {place.name}.")
    if message.user != user or message.is_told:
        raise SpeechError("Only your own messages can be changed.")
    return message


def _stored_files(workspace: Workspace, speech: Speech, ts: str) -> tuple[File, ...]:
    files: list[File] = []
    for index, upload in enumerate(speech.files):
        file_id = f"F{ts.replace('.', '')}{index}"
        files.append(stored_file(upload, file_id, speech.channel, speech.user))
        content = upload.content if isinstance(upload, Upload) else b""
        workspace.keep_content(file_id, content)
    return tuple(files)
