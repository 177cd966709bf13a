"""An insert that knows what to do with a row that is there."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import tables
from bot.storage.database import transaction
from bot.storage.turns import SqlTurns
from bot.storage.upsert import insert
from tests.twins import asked


async def test_a_row_that_is_there_may_stay_or_change(engine: AsyncEngine) -> None:
    await SqlTurns(engine).add(asked())
    note = insert(engine, tables.reply_message).values(turn=asked().id, seq=0, text="x")
    changing = note.values(message="new")
    key = ["turn", "seq"]

    async with transaction(engine) as connection:
        counts = [
            (await connection.execute(statement)).rowcount
            for statement in (
                note.values(message="old").on_conflict_do_nothing(),
                changing.on_conflict_do_nothing(),
                changing.on_conflict_do_update(
                    index_elements=key, set_={"message": changing.excluded.message}
                ),
            )
        ]
        messages = await connection.scalars(select(tables.reply_message.c.message))

        assert (counts, messages.all()) == ([1, 0, 1], ["new"])
