"""What turns cost, in SQL: sums over an index, never over the turns themselves."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

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
        total = select(func.coalesce(func.sum(_TOKENS), 0))
        async with transaction(self._engine) as connection:
            found = await connection.scalar(_since(total, since_s, person))
        return int(found or 0)

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
            found: float | None = await connection.scalar(newest)
        return found

    @uninterrupted
    async def census(self) -> Census:
        """Count what is open, and look for the last failure, in one transaction."""
        failed = (
            select(_TURN.c.error, _TURN.c.ended_s)
            .where(_TURN.c.state == "failed", _TURN.c.ended_s.is_not(None))
            .order_by(_TURN.c.ended_s.desc())
            .limit(1)
        )
        counts = select(_count("running"), _count("waiting"))
        async with transaction(self._engine) as connection:
            running, waiting = (await connection.execute(counts)).one()
            failure = (await connection.execute(failed)).one_or_none()
        return Census(running, waiting, Failure(*failure) if failure else None)


def _since(query: Select[Any], since_s: float, person: str) -> Select[Any]:
    query = query.where(_TURN.c.ended_s >= since_s)
    return query.where(_TURN.c.speaker == person) if person else query


def _count(state: str) -> Any:
    return select(func.count()).where(_TURN.c.state == state).scalar_subquery()
