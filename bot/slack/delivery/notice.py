"""A word to the person who asked, where the reply's place takes nothing more."""

from typing import Any, Final

import structlog

from bot.slack.api.address import Address
from bot.slack.api.web import NoAnswerError, RefusedError, Web
from bot.slack.pacing.budget import POST

UNREACHABLE_ERRORS: Final = frozenset(
    {"channel_not_found", "is_archived", "is_inactive", "not_in_channel"}
)
"""Where not even a message for one person can be shown."""

log = structlog.stdlib.get_logger()


async def notify(web: Web, address: Address, error: str) -> None:
    """Tell the asker that the reply stops here: for their eyes only, else in a DM.

    Tried once each, and left at that: what is said is not the reply.
    """
    if error not in UNREACHABLE_ERRORS and address.kind != "im":
        arguments: dict[str, Any] = {
            "channel": address.channel,
            "user": address.user,
            "text": _sentence(error),
        }
        if await _tell(web, "chat.postEphemeral", arguments):
            return
    text = f"{_sentence(error)} You asked in <#{address.channel}>."
    await _tell(web, POST, {"channel": address.user, "text": text})


async def _tell(web: Web, method: str, arguments: dict[str, Any]) -> bool:
    try:
        await web.write(method, arguments)
    except (RefusedError, NoAnswerError) as error:
        log.info("the asker cannot be told", method=method, error=str(error))
        return False
    return True


def _sentence(error: str) -> str:
    reasons = {
        "is_archived": "the channel is archived",
        "is_inactive": "the channel is archived",
        "channel_not_found": "I am no longer in the channel",
        "not_in_channel": "I am no longer in the channel",
        "thread_not_found": "its thread is gone",
        "restricted_action_thread_locked": "its thread is locked",
        "restricted_action_read_only_channel": "I may not write in the channel",
    }
    reason = reasons.get(error, "Slack does not let me write there any more")
    return f"I could not finish my answer: {reason}."
