"""The commands that a message may be, instead of a question."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from bot.conversation.tokens import estimate_tokens

MAX_FACT_TOKENS = 200
"""Some 800 letters or 200 Japanese characters; all facts get an eighth of a prompt."""

STOP_WORDS = frozenset({"stop"})
"""What ends a reply, unless a setting has other words, in the case-folded form."""

CommandName = Literal["memory", "forget", "remember", "help", "stop"]

_WORDS: dict[str, CommandName] = {
    "memory": "memory",
    "forget": "forget",
    "help": "help",
}
_REMEMBER = re.compile(r"remember[:：]\s*(\S.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """What a person wants the bot to do."""

    name: CommandName
    fact: str = ""
    """What to remember, as Slack sent it."""

    @property
    def is_too_long(self) -> bool:
        """Say whether the fact would crowd the others out of the prompt."""
        return estimate_tokens(self.fact) > MAX_FACT_TOKENS


def stop_words_of(listed: str) -> frozenset[str]:
    """Return the stop words, or phrases, of a list with commas between."""
    words = (word.strip().casefold() for word in listed.split(","))
    return frozenset(filter(None, words))


def command_of(
    text: str, bot_user: str, stop_words: Collection[str] = STOP_WORDS
) -> Command | None:
    """Return the command that a received text is, or None for anything else.

    A command is the whole message but for a mention of the bot in front: one of the
    words `memory`, `forget` and `help`, one of the stop words, or `remember:` with a
    fact behind it. Upper and lower case are the same. "memory please" is a question
    like any other.
    """
    mention = rf"<@{re.escape(bot_user)}(?:\|[^<>]*)?>"
    said = re.sub(rf"^\s*{mention}", "", text).strip()
    if name := _WORDS.get(said.lower()):
        return Command(name)
    if said.casefold() in stop_words:
        return Command("stop")
    found = _REMEMBER.fullmatch(said)
    return Command("remember", found.group(1)) if found else None
