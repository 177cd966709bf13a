"""From a Slack event to a stored turn, before Slack gets its ack."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Protocol

import structlog

from bot.conversation.turn import Delivered, Message, Role, ThreadId, Turn, TurnId
from bot.conversation.turnstore import Crowd, FullError
from bot.slack.events.command import Command, command_of
from bot.slack.events.early import EarlyChanges
from bot.slack.events.event import SlackMessage, slack_message
from bot.slack.events.policy import Decision, Policy
from bot.slack.events.reaction import StopSign, stop_sign
from bot.slack.events.revision import Deletion, Edit, revision

log = structlog.stdlib.get_logger()


class Acceptor(Protocol):
    """Takes turns: `conversation.inbox.Inbox`."""

    async def accept(self, turn: Turn) -> bool:
        """Store a turn; False if it was accepted before.

        Raises:
            FullError: if it is one too many.
        """
        ...


class Witness(Protocol):
    """Remembers what is said: `conversation.memory.Memory`."""

    async def add(self, message: Message) -> None:
        """Store a message once."""
        ...

    async def pin(self, fact: Message) -> None:
        """Store once what must be remembered word for word."""
        ...

    async def people(self, thread: ThreadId) -> frozenset[str]:
        """Return who spoke in a thread since the bot takes part in it."""
        ...

    async def edit(self, message: Message) -> bool:
        """Replace what was said; False if that changes nothing."""
        ...

    async def delete(
        self, thread: ThreadId, position: str, role: Role = "person"
    ) -> bool:
        """Take away what was said; False if nothing is remembered of it."""
        ...

    async def retract(self, thread: ThreadId, gone: Delivered) -> bool:
        """Take one message of the bot's out of its reply; False if it is of none."""
        ...


class Steward(Protocol):
    """Answers commands: `memorycontrols.Controls`."""

    def obey(self, command: Command, message: SlackMessage) -> None:
        """Do what a message asks for, once; never waits."""
        ...

    def refuse(self, message: SlackMessage, crowd: Crowd) -> None:
        """Tell somebody that their message is one too many; never waits."""
        ...


class Overseer(Protocol):
    """Does what people demand of turns: `turncontrols.TurnControls`."""

    async def stop(self, message: SlackMessage) -> None:
        """End what runs and waits in a message's thread, once for each message."""
        ...

    async def obey_sign(self, sign: StopSign) -> None:
        """End the turn of a question or a reply that its asker put an emoji on."""
        ...

    async def revise(self, thread: ThreadId, position: str) -> None:
        """Let a question whose text was changed be answered anew."""
        ...

    async def stop_turn(self, turn: TurnId) -> None:
        """End the turn of a message that is no question any more."""
        ...

    async def withdraw(self, thread: ThreadId, position: str) -> None:
        """Let the reply to a deleted question disappear."""
        ...


class Listener:
    """Hears every event of the app, as Bolt middleware.

    Bolt acks an event before its listeners run, but after its middleware: so what is
    stored here is stored before the ack, and what fails here is delivered again.
    """

    def __init__(
        self,
        inbox: Acceptor,
        memory: Witness,
        policy: Policy,
        steward: Steward,
        overseer: Overseer,
    ) -> None:
        """Hand turns to `inbox`, commands to `steward`, and the rest to `memory`.

        What concerns turns that are accepted already goes to `overseer`.
        """
        self._inbox = inbox
        self._memory = memory
        self._policy = policy
        self._steward = steward
        self._overseer = overseer
        self._early = EarlyChanges()
        # Bolt runs every event in a task of its own; who spoke before matters here.
        self._in_order = asyncio.Lock()

    async def hear(
        self, body: dict[str, Any], next_: Callable[[], Awaitable[None]]
    ) -> None:
        """Store what must be answered, remembered or changed; then let Bolt ack.

        Raises:
            StoreError: if that fails; Bolt then sends no ack.
        """
        heard = slack_message(body) or revision(body) or stop_sign(body)
        if heard is not None:
            try:
                async with self._in_order:
                    await self._take(heard)
            except Exception:
                log.critical(
                    "a message could not be stored; Slack is not told that it arrived",
                    channel=heard.channel,
                    ts=heard.ts,
                )
                raise
        await next_()

    async def hear_late(self, message: SlackMessage, *, is_joined: bool) -> bool:
        """Store a message whose event may have been lost; True if it is a new turn.

        `is_joined`: the bot took part in its thread before it was said. Else only what
        is addressed to the bot concerns it, as it was then. Of the commands only a fact
        to remember counts: whoever asked to see something is no longer there, and what
        was to be stopped may have ended long ago.

        Raises:
            StoreError: if that fails.
        """
        policy = self._policy
        is_to_bot = policy.welcomes(message) and policy.is_addressed(message)
        async with self._in_order:
            if not (is_joined or is_to_bot):
                return False
            return await self._keep(message, is_late=True)

    async def hear_edited(self, message: SlackMessage) -> None:
        """Change a message whose edit may have been missed.

        Raises:
            StoreError: if that fails.
        """
        async with self._in_order:
            await self._revise(Edit(message))

    async def _take(self, heard: SlackMessage | Edit | Deletion | StopSign) -> None:
        if isinstance(heard, StopSign):
            await self._overseer.obey_sign(heard)
        elif not isinstance(heard, SlackMessage):
            await self._revise(heard)
        elif (message := self._early.applied(heard)) is not None:
            await self._keep(message)

    async def _keep(self, message: SlackMessage, *, is_late: bool = False) -> bool:
        """Store a message as it deserves; True if it became a new turn."""
        if not self._policy.welcomes(message):
            await self._keep_presence(message)
            return False
        decision = await self._decide(message)
        if decision == "overhear":
            await self._memory.add(message.as_message(is_overheard=True))
        if decision != "answer":
            return False
        command = self._command(message)
        if command is None:
            return await self._accept(message)
        if command.name == "remember" and not command.is_too_long:
            await self._memory.pin(_remembered(command, message))
        if not is_late:
            await self._obey(command, message)
        return False

    async def _obey(self, command: Command, message: SlackMessage) -> None:
        if command.name == "stop":
            await self._overseer.stop(message)
        else:
            self._steward.obey(command, message)

    async def _accept(self, message: SlackMessage) -> bool:
        try:
            return await self._inbox.accept(message.as_turn())
        except FullError as full:
            log.warning("a message is one too many", crowd=full.crowd, ts=message.ts)
            self._steward.refuse(message, full.crowd)
            return False

    async def _revise(self, change: Edit | Deletion) -> None:
        """Change what is remembered, if it is, and its reply with it.

        What strangers say never is.
        """
        if isinstance(change, Deletion) and change.bot_id:
            if change.bot_id == self._policy.bot_id:
                await self._memory.retract(change.threads[0], change.reply)
            return
        if isinstance(change, Edit) and not self._policy.welcomes(change.message):
            return
        known = [await self._revise_in(thread, change) for thread in change.threads]
        if not any(known):
            self._early.note(change)

    async def _revise_in(self, thread: ThreadId, change: Edit | Deletion) -> bool:
        if isinstance(change, Edit):
            return await self._edit_in(thread, change)
        is_known = await self._memory.delete(thread, change.ts)
        await self._overseer.withdraw(thread, change.ts)
        return is_known

    async def _edit_in(self, thread: ThreadId, change: Edit) -> bool:
        """Let a question be answered as it reads now, unless it is a command now."""
        command = self._command(change.message)
        now = _remembered(command, change.message)
        if not await self._memory.edit(replace(now, thread=thread)):
            return False
        if command is None:
            await self._overseer.revise(thread, change.ts)
        else:
            await self._overseer.stop_turn(change.message.turn)
        return True

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

    def _command(self, message: SlackMessage) -> Command | None:
        """Return the command that a message is; one with a file is none."""
        if message.files:
            return None
        policy = self._policy
        return command_of(message.text, policy.bot_user, policy.stop_words)


def _remembered(command: Command | None, message: SlackMessage) -> Message:
    """Return what is kept of a message: of a fact not the order to remember it."""
    said = message.as_message(is_overheard=False)
    is_fact = command is not None and command.name == "remember"
    return replace(said, text=command.fact) if command and is_fact else said
