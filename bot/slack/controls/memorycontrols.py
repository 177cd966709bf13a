"""Commands on the memory: done beside the queue, answered to one person."""

import structlog

from bot.conversation.ports import StoreError
from bot.conversation.steering import Steering
from bot.conversation.turn import ThreadId
from bot.conversation.turnstore import Crowd
from bot.slack.api.response import respond
from bot.slack.api.web import Web
from bot.slack.controls import ephemeral
from bot.slack.controls.aside import reader_of, show
from bot.slack.controls.ephemeral import Ephemeral
from bot.slack.controls.errands import Errands
from bot.slack.events.command import Command
from bot.slack.events.event import SlackMessage
from bot.slack.events.policy import Policy
from bot.slack.events.press import Press

MAX_KNOWN = 1_000
"""How many commands are known again: each comes as two events, or delivered anew."""

log = structlog.stdlib.get_logger()


class Controls:
    """Takes commands and presses at any time; what they ask for is done by errands."""

    def __init__(
        self, web: Web, steering: Steering, policy: Policy, errands: Errands
    ) -> None:
        """Answer over `web` whomever `policy` admits."""
        self._web = web
        self._steering = steering
        self._policy = policy
        self._errands = errands
        self._known: dict[tuple[str, str], None] = {}

    def obey(self, command: Command, message: SlackMessage) -> None:
        """Do what a message asks for, once; never waits.

        A fact to remember is stored already, unless it is too long: it is only
        acknowledged.
        """
        key = message.channel, message.ts
        if key in self._known:
            return
        if len(self._known) >= MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[key] = None
        self._errands.add(lambda: self._answer(command, message))

    def press(self, press: Press) -> None:
        """Do what a button says; never waits. Unknown ones are ignored."""
        if press.action == ephemeral.FORGET:
            self._errands.add(lambda: self._forget(press))

    def refuse(self, message: SlackMessage, crowd: Crowd) -> None:
        """Tell somebody that their message is one too many; never waits."""
        is_thread = crowd == "thread"
        sentence = ephemeral.THREAD_FULL if is_thread else ephemeral.PERSON_FULL
        word = ephemeral.word(sentence)
        self._errands.add(lambda: show(self._web, reader_of(message), word))

    async def _answer(self, command: Command, message: SlackMessage) -> None:
        content = await self._content(command, message.thread)
        await show(self._web, reader_of(message), content)

    async def _content(self, command: Command, thread: ThreadId) -> Ephemeral:
        if command.name == "help":
            return ephemeral.word(ephemeral.help_of(self._policy.stop_words))
        if command.name == "remember":
            said = ephemeral.TOO_LONG if command.is_too_long else ephemeral.REMEMBERED
            return ephemeral.word(said)
        try:
            found = await self._steering.report(thread)
        except StoreError:
            log.exception("the memory could not be read", thread=thread)
            return ephemeral.word(ephemeral.UNREADABLE)
        if command.name == "memory" or found.is_empty:
            return ephemeral.report(found)
        return ephemeral.confirmation(thread)

    async def _forget(self, press: Press) -> None:
        thread = ThreadId(press.value)
        is_admitted = self._policy.admits(
            press.user, press.channel, press.actor_team, press.is_ours
        )
        if not is_admitted or not press.is_in(thread):
            log.warning("a button is not theirs to press", user=press.user)
            return
        try:
            await self._steering.forget(thread)
        except StoreError:
            log.exception("a thread could not be forgotten", thread=thread)
            said = ephemeral.NOT_FORGOTTEN
        else:
            log.info("thread forgotten", thread=thread, user=press.user)
            said = ephemeral.FORGOTTEN
        content = ephemeral.word(said)
        replaced = {**content, "replace_original": True}
        if not await respond(self._web, press.response_url, replaced):
            await show(self._web, reader_of(press), content)
