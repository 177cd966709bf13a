"""What turns cost, in SQL: sums over an index, never over the turns themselves."""

from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.conversation.ledger import Census, Failure
from bot.storage import tables
from bot.storage.database import transaction, uninterrupted

_TURN = tables.turn
_TOKENS = _TURN.c.prompt_tokens + _TURN.c.answer_tokens


class SqlLedger:
    """The ledger of `conversation.ledger`."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Use a database that `database.opened` gave."""
        self._engine = engine

    @uninterrupted
    async def spent(self, since_s: float, person: str = "") -> int:
        """Return the sum of what was spent."""
        async with transaction(self._engine) as connection:
            return await _spent(connection, since_s, person)

    @uninterrupted
    async def reached_s(
        self, tokens: int, since_s: float, person: str = ""
    ) -> float | None:
        """Add up from the newest turn back; return where the sum is reached."""
        total: ColumnElement[int] = func.sum(_TOKENS).over(
            order_by=_TURN.c.ended_s.desc()
        )
        sums = _since(
            select(_TURN.c.ended_s, total.label("total")), since_s, person
        ).subquery()
        newest = select(func.max(sums.c.ended_s)).where(sums.c.total >= tokens)
        async with transaction(self._engine) as connection:
            # The sum alone is found many times faster, and mostly enough.
            if await _spent(connection, since_s, person) < tokens:
                return None
            found: float | None = await connection.scalar(newest)
        return found

    @uninterrupted
    async def census(self) -> Census:
        """Count what is open, and look for the last failure, in one transaction."""
        failed = (
            select(_TURN.c.error, _TURN.c.ended_s)
            .where(_TURN.c.state == "failed")
            .order_by(_TURN.c.ended_s.desc())
            .limit(1)
        )
        counts = select(_count("running"), _count("waiting"))
        async with transaction(self._engine) as connection:
            running, waiting = (await connection.execute(counts)).one()
            failure = (await connection.execute(failed)).one_or_none()
        return Census(running, waiting, Failure(*failure) if failure else None)


async def _spent(connection: AsyncConnection, since_s: float, person: str) -> int:
    total = select(func.sum(_TOKENS))
    found: int | None = await connection.scalar(_since(total, since_s, person))
    return int(found or 0)


def _since(query: Any, since_s: float, person: str) -> Any:
    query = query.where(_TURN.c.ended_s >= since_s)
    return query.where(_TURN.c.speaker == person) if person else query


def _count(state: str) -> Any:
    return select(func.count()).where(_TURN.c.state == state).scalar_subquery()
