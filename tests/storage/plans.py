"""How SQLite would find the rows of a statement."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage.database import transaction


async def plan(engine: AsyncEngine, statement: Any) -> list[str]:
    """Return the steps of the very statement that is executed, whatever it is given."""
    sql = str(statement.compile(engine.sync_engine))
    async with transaction(engine) as connection:
        found = await connection.exec_driver_sql(
            f"explain query plan {sql}", (None,) * sql.count("?")
        )
        return [row.detail for row in found]
