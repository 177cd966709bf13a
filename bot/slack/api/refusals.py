"""What Slack's refusals mean for a reply.

Sources: the error tables of https://docs.slack.dev/reference/methods/chat.postMessage,
chat.update, chat.startStream, chat.appendStream and chat.stopStream, read 2026-11.
"""

from typing import Final

from bot.conversation.ports import DeliveryError

MISSING: Final = (
    "Slack did not say whether my last lines arrived: some may be missing here."
)
"""The remark where nobody can know."""

GONE_ERRORS: Final = frozenset(
    {
        "app_access_restricted",
        "cannot_reply_to_message",
        "channel_not_found",
        "ekm_access_denied",
        "is_archived",
        "is_inactive",
        "messages_tab_disabled",
        "missing_scope",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
        "thread_not_found",
    }
)
"""The place takes no reply in any form; every other refusal is tried another way."""

STILL_STREAMING: Final = "streaming_state_conflict"
STREAM_ENDED: Final = "message_not_in_streaming_state"
STOPPED: Final = "stopped_by_user"


class GoneError(DeliveryError):
    """The place of the reply takes nothing more."""

    def __init__(self, error: str) -> None:
        """Keep Slack's error code."""
        super().__init__(f"Slack refused the reply: {error}")
        self.error = error
