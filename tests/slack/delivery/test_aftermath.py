"""What earlier attempts left: replaced, deleted, and never seen twice."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chunking import Chunk
from bot.conversation.ports import LostError
from bot.conversation.turn import Turn, TurnId
from bot.playground.webapi.limits import Limits
from bot.slack.channels import Wish
from bot.slack.delivery.delivery import SlackDelivery
from bot.slack.delivery.recovery import SEQ_PER_ATTEMPT
from bot.slack.pacing.budget import DELETE, POST, START, STOP, UPDATE
from tests.long import examples
from tests.slack.delivery.test_faults import CHANNEL, MODES, SETTLED_S, asked
from tests.slack.lives import Life, Story
from tests.slack.schedule import Schedule, fault_schedules
from tests.slack.stage import Stage, staged
from tests.slack.virtual import WirelessSlack, virtually
from tests.slack.watch import visible

OLD = [f"old {number}\n" for number in range(3)]
NEW = ["new 0\n", "new 1\n"]


def anew(turn: Turn) -> Turn:
    """Return a turn whose question was changed."""
    return replace(turn, attempts=turn.attempts + 1, since_attempt=turn.attempts + 1)


@pytest.mark.parametrize("mode", MODES)
def test_a_reply_that_is_given_anew_stands_alone(mode: Wish) -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await stage.reply(mode, OLD, 2.0, turn)

        await stage.reply(mode, NEW, 2.0, anew(turn))

        assert "\n".join(stage.shows(turn)) == "new 0\nnew 1"
        assert stage.notes.text() == "".join(NEW)

    staged(play)


@pytest.mark.parametrize("mode", ["edits", "stream"])
def test_a_message_that_grew_becomes_the_new_replys(mode: Wish) -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await stage.reply(mode, OLD, 2.0, turn)
        (before,) = stage.messages(turn)

        await stage.reply(mode, NEW, 2.0, anew(turn))

        assert stage.messages(turn) == [before]
        assert stage.calls(DELETE) == []

    staged(play)


def test_an_old_message_that_is_gone_is_not_waited_for() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await stage.reply("edits", OLD, 2.0, turn)
        stage.slack.workspace.delete("C0DEV", stage.messages(turn)[0])

        await stage.reply("edits", NEW, 2.0, anew(turn))

        assert stage.shows(turn) == ["new 0\nnew 1"]

    staged(play)


@pytest.mark.parametrize("mode", MODES)
def test_a_reply_is_taken_away_and_forgotten(mode: Wish) -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await stage.reply(mode, OLD, 2.0, turn)

        async with stage.delivery(mode) as delivery:
            await delivery.remove(replace(turn, attempts=2))

        assert stage.shows(turn) == []
        assert (await stage.notes.of(turn.id)).notes == ()

    staged(play)


def test_what_stands_nowhere_any_more_is_taken_away_too() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await stage.reply("lines", OLD, 2.0, turn)
        stage.slack.refusals["C0DEV"] = "channel_not_found"

        async with stage.delivery("lines") as delivery:
            await delivery.remove(replace(turn, attempts=2))

        assert (await stage.notes.of(turn.id)).notes == ()

    staged(play)


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=examples(3, 200))
@given(
    dies_after_s=st.lists(st.floats(0, 12), max_size=3),
    schedule=fault_schedules(max_calls=15),
)
def test_an_old_reply_is_gone_wherever_a_process_dies(
    mode: Wish, dies_after_s: list[float], schedule: Schedule
) -> None:
    async def play() -> None:
        slack = WirelessSlack(Limits(), schedule=schedule)
        story = Story(slack, asked(slack), [(line, 2.0) for line in OLD])
        await story.live(Life(mode, 7.0))
        story.change([(line, 2.0) for line in NEW])
        for age_s in [*dies_after_s, float("inf")]:
            if await story.live(Life(mode, age_s)):
                break
        await asyncio.sleep(SETTLED_S)

        shown = visible(slack.workspace, CHANNEL, story.turn.question.position)
        assert "\n".join(shown).split() == "".join(NEW).split()
        first = (story.since_attempt - 1) * SEQ_PER_ATTEMPT
        assert story.journal.text(from_seq=first).split() == "".join(NEW).split()
        assert story.journal.text().split() == "".join(NEW).split()

    virtually(play())


class Lease:
    """Says whose a turn is."""

    def __init__(self) -> None:
        self.is_lost = False
        self.is_sure = asyncio.Event()
        self.is_sure.set()

    async def assured(self, turn: TurnId) -> None:
        await self.is_sure.wait()
        if self.is_lost:
            raise LostError(turn)

    def delivery(self, stage: Stage, mode: Wish) -> SlackDelivery:
        """Return a delivery that looks at this lease before each call."""
        return SlackDelivery(
            replace(stage.services, assured=self.assured), lambda _: mode
        )


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_called_for_a_turn_that_is_lost(mode: Wish) -> None:
    async def play(stage: Stage) -> None:
        turn, lease = stage.ask(), Lease()
        async with lease.delivery(stage, mode) as delivery:
            with pytest.raises(LostError):  # noqa: PT012 - it is raised on leaving
                async with delivery.open(turn) as outlet:
                    outlet.send(Chunk("one\n"))
                    await asyncio.sleep(2)
                    lease.is_lost = True
                    before = len(stage.slack.calls)
                    outlet.send(Chunk("two\n"))
            await asyncio.sleep(5)

        assert stage.slack.calls[before:] == []
        assert stage.calls(STOP) == []

    staged(play)


@pytest.mark.parametrize(("mode", "method"), [("lines", POST), ("stream", START)])
def test_a_message_in_flight_of_a_lost_turn_does_not_stay(
    mode: Wish, method: str
) -> None:
    async def play(stage: Stage) -> None:
        turn, lease = stage.ask(), Lease()
        async with lease.delivery(stage, mode) as delivery:
            with pytest.raises(LostError):  # noqa: PT012 - it is raised on leaving
                async with delivery.open(turn) as outlet:
                    outlet.send(Chunk("one\n"))
                    await asyncio.sleep(1)
                    lease.is_lost = True
                    # The journal takes nothing of a turn that is another process's.
                    stage.notes.clear()
                    stage.notes.is_closed = True
                    raise LostError(turn.id)
            await asyncio.sleep(10)

        assert stage.calls(method)
        assert stage.shows(turn) == []

    staged(play, chat_postMessage=["held:3"], chat_startStream=["held:3"])


def test_a_call_waits_while_it_is_unsure_whose_the_turn_is() -> None:
    async def play(stage: Stage) -> None:
        turn, lease = stage.ask(), Lease()
        lease.is_sure.clear()
        delivery = lease.delivery(stage, "lines")
        async with delivery, delivery.open(turn) as outlet:
            outlet.send(Chunk("one\n"))
            await asyncio.sleep(3)
            assert stage.calls(POST) == []
            outlet.send(Chunk("two\n"))
            lease.is_sure.set()

        assert stage.shows(turn) == ["one\ntwo"]

    staged(play)


@pytest.mark.parametrize("mode", ["lines", "edits"])
def test_what_a_dead_process_brings_late_is_put_right(mode: Wish) -> None:
    async def play() -> None:
        plan = {POST: ["ok", "held:12"], UPDATE: ["held:12"]}
        slack = WirelessSlack(Limits(), schedule=Schedule(by_method=plan))
        story = Story(slack, asked(slack), [("one\n", 1.0), ("two\n", 2.0)])
        await story.live(Life(mode, 3.5))

        assert await story.live(Life(mode))
        await asyncio.sleep(SETTLED_S)

        shown = visible(slack.workspace, CHANNEL, story.turn.question.position)
        assert "\n".join(shown) == "one\ntwo"
        assert len(slack.called(DELETE)) == (mode == "lines")

    virtually(play())


def test_a_stream_that_is_cut_off_is_stopped() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()

        async def reply() -> None:
            await stage.reply("stream", OLD, 30.0, turn)

        async with asyncio.TaskGroup() as group:
            task = group.create_task(reply())
            await asyncio.sleep(5)
            task.cancel()

        assert not stage.slack.workspace.streams
        assert cast("str", stage.shows(turn)[0]) == "old 0"

    staged(play)
