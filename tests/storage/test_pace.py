"""Slots that are claimed in a PostgreSQL database; its twin in memory does the same."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.ports import StoreError
from bot.slack.pacing.pacing import Claim, SharedPace
from bot.storage import database, pace
from bot.storage.pace import SqlPace
from tests import postgres
from tests.slack.timeline import Timeline

INTERVAL_S, LEEWAY_S = 1.1, 2.2
KEY = "chat.postMessage C1"
ANY_TIME = float("inf")
SLACK_S = 0.5
"""More than a statement takes on a slow machine."""


@pytest.fixture(params=["postgresql", "twin"])
async def shared(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncGenerator[SharedPace]:
    if request.param == "twin":
        yield Timeline()
        return
    server: str = request.getfixturevalue("postgres_server")
    async with (
        postgres.database(server) as url,
        database.opened(tmp_path, url) as engine,
    ):
        yield SqlPace(engine)


def claim(count: int = 1, within_s: float = ANY_TIME, key: str = KEY) -> Claim:
    return Claim(key, count * INTERVAL_S, LEEWAY_S, within_s)


def soon(expected_s: float) -> object:
    """Return what equals a time that was so far ahead a moment ago."""
    return pytest.approx(expected_s - SLACK_S / 2, abs=SLACK_S / 2 + 1e-6)


async def test_the_first_slot_is_good_from_now_on_for_half_of_its_leeway(
    shared: SharedPace,
) -> None:
    standing = await shared.claim([claim()])

    assert standing.begins_s == {KEY: soon(LEEWAY_S / 2)}
    assert standing.due_s == {KEY: soon(LEEWAY_S / 2 + INTERVAL_S)}
    assert standing.held_s == {}


async def test_slots_follow_each_other_whoever_claims_them(shared: SharedPace) -> None:
    times_s = []
    for count in (1, 3, 1):
        standing = await shared.claim([claim(count)])
        times_s.append(standing.begins_s[KEY])

    gaps_s = [times_s[1] - times_s[0], times_s[2] - times_s[1]]
    assert gaps_s == [soon(INTERVAL_S), soon(3 * INTERVAL_S)]


async def test_what_could_not_be_used_so_soon_is_not_claimed(
    shared: SharedPace,
) -> None:
    await shared.claim([claim(2)])
    before = await shared.claim([])

    refused = await shared.claim([claim(within_s=0), claim(within_s=0, key="other")])

    assert refused.begins_s == {"other": soon(LEEWAY_S / 2)}
    assert refused.due_s[KEY] == soon(before.due_s[KEY])
    granted = await shared.claim([claim(within_s=INTERVAL_S)])
    assert granted.begins_s == {KEY: soon(LEEWAY_S / 2 + 2 * INTERVAL_S)}


async def test_what_is_held_is_claimed_for_later(shared: SharedPace) -> None:
    await shared.hold(KEY, 30)
    await shared.hold(KEY, 10)

    assert (await shared.claim([])).held_s == {KEY: soon(30)}
    assert (await shared.claim([claim(within_s=5)])).begins_s == {}
    standing = await shared.claim([claim()])
    assert standing.begins_s == {KEY: soon(30 + LEEWAY_S)}
    # Others are not.
    standing = await shared.claim([claim(key="other")])
    assert standing.begins_s == {"other": soon(LEEWAY_S / 2)}


async def test_what_is_claimed_already_can_be_held(shared: SharedPace) -> None:
    await shared.claim([claim()])
    await shared.hold(KEY, 30)

    standing = await shared.claim([])

    assert standing.held_s == {KEY: soon(30)}
    assert standing.due_s == {KEY: soon(LEEWAY_S / 2 + INTERVAL_S)}


async def test_what_is_over_is_not_told(shared: SharedPace) -> None:
    await shared.claim([Claim(KEY, 0.01, 0.01, ANY_TIME)])
    await shared.hold(KEY, 0.01)
    await asyncio.sleep(0.05)

    standing = await shared.claim([])

    assert (standing.due_s, standing.held_s) == ({}, {})


async def test_no_slot_is_given_to_two_who_claim_at_the_same_time(
    shared: SharedPace,
) -> None:
    """Whatever the order of their keys, none waits for ever for the other."""
    keys = [KEY, "chat.update", "chat.postMessage"]
    loop = asyncio.get_running_loop()
    times_s: dict[str, list[float]] = {key: [] for key in keys}

    async def claim_often(number: int) -> None:
        for turn in range(8):
            first = (number + turn) % 3
            order = keys[first:] + keys[:first]
            sent_s = loop.time()
            standing = await shared.claim([claim(key=key) for key in order])
            assert loop.time() - sent_s < 5
            for key in keys:
                times_s[key].append(loop.time() + standing.begins_s[key])

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(claim_often(number))

    for key in keys:
        found = sorted(times_s[key])
        numbers = [round((at_s - found[0]) / INTERVAL_S) for at_s in found]
        assert numbers == list(range(32))


async def test_a_file_is_one_processs_alone(sqlite: AsyncEngine) -> None:
    assert pace.of(sqlite) is None


async def test_a_server_has_paces_for_all(postgres_server: str, tmp_path: Path) -> None:
    async with (
        postgres.database(postgres_server) as url,
        database.opened(tmp_path, url) as engine,
    ):
        assert isinstance(pace.of(engine), SqlPace)


async def test_a_database_that_is_gone_is_told(
    postgres_server: str, tmp_path: Path
) -> None:
    async with postgres.database(postgres_server) as url:
        opened = database.opened(tmp_path, url)
        engine = await opened.__aenter__()
    try:
        with pytest.raises(StoreError):
            await SqlPace(engine).claim([claim()])
        with pytest.raises(StoreError):
            await SqlPace(engine).hold(KEY, 1)
    finally:
        await opened.__aexit__(None, None, None)
