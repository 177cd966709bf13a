"""A message that grows by edits: posted once, then brought to its newest state."""

import asyncio
from collections.abc import Callable

import structlog

from bot.slack.api.refusals import GONE_ERRORS
from bot.slack.api.web import RefusedError
from bot.slack.delivery.buttons import Block, stop_row
from bot.slack.delivery.editor import Editor
from bot.slack.delivery.outlet import ReplyOutlet
from bot.slack.delivery.page import Page, Snapshot
from bot.slack.delivery.poster import Post, Source
from bot.slack.delivery.search import DoubtError
from bot.slack.delivery.services import Services
from bot.slack.delivery.slots import Slots
from bot.slack.pacing.budget import UPDATE

log = structlog.stdlib.get_logger()

Held = tuple[str, tuple[Block, ...]]
"""A text, and the buttons below it."""


class EditedMessage:
    """One message: the channel's poster posts it, and chat.update lets it grow."""

    ends_at_s = float("inf")

    def __init__(
        self,
        services: Services,
        outlet: ReplyOutlet,
        ready: Callable[[Source], None],
    ) -> None:
        """Write for `outlet`; `ready` lets the channel's poster post."""
        self.outlet = outlet
        self._services = services
        self._slots = Slots(services, outlet.address.channel, "edits")
        self._ready = ready
        self._page = Page()
        self._taken: Snapshot | None = None
        self._posting: asyncio.Future[str] | None = None
        self._ts = ""
        self._held: Held | None = None
        """What the message holds; None if that is not sure."""
        self._editor: Editor | None = None
        self._is_replacing = False

    def go_on(self, ts: str, seq: int, late_until_s: float) -> None:
        """Edit a message that a dead process left, with call `seq` as it seems."""
        self._edit_from(ts)
        self._held = None
        if self._editor is not None:
            self._editor.resume(seq, late_until_s)

    def replace(self, ts: str) -> None:
        """Edit a message that holds another reply; post where that is not possible."""
        self._edit_from(ts)
        self._held = None
        self._is_replacing = True
        if self._editor is not None and self.outlet.late_until_s > 0:
            self._editor.resume(-1, self.outlet.late_until_s)

    async def bring(self, page: Page) -> None:
        """Post the page, or edit it to the newest state when the call may go."""
        self._page = page
        if self._is_replacing:
            await self._replace(page)
            return
        editor = self._editor
        if editor is None:
            await self._post()
            return
        if self._state(page.snapshot()) != self._held:
            await self._slots.take(UPDATE, page)
        snapshot = page.snapshot()
        if self._state(snapshot) == self._held:
            # It brings nothing to see: the end of a fence, say, closed here already.
            note = self._services.journal.note
            seq = self.outlet.next_seq()
            note(self.outlet.turn.id, seq, self._ts, snapshot.source)
        elif not await self._edit(editor, snapshot):
            return
        is_wrong = False
        if snapshot.is_last and editor.is_in_doubt:
            is_wrong = not await editor.is_last_there()
            self._held = None if is_wrong else self._held
        page.deliver(snapshot, is_open=is_wrong)

    async def abandon(self) -> None:
        """Leave it as it is: nothing in it is open."""

    @property
    def has_text(self) -> bool:
        """Say whether the message is to be posted."""
        is_wanted = self._posting is not None and not self._posting.done()
        return is_wanted and self._taken is None

    def take(self) -> Post:
        """Return the page as it is now."""
        self._taken = self._page.snapshot()
        seq = self.outlet.next_seq()
        text, buttons = self._state(self._taken)
        return Post(seq, text, self._taken.source, buttons=buttons)

    def stored(self, ts: str) -> None:
        """Take note that it is in Slack."""
        self.outlet.store(ts)
        if self._posting is not None and not self._posting.done():
            self._posting.set_result(ts)

    def give_back(self) -> None:
        """Take note that it is not, and may be taken again."""
        self._taken = None
        if self.has_text:
            self._ready(self)

    def refused(self, post: Post, error: RefusedError) -> None:
        """Take note that Slack does not want it."""
        self._fail(error)

    def lost(self) -> None:
        """Take note that nobody will ever know."""
        self._fail(DoubtError(*filter(None, [self._taken])))

    async def _post(self) -> None:
        self._taken = None
        self._posting = asyncio.get_running_loop().create_future()
        self._ready(self)
        self._edit_from(await self._posting)
        if self._taken is not None:
            self._held = self._state(self._taken)
            self._page.deliver(self._taken)

    async def _replace(self, page: Page) -> None:
        """Bring the first state in place of what the message holds."""
        await self._slots.take(UPDATE, page)
        snapshot = page.snapshot()
        try:
            if self._editor is None or not await self._edit(self._editor, snapshot):
                return
        except RefusedError as error:
            if error.error in GONE_ERRORS or page.delivered:
                raise
            log.warning("a reply cannot be replaced", error=error.error)
            self._editor = None
            self._held = None
        else:
            page.deliver(snapshot, is_open=True)
            self.outlet.store(self._ts)
        self._is_replacing = False

    def _edit_from(self, ts: str) -> None:
        self._ts = ts
        self._editor = Editor(self._services, self.outlet, ts)

    async def _edit(self, editor: Editor, snapshot: Snapshot) -> bool:
        """Say whether the message is in a state now."""
        try:
            is_there = await editor.edit(snapshot, self._state(snapshot)[1])
        except RefusedError:
            reached = await editor.arrived()
            if reached is not None:
                self._page.deliver(reached, is_open=True)
            raise
        self._held = self._state(snapshot) if is_there else None
        return is_there

    def _state(self, snapshot: Snapshot) -> Held:
        """Return the message in a state: until its last one it can be stopped."""
        is_offered = self._services.has_controls and not snapshot.is_last
        row = stop_row(self.outlet.turn.id) if is_offered else []
        return snapshot.text, tuple(row)

    def _fail(self, error: Exception) -> None:
        if self._posting is not None and not self._posting.done():
            self._posting.set_exception(error)
