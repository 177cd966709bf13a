"""The statements that lease turns, built once: that takes longer than to execute them.

By dialect, for the time of a lease is the database's: the clocks of machines differ.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)

from bot.conversation.turnstore import LEASE_S
from bot.storage import tables
from bot.storage.notes import WHOLE_SEQ

MAX_ORPHANS = 100
"""Threads that one look returns; the next one finds the others."""

_TURN = bindparam("of_turn", type_=Text)
_OWNER = bindparam("by_owner", type_=Text)
_THREAD = bindparam("in_thread", type_=Text)

NOW: dict[str, ColumnElement[float]] = {
    "postgresql": cast(func.extract("epoch", func.clock_timestamp()), Float),
    # One machine, and SQLite before 3.42 knows no fractions of a second.
    "sqlite": bindparam("now_s", type_=Float),
}


def _is_any(column: ColumnElement[str], *words: str) -> ColumnElement[bool]:
    return or_(*(column == word for word in words))


def _claim(now: ColumnElement[float]) -> Any:
    turn = tables.turn
    is_expired = and_(turn.c.state == "running", turn.c.lease_until_s < now)
    # One that this process claimed without hearing of it; it claims none that it runs.
    is_ours = and_(turn.c.state == "running", turn.c.owner == _OWNER)
    # Whatever runs comes first: while its lease holds there is nothing to take.
    first = (
        select(turn.c.id)
        .where(turn.c.thread == _THREAD, tables.is_open(turn))
        .order_by(turn.c.state, turn.c.position)
        .limit(1)
        .scalar_subquery()
    )
    attempt = turn.c.attempts + 1
    is_anew = _is_any(turn.c.demand, "edit", "delete", "remove")
    return (
        update(turn)
        .where(turn.c.id == first)
        .where(or_(turn.c.state == "waiting", is_expired, is_ours))
        .values(
            state="running",
            owner=_OWNER,
            lease_until_s=now + LEASE_S,
            attempts=attempt,
            interruptions=turn.c.interruptions + case((is_expired, 1), else_=0),
            since_attempt=case((is_anew, attempt), else_=turn.c.since_attempt),
            demand=case(
                (turn.c.demand == "edit", ""),
                (turn.c.demand == "delete", "remove"),
                else_=turn.c.demand,
            ),
        )
        .returning(*turn.c)
    )


def _renew(now: ColumnElement[float]) -> Any:
    turn = tables.turn
    return (
        update(turn)
        .where(turn.c.owner == _OWNER, turn.c.state == "running")
        .values(lease_until_s=now + LEASE_S)
        .returning(turn.c.id, turn.c.demand)
    )


def _orphans(now: ColumnElement[float]) -> Any:
    turn, other = tables.turn, tables.turn.alias()
    is_run = (
        select(other.c.id)
        .where(other.c.thread == turn.c.thread, other.c.state == "running")
        .where(other.c.lease_until_s >= now)
        .exists()
    )
    open_threads = select(turn.c.thread).where(tables.is_open(turn), ~is_run)
    return open_threads.distinct().limit(MAX_ORPHANS)


def _mine() -> Any:
    turn = tables.turn
    return update(turn).where(
        turn.c.id == _TURN, turn.c.owner == _OWNER, turn.c.state == "running"
    )


def _finish() -> Any:
    turn = tables.turn
    is_again = _is_any(turn.c.demand, "edit", "delete")
    spent = {
        name: turn.c[name] + bindparam(f"more_{name}", type_=Integer)
        for name in ("prompt_tokens", "answer_tokens")
    }
    outcome = bindparam("outcome", type_=Text)
    return _mine().values(
        state=case((is_again, "waiting"), else_=outcome),
        demand=case((is_again, turn.c.demand), else_=""),
        ended_s=bindparam("at_s", type_=Float),
        cut=bindparam("why_cut", type_=Text),
        error=bindparam("what_error", type_=Text),
        **spent,
    )


CLAIM = {dialect: _claim(now) for dialect, now in NOW.items()}
"""Leases the running turn that nobody renews, or else the oldest waiting one."""
RENEW = {dialect: _renew(now) for dialect, now in NOW.items()}
"""Prolongs an owner's leases; one that ran out too, if nobody took it."""
ORPHANS = {dialect: _orphans(now) for dialect, now in NOW.items()}
"""Finds threads whose lease ran out, or with turns that nobody has begun."""
FINISH = _finish()
"""Ends a turn, or lets it wait if people changed or deleted it."""
HAND_OVER = _mine().values(state="waiting")
FORGET_WHOLE = delete(tables.reply_message).where(
    tables.reply_message.c.turn == _TURN, tables.reply_message.c.seq == WHOLE_SEQ
)
