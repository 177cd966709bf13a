"""Which writer a reply begins with: as it is set for its place, and has room."""

from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from bot.chunking import utf8_bytes
from bot.slack.channels import Wish
from bot.slack.delivery.auto import AutoWriter
from bot.slack.delivery.edited import EditedMessage
from bot.slack.delivery.growing import GrowingMessage, GrowingWriter, Way
from bot.slack.delivery.lines import LinesWriter
from bot.slack.delivery.outlet import ReplyOutlet, Writer
from bot.slack.delivery.page import Part, Rest
from bot.slack.delivery.pages import Pages
from bot.slack.delivery.poster import Source, Start
from bot.slack.delivery.recovery import Resumption
from bot.slack.delivery.services import Services
from bot.slack.delivery.streamed import StreamedMessage
from bot.slack.pacing.budget import MAX_PAUSE_S, START, UPDATE, Mode
from bot.slack.text.limits import MAX_MESSAGE_CHARS, MAX_STREAM_BYTES


@dataclass(frozen=True, slots=True)
class Equipment:
    """What the writers of a workspace work with."""

    services: Services
    wish: Callable[[str], Wish]
    """Says how replies in a channel should come."""
    post: Callable[[Source], None]
    """Lets the poster of a reply's channel post."""
    start: Start
    """Starts what ends with the delivery."""
    apart: Callable[[Coroutine[None, None, None]], None]
    """Starts what may outlive the reply for a moment."""

    def affordable(self, wanted: Mode) -> Mode:
        """Return the mode that there is room for now, 429s considered."""
        web = self.services.web
        if wanted == "stream" and web.wait_s(START) > MAX_PAUSE_S:
            wanted = "edits"
        if wanted == "edits" and web.wait_s(UPDATE) > MAX_PAUSE_S:
            wanted = "lines"
        return self.services.budget.affordable(wanted)


class Beginning:
    """How one reply begins: with nothing, or with what an earlier attempt left."""

    def __init__(
        self,
        equipment: Equipment,
        running: ExitStack,
        past: Resumption | None,
        replaced: str,
    ) -> None:
        """Begin behind what is `past`, or in place of the message `replaced`, if any.

        While the reply runs, `running` counts it among those that grow.
        """
        self._equipment = equipment
        self._running = running
        self._past = past
        self._replaced = replaced

    def writer(self, outlet: ReplyOutlet) -> Writer:
        """Return the writer that a reply begins with."""
        wish = self._equipment.wish(outlet.address.channel)
        last = self._past and self._past.last
        if wish == "auto" and not (last and last.has_grown):
            return self._auto(outlet)
        wanted: Mode = "edits" if wish == "auto" else wish
        # Slack streams into threads only, and into no message that is there.
        if wanted == "stream" and (self._replaced or not outlet.address.thread_ts):
            wanted = "edits"
        growing = self._growing(outlet, wanted)
        if growing is not None:
            growing.start()
            return growing
        lines = self._lines(outlet)
        if self._past is not None:
            lines.go_on(_rest(self._past))
        return lines

    def _auto(self, outlet: ReplyOutlet) -> AutoWriter:
        auto = AutoWriter(
            outlet,
            lambda done: self._lines(outlet, done),
            # Not a stream: it can be found again after a crash only by its end.
            lambda: self._grown(outlet, "edits"),
        )
        if self._past is not None:
            auto.go_on(_rest(self._past))
        return auto

    def _lines(
        self, outlet: ReplyOutlet, done: Callable[[], None] | None = None
    ) -> LinesWriter:
        shows_all_links = self._equipment.services.shows_all_links
        return LinesWriter(
            outlet, self._equipment.post, done=done, shows_all_links=shows_all_links
        )

    def _growing(self, outlet: ReplyOutlet, wanted: Mode) -> GrowingWriter | None:
        """Return a writer that grows, or none where lines are to be posted."""
        past = self._past
        last = past.last if past is not None else None
        if past is None:
            growing = self._grown(outlet, wanted)
            if growing is not None and self._replaced:
                message = self._edited(outlet)
                message.replace(self._replaced)
                growing.go_on(message)
            return growing
        # What shows anything else than is known must be edited, whatever is wished.
        is_wrong = last is not None and not last.is_exact
        return self._grown(outlet, wanted, past, is_forced=is_wrong)

    def _grown(
        self,
        outlet: ReplyOutlet,
        wanted: Mode,
        past: Resumption | None = None,
        *,
        is_forced: bool = False,
    ) -> GrowingWriter | None:
        """Return a writer in the wanted mode or the next one down; None for lines."""
        ways = self._ways(outlet)
        mode = self._equipment.affordable(wanted)
        if mode == "lines" and is_forced:
            mode = "edits"
            self._running.enter_context(self._equipment.services.budget.running(mode))
            ways = ways[1:]
        else:
            while ways and ways[0].mode != mode:
                del ways[0]
            if not ways or not ways[0].enter():
                return None
        pages = self._pages(outlet, is_stream=mode == "stream")
        growing = GrowingWriter(
            outlet,
            pages,
            ways,
            partial(self._fall_back, outlet),
            self._equipment.start,
            self._equipment.apart,
        )
        if past is not None:
            self._resume(outlet, growing, pages, past, mode)
        return growing

    def _resume(
        self,
        outlet: ReplyOutlet,
        growing: GrowingWriter,
        pages: Pages,
        past: Resumption,
        mode: Mode,
    ) -> None:
        last = past.last
        if last is None or (mode == "stream" and last.is_exact):
            pages.go_on(_rest(past))
            return
        pages.recall(last.before, last.text)
        pages.add(past.rest)
        # What a line that has not ended opens or closes is not known yet.
        if mode == "stream" and past.progress.text.endswith("\n"):
            pages.turn()
        message = self._edited(outlet)
        message.go_on(last.ts, last.seq, past.late_until_s)
        growing.go_on(message)

    def _pages(self, outlet: ReplyOutlet, *, is_stream: bool) -> Pages:
        return Pages(
            lambda: outlet.known,
            limit=MAX_STREAM_BYTES if is_stream else MAX_MESSAGE_CHARS,
            length=utf8_bytes if is_stream else len,
            shows_all_links=self._equipment.services.shows_all_links,
        )

    def _ways(self, outlet: ReplyOutlet) -> list[Way]:
        """Return the ways in which a message may grow, the best first."""
        equipment = self._equipment

        def enter(mode: Mode) -> bool:
            has_room = equipment.affordable(mode) == mode
            if has_room:
                self._running.enter_context(equipment.services.budget.running(mode))
            return has_room

        def streamed(pages: Pages) -> GrowingMessage:
            return StreamedMessage(equipment.services, outlet, pages, equipment.apart)

        def edited(_: Pages) -> GrowingMessage:
            return self._edited(outlet)

        return [Way("stream", streamed, enter), Way("edits", edited, enter)]

    def _edited(self, outlet: ReplyOutlet) -> EditedMessage:
        return EditedMessage(self._equipment.services, outlet, self._equipment.post)

    def _fall_back(self, outlet: ReplyOutlet, remark: str, rest: Rest) -> None:
        """Go on as lines behind what is in Slack."""
        lines = self._lines(outlet)
        if remark:
            lines.remark(remark)
        lines.go_on(rest)
        outlet.write_with(lines)


def _rest(past: Resumption) -> Rest:
    """Return what is known and not in Slack, behind what is."""
    parts = (Part(past.rest, past.rest),) if past.rest else ()
    return Rest(past.delivered, parts)
