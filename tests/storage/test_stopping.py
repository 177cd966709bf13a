"""Which turns are stopped, and which replies are the last word, in SQL."""

from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.turn import Ending, Speaker, Turn
from bot.storage.demands import SqlDemands
from bot.storage.turns import SqlTurns
from tests.twins import THREAD, asked


@pytest.fixture
def turns(engine: AsyncEngine) -> SqlTurns:
    return SqlTurns(engine, "me")


@pytest.fixture
def demands(engine: AsyncEngine) -> SqlDemands:
    return SqlDemands(engine)


def by(person: str, position: str) -> Turn:
    turn = asked(position=position)
    question = replace(turn.question, speaker=Speaker(person))
    return replace(turn, question=question)


async def begun(turns: SqlTurns) -> Turn:
    turn = await turns.claim(THREAD)
    assert turn is not None
    return turn


async def test_one_turn_is_stopped_by_its_asker_only(
    turns: SqlTurns, demands: SqlDemands
) -> None:
    for position in "12":
        await turns.add(by("UANA", position))
    running = await begun(turns)
    waiting = by("UANA", "2")

    assert (await demands.stop_turn(running.id, "UBEN")).is_nothing
    assert (await demands.stop_turn(waiting.id, "UBEN")).is_nothing
    halted = await demands.stop_turn(waiting.id, "UANA")
    assert [turn.id for turn in halted.waiting] == [waiting.id]
    assert (await demands.stop_turn(running.id)).running == (running.id,)
    assert await turns.renew() == {running.id: "stop"}
    # A word comes as two events, which two processes may hear.
    assert (await demands.stop_turn(running.id)).running == (running.id,)


async def test_what_was_begun_is_stopped_where_it_is_gone_on_with(
    turns: SqlTurns, demands: SqlDemands
) -> None:
    await turns.add(by("UANA", "1"))
    turn = await begun(turns)
    await turns.hand_over(turn.id)

    halted = await demands.stop(THREAD)

    assert halted.running == (turn.id,)
    assert halted.waiting == ()
    assert (await begun(turns)).demand == "stop"


async def test_a_reply_stands_until_another_one_is_wanted(
    turns: SqlTurns, demands: SqlDemands
) -> None:
    await turns.add(by("UANA", "1"))
    turn = await begun(turns)
    assert await demands.stands(turn) is None
    await turns.finish(turn.id, Ending("done"))
    assert await demands.stands(turn)

    await demands.reopen(turn.id, anew=True)
    assert await demands.stands(turn) is False
    again = await begun(turns)
    assert await demands.stands(turn) is False
    await turns.finish(again.id, Ending("done"))
    assert await demands.stands(again)

    await turns.add(by("UANA", "2"))
    assert not await demands.stands(again)


async def test_of_no_turn_there_is_no_reply(demands: SqlDemands) -> None:
    assert not await demands.stands(by("UANA", "1"))
