"""Where a reply goes, written into its turn so that it survives a restart."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """The place of a question in Slack.

    Posting needs the channel and the thread; who asked, and from which workspace, is
    what streams and ephemeral messages ask for.
    """

    team: str
    """The workspace where the bot is installed."""
    actor_team: str
    """The workspace of the person who asks."""
    user: str
    channel: str
    kind: str
    """`channel`, `group`, `mpim` or `im`."""
    ts: str
    """The question's own ts."""
    thread_ts: str
    """The parent of the thread to answer in; empty for an unthreaded answer."""

    def dump(self) -> str:
        """Return the address as opaque text for a turn."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> "Address":
        """Return what `dump` wrote."""
        return cls(**json.loads(text))
