"""Inserting a row unless it is there, in the words of either database."""

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


def insert(
    place: AsyncEngine | AsyncConnection, table: Table
) -> sqlite.Insert | postgresql.Insert:
    """Return an insert that knows `ON CONFLICT`, for the database of a place."""
    if place.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
