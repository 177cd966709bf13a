"""A member of the workspace."""

from dataclasses import dataclass

from bot.playground.workspace.identity import TEAM


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the workspace, or the bot's user."""

    id: str
    name: str
    """Display name, what others see behind the @."""
    team: str = TEAM
    """Home workspace; another one makes the person external (Slack Connect)."""
    bot_id: str = ""
    """Set for bots only."""
    is_restricted: bool = False
    """A guest."""
    is_ultra_restricted: bool = False
    """A guest of a single channel."""
    is_deleted: bool = False
    """Deactivated: may do nothing any more."""
