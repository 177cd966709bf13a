"""Changes of messages that are not stored yet.

What Slack was not told to have arrived it sends again, as it was at first; the edit or
the deletion came in between.
"""

from dataclasses import replace

from bot.slack.events.event import SlackMessage
from bot.slack.events.revision import Deletion, Edit

MAX_CHANGES = 1_000


class EarlyChanges:
    """The newest changes that found nothing to change."""

    def __init__(self) -> None:
        """Know of none; what a dead process knew is in Slack's history."""
        self._changes: dict[tuple[str, str], Edit | Deletion] = {}

    def note(self, change: Edit | Deletion) -> None:
        """Keep a change until its message comes; of very many the oldest goes."""
        key = change.channel, change.ts
        known = self._changes.pop(key, change)
        # What is deleted stays so.
        self._changes[key] = known if isinstance(known, Deletion) else change
        if len(self._changes) > MAX_CHANGES:
            del self._changes[next(iter(self._changes))]

    def applied(self, message: SlackMessage) -> SlackMessage | None:
        """Return a message as it reads now; None if it is gone."""
        change = self._changes.get((message.channel, message.ts))
        match change:
            case Deletion():
                return None
            case Edit():
                now = change.message
                return replace(message, text=now.text, files=now.files)
            case None:
                return message
