"""Replies that grow: messages that get longer by whole lines, one after the other."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from bot.conversation.ports import DeliveryError, StoppedError
from bot.slack.api.refusals import GONE_ERRORS, MISSING, STOPPED, GoneError
from bot.slack.api.web import RefusedError
from bot.slack.delivery.outlet import ReplyOutlet
from bot.slack.delivery.page import Page, Rest
from bot.slack.delivery.pages import Pages
from bot.slack.delivery.poster import Start
from bot.slack.delivery.search import DoubtError
from bot.slack.pacing.budget import Mode

log = structlog.stdlib.get_logger()


class GrowingMessage(Protocol):
    """One message that grows, by whatever means."""

    async def bring(self, page: Page) -> None:
        """Bring the newest state of a page into Slack; wait until it may be.

        Raises:
            RefusedError: if Slack does not want it in this mode.
            DoubtError: if it is unknown for good whether it arrived.
        """
        ...

    async def abandon(self) -> None:
        """Close what people would see as open, once: nothing more will come."""
        ...

    @property
    def ends_at_s(self) -> float:
        """The loop's time at which it must end, whatever it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """One of the ways in which a message may grow."""

    mode: Mode
    begin: Callable[[Pages], GrowingMessage]
    room: Callable[[Mode], bool]
    """Counts the reply among those that take it, if there is room; says whether."""

    def enter(self) -> bool:
        """Take the way, if there is room."""
        return self.room(self.mode)


class GrowingWriter:
    """Writes a reply on pages, one message each, until all is in Slack."""

    def __init__(
        self,
        outlet: ReplyOutlet,
        pages: Pages,
        begins: Sequence[Way],
        fall_back: Callable[[str, Rest], None],
        start: Start,
        abandon: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        """Write for `outlet`; the first of `begins`, entered already, makes messages.

        Where Slack wants no such message the next one does. Behind the last one
        `fall_back` is given what is not in Slack, and a remark to go before it.
        """
        self._outlet = outlet
        self._pages = pages
        self._begins = deque(begins)
        self._fall_back = fall_back
        self._start = start
        self._abandon = abandon
        self._message: GrowingMessage | None = None
        self._page: Page | None = None
        self._woken = asyncio.Event()
        self._has_ended = False
        self._cancel: Callable[[], object] | None = None

    def go_on(self, message: GrowingMessage) -> None:
        """Let the page that comes first be a message that exists already."""
        self._page, self._message = self._pages.current, message

    def start(self) -> None:
        """Begin to write what has come, and what comes."""
        self._cancel = self._start(self._run())

    def add(self, text: str) -> None:
        """Take the next lines, or the next part of a line."""
        self._pages.add(text)
        self._woken.set()

    def remark(self, sentence: str) -> None:
        """Take the bot's own word."""
        self._pages.remark(sentence)
        self._woken.set()

    def end(self) -> None:
        """Take note that nothing more will come."""
        self._has_ended = True
        self._pages.end()
        self._woken.set()

    def give_up(self) -> None:
        """Begin no further call."""
        if self._cancel is not None:
            self._cancel()
        if self._message is not None:
            message, self._message = self._message, None
            self._abandon(message.abandon())

    async def _run(self) -> None:
        """Write until the reply has ended and is in Slack, or cannot be."""
        with structlog.contextvars.bound_contextvars(turn=self._outlet.turn.id):
            try:
                await self._write()
            except DeliveryError as failure:
                self._outlet.fail(failure)
            except Exception:
                # The boundary: one reply's fault must not end the others.
                log.exception("writing failed")
                self._outlet.fail(DeliveryError("writing failed"))

    async def _write(self) -> None:
        while self._begins:
            self._woken.clear()
            page = self._pages.current
            if page.is_delivered and self._has_ended:
                self._outlet.settle()
                return
            if page.has_news and page.has_text:
                await self._bring(page)
            elif page.is_whole and not page.is_delivered:
                page.is_delivered = True
            else:
                await self._wait(page)

    async def _bring(self, page: Page) -> None:
        if page is not self._page or self._message is None:
            self._page, self._message = page, self._begins[0].begin(self._pages)
        elif asyncio.get_running_loop().time() >= self._message.ends_at_s:
            self._pages.turn()
        try:
            await self._message.bring(page)
        except RefusedError as error:
            self._react(error)
        except DoubtError as error:
            log.warning("nobody knows whether a line was posted")
            for snapshot in error.args:
                page.deliver(snapshot, is_open=True)
            self._begins.clear()
            self._fall_back(MISSING, self._pages.rest())

    async def _wait(self, page: Page) -> None:
        """Wait until there is more to write, or the message must end."""
        is_begun = page is self._page and self._message is not None
        is_open = is_begun and not page.is_whole
        ends_at_s = self._message.ends_at_s if is_open and self._message else None
        try:
            async with asyncio.timeout_at(ends_at_s):
                await self._woken.wait()
        except TimeoutError:
            self._pages.turn()

    def _react(self, error: RefusedError) -> None:
        """Give up, or go on in the next mode with what is not in Slack."""
        if error.error == STOPPED:
            raise StoppedError("a reader stopped the reply") from error
        if error.error in GONE_ERRORS:
            raise GoneError(error.error) from error
        log.warning("Slack refused a message that grows", error=error.error)
        self._begins.popleft()
        while self._begins and not self._begins[0].enter():
            self._begins.popleft()
        if self._begins:
            self._pages = self._pages.resumed()
            self._message = None
            if self._has_ended:
                self._pages.end()
        else:
            self._fall_back("", self._pages.rest())
