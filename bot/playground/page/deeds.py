"""What a person does on the page, done to the workspace or told to the app.

A window sends objects by `type`, each with its person as `user`:

- `say` (channel, text, thread_ts): a text that begins with `/` is a command;
- `edit` (channel, ts, text), `delete` (channel, ts), `stop` (channel, ts: a stream);
- `react` and `unreact` (channel, ts, emoji: its name);
- `press` (channel, ts, action_id, value), `press_home` (action_id, value);
- `open_home`.

It gets `said` (channel, ts), `done`, or `refused` (sentence), in the order it sent.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.playground.jsonobject import JsonObject, as_object
from bot.playground.manifest import Features
from bot.playground.people.composer import (
    Speech,
    SpeechError,
    delete_message,
    edit_message,
    open_channel,
    say,
)
from bot.playground.workspace.state import Workspace

NOT_SAID = "The page sent something that is no message."
NOT_INTERACTIVE = "This app is not configured to handle interactive responses."
GONE = "This button is not there any more."
NOT_STREAMING = "This message does not stream any more."

_NAMES = (
    *("type", "user", "channel", "text", "thread_ts", "ts", "emoji"),
    *("action_id", "value"),
)


class Hand(Protocol):
    """What people do to the app; None where the app is not told of such things."""

    @property
    def features(self) -> Features:
        """Return what the app declares."""
        ...

    def command(
        self, user: str, channel: str, command: str, text: str = ""
    ) -> object | None:
        """Type a slash command."""
        ...

    def press(
        self, user: str, channel: str, ts: str, action_id: str, value: str = ""
    ) -> object | None:
        """Press a button of a message."""
        ...

    def press_home(self, user: str, action_id: str, value: str = "") -> object | None:
        """Press a button of the Home tab."""
        ...


@dataclass(frozen=True, slots=True)
class Gestures:
    """What people can do beside speaking; the server lends it to the page."""

    hand: Hand
    open_home: Callable[[str], object]
    react: Callable[[Workspace, str, str, str, str], object]
    unreact: Callable[[Workspace, str, str, str, str], object]
    stop: Callable[[Workspace, str, str], object]
    """End a stream as its reader."""


class _RefusedError(ValueError):
    """It cannot be done; the text is a sentence for the person."""


_Fields = Mapping[str, str]


class Deeds:
    """Does what windows ask for."""

    def __init__(self, workspace: Workspace, gestures: Gestures) -> None:
        self._workspace = workspace
        self._gestures = gestures
        self._deeds: Mapping[str, Callable[[_Fields], JsonObject | None]] = {
            "say": self._say,
            "edit": self._edit,
            "delete": self._delete,
            "react": self._react,
            "unreact": self._unreact,
            "stop": self._stop,
            "press": self._press,
            "press_home": self._press_home,
            "open_home": self._open_home,
        }

    def do(self, text: str) -> JsonObject:
        """Do what a window sent, and return what it is answered."""
        try:
            fields = self._read(text)
            return self._deeds[fields["type"]](fields) or {"type": "done"}
        except (SpeechError, _RefusedError) as refused:
            return {"type": "refused", "sentence": str(refused)}

    def _read(self, text: str) -> _Fields:
        """Read what a window sent; a person acts in it, never the bot."""
        try:
            read: object = json.loads(text)
        except json.JSONDecodeError as error:
            raise _RefusedError(NOT_SAID) from error
        sent = as_object(read)
        fields = {name: sent.get(name, "") for name in _NAMES}
        is_text = all(isinstance(value, str) for value in fields.values())
        if not is_text or fields["type"] not in self._deeds:
            raise _RefusedError(NOT_SAID)
        person = self._workspace.people.get(fields["user"])
        if person is None or person.bot_id:
            raise _RefusedError("Only people of this workspace can speak here.")
        return fields

    def _say(self, sent: _Fields) -> JsonObject | None:
        user, channel, text = sent["user"], sent["channel"], sent["text"]
        if text.startswith("/"):
            self._command(sent)
            return None
        speech = Speech(user, channel, text, sent["thread_ts"])
        message = say(self._workspace, speech)
        return {"type": "said", "channel": message.channel, "ts": message.ts}

    def _command(self, sent: _Fields) -> None:
        """Run a command, refused in Slack's own words.

        Slack shows them as an ephemeral message of Slackbot's, the page beside the
        text, which is not lost so.
        """
        open_channel(self._workspace, sent["user"], sent["channel"])
        command, _, text = sent["text"].strip().partition(" ")
        hand = self._gestures.hand
        if command not in hand.features.commands:
            raise _RefusedError(
                f"{command} is not a valid command. In Slack, all messages that start "
                f'with the "/" character are interpreted as slash commands. If you are '
                f"trying to send a message and not run a command, try preceding the "
                f'"/" with an empty space.'
            )
        if sent["thread_ts"]:
            raise _RefusedError(f"{command} is not supported in threads. Sorry!")
        hand.command(sent["user"], sent["channel"], command, text.strip())

    def _edit(self, sent: _Fields) -> None:
        place = sent["user"], sent["channel"], sent["ts"]
        edit_message(self._workspace, *place, sent["text"])

    def _delete(self, sent: _Fields) -> None:
        delete_message(self._workspace, sent["user"], sent["channel"], sent["ts"])

    def _react(self, sent: _Fields) -> None:
        place = sent["user"], sent["channel"], sent["ts"]
        self._gestures.react(self._workspace, *place, sent["emoji"])

    def _unreact(self, sent: _Fields) -> None:
        place = sent["user"], sent["channel"], sent["ts"]
        self._gestures.unreact(self._workspace, *place, sent["emoji"])

    def _stop(self, sent: _Fields) -> None:
        open_channel(self._workspace, sent["user"], sent["channel"])
        try:
            self._gestures.stop(self._workspace, sent["channel"], sent["ts"])
        except KeyError as error:
            raise _RefusedError(NOT_STREAMING) from error

    def _press(self, sent: _Fields) -> None:
        open_channel(self._workspace, sent["user"], sent["channel"])
        place = sent["user"], sent["channel"], sent["ts"]
        hand = self._gestures.hand
        _pressed(lambda: hand.press(*place, sent["action_id"], sent["value"]))

    def _press_home(self, sent: _Fields) -> None:
        button = sent["user"], sent["action_id"], sent["value"]
        _pressed(lambda: self._gestures.hand.press_home(*button))

    def _open_home(self, sent: _Fields) -> None:
        self._gestures.open_home(sent["user"])


def _pressed(press: Callable[[], object | None]) -> None:
    try:
        told = press()
    except LookupError as error:
        raise _RefusedError(GONE) from error
    if told is None:
        raise _RefusedError(NOT_INTERACTIVE)
