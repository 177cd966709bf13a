"""Answers to slash commands, and the Home tab: beside the queue, to one person each."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog

from bot.conversation.allowance import Allowance
from bot.conversation.ports import StoreError
from bot.slack.api.fields import as_object
from bot.slack.api.preflight import Identity
from bot.slack.api.response import respond
from bot.slack.api.web import NoAnswerError, RefusedError, Web
from bot.slack.controls import ephemeral
from bot.slack.controls.status import Station, help_text, home, status_text
from bot.slack.events.policy import Policy
from bot.slack.events.visit import Slash, Visit

PUBLISH = "views.publish"
LOOKUP_TIMEOUT_S = 5.0
"""How long Slack may take to tell whose somebody is."""

log = structlog.stdlib.get_logger()

Job = Callable[[], Awaitable[None]]


class Gate:
    """Says whom the policy admits, where an event does not tell of what workspace."""

    def __init__(self, web: Web, bot: Identity, policy: Policy) -> None:
        """Ask Slack whether people are of the bot's workspace or organisation."""
        self._web = web
        self._bot = bot
        self._policy = policy

    @property
    def stop_words(self) -> Collection[str]:
        """Return what ends a reply."""
        return self._policy.stop_words

    async def admits(self, visit: Visit) -> bool:
        """Say whether a person may use the bot; one that is not known may not."""
        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT_S):
                answer = await self._web.read("users.info", {"user": visit.user})
        except (RefusedError, NoAnswerError, TimeoutError) as error:
            log.warning("a visitor cannot be looked up", error=str(error))
            return False
        person = as_object(answer.get("user"))
        enterprise = as_object(person.get("enterprise_user")).get("enterprise_id")
        team = str(person.get("team_id") or "")
        is_ours = team == self._bot.team or (
            bool(enterprise) and enterprise == self._bot.enterprise
        )
        return self._policy.admits(visit.user, visit.channel, team, is_ours)


class Desk:
    """Takes visits at any time; they are answered by whoever does its jobs."""

    def __init__(
        self,
        web: Web,
        gate: Gate,
        allowance: Allowance,
        station: Callable[[str], Station],
        do: Callable[[Job], None],
    ) -> None:
        """Answer over `web` whom `gate` admits; `do` never waits.

        `station` tells how the bot is set up in a channel.
        """
        self._web = web
        self._gate = gate
        self._allowance = allowance
        self._station = station
        self._do = do
        self._since_s = asyncio.get_running_loop().time()

    def take(self, visit: Visit | None) -> None:
        """Answer a visit soon, if it is one; never waits."""
        if visit is not None:
            self._do(lambda: self._answer(visit))

    async def _answer(self, visit: Visit) -> None:
        if not await self._gate.admits(visit):
            log.warning("a visitor is not admitted", user=visit.user)
        elif isinstance(visit, Slash):
            await self._reply(visit)
        else:
            help_ = help_text(stop_words=self._gate.stop_words)
            view = home(help_, await self._status(visit))
            await self._publish(visit.user, view)

    async def _reply(self, slash: Slash) -> None:
        is_status = slash.words.lower() == "status"
        help_ = help_text(slash.command, self._gate.stop_words)
        text = await self._status(slash) if is_status else help_
        shown = {"response_type": "ephemeral", **ephemeral.word(text)}
        shown["blocks"] = list(ephemeral.sections(text))
        if not await respond(self._web, slash.response_url, shown):
            log.warning("a slash command has no answer", user=slash.user)

    async def _status(self, visit: Visit) -> str:
        try:
            standing = await self._allowance.standing(visit.user)
        except StoreError:
            log.exception("the status could not be read")
            return ephemeral.UNREADABLE
        up_s = asyncio.get_running_loop().time() - self._since_s
        return status_text(self._station(visit.channel), standing, up_s)

    async def _publish(self, user: str, view: dict[str, object]) -> None:
        """Show a person their Home tab; tried once, for they can open it again."""
        try:
            await self._web.write(PUBLISH, {"user_id": user, "view": view})
        except (RefusedError, NoAnswerError) as error:
            log.warning("a Home tab cannot be shown", user=user, error=str(error))
