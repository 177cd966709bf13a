"""The one writer of a channel: posts what waits, one message a slot, fairly."""

import asyncio
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from bot.conversation.turn import TurnId
from bot.slack import markup
from bot.slack.outlet import LinesOutlet, Post
from bot.slack.pacing import Pace
from bot.slack.record import metadata, posted
from bot.slack.web import NoAnswerError, RefusedError, Web

POST = "chat.postMessage"
GONE_ERRORS = frozenset(
    {
        "cannot_reply_to_message",
        "channel_not_found",
        "ekm_access_denied",
        "is_archived",
        "messages_tab_disabled",
        "missing_scope",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
        "thread_not_found",
    }
)
"""What no other form of the text would mend; every other refusal is tried plain.

Source: https://docs.slack.dev/reference/methods/chat.postMessage, read 2026-11.
"""

LOOKS = 2
"""A message may turn up late, so it is missing only when it is twice."""

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Doubt:
    """How a post is looked for of which it is unknown whether it arrived."""

    pause_s: float = 2.0
    """Before each look."""
    patience_s: float = 900.0
    """How long to go on looking while Slack does not answer."""


class Journal(Protocol):
    """Keeps which message carries which part of a reply."""

    def note(self, turn: TurnId, seq: int, message: str) -> None:
        """Record a posted message; must not wait."""
        ...


class ChannelPoster:
    """Posts the replies of one channel in turns, each message once."""

    def __init__(
        self, web: Web, bot_id: str, journal: Journal, pace: Pace, doubt: Doubt
    ) -> None:
        """Post in the slots of `pace`, as the bot of this id."""
        self._web = web
        self._bot_id = bot_id
        self._journal = journal
        self._pace = pace
        self._doubt = doubt
        self._ready: dict[LinesOutlet, None] = {}
        self.is_running = False

    def add(self, outlet: LinesOutlet) -> None:
        """Let a reply with waiting text take part, behind those that wait already."""
        self._ready.setdefault(outlet)

    async def run(self) -> None:
        """Post until nothing waits. One call at a time."""
        clock = asyncio.get_running_loop().time
        self.is_running = True
        try:
            while self._ready:
                outlet = next(iter(self._ready))
                held_s = self._web.wait_s(POST, outlet.address.channel)
                if wait_s := max(held_s, self._pace.wait_s(clock())):
                    # Behind the pause more may wait, or Slack may have asked for more.
                    await asyncio.sleep(wait_s)
                    continue
                del self._ready[outlet]
                if outlet.has_text:
                    self._pace.spend(clock())
                    await self._post(outlet)
                if outlet.has_text:
                    self.add(outlet)
        finally:
            self.is_running = False

    async def _post(self, outlet: LinesOutlet) -> None:
        # The poster runs in the context of whichever turn woke it.
        with structlog.contextvars.bound_contextvars(turn=outlet.turn.id):
            try:
                await self._try(outlet, outlet.take())
            except Exception:
                # The boundary: one reply's fault must not end the channel's others.
                log.exception("posting failed")
                outlet.fail("posting failed")

    async def _try(self, outlet: LinesOutlet, post: Post) -> None:
        try:
            ts = await self._send(outlet, post)
        except NoAnswerError as error:
            log.warning("it is unknown whether a line was posted", error=str(error))
            await self._look(outlet, post)
        except RefusedError as error:
            self._react(outlet, post, error)
        else:
            self._record(outlet, post, ts)

    async def _send(self, outlet: LinesOutlet, post: Post) -> str:
        answer = await self._web.write(POST, _arguments(outlet, post))
        if "ts" not in answer:
            raise NoAnswerError("an answer without ts")
        return str(answer["ts"])

    def _react(self, outlet: LinesOutlet, post: Post, refusal: RefusedError) -> None:
        """Wait, mend or give up; Slack stored nothing."""
        if refusal.retry_after_s is not None:
            log.warning("Slack asks for a pause", pause_s=refusal.retry_after_s)
            outlet.give_back()
        elif refusal.error not in GONE_ERRORS and not post.is_plain:
            log.warning("Slack refused the form of a message", error=refusal.error)
            outlet.simplify()
        else:
            outlet.fail(f"Slack refused the reply: {refusal.error}")

    async def _look(self, outlet: LinesOutlet, post: Post) -> None:
        """Find out whether a post arrived; post it again only if it did not."""
        try:
            async with asyncio.timeout(self._doubt.patience_s):
                ts = await self._search(outlet, post)
        except TimeoutError:
            if not self._web.token_state.is_refused:
                outlet.fail("Slack does not answer")
                return
            await self._web.token_state.until_accepted()
            await self._look(outlet, post)
        except RefusedError as error:
            outlet.fail(f"the thread cannot be read: {error.error}")
        else:
            if ts is None:
                outlet.give_back()
            else:
                self._record(outlet, post, ts)

    async def _search(self, outlet: LinesOutlet, post: Post) -> str | None:
        """Return the ts of a post if it is in Slack; asks until Slack answers."""
        missing = 0
        while missing < LOOKS:
            await asyncio.sleep(self._doubt.pause_s)
            try:
                found = await posted(
                    self._web, outlet.address, outlet.turn.id, self._bot_id
                )
            except NoAnswerError:
                continue
            except RefusedError as error:
                if error.retry_after_s is None:
                    raise
                continue
            if post.seq in found:
                return found[post.seq]
            missing += 1
        return None

    def _record(self, outlet: LinesOutlet, post: Post, ts: str) -> None:
        self._journal.note(outlet.turn.id, post.seq, ts)
        if not outlet.has_posted:
            log.info("first line posted")
        outlet.stored()


def _arguments(outlet: LinesOutlet, post: Post) -> dict[str, Any]:
    as_text = markup.escaped if post.is_plain else markup.fallback
    arguments: dict[str, Any] = {
        "channel": outlet.address.channel,
        "text": as_text(post.text),
        # Unfurling would let a link in the answer carry data to where it leads.
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": metadata(outlet.turn.id, post.seq),
    }
    if not post.is_plain:
        arguments["blocks"] = [{"type": "markdown", "text": post.text}]
    if outlet.address.thread_ts:
        arguments["thread_ts"] = outlet.address.thread_ts
    return arguments
