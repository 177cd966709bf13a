"""What was promised holds after kill -9, at whatever point."""

import random
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from bot.conversation.condenser import Condenser
from bot.conversation.fold import Limits
from bot.conversation.tokens import TokenBudget
from bot.storage import database
from bot.storage.memory import SqlMemory
from tests.forks import FORKS
from tests.long import examples
from tests.storage import killed
from tests.storage.marked import (
    BUDGET,
    MarkerSummarizer,
    background,
    markers,
    tokens_of,
)
from tests.twins import THREAD, NamingReader

pytestmark = pytest.mark.no_cover


def promised(folder: Path, url: str, seed: int) -> list[tuple[str, ...]]:
    """Let a process run and kill it at some point; return what it told."""
    choices = random.Random(seed)  # noqa: S311 - no secret
    heard, told = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=killed.run, args=(folder, url, seed, told))
    process.start()
    told.close()
    promises = [heard.recv() for _ in range(choices.randrange(2, 160))]
    time.sleep(choices.random() / 20)
    process.kill()
    process.join()
    with suppress(EOFError):
        while True:
            promises.append(heard.recv())
    heard.close()
    return promises


def expected(told: list[tuple[str, ...]]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the marker by place of what is done, and with what may be done."""
    done: dict[str, str] = {}
    for begun, ended in zip(told[::2], [*told[1::2], None], strict=False):
        after = dict(done)
        match begun:
            case ("begin", "delete", place):
                after.pop(place, None)
            case ("begin", "edit", place, marker):
                after |= {place: marker} if place in done else {}
            case ("begin", _, place, marker):
                after[place] = marker
        if ended is None:
            return done, after
        done = after
    return done, done


@pytest.mark.parametrize("seed", range(examples(5, 50)))
async def test_what_was_promised_holds_after_a_kill(
    seed: int, tmp_path: Path, database_url: str
) -> None:
    told = promised(tmp_path, database_url, seed)
    done, perhaps = expected(told)

    async with database.opened(tmp_path, database_url) as engine:
        store = SqlMemory(engine)
        found = await store.load(THREAD)
        assert markers(found) in (Counter(done.values()), Counter(perhaps.values()))

        condenser = Condenser(
            store, NamingReader(), MarkerSummarizer(), TokenBudget(BUDGET)
        )
        condenser.wake(THREAD)
        async with background(condenser.run):
            while condenser._tasks or condenser._woken:
                await store.people(THREAD)
        after = await store.load(THREAD)

    assert markers(after) == markers(found)
    assert tokens_of(after) <= Limits.of(BUDGET).high
