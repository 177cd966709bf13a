"""The sign on a question that waits: there at once, and gone when it is begun."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from bot.conversation.ports import StoreError
from bot.conversation.turn import Turn, TurnId
from bot.slack.api.address import Address
from bot.slack.delivery import queuesign
from bot.slack.delivery.queuesign import EMOJI, LOOK_S, QueueSigns
from bot.slack.pacing.budget import REACT, TIERS, UNREACT
from tests.slack.stage import Stage, staged


@dataclass
class Waiting:
    """What the database says of turns."""

    over: set[str] = field(default_factory=set[str])
    """Those that wait no more."""
    is_broken: bool = False
    looks: int = 0

    async def waits(self, turn: TurnId) -> bool:
        self.looks += 1
        if self.is_broken:
            raise StoreError("locked")
        return turn not in self.over


def signs_of(stage: Stage, waiting: Waiting | None = None) -> QueueSigns:
    services = stage.services
    if waiting is not None:
        services = replace(services, waits=waiting.waits)
    return QueueSigns(services, stage.start, stage.start)


def is_shown(stage: Stage, turn: Turn) -> bool:
    address = Address.load(turn.address)
    place = address.channel, address.ts
    return EMOJI in stage.slack.workspace.reactions.get(place, {})


def test_it_is_there_at_once_until_it_is_hidden() -> None:
    async def play(stage: Stage) -> None:
        signs, turn = signs_of(stage), stage.ask()
        signs.show(turn)
        await asyncio.sleep(0.1)
        assert is_shown(stage, turn)
        signs.hide(turn)
        await asyncio.sleep(0.1)
        assert not is_shown(stage, turn)
        signs.hide(turn)
        await asyncio.sleep(10)
        assert len(stage.calls(UNREACT)) == 1

    staged(play)


@pytest.mark.parametrize("word", ["slow:3", "held:3", "lost after"])
def test_one_that_is_on_its_way_is_waited_for(word: str) -> None:
    async def play(stage: Stage) -> None:
        signs, turn = signs_of(stage), stage.ask()
        signs.show(turn)
        await asyncio.sleep(0.01)
        signs.hide(turn)
        await asyncio.sleep(60)
        assert len(stage.calls(REACT)) == 1
        assert not is_shown(stage, turn)

    staged(play, reactions_add=[word])


def test_one_that_is_hidden_first_never_comes() -> None:
    async def play(stage: Stage) -> None:
        signs, turn = signs_of(stage), stage.ask()
        signs.hide(turn)
        signs.show(turn)
        await asyncio.sleep(60)
        assert stage.calls(REACT) == []

    staged(play)


def test_another_processs_is_taken_away_even_if_it_comes_late() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        signs_of(stage).hide(turn)
        await asyncio.sleep(0.5)
        signs_of(stage).show(turn)
        await asyncio.sleep(60)
        assert not is_shown(stage, turn)

    staged(play)


def test_one_that_slack_refuses_is_left() -> None:
    async def play(stage: Stage) -> None:
        signs, turn = signs_of(stage), stage.ask()
        signs.show(turn)
        await asyncio.sleep(1)
        signs.hide(turn)
        await asyncio.sleep(60)
        assert stage.calls(UNREACT) == []

    staged(play, reactions_add=["refused:too_many_reactions"])


def test_none_is_shown_that_could_not_go_in_time() -> None:
    async def play(stage: Stage) -> None:
        signs = signs_of(stage)
        interval_s, burst = TIERS[UNREACT]
        turns = [stage.ask() for _ in range(burst + 5)]
        for turn in turns:
            signs.show(turn)
        await asyncio.sleep(0.5)
        shown = [turn for turn in turns if is_shown(stage, turn)]
        assert len(shown) == burst
        for turn in turns:
            signs.hide(turn)
        await asyncio.sleep(2 * interval_s)
        assert not any(is_shown(stage, turn) for turn in turns)

    staged(play)


def test_those_that_another_process_begins_make_room_for_others() -> None:
    async def play(stage: Stage) -> None:
        waiting = Waiting()
        signs = signs_of(stage, waiting)
        interval_s, burst = TIERS[UNREACT]
        turns = [stage.ask() for _ in range(burst + 5)]
        for turn in turns:
            signs.show(turn)
        await asyncio.sleep(1)
        # Nobody hides them here; one was taken away by who began it.
        signs_of(stage).hide(turns[0])
        waiting.over = {turn.id for turn in turns}
        await asyncio.sleep(LOOK_S + (burst + 2) * interval_s)
        assert not any(is_shown(stage, turn) for turn in turns)

        looks = waiting.looks
        await asyncio.sleep(10 * interval_s)
        # None is looked for, and what was not shown never comes.
        assert waiting.looks == looks
        assert len(stage.calls(REACT)) == burst
        waiting.over = set()
        late = stage.ask()
        signs.show(late)
        await asyncio.sleep(1)
        assert is_shown(stage, late)

    staged(play)


def test_one_stays_while_the_database_cannot_say_whether_its_turn_waits() -> None:
    async def play(stage: Stage) -> None:
        waiting = Waiting(is_broken=True)
        signs, turn = signs_of(stage, waiting), stage.ask()
        signs.show(turn)
        await asyncio.sleep(4 * LOOK_S)
        assert is_shown(stage, turn)
        waiting.over, waiting.is_broken = {turn.id}, False
        await asyncio.sleep(2 * LOOK_S)
        assert not is_shown(stage, turn)

    staged(play)


def test_none_is_shown_whose_turn_waits_no_more() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        signs_of(stage, Waiting({turn.id})).show(turn)
        await asyncio.sleep(60)
        assert stage.calls(REACT) == []
        assert stage.budget.reaction_wait_s() == 0

    staged(play)


def test_only_so_many_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queuesign, "MAX_KNOWN", 1)

    async def play(stage: Stage) -> None:
        signs = signs_of(stage)
        turns = [stage.ask() for _ in range(3)]
        for turn in turns:
            signs.show(turn)
        await asyncio.sleep(1)
        for turn in turns:
            signs.hide(turn)
        await asyncio.sleep(60)
        assert not any(is_shown(stage, turn) for turn in turns)

    staged(play)
