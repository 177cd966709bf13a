"""Commands and buttons: done beside the queue of turns, answered to one person."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from bot.conversation.ports import StoreError
from bot.conversation.steering import Steering
from bot.conversation.turn import ThreadId
from bot.conversation.turnstore import Crowd
from bot.slack import ephemeral
from bot.slack.command import Command
from bot.slack.ephemeral import Ephemeral
from bot.slack.event import SlackMessage
from bot.slack.policy import Policy
from bot.slack.press import Press
from bot.slack.response import respond
from bot.slack.web import NoAnswerError, RefusedError, Web

POST = "chat.postEphemeral"
WORKERS = 4
"""How many are answered at the same time."""
MAX_WAITING = 200
"""More are dropped: whoever sends so many does not wait for answers."""
MAX_KNOWN = 1_000
"""How many commands are known again: each comes as two events, or delivered anew."""

log = structlog.stdlib.get_logger()

Job = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who sees an answer, and where."""

    channel: str
    user: str
    thread_ts: str


class Controls:
    """Takes commands and presses at any time; does them while `run` runs."""

    def __init__(self, web: Web, steering: Steering, policy: Policy) -> None:
        """Answer over `web` whomever `policy` admits."""
        self._web = web
        self._steering = steering
        self._policy = policy
        self._jobs: asyncio.Queue[Job] = asyncio.Queue(MAX_WAITING)
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
        self._add(lambda: self._answer(command, message))

    def press(self, press: Press) -> None:
        """Do what a button says; never waits. Unknown ones are ignored."""
        if press.action == ephemeral.FORGET:
            self._add(lambda: self._forget(press))

    def refuse(self, message: SlackMessage, crowd: Crowd) -> None:
        """Tell somebody that their message is one too many; never waits."""
        is_thread = crowd == "thread"
        sentence = ephemeral.THREAD_FULL if is_thread else ephemeral.PERSON_FULL
        reader = _Reader(message.channel, message.user, message.thread_ts)
        self.do(lambda: self._show(reader, ephemeral.word(sentence)))

    def do(self, job: Job) -> None:
        """Do something beside the queue of turns; never waits."""
        self._add(job)

    async def run(self) -> None:
        """Do what is asked for until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work())

    def _add(self, job: Job) -> None:
        try:
            self._jobs.put_nowait(job)
        except asyncio.QueueFull:
            log.warning("too many commands, one is dropped")

    async def _work(self) -> None:
        while True:
            job = await self._jobs.get()
            try:
                await job()
            except Exception:
                # The boundary: one command's fault must not end the others.
                log.exception("a command failed")

    async def _answer(self, command: Command, message: SlackMessage) -> None:
        reader = _Reader(message.channel, message.user, message.thread_ts)
        await self._show(reader, await self._content(command, message.thread))

    async def _content(self, command: Command, thread: ThreadId) -> Ephemeral:
        if command.name == "help":
            return ephemeral.word(ephemeral.HELP)
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
            reader = _Reader(press.channel, press.user, press.thread_ts)
            await self._show(reader, content)

    async def _show(self, reader: _Reader, content: Ephemeral) -> None:
        """Show something to one person; tried once, for they can ask again."""
        arguments: dict[str, Any] = {
            "channel": reader.channel,
            "user": reader.user,
            **content,
        }
        if reader.thread_ts:
            arguments["thread_ts"] = reader.thread_ts
        try:
            await self._web.write(POST, arguments)
        except (RefusedError, NoAnswerError) as error:
            log.warning("a command's answer cannot be shown", error=str(error))
