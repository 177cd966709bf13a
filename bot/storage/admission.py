"""A new turn in SQL: stored once; as ended where too many are open already."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    RowMapping,
    Text,
    and_,
    bindparam,
    case,
    func,
    select,
    update,
)

from bot.conversation.turn import Turn
from bot.conversation.turnstore import LEASE_S, Caps, Crowd
from bot.storage import leasing, tables
from bot.storage.memory import LAST_USED_STEP_S, remember, use
from bot.storage.upsert import INSERTS, Insert

REFUSED = "QueueFull"
"""The error of a turn that was one too many; nothing else has it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of a turn."""

    is_new: bool
    crowd: Crowd | None = None
    """Whose turns are too many, so that it is ended; None if it waits or was known."""
    begun: RowMapping | None = None
    """Its row, if it runs."""


def enter(
    connection: Connection, turn: Turn, caps: Caps, begun_by: str | None = None
) -> Entry:
    """Store a turn that waits, with its question, or one that is ended, without it.

    One that is to be `begun_by` an owner runs, unless its thread has an open one. The
    database refuses it if another process begins one of the same thread just now.

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
        "begun_by": begun_by,
        "now_s": now_s,
        "fresh_s": now_s - LAST_USED_STEP_S,
    }
    store = _STORE[connection.dialect.name]
    found = connection.execute(store, new).mappings().first()
    if found is None:
        return Entry(is_new=False)
    crowd = caps.crowd(found["waiting"], found["open"])
    if crowd is not None:
        _end(connection, turn)
        return Entry(is_new=True, crowd=crowd)
    remember(connection, question, is_fresh=found["is_fresh"])
    is_begun = found["state"] == "running"
    return Entry(is_new=True, begun=found if is_begun else None)


def _store(statement: Insert, now: ColumnElement[float]) -> Any:
    """Return what stores a turn, unless it is known, and leases it if that is due.

    Where another process leases one at the same time it does not pass for known.
    """
    other, owner = tables.turn.alias(), bindparam("begun_by", type_=Text)
    is_behind = (
        select(other.c.id)
        .where(other.c.thread == _NEW_THREAD, tables.is_open(other))
        .exists()
    )
    begins = and_(owner.is_not(None), ~is_behind)
    row = statement.values(
        **_GIVEN,
        state=case((begins, "running"), else_="waiting"),
        attempts=case((begins, 1), else_=0),
        owner=case((begins, owner)),
        lease_until_s=case((begins, now + LEASE_S)),
    )
    unless_known = row.on_conflict_do_nothing(index_elements=["id"])
    return unless_known.returning(*tables.turn.c, *_others())


def _others() -> tuple[ColumnElement[Any], ...]:
    """Return the counts of the other turns, and whether the thread was used lately.

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
        other.c.thread == _NEW_THREAD, tables.is_open(other), tables.is_waiting(other)
    )
    open_ = count.where(
        other.c.speaker == bindparam("new_speaker", type_=Text), tables.is_open(other)
    )
    is_fresh = select(tables.thread.c.id).where(
        tables.thread.c.id == _NEW_THREAD,
        tables.thread.c.last_used_s >= bindparam("fresh_s", type_=Float),
    )
    return (
        waiting.scalar_subquery().label("waiting"),
        open_.scalar_subquery().label("open"),
        is_fresh.exists().label("is_fresh"),
    )


_NEW_THREAD = bindparam("new_thread", type_=Text)
_GIVEN: dict[str, Any] = {
    **{
        name: bindparam(f"new_{name}", type_=tables.turn.c[name].type)
        for name in ("id", "thread", "position", "speaker", "text", "files", "address")
    },
    "accepted_s": bindparam("now_s", type_=Float),
}
_STORE = {
    dialect: _store(inserted(tables.turn), leasing.NOW[dialect])
    for dialect, inserted in INSERTS.items()
}


def _end(connection: Connection, turn: Turn) -> None:
    """Keep that a turn was, so that no redelivery of its event is answered."""
    table = tables.turn
    connection.execute(
        update(table)
        .where(table.c.id == turn.id)
        .values(
            state="stopped",
            attempts=0,
            text="",
            files=[],
            ended_s=time.time(),
            error=REFUSED,
        )
    )
    # Else it would outlive a thread that holds nothing else.
    use(connection, turn.question.thread)
