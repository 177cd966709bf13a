"""The row below the newest reply: it comes behind it, and goes with the next one."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.chunking import Chunk
from bot.conversation.ports import StoreError
from bot.conversation.turn import Cut, Turn, TurnId
from bot.playground.workspace.message import Message
from bot.slack.api.address import Address
from bot.slack.api.record import mark_of
from bot.slack.delivery import buttons, rows
from bot.slack.delivery.delivery import SlackDelivery
from bot.slack.delivery.rows import CUT_PATIENCE_S, LOOK_S, PATIENCE_S
from bot.slack.pacing.budget import POST, STOP, TIERS, UPDATE
from tests.slack.stage import Stage, staged

Work = Callable[["Replies"], Awaitable[None]]


@dataclass
class Replies:
    """A delivery with rows, in one thread."""

    stage: Stage
    mode: Any
    last: set[str] = field(default_factory=set[str])
    """The turns whose reply is the last word; all of them if empty."""
    is_broken: bool = False
    running: int = 0
    """How often turns are said to run yet."""
    attempts: dict[str, int] = field(default_factory=dict[str, int])
    """The last attempt at each turn, where it is not the first."""

    async def stands(self, turn: Turn) -> bool | None:
        if self.is_broken:
            raise StoreError("locked")
        if self.running:
            self.running -= 1
            return None
        return not self.last or turn.id in self.last

    async def is_latest(self, turn: TurnId, attempt: int) -> bool:
        if self.is_broken:
            raise StoreError("locked")
        return self.attempts.get(turn, 1) == attempt

    def process(self) -> SlackDelivery:
        """Return what delivers in one process."""
        services = replace(
            self.stage.services,
            has_controls=True,
            stands=self.stands,
            is_latest=self.is_latest,
        )
        return SlackDelivery(services, lambda _: self.mode)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        async with self.process() as self.delivery:
            yield

    def again(self, turn: Turn, *, anew: bool = False) -> Turn:
        """Let another attempt at a turn begin."""
        attempts = self.attempts[turn.id] = turn.attempts + 1
        since = attempts if anew else turn.since_attempt
        return replace(turn, attempts=attempts, since_attempt=since)

    async def reply(
        self, turn: Turn, text: str = "One.\n", cut: Cut | None = ""
    ) -> None:
        async with self.delivery.open(turn) as outlet:
            for line in text.splitlines(keepends=True):
                outlet.send(Chunk(line))
                await asyncio.sleep(0.1)
            if cut is not None:
                outlet.offer(cut)

    def messages(self, turn: Turn) -> list[Message]:
        address = Address.load(turn.address)
        workspace = self.stage.slack.workspace
        return list(workspace.thread(address.channel, address.thread_ts))[1:]

    def rows(self, turn: Turn) -> list[list[str]]:
        """Return the actions that each of the bot's messages offers."""
        return [
            [
                element["action_id"]
                for block in message.blocks
                if block["type"] in ("actions", "context_actions")
                for element in block["elements"]
            ]
            for message in self.messages(turn)
        ]

    def follow_up(self, turn: Turn, ts: str) -> Turn:
        """Return the next turn of a turn's thread."""
        address = replace(Address.load(turn.address), ts=ts)
        question = replace(turn.question, position=ts)
        id_ = type(turn.id)(f"{turn.id}-{ts}")
        return replace(turn, id=id_, question=question, address=address.dump())


ROW = [buttons.FEEDBACK, buttons.REGENERATE]


def played(work: Work, mode: str = "lines", **by_method: list[str]) -> None:
    async def play(stage: Stage) -> None:
        replies = Replies(stage, mode)
        async with replies.open():
            await work(replies)

    staged(play, **by_method)


@pytest.mark.parametrize("mode", ["lines", "edits", "stream"])
def test_the_last_message_gets_the_row_and_stays_as_it_is(mode: str) -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(
            turn, "One.\n\n```py\nx\n```\n| a | b |\n|--|--|\n| 1 | 2 |\n"
        )
        before = replies.messages(turn)
        await asyncio.sleep(1)
        after = replies.messages(turn)

        assert replies.rows(turn)[-1] == ROW
        assert not any(replies.rows(turn)[:-1])
        shown = [m.markdown.rstrip() for m in before]
        assert [m.markdown for m in after] == shown
        assert [m.metadata for m in after] == [m.metadata for m in before]
        assert mark_of({"metadata": after[-1].metadata, "bot_id": "B"}, "B")
        assert not after[-1].is_edited

    played(play, mode)


def test_a_reply_that_is_cut_can_be_gone_on_with() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn, cut="length")
        await asyncio.sleep(1)
        assert replies.rows(turn) == [[*ROW, buttons.CONTINUE]]

    played(play)


@pytest.mark.parametrize("mode", ["lines", "edits", "stream"])
def test_the_next_reply_takes_the_row(mode: str) -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn)
        await asyncio.sleep(1)
        await replies.reply(replies.follow_up(turn, "9.0"))
        await asyncio.sleep(1)
        assert replies.rows(turn) == [[], ROW]

    played(play, mode)


def test_a_row_that_is_on_its_way_when_the_next_reply_is_there_goes_too() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn)
        await replies.reply(replies.follow_up(turn, "9.0"))
        await asyncio.sleep(20)
        assert replies.rows(turn) == [[], ROW]

    played(play, chat_update=["slow:2"])


def test_what_nobody_may_judge_gets_no_row_but_takes_the_old_one() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn)
        await asyncio.sleep(1)
        await replies.reply(replies.follow_up(turn, "9.0"), cut=None)
        await asyncio.sleep(1)
        assert replies.rows(turn) == [[], []]

    played(play)


def test_where_a_newer_turn_waits_there_is_no_row() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        replies.last = {"another"}
        await replies.reply(turn)
        replies.last, replies.is_broken = set(), True
        await replies.reply(replies.follow_up(turn, "9.0"))
        await asyncio.sleep(1)
        assert replies.rows(turn) == [[], []]

    played(play)


def test_the_row_comes_when_the_turn_has_ended() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        replies.running = 5
        await replies.reply(turn)
        await asyncio.sleep(4 * LOOK_S)
        assert replies.stage.calls(UPDATE) == []
        await asyncio.sleep(2 * LOOK_S)
        assert replies.rows(turn) == [ROW]

    played(play)


@pytest.mark.parametrize("mode", ["lines", "edits", "stream"])
def test_a_way_to_go_on_is_there_before_the_turn_ends(mode: str) -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        replies.running = 10
        await replies.reply(turn, cut="interrupted")
        assert replies.rows(turn)[-1] == [*ROW, buttons.CONTINUE]

        replies.running = 0
        written = len(replies.stage.calls(UPDATE))
        await asyncio.sleep(4 * LOOK_S)
        assert len(replies.stage.calls(UPDATE)) == written

    played(play, mode)


@pytest.mark.parametrize("trouble", ["lost before", "429:20", "held:20"])
def test_a_turn_does_not_wait_long_for_a_way_to_go_on(trouble: str) -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        begun_s = replies.stage.now_s
        await replies.reply(turn, cut="interrupted")
        assert replies.stage.now_s - begun_s < CUT_PATIENCE_S + 1
        assert replies.rows(turn) == [[]]

        await asyncio.sleep(2 * PATIENCE_S)
        assert replies.rows(turn) == [[*ROW, buttons.CONTINUE]]

    played(play, **{UPDATE: [trouble] * 2})


@pytest.mark.parametrize("trouble", ["lost before", "429:20", "slow:20"])
def test_a_thread_has_one_row_however_slow_slack_is(trouble: str) -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        for number in range(3):
            turn = replies.follow_up(turn, f"1760000001.00000{number}")
            await replies.reply(turn, cut="interrupted")
            await asyncio.sleep(4 * PATIENCE_S)
            *earlier, last = replies.rows(turn)
            assert not any(earlier)
            assert last == [*ROW, buttons.CONTINUE]

    played(play, **{UPDATE: ["ok", *[trouble] * 2, "ok", trouble, "ok"]})


def test_where_slack_shows_no_feedback_buttons_all_rows_are_plain() -> None:
    async def play(replies: Replies) -> None:
        plain = [f"{buttons.FEEDBACK}_good", f"{buttons.FEEDBACK}_bad", ROW[1]]
        for _ in range(2):
            turn = replies.stage.ask()
            await replies.reply(turn)
            await asyncio.sleep(3)
            assert replies.rows(turn) == [plain]
        assert len(replies.stage.calls(UPDATE)) == 3

    played(play, chat_update=["refused:invalid_blocks"])


def test_what_slack_refuses_otherwise_is_left() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn)
        await asyncio.sleep(1)
        assert replies.rows(turn) == [[]]
        turn = replies.stage.ask()
        await replies.reply(turn)
        await asyncio.sleep(3)
        assert replies.rows(turn) == [ROW]

    played(play, chat_update=["refused:edit_window_closed"])


def test_a_message_without_blocks_gets_none() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn)
        await asyncio.sleep(5)
        assert replies.stage.calls(UPDATE) == []

    played(play, chat_postMessage=["refused:invalid_blocks"])


def test_a_row_that_was_pressed_goes_at_once_and_does_not_come_back() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn, cut="length")
        await asyncio.sleep(1)
        await replies.delivery.rows.clear(turn.id)
        assert replies.rows(turn) == [[]]
        await replies.delivery.rows.clear(turn.id)
        again = replies.again(turn)
        await replies.delivery.resume(again)
        await replies.reply(again, "Two.\n")
        await asyncio.sleep(1)
        assert replies.rows(turn) == [[], ROW]
        # One comes, one goes, one comes.
        assert len(replies.stage.calls(UPDATE)) == 3

    played(play)


def test_a_reply_that_is_gone_on_with_keeps_no_older_row() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn, cut="length")
        await asyncio.sleep(1)
        again = replies.again(turn)
        await replies.delivery.resume(again)
        await replies.reply(again, "Two.\n")
        await asyncio.sleep(1)
        assert replies.rows(turn) == [[], ROW]

    played(play)


def test_nothing_is_written_over_a_reply_that_is_given_anew() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn)
        await asyncio.sleep(0.5)
        begun_s = replies.stage.now_s
        again = replies.again(turn, anew=True)
        async with replies.delivery.open(again) as outlet:
            # The row's call had to end first.
            assert replies.stage.now_s - begun_s > 1
            count = len(replies.stage.calls(UPDATE))
            await asyncio.sleep(30)
            assert len(replies.stage.calls(UPDATE)) == count
            outlet.send(Chunk("Two.\n"))

    played(play, chat_update=["slow:2"])


@pytest.mark.parametrize("mode", ["edits", "stream"])
def test_nothing_is_written_over_a_reply_that_another_process_gave_anew(
    mode: str,
) -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn, "Old.\n")
        await asyncio.sleep(1)
        first = replies.delivery
        async with replies.process() as replies.delivery:
            await replies.reply(replies.again(turn, anew=True), "New.\n")
            await asyncio.sleep(1)
        replies.delivery = first
        await first.rows.clear(turn.id)
        await replies.reply(replies.follow_up(turn, "9.0"))
        await asyncio.sleep(1)
        assert [m.markdown.strip() for m in replies.messages(turn)] == ["New.", "One."]

    played(play, mode)


def test_a_row_is_not_tried_again_once_people_want_another_reply() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn)
        await asyncio.sleep(0.5)
        assert len(replies.stage.calls(UPDATE)) == 1
        replies.last = {"another"}
        await asyncio.sleep(2 * PATIENCE_S)
        assert len(replies.stage.calls(UPDATE)) == 1

    played(play, chat_update=["lost before"])


def test_a_row_stays_while_the_database_cannot_be_asked() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn)
        await asyncio.sleep(1)
        replies.is_broken = True
        await replies.delivery.rows.clear(turn.id)
        assert replies.rows(turn) == [ROW]
        replies.is_broken = False
        await replies.delivery.rows.clear(turn.id)
        assert replies.rows(turn) == [[]]

    played(play)


def test_a_row_that_is_taken_away_is_waited_for_by_the_next_attempt() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn, "Old.\n")
        await asyncio.sleep(5)
        replies.stage.start(replies.delivery.rows.clear(turn.id))
        await asyncio.sleep(0.1)
        await replies.reply(replies.again(turn, anew=True), "New.\n", cut=None)
        await asyncio.sleep(9)
        assert [m.markdown.strip() for m in replies.messages(turn)] == ["New."]

    played(play, "edits", chat_update=["ok", "ok", "held:5"])


def test_rows_leave_edits_to_replies_that_grow() -> None:
    async def play(replies: Replies) -> None:
        interval_s, burst = TIERS[UPDATE]
        for _ in range(burst - 5):
            replies.stage.budget.spend(UPDATE)
        turn = replies.stage.ask()
        await replies.reply(turn)
        await asyncio.sleep(3 * interval_s)
        assert replies.stage.calls(UPDATE) == []
        await asyncio.sleep(6 * interval_s)
        assert replies.rows(turn) == [ROW]

    played(play)


def test_a_row_that_cannot_come_is_given_up() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn)
        await asyncio.sleep(PATIENCE_S + 1)
        count = len(replies.stage.calls(UPDATE))
        await asyncio.sleep(1_000)
        assert len(replies.stage.calls(UPDATE)) == count

    played(play, chat_update=["429:100"])


def test_only_so_many_rows_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 1)

    async def play(replies: Replies) -> None:
        turns = [replies.stage.ask() for _ in range(2)]
        for turn in turns:
            await replies.reply(turn)
            await asyncio.sleep(1)
        for turn in turns:
            await replies.reply(replies.follow_up(turn, "9.0"))
            await asyncio.sleep(1)
        assert replies.rows(turns[0]) == [ROW, ROW]
        assert replies.rows(turns[1]) == [[], ROW] or replies.rows(turns[1])

    played(play)


def test_a_message_that_grows_can_be_stopped_until_its_last_state() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        async with replies.delivery.open(turn) as outlet:
            outlet.send(Chunk("One.\n"))
            await asyncio.sleep(3)
            assert replies.rows(turn) == [[buttons.STOP]]
            outlet.send(Chunk("Two.\n"))
            await asyncio.sleep(3)
            assert replies.rows(turn) == [[buttons.STOP]]
        # The last state shows nothing new, but takes the button away.
        assert replies.rows(turn) == [[]]
        assert len(replies.stage.calls(POST) + replies.stage.calls(UPDATE)) == 3

    played(play, "edits")


def test_a_stream_is_stopped_by_slacks_own_button() -> None:
    async def play(replies: Replies) -> None:
        turn = replies.stage.ask()
        await replies.reply(turn, "One.\nTwo.\n", cut=None)
        (stop,) = replies.stage.calls(STOP)
        assert "blocks" not in stop.arguments
        assert replies.rows(turn) == [[]]

    played(play, "stream")
