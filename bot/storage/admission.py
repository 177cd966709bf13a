"""A new turn in SQL: stored once; as ended where too many are open already."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Float, Text, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.conversation.turn import Turn
from bot.conversation.turnstore import Caps, Crowd
from bot.storage import tables
from bot.storage.memory import LAST_USED_STEP_S, remember, use

REFUSED = "QueueFull"
"""The error of a turn that was one too many; nothing else has it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of a turn."""

    is_new: bool
    crowd: Crowd | None = None
    """Whose turns are too many, so that it is ended; None if it waits or was known."""


def enter(connection: Connection, turn: Turn, caps: Caps) -> Entry:
    """Store a turn that waits, with its question, or one that is ended, without it.

    Processes that do so at the same time do not see each other's: the caps may be
    exceeded by as many.
    """
    question, now_s = turn.question, time.time()
    new = {
        "new_id": turn.id,
        "new_thread": question.thread,
        "new_position": question.position,
        "new_speaker": question.speaker.id,
        "new_text": question.text,
        "new_files": list(question.files),
        "new_address": turn.address,
        "now_s": now_s,
        "fresh_s": now_s - LAST_USED_STEP_S,
    }
    found = connection.execute(_STORE[connection.dialect.name], new).first()
    if found is None:
        return Entry(is_new=False)
    crowd = caps.crowd(found.waiting, found.open)
    if crowd is None:
        remember(connection, question, is_fresh=found.is_fresh)
    else:
        _end(connection, turn)
    return Entry(is_new=True, crowd=crowd)


def _store(statement: postgresql.Insert | sqlite.Insert) -> Any:
    """Return what stores a turn, unless it is known, and counts the others.

    It also says whether its thread was used lately.

    Counted by the same statement: the way to the database and back is what costs. And
    without the turn itself: whether a statement sees its own row differs.
    """
    other = tables.turn.alias()
    count = (
        select(func.count())
        .select_from(other)
        .where(other.c.id != bindparam("new_id", type_=Text))
    )
    waiting = count.where(
        other.c.thread == bindparam("new_thread", type_=Text),
        tables.is_open(other),
        tables.is_waiting(other),
    )
    open_ = count.where(
        other.c.speaker == bindparam("new_speaker", type_=Text),
        tables.is_open(other),
    )
    is_fresh = select(tables.thread.c.id).where(
        tables.thread.c.id == bindparam("new_thread", type_=Text),
        tables.thread.c.last_used_s >= bindparam("fresh_s", type_=Float),
    )
    given = ("id", "thread", "position", "speaker", "text", "files", "address")
    values = {
        name: bindparam(f"new_{name}", type_=tables.turn.c[name].type) for name in given
    }
    row: Any = statement.values(
        **values,
        state="waiting",
        attempts=0,
        accepted_s=bindparam("now_s", type_=Float),
    )
    return row.on_conflict_do_nothing().returning(
        waiting.scalar_subquery().label("waiting"),
        open_.scalar_subquery().label("open"),
        is_fresh.exists().label("is_fresh"),
    )


_STORE = {
    "postgresql": _store(postgresql.insert(tables.turn)),
    "sqlite": _store(sqlite.insert(tables.turn)),
}


def _end(connection: Connection, turn: Turn) -> None:
    """Keep that a turn was, so that no redelivery of its event is answered."""
    table = tables.turn
    connection.execute(
        update(table)
        .where(table.c.id == turn.id)
        .values(state="stopped", text="", files=[], ended_s=time.time(), error=REFUSED)
    )
    # Else it would outlive a thread that holds nothing else.
    use(connection, turn.question.thread)
