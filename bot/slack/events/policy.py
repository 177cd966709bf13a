"""Which messages are answered, overheard, or none of the bot's business."""

from dataclasses import dataclass
from typing import Literal

from bot.slack.events.command import STOP_WORDS
from bot.slack.events.event import SlackMessage
from bot.slack.text.markup import mentioned_users

ThreadsMode = Literal["auto", "always", "mention"]
"""When a reply without a mention is answered, in a thread where the bot takes part.

`auto`: while one person and the bot are the only ones who spoke there since.
"""

Decision = Literal["answer", "overhear", "ignore"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one installation."""

    bot_user: str
    threads: ThreadsMode = "auto"
    allow: frozenset[str] = frozenset()
    """People, channels or workspaces (ids) whose external members are answered."""
    stop_words: frozenset[str] = STOP_WORDS
    """What ends a reply, case-folded."""
    bot_id: str = ""
    """The bot's own, as its messages carry it."""

    def welcomes(self, message: SlackMessage) -> bool:
        """Say whether a person may be answered at all."""
        is_ours = message.actor_team in {"", message.team}
        return self.admits(message.user, message.channel, message.actor_team, is_ours)

    def admits(self, user: str, channel: str, team: str, is_ours: bool) -> bool:
        """Say whether a person of a workspace, ours or another, may use the bot."""
        is_named = bool({user, channel, team} & self.allow)
        return user != self.bot_user and (is_ours or is_named)

    def is_addressed(self, message: SlackMessage) -> bool:
        """Say whether a message is to the bot, whatever else happens in its thread."""
        return (
            message.kind == "im"
            or message.is_mention
            or self.bot_user in mentioned_users(message.text)
        )

    def follow_up(self, message: SlackMessage, people: frozenset[str]) -> Decision:
        """Decide on a reply without a mention.

        `people` are those who spoke in its thread since the bot takes part there;
        nobody, if it does not.
        """
        if not people:
            return "ignore"
        if self.threads == "mention" or mentioned_users(message.text):
            return "overhear"
        is_alone = people <= {message.user}
        return "answer" if is_alone or self.threads == "always" else "overhear"
