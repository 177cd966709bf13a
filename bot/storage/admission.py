"""A new turn in SQL: stored once; as ended where too many are open already."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.turn import Turn
from bot.conversation.turnstore import Caps, Crowd
from bot.storage import tables
from bot.storage.memory import remember, use
from bot.storage.upsert import insert

REFUSED = "QueueFull"
"""The error of a turn that was one too many; nothing else has it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of a turn."""

    is_new: bool
    crowd: Crowd | None = None
    """Whose turns are too many, so that it is ended; None if it waits or was known."""


async def enter(connection: AsyncConnection, turn: Turn, caps: Caps) -> Entry:
    """Store a turn that waits, with its question, or one that is ended, without it.

    Processes that do so at the same time do not see each other's: the caps may be
    exceeded by as many.
    """
    question = turn.question
    row = insert(connection, tables.turn).values(
        id=turn.id,
        thread=question.thread,
        position=question.position,
        state="waiting",
        speaker=question.speaker.id,
        text=question.text,
        files=list(question.files),
        address=turn.address,
        attempts=0,
        accepted_s=time.time(),
    )
    # Counted by the same statement: the way to the database and back is what costs.
    counted = row.on_conflict_do_nothing().returning(*_others(turn))
    found = (await connection.execute(counted)).one_or_none()
    if found is None:
        return Entry(is_new=False)
    crowd = caps.crowd(*found)
    if crowd is None:
        await remember(connection, question)
    else:
        await _end(connection, turn)
    return Entry(is_new=True, crowd=crowd)


def _others(turn: Turn) -> tuple[Any, Any]:
    """Return how many turns wait in its thread, and are open of its person.

    Without the turn itself: whether a statement sees its own row differs.
    """
    other = tables.turn.alias()
    count = select(func.count()).select_from(other).where(other.c.id != turn.id)
    waiting = count.where(
        other.c.thread == turn.question.thread, other.c.state == "waiting"
    )
    open_ = count.where(
        other.c.speaker == turn.question.speaker.id,
        other.c.state.in_(("waiting", "running")),
    )
    return waiting.scalar_subquery(), open_.scalar_subquery()


async def _end(connection: AsyncConnection, turn: Turn) -> None:
    """Keep that a turn was, so that no redelivery of its event is answered."""
    table = tables.turn
    await connection.execute(
        update(table)
        .where(table.c.id == turn.id)
        .values(state="stopped", text="", files=[], ended_s=time.time(), error=REFUSED)
    )
    # Else it would outlive a thread that holds nothing else.
    await use(connection, turn.question.thread)
