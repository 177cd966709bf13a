"""What is checked before the first message: whose token it is, and what it may do."""

import asyncio
from dataclasses import dataclass

from bot.conversation.ports import SetupError
from bot.slack.api.web import NoAnswerError, RefusedError, Web

SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "mpim:history",
        "mpim:read",
        "reactions:read",
        "reactions:write",
        "users:read",
    }
)
"""What the manifest asks for; a test holds the two together."""

TIMEOUT_S = 4.0
"""How long Slack may take to answer: whoever starts the bot waits for it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is, by Slack's own word."""

    team: str
    user: str
    bot_id: str
    enterprise: str = ""
    """The organisation of the workspace, if it has one."""


async def identify(web: Web) -> Identity:
    """Ask Slack whose token this is, and whether it was given all scopes.

    Raises:
        SetupError: if Slack refuses the token, it lacks a scope, or Slack cannot be
            reached.
    """
    try:
        async with asyncio.timeout(TIMEOUT_S):
            answer = await web.ask("auth.test")
    except RefusedError as error:
        if error.retry_after_s is not None:
            raise paused(error) from error
        raise SetupError(
            f"Slack refuses SLACK_BOT_TOKEN: {error.error}. Copy it anew from"
            " OAuth & Permissions; install the app again if it was removed."
        ) from error
    except (TimeoutError, NoAnswerError) as error:
        raise unreachable(web.api_url, error) from error
    fields = answer.fields
    if "bot_id" not in fields and "user_id" in fields:
        raise SetupError("SLACK_BOT_TOKEN is a person's; it must be the bot's, xoxb-….")
    # Slack names a token's scopes in every answer: a server that does not is no Slack.
    if missing := SCOPES - answer.scopes:
        raise SetupError(
            f"The app lacks the scope {', '.join(sorted(missing))}. Put manifest.yaml"
            " into App Manifest at api.slack.com/apps, and install the app again."
        )
    ids = [fields.get(name) for name in ("team_id", "user_id", "bot_id")]
    team, user, bot_id = (value if isinstance(value, str) else "" for value in ids)
    if not (team and user and bot_id):
        raise SetupError(f"{web.api_url} does not answer as Slack does.")
    return Identity(
        team=team,
        user=user,
        bot_id=bot_id,
        enterprise=fields.get("enterprise_id") or "",
    )


def paused(error: RefusedError) -> SetupError:
    """Return what is said where Slack asks for a pause."""
    pause_s = error.retry_after_s or 0
    return SetupError(f"Slack asks for a pause of {pause_s:g} s; start again then.")


def unreachable(address: str, error: Exception) -> SetupError:
    """Return what is said where Slack does not answer."""
    reason = str(error) or type(error).__name__
    return SetupError(
        f"{address} cannot be reached ({reason}). Check the network, and"
        " HTTPS_PROXY if there is a proxy."
    )
