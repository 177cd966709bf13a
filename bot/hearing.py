"""What hears Slack: its events, what people press, and what they ask of the app."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.conversation.allowance import Allowance
from bot.reception import Reception
from bot.settings import Settings
from bot.slack import channels
from bot.slack.api import preflight
from bot.slack.api import web as slack_web
from bot.slack.api.tokenwatch import TokenWatch
from bot.slack.controls.desk import Desk, Gate
from bot.slack.controls.status import Station
from bot.slack.events.catchup import CatchUp, TurnHistory
from bot.slack.events.policy import Policy
from bot.slack.socket import bolt
from bot.slack.socket.connection import Connection, connected


@dataclass(frozen=True, slots=True)
class Site:
    """One installation in one workspace."""

    settings: Settings
    book: channels.ChannelBook
    slack: slack_web.Web
    bot: preflight.Identity
    policy: Policy

    def wish(self, channel: str) -> channels.Wish:
        """Return how replies in a channel should come."""
        return self.book.settings(channel).delivery or self.settings.delivery

    def station(self, channel: str) -> Station:
        """Return how the bot is set up in a channel."""
        return Station(
            delivery=self.wish(channel),
            model=self.book.settings(channel).model or self.settings.model,
            memory_tokens=self.settings.memory_tokens,
        )


@asynccontextmanager
async def heard(
    site: Site,
    reception: Reception,
    turns: TurnHistory,
    allowance: Allowance,
) -> AsyncGenerator[Connection]:
    """Hear Slack's events, obey, and look up what was missed while none came."""
    slack = site.slack
    gate = Gate(slack, site.bot, site.policy)
    desk = Desk(slack, gate, allowance, site.station, reception.errands.add)
    app = bolt.bolt_app(
        slack, site.bot, reception.listener, reception.pressed, desk.take
    )
    app_token = site.settings.slack_app_token.get_secret_value()
    catchup = CatchUp(slack, site.bot, reception.listener, turns)
    async with (
        connected(
            slack,
            app_token,
            bolt.receiving(app),
            catchup.request,
            has_company=bool(site.settings.database_url.get_secret_value()),
        ) as connection,
        asyncio.TaskGroup() as group,
    ):
        watches = (
            group.create_task(TokenWatch(slack, catchup.request).run()),
            group.create_task(catchup.run()),
            group.create_task(reception.errands.run()),
            group.create_task(reception.stops.run()),
        )
        yield connection
        for watch in watches:
            watch.cancel()
