"""Inserting a row unless it is there, in the words of either database."""

from collections.abc import Callable

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Insert = sqlite.Insert | postgresql.Insert

INSERTS: dict[str, Callable[[Table], Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}
"""What makes an insert that knows `ON CONFLICT`, by the name of a dialect."""


def insert(place: AsyncEngine | AsyncConnection, table: Table) -> Insert:
    """Return an insert that knows `ON CONFLICT`, for the database of a place."""
    return INSERTS[place.dialect.name](table)
