"""The paces of a workspace in PostgreSQL, for all processes that call Slack.

A claim is one statement, by the server's clock: who comes first is served first, and
no lock is held until a call is made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage.database import transaction, uninterrupted


class Claim(Protocol):
    """Some slots of a key, one behind the other."""

    @property
    def key(self) -> str:
        """What they are slots of."""
        ...

    @property
    def length_s(self) -> float:
        """How much of the key's time they take."""
        ...

    @property
    def leeway_s(self) -> float:
        """How long before its time a slot may be used."""
        ...

    @property
    def within_s(self) -> float:
        """In how long at most the first must be usable, else none is wanted."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of claims, and how it stands; in seconds from now, by key."""

    begins_s: Mapping[str, float]
    """The time of the first slot of each claim that was granted."""
    due_s: Mapping[str, float]
    """The end of what is claimed, where it is not over."""
    held_s: Mapping[str, float]
    """How long nothing may go, where that is so."""


_CLAIM = text("""
    WITH claim AS (
        SELECT * FROM unnest(
            CAST(:keys AS text[]),
            CAST(:lengths_s AS float8[]),
            CAST(:leeways_s AS float8[]),
            CAST(:withins_s AS float8[])
        ) AS claim (key, length_s, leeway_s, within_s)
    )
    INSERT INTO pace (key, due_s)
    SELECT
        key, extract(epoch FROM clock_timestamp()) + leeway_s / 2 + length_s
    FROM claim ORDER BY key
    ON CONFLICT (key) DO UPDATE SET due_s = (
        SELECT length_s + greatest(
            pace.due_s,
            pace.held_until_s + leeway_s,
            extract(epoch FROM clock_timestamp()) + leeway_s / 2
        )
        FROM claim WHERE claim.key = pace.key
    )
    WHERE (
        SELECT greatest(pace.due_s, pace.held_until_s + leeway_s)
            <= extract(epoch FROM clock_timestamp()) + leeway_s + within_s
        FROM claim WHERE claim.key = pace.key
    )
    RETURNING key, due_s - extract(epoch FROM clock_timestamp())
""")
# The clock is read behind the wait for the row: another process may claim as well.
# Sorted, so that no two processes wait for each other.

_HOLD = text("""
    INSERT INTO pace (key, due_s, held_until_s)
    VALUES (:key, 0, extract(epoch FROM clock_timestamp()) + :pause_s)
    ON CONFLICT (key) DO UPDATE
    SET held_until_s = greatest(pace.held_until_s, excluded.held_until_s)
""")

_STANDING = text("""
    SELECT key, due_s - now_s, held_until_s - now_s
    FROM pace, (SELECT extract(epoch FROM clock_timestamp())::float8 AS now_s) AS clock
    WHERE due_s > now_s OR held_until_s > now_s
""")

_HURRIED = text("SET LOCAL synchronous_commit = off")
# What a crash of the server can lose is a second of claims.


def of(engine: AsyncEngine) -> "SqlPace | None":
    """Return the paces of a server; None for a file, which is one process's alone."""
    return SqlPace(engine) if engine.dialect.name == "postgresql" else None


class SqlPace:
    """Keeps for each key until when it is claimed, and until when it is held."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Keep them in a PostgreSQL database."""
        self._engine = engine

    @uninterrupted
    async def claim(self, claims: Sequence[Claim]) -> Standing:
        """Claim slots, one claim for each key; say how it stands, also without claims.

        Raises:
            StoreError: if the database refuses; nothing was claimed.
        """
        async with transaction(self._engine) as connection:
            begins_s = await _granted(connection, claims) if claims else {}
            rows = (await connection.execute(_STANDING)).all()
        return Standing(
            begins_s,
            {key: due_s for key, due_s, _ in rows if due_s > 0},
            {key: held_s for key, _, held_s in rows if held_s > 0},
        )

    @uninterrupted
    async def hold(self, key: str, pause_s: float) -> None:
        """Let all processes leave a key alone, at least for so long.

        Raises:
            StoreError: if the database refuses.
        """
        async with transaction(self._engine) as connection:
            await connection.execute(_HURRIED)
            await connection.execute(_HOLD, {"key": key, "pause_s": pause_s})


async def _granted(
    connection: AsyncConnection, claims: Sequence[Claim]
) -> dict[str, float]:
    """Return the time of the first slot of each claim that is granted."""
    await connection.execute(_HURRIED)
    wanted = {
        "keys": [claim.key for claim in claims],
        "lengths_s": [claim.length_s for claim in claims],
        "leeways_s": [claim.leeway_s for claim in claims],
        "withins_s": [claim.within_s for claim in claims],
    }
    lengths_s = {claim.key: claim.length_s for claim in claims}
    ends_s = (await connection.execute(_CLAIM, wanted)).all()
    return {key: float(end_s) - lengths_s[key] for key, end_s in ends_s}
