"""Emoji on messages: what the app and people may put there.

Source: https://docs.slack.dev/reference/methods/reactions.add, read 2026-11.
"""

import re

from bot.playground.answer import RefusedError
from bot.playground.jsonobject import JsonObject
from bot.playground.people.composer import SpeechError, open_channel
from bot.playground.webapi.conversations import find_channel
from bot.playground.workspace.identity import BOT_USER
from bot.playground.workspace.message import Message
from bot.playground.workspace.state import Workspace
from bot.playground.workspace.wire import message_json

MAX_EMOJI_PER_PERSON = 23
MAX_EMOJI_PER_MESSAGE = 50
"""That there are limits is documented (errors `too_many_reactions` and
`too_many_emoji`), not how high they are: these are our choice."""

# Which emoji a workspace has is its own affair; how their names look is not.
_NAME = re.compile(r"[a-z0-9_+'-]+(?:::skin-tone-[2-6])?")


def add(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Put the app's emoji on a message."""
    message = _named_message(workspace, arguments)
    if workspace.channels[message.channel].is_archived:
        raise RefusedError("is_archived")
    emoji = _named_emoji(arguments)
    refusal = _refusal(workspace, message, emoji, BOT_USER)
    if refusal:
        raise RefusedError(refusal)
    workspace.set_reaction("reacted", message, emoji, BOT_USER)
    return {}


def remove(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Take the app's emoji away; another's stays."""
    message = _named_message(workspace, arguments)
    emoji = _named_emoji(arguments)
    if BOT_USER not in _shown(workspace, message).get(emoji, ()):
        raise RefusedError("no_reaction")
    workspace.set_reaction("unreacted", message, emoji, BOT_USER)
    return {}


def get(workspace: Workspace, arguments: JsonObject) -> JsonObject:
    """Return a message with its reactions."""
    message = _named_message(workspace, arguments)
    return {
        "type": "message",
        "channel": message.channel,
        "message": message_json(workspace, message),
    }


def react(
    workspace: Workspace, user: str, channel: str, ts: str, emoji: str
) -> Message:
    """Put a person's emoji on a message and return the message.

    Raises:
        SpeechError: if the message does not exist, the person may not, or did already.
    """
    message = _seen_message(workspace, user, channel, ts)
    refusal = _refusal(workspace, message, emoji, user)
    if refusal:
        raise SpeechError(f"This emoji cannot be added: {refusal}.")
    workspace.set_reaction("reacted", message, emoji, user)
    return message


def unreact(
    workspace: Workspace, user: str, channel: str, ts: str, emoji: str
) -> Message:
    """Take a person's own emoji away and return the message.

    Raises:
        SpeechError: if the message does not exist, or the emoji is not theirs.
    """
    message = _seen_message(workspace, user, channel, ts)
    if user not in _shown(workspace, message).get(emoji, ()):
        raise SpeechError(f"{user} did not react with {emoji}.")
    workspace.set_reaction("unreacted", message, emoji, user)
    return message


def _shown(workspace: Workspace, message: Message) -> dict[str, tuple[str, ...]]:
    return workspace.reactions.get((message.channel, message.ts), {})


def _refusal(workspace: Workspace, message: Message, emoji: str, user: str) -> str:
    """Return Slack's word for why an emoji cannot be added, or nothing."""
    shown = _shown(workspace, message)
    if user in shown.get(emoji, ()):
        return "already_reacted"
    if emoji not in shown and len(shown) >= MAX_EMOJI_PER_MESSAGE:
        return "too_many_emoji"
    own = sum(user in users for users in shown.values())
    return "too_many_reactions" if own >= MAX_EMOJI_PER_PERSON else ""


def _named_emoji(arguments: JsonObject) -> str:
    name = str(arguments.get("name") or "")
    if not _NAME.fullmatch(name):
        raise RefusedError("invalid_name")
    return name


def _named_message(workspace: Workspace, arguments: JsonObject) -> Message:
    """Return the message that a call names."""
    name, ts = arguments.get("channel"), arguments.get("timestamp")
    if not name or not ts:
        raise RefusedError("no_item_specified")
    channel = find_channel(workspace, name)
    if not re.fullmatch(r"\d+\.\d+", str(ts)):
        raise RefusedError("bad_timestamp")
    message = workspace.message(channel.id, str(ts))
    if message is None:
        raise RefusedError("message_not_found")
    return message


def _seen_message(workspace: Workspace, user: str, channel: str, ts: str) -> Message:
    place = open_channel(workspace, user, channel)
    message = workspace.message(channel, ts)
    if message is None:
        raise SpeechError(f"There is no message {ts} in {place.name}.")
    return message
