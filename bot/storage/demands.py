"""What people want of turns, in SQL: whoever runs one hears of it with its lease."""

import time
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.turn import Demand, ThreadId, Turn, TurnId
from bot.conversation.turnstore import Halted, Opinion
from bot.storage import tables
from bot.storage.admission import REFUSED
from bot.storage.database import ConflictError, transaction, uninterrupted
from bot.storage.leasing import FORGET_WHOLE
from bot.storage.turns import turn_of
from bot.storage.upsert import insert

_ENDED = ("done", "failed", "stopped")


class SqlDemands:
    """The demand store of `conversation.turnstore`."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Use a database that `database.opened` gave."""
        self._engine = engine

    @uninterrupted
    async def stop(self, thread: ThreadId) -> Halted:
        """Ask for the end of the running turn; end those that wait behind it."""
        return await self._stop(tables.turn.c.thread == thread)

    @uninterrupted
    async def stop_turn(self, turn: TurnId, asker: str = "") -> Halted:
        """Do the same to one turn, if it is the asker's, where one is named."""
        table = tables.turn
        is_theirs = table.c.speaker == asker if asker else true()
        return await self._stop(and_(table.c.id == turn, is_theirs))

    @uninterrupted
    async def revise(self, thread: ThreadId, position: str) -> TurnId | None:
        """Let a running turn, or the newest one if it ended, be answered anew."""
        async with transaction(self._engine) as connection:
            row = await _at(connection, thread, position)
            if row is None or _is_blank(row):
                return None
            if row.state == "waiting" and not row.attempts:
                return None
            if row.state in _ENDED and await _has_newer(connection, row):
                return None
            return await _demand(connection, row, "edit")

    @uninterrupted
    async def withdraw(self, thread: ThreadId, position: str) -> TurnId | None:
        """Let a reply, if there is one or will be, be removed."""
        async with transaction(self._engine) as connection:
            row = await _at(connection, thread, position)
            if row is None or not row.attempts:
                return None
            return await _demand(connection, row, "delete")

    @uninterrupted
    async def reopen(self, turn: TurnId, *, anew: bool) -> ThreadId | None:
        """Let an ended turn wait again, if it is the newest of its thread."""
        table = tables.turn
        async with transaction(self._engine) as connection:
            found = await connection.execute(select(table).where(table.c.id == turn))
            row = found.one_or_none()
            if row is None or row.state not in _ENDED or _is_blank(row):
                return None
            if not (anew or row.cut) or await _has_newer(connection, row):
                return None
            await _demand(connection, row, "edit" if anew else "")
            # Written while the turn ended, it may have been kept: of it all there is no
            # more, and what is to come would be missed.
            await connection.execute(FORGET_WHOLE, {"of_turn": turn})
            return ThreadId(row.thread)

    @uninterrupted
    async def rate(self, turn: TurnId, person: str, opinion: Opinion) -> bool:
        """Keep the last opinion of a person."""
        row = insert(self._engine, tables.feedback).values(
            turn=turn, person=person, value=opinion, given_s=time.time()
        )
        latest = row.on_conflict_do_update(
            index_elements=["turn", "person"],
            set_={"value": row.excluded.value, "given_s": row.excluded.given_s},
        )
        try:
            async with transaction(self._engine) as connection:
                await connection.execute(latest)
        except ConflictError:
            return False
        return True

    @uninterrupted
    async def stands(self, turn: Turn) -> bool | None:
        """Say whether an attempt's reply is the last word in its thread.

        It is not where people want another one, or a newer turn waits. None while the
        attempt has not ended: nobody can have it given anew yet.
        """
        table = tables.turn
        async with transaction(self._engine) as connection:
            found = await connection.execute(select(table).where(table.c.id == turn.id))
            row = found.one_or_none()
            if row is None or row.attempts != turn.attempts or _is_unwanted(row):
                return False
            if await _has_newer(connection, row):
                return False
            return None if row.state == "running" else row.state in _ENDED

    @uninterrupted
    async def is_latest(self, turn: TurnId, attempt: int) -> bool:
        """Say whether no other attempt at a turn was begun behind this one."""
        table = tables.turn
        attempts = select(table.c.attempts).where(table.c.id == turn)
        async with transaction(self._engine) as connection:
            return await connection.scalar(attempts) == attempt

    async def waits(self, turn: TurnId) -> bool:
        """Say whether a turn is neither begun nor ended."""
        return await self._state(turn) == "waiting"

    async def runs(self, turn: TurnId) -> bool:
        """Say whether a turn was begun and has not ended."""
        return await self._state(turn) == "running"

    @uninterrupted
    async def _state(self, turn: TurnId) -> str | None:
        table = tables.turn
        state = select(table.c.state).where(table.c.id == turn)
        async with transaction(self._engine) as connection:
            return await connection.scalar(state)

    @uninterrupted
    async def replied(self, message: str, place: str) -> TurnId | None:
        """Return the turn whose reply has a message; its id begins with `place`."""
        part = tables.reply_message
        owners = (
            select(part.c.turn)
            .where(part.c.message == message)
            .where(part.c.turn.startswith(place, autoescape=True))
            .limit(1)
        )
        async with transaction(self._engine) as connection:
            found = await connection.scalar(owners)
        return None if found is None else TurnId(found)

    async def _stop(self, which: ColumnElement[bool]) -> Halted:
        turn = tables.turn
        # What was begun has a reply, whose end must tell why it is one.
        is_begun = or_(turn.c.state == "running", turn.c.attempts > 0)
        is_open = turn.c.state.in_(("running", "waiting"))
        # Asked for again it is the same end; and it comes before a changed question.
        may_stop = or_(
            turn.c.demand.in_(("", "stop")),
            and_(turn.c.state == "running", turn.c.demand == "edit"),
        )
        begun = (
            update(turn)
            .where(which, is_open, is_begun, may_stop)
            .values(demand="stop")
            .returning(turn.c.id)
        )
        waiting = (
            update(turn)
            .where(which, turn.c.state == "waiting")
            .where(turn.c.demand.in_(("", "edit")))
            .values(state="stopped", demand="", ended_s=time.time())
            .returning(*turn.c)
        )
        async with transaction(self._engine) as connection:
            asked = tuple(map(TurnId, await connection.scalars(begun)))
            ended = (await connection.execute(waiting)).mappings().all()
        return Halted(asked, tuple(map(turn_of, ended)))


async def _at(connection: AsyncConnection, thread: ThreadId, position: str) -> Any:
    table = tables.turn
    found = await connection.execute(
        select(table).where(table.c.thread == thread, table.c.position == position)
    )
    return found.one_or_none()


def _is_unwanted(row: Any) -> bool:
    """Say whether people want another reply, or none."""
    return row.demand not in {"", "stop"}


def _is_blank(row: Any) -> bool:
    """Say whether the question's words are gone."""
    return not (row.text or row.files)


async def _has_newer(connection: AsyncConnection, row: Any) -> bool:
    table = tables.turn
    newer = exists().where(
        table.c.thread == row.thread,
        table.c.position > row.position,
        # Of that nothing is seen in the thread.
        table.c.error != REFUSED,
    )
    return bool(await connection.scalar(select(newer)))


async def _demand(connection: AsyncConnection, row: Any, demand: Demand) -> TurnId:
    """Ask whoever runs a turn, or let it wait for somebody to do it."""
    table = tables.turn
    # Said again: it may have ended, or begun, just now.
    is_running = table.c.state == "running"
    await connection.execute(
        update(table)
        .where(table.c.id == row.id)
        .values(
            demand=demand,
            state=case((is_running, "running"), else_="waiting"),
            interruptions=case((is_running, table.c.interruptions), else_=0),
            cut="",
        )
    )
    return TurnId(row.id)
