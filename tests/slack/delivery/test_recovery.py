"""Replies whose process dies anywhere: another one makes them complete, and once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chunking import Chunk
from bot.conversation.turn import Turn, TurnId
from bot.playground.webapi.limits import Limits
from bot.playground.webapi.streams import stop_by_reader
from bot.playground.workspace.identity import TEAM
from bot.slack.channels import Wish
from bot.slack.delivery.delivery import SlackDelivery
from bot.slack.delivery.recovery import Recovery
from tests.chunking.texts import leaves_a_fence_open
from tests.long import examples
from tests.slack.delivery.test_faults import (
    CHANNEL,
    MODES,
    SETTLED_S,
    Spoken,
    asked,
    numbers,
    spoken,
)
from tests.slack.lives import Life, Story, told
from tests.slack.schedule import Schedule, fault_schedules
from tests.slack.stage import Stage, staged
from tests.slack.virtual import WirelessSlack, virtually
from tests.slack.watch import visible


def lives(modes: st.SearchStrategy[Wish], most: int) -> st.SearchStrategy[list[Life]]:
    """Draw processes of which all but the last one die."""
    dying = st.builds(
        Life,
        modes,
        st.one_of(st.floats(0, 5), st.floats(0, 60)),
        st.sampled_from([0.0, 0.0, 0.02, 0.5]),
        st.sampled_from([0.2, 2.0, 6.0]),
    )
    last = st.builds(Life, modes)
    return st.builds(
        lambda before, end: [*before, end],
        st.lists(dying, min_size=1, max_size=most),
        last,
    )


def played(
    lived: Sequence[Life], said: Spoken, schedule: Schedule
) -> tuple[Story, list[str]]:
    """Return what became of a reply, and what stands in the thread at the end."""

    async def play() -> tuple[Story, list[str]]:
        slack = WirelessSlack(Limits(), schedule=schedule)
        turn = asked(slack)
        story = await told(lived, said.fragments(), slack, turn)
        # What a lost call stores late comes now.
        await asyncio.sleep(SETTLED_S)
        return story, visible(slack.workspace, CHANNEL, turn.question.position)

    return virtually(play())


def check(lived: Sequence[Life], said: Spoken, schedule: Schedule) -> None:
    story, messages = played(lived, said, schedule)

    assert numbers("\n".join(messages)) == numbers(said.text)
    assert not any(leaves_a_fence_open(message) for message in messages)
    assert story.journal.text().split() == said.text.split()
    assert not story.slack.workspace.streams


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=examples(8, 500))
@given(data=st.data(), said=spoken(), schedule=fault_schedules())
def test_a_reply_is_complete_wherever_its_process_dies(
    mode: Wish, data: st.DataObject, said: Spoken, schedule: Schedule
) -> None:
    check(data.draw(lives(st.just(mode), 2)), said, schedule)


@settings(max_examples=examples(8, 500))
@given(
    lived=lives(st.sampled_from(MODES), 3), said=spoken(), schedule=fault_schedules()
)
def test_another_process_may_deliver_in_another_mode(
    lived: list[Life], said: Spoken, schedule: Schedule
) -> None:
    check(lived, said, schedule)


@pytest.mark.parametrize("is_recorded", [True, False])
def test_what_slack_stopped_of_another_turn_stays(*, is_recorded: bool) -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        place = {"channel": CHANNEL, "thread_ts": turn.question.position}
        recipient = {"recipient_team_id": TEAM, "recipient_user_id": "U0ANA"}
        ts = await stage.services.web.write_message(
            "chat.startStream", {**place, **recipient, "markdown_text": "Another."}
        )
        stop_by_reader(stage.slack.workspace, CHANNEL, ts)
        if is_recorded:
            stage.notes.note(TurnId(f"{turn.id}1"), 0, ts, "Another.")
        again = replace(turn, attempts=2)
        await Recovery(stage.services, again).resumption()
        assert stage.shows(turn) == (["Another."] if is_recorded else [])

    staged(play)


@pytest.mark.parametrize("interruptions", [0, 1])
def test_late_calls_are_waited_for_where_a_process_died(interruptions: int) -> None:
    """Who has an ended reply gone on with does not wait."""

    async def play(stage: Stage) -> None:
        turn = replace(stage.ask(), attempts=2, interruptions=interruptions)
        stage.notes.note(turn.id, 0, "1.1", "One.")
        now_s = asyncio.get_running_loop().time

        found = await Recovery(stage.services, turn).resumption()

        assert (found.late_until_s > now_s()) == bool(interruptions)

    staged(play)


@dataclass
class Mortal:
    """Processes that each die right behind the end of a reply, its turn open."""

    stage: Stage
    mode: Wish
    turn: Turn

    async def write(self, attempts: int, *words: str, is_whole: bool = False) -> None:
        """Write, or say that the answer is given up, behind all that is there."""
        turn = replace(self.turn, attempts=attempts, interruptions=attempts - 1)
        async with SlackDelivery(self.stage.services, lambda _: self.mode) as delivery:
            found = await delivery.resume(turn)
            async with delivery.open(turn) as outlet:
                outlet.heard(())
                for word in words:
                    outlet.send(Chunk(f"{word}\n"))
                    await asyncio.sleep(1.5)
                if is_whole:
                    outlet.whole(found.text + "".join(f"{w}\n" for w in words), "")
                elif turn.is_given_up and not found.is_whole:
                    outlet.remark("I was interrupted.")

    @property
    def shown(self) -> list[str]:
        """Return the lines that people read."""
        return "\n".join(self.stage.shows(self.turn)).split()


@pytest.mark.parametrize("words", [(), ("One.", "Two.")])
@pytest.mark.parametrize("mode", MODES)
def test_an_answer_is_given_up_once_wherever_processes_die(
    mode: Wish, words: tuple[str, ...]
) -> None:
    async def play(stage: Stage) -> None:
        mortal = Mortal(stage, mode, stage.ask())
        await mortal.write(1, *words)
        for attempts in (2, 3, 4, 5, 6):
            await mortal.write(attempts)

        assert mortal.shown == [*words, "_I", "was", "interrupted._"]

    staged(play)


@pytest.mark.parametrize("mode", MODES)
def test_a_whole_answer_stays_whole_wherever_processes_die(mode: Wish) -> None:
    async def play(stage: Stage) -> None:
        mortal = Mortal(stage, mode, stage.ask())
        await mortal.write(1, "One.")
        await mortal.write(3, "Two.", is_whole=True)
        for attempts in (4, 5):
            await mortal.write(attempts)

        assert mortal.shown == ["One.", "Two."]

    staged(play)
