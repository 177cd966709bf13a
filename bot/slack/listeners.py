"""From a Slack event to a stored turn, before Slack gets its ack."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog

from bot.conversation.turn import Message, ThreadId, Turn
from bot.slack.event import SlackMessage, slack_message
from bot.slack.policy import Decision, Policy

log = structlog.stdlib.get_logger()


class Acceptor(Protocol):
    """Takes turns: `conversation.inbox.Inbox`."""

    async def accept(self, turn: Turn) -> bool:
        """Store a turn; False if it was accepted before."""
        ...


class Witness(Protocol):
    """Remembers what is said: a memory store."""

    async def add(self, message: Message) -> None:
        """Store a message once."""
        ...

    async def people(self, thread: ThreadId) -> frozenset[str]:
        """Return who spoke in a thread since the bot takes part in it."""
        ...


class Listener:
    """Hears every event of the app, as Bolt middleware.

    Bolt acks an event before its listeners run, but after its middleware: so what is
    stored here is stored before the ack, and what fails here is delivered again.
    """

    def __init__(self, inbox: Acceptor, memory: Witness, policy: Policy) -> None:
        """Hand turns to `inbox` and overheard messages to `memory`."""
        self._inbox = inbox
        self._memory = memory
        self._policy = policy
        # Bolt runs every event in a task of its own; who spoke before matters here.
        self._in_order = asyncio.Lock()

    async def hear(
        self, body: dict[str, Any], next_: Callable[[], Awaitable[None]]
    ) -> None:
        """Store what must be answered or remembered; then let Bolt ack.

        Raises:
            StoreError: if that fails; Bolt then sends no ack.
        """
        message = slack_message(body)
        if message is not None:
            try:
                async with self._in_order:
                    await self._keep(message)
            except Exception:
                log.critical(
                    "a message could not be stored; Slack is not told that it arrived",
                    channel=message.channel,
                    ts=message.ts,
                )
                raise
        await next_()

    async def hear_late(self, message: SlackMessage, *, is_joined: bool) -> bool:
        """Store a message whose event may have been lost; True if it is a new turn.

        `is_joined`: the bot took part in its thread before it was said. Else only what
        is addressed to the bot concerns it, as it was then.

        Raises:
            StoreError: if that fails.
        """
        policy = self._policy
        is_to_bot = policy.welcomes(message) and policy.is_addressed(message)
        async with self._in_order:
            return (is_joined or is_to_bot) and await self._keep(message)

    async def _keep(self, message: SlackMessage) -> bool:
        """Store a message as it deserves; True if it became a new turn."""
        if not self._policy.welcomes(message):
            await self._keep_presence(message)
            return False
        decision = await self._decide(message)
        if decision == "overhear":
            await self._memory.add(message.as_message(is_overheard=True))
        return decision == "answer" and await self._inbox.accept(message.as_turn())

    async def _keep_presence(self, message: SlackMessage) -> None:
        """Remember that a stranger spoke in a thread: it is a talk of two no more."""
        if message.thread_ts and await self._memory.people(message.thread):
            await self._memory.add(message.as_presence())

    async def _decide(self, message: SlackMessage) -> Decision:
        if self._policy.is_addressed(message):
            return "answer"
        if not message.thread_ts:
            return "ignore"
        people = await self._memory.people(message.thread)
        return self._policy.follow_up(message, people)
