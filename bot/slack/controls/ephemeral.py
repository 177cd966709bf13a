"""What one person alone sees: a report on the memory, a question, a word.

As blocks of plain text: whatever people or a model wrote is shown as it is, and calls
nobody.
"""

from collections.abc import Collection, Iterator
from typing import Any

from bot.conversation.steering import MemoryReport
from bot.conversation.turn import ThreadId
from bot.slack.events.command import STOP_WORDS

FORGET = "linefeed_forget"
"""The action of the button that forgets."""
MAX_SECTION_CHARS = 3_000
"""https://docs.slack.dev/reference/block-kit/blocks/section-block, read 2026-11."""
MAX_SHOWN_CHARS = 9_000
"""Of all blocks: Slack refuses too long ones with `msg_blocks_too_long`, from about
13,000 characters on (not documented: https://github.com/slackapi/bolt-js/issues/2509,
read 2026-11).
"""

EMPTY = "I remember nothing of this conversation."
REMEMBERED = "I will remember that as long as this conversation lasts."
TOO_LONG = (
    "That is too long to be kept word for word. Say it in a few sentences: at most"
    " about 800 letters."
)
FORGOTTEN = "Forgotten. From here on we begin anew."
NOT_FORGOTTEN = "That did not work: nothing was forgotten. Try again in a moment."
UNREADABLE = "I cannot look that up right now. Try again in a moment."
NOTHING_RUNS = "There is nothing to stop: I am not answering here."
NOT_NEWEST = (
    "Only my newest answer here can be given anew or gone on with, and only once it has"
    " ended."
)
THANKS = "Thank you, I have noted that."
UNKNOWN = "I do not know that answer any more."
NOT_DONE = "That did not work. Try again in a moment."
THREAD_FULL = (
    "I did not take this one: as many messages as may wait in one thread wait here"
    " already. Send it again when I have answered some."
)
PERSON_FULL = (
    "I did not take this one: I am still busy with as many messages of yours as one"
    " person may have open. Send it again when I have answered some."
)
_HELP = """\
Write to me directly, or mention me in a channel; in a thread I then go on.
These messages I obey instead of answering, if they hold nothing else:
• memory - shows what I remember of a thread
• remember: … - keeps a fact, word for word
• forget - erases what I remember, once you confirm it
{stop}• help - shows this
In a channel, mention me in front of them. Only you see what I show then.
You can also stop me with :octagonal_sign: or :x: on your question or my answer. Edit \
your newest question, and I answer it anew; delete it, and my answer goes too."""

_STOP = "• {words} - ends my answer, and what waits behind it\n"

_ASK = "Shall I forget all that was said here? The messages themselves stay in Slack."

Ephemeral = dict[str, Any]
"""The arguments of a call that say what it shows."""


def word(text: str) -> Ephemeral:
    """Return a plain text."""
    return {"text": text}


def help_of(stop_words: Collection[str] = STOP_WORDS) -> str:
    """Return what people can do in messages, with the words that end a reply."""
    words = " or ".join(sorted(stop_words))
    return _HELP.format(stop=_STOP.format(words=words) if words else "")


def report(found: MemoryReport) -> Ephemeral:
    """Return what is remembered, shortened where it is too long to be shown."""
    if found.is_empty:
        return word(EMPTY)
    count = f"{found.verbatim} messages word for word"
    if found.left_out:
        count += f", {found.left_out} more wait for their summary"
    tokens = f"{found.used_tokens:,} of {found.budget_tokens:,} tokens"
    parts = [f"What I remember here: {count}; about {tokens}."]
    if found.pinned:
        facts = (f"• {m.text} ({m.speaker.name or m.speaker.id})" for m in found.pinned)
        parts.append("To be kept:\n" + "\n".join(facts))
    if found.summary:
        parts.append(f"Summary of what was before:\n{found.summary}")
    return {"text": parts[0], "blocks": list(sections("\n\n".join(parts)))}


def confirmation(thread: ThreadId) -> Ephemeral:
    """Return the question whether to forget a thread, with its button."""
    button = {
        "type": "button",
        "action_id": FORGET,
        "value": thread,
        "style": "danger",
        "text": plain("Forget"),
        "confirm": {
            "title": plain("Forget this conversation?"),
            "text": plain("What I remember of it is erased and cannot be restored."),
            "confirm": plain("Forget"),
            "deny": plain("Keep"),
            "style": "danger",
        },
    }
    actions = {"type": "actions", "elements": [button]}
    return {"text": _ASK, "blocks": [*sections(_ASK), actions]}


def sections(text: str) -> Iterator[dict[str, Any]]:
    """Yield blocks that show a text, shortened where it is too long to be shown."""
    if len(text) > MAX_SHOWN_CHARS:
        text = text[: MAX_SHOWN_CHARS - 1] + "…"
    for start in range(0, len(text), MAX_SECTION_CHARS):
        piece = text[start : start + MAX_SECTION_CHARS]
        yield {"type": "section", "text": plain(piece)}


def plain(text: str) -> dict[str, Any]:
    """Return a text in which nothing is marked up and nobody called."""
    return {"type": "plain_text", "text": text, "emoji": False}
