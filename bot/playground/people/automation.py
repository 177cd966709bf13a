"""Who speaks in Slack without being a person: integrations, workflows, Slackbot.

Another app's bot is a `Person` with a `bot_id`, and speaks with `composer.say`: its
messages have no subtype, but `bot_id` and `bot_profile`. Tests drive all this; the
page does not offer it yet.
"""

from dataclasses import replace

from bot.playground.people.composer import SpeechError, stored_text
from bot.playground.workspace.identity import SLACKBOT
from bot.playground.workspace.message import Message
from bot.playground.workspace.state import Workspace


def post_as_integration(
    workspace: Workspace, channel: str, text: str, *, username: str, bot_id: str
) -> Message:
    """Post as a webhook, classic app or workflow: with a name, and without a user.

    Source: https://docs.slack.dev/reference/events/message/bot_message, read 2026-11;
    that workflows post so too is our choice.

    Raises:
        SpeechError: if there is no such channel, or it is archived.
    """
    message = _message(workspace, channel, "", text)
    return workspace.add(
        replace(message, bot_id=bot_id, username=username, subtype="bot_message")
    )


def post_as_slackbot(workspace: Workspace, channel: str, text: str) -> Message:
    """Post as Slackbot: its message looks like a person's, but for the user.

    That it has no subtype and no `bot_id` is our choice, the hardest to tell.

    Raises:
        SpeechError: if there is no such channel, or it is archived.
    """
    return workspace.add(_message(workspace, channel, SLACKBOT, text))


def _message(workspace: Workspace, channel: str, user: str, text: str) -> Message:
    place = workspace.channels.get(channel)
    if place is None or place.is_archived:
        raise SpeechError(f"Nothing can be posted to {channel}.")
    stored = stored_text(workspace, text)
    return Message(channel, workspace.next_ts(), user, stored)
