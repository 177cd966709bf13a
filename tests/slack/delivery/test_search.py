"""A message of which it is unknown whether it arrived: two looks, and patience."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.slack.api.token import TokenState
from bot.slack.api.web import NoAnswerError, RefusedError
from bot.slack.delivery.search import DoubtError, search
from bot.slack.delivery.services import Doubt
from tests.slack.virtual import virtually

DOUBT = Doubt(pause_s=2, patience_s=60)
Found = str | Exception | None


def searched(
    found: list[Found],
    token: Callable[[], Awaitable[TokenState]] | None = None,
) -> tuple[str | None, list[float]]:
    """Search in a place that shows one thing after the other, the last for ever.

    Returns what was found and when the looks were.
    """
    looks_s: list[float] = []

    async def look() -> str | None:
        looks_s.append(asyncio.get_running_loop().time())
        result = found[min(len(looks_s), len(found)) - 1]
        if isinstance(result, Exception):
            raise result
        return result

    async def play() -> str | None:
        state = TokenState() if token is None else await token()
        return await search(look, DOUBT, state)

    return virtually(play()), looks_s


def test_what_is_there_is_found_at_the_first_look() -> None:
    assert searched(["1.1"]) == ("1.1", [2])


def test_what_comes_late_is_found_at_the_second_look() -> None:
    assert searched([None, "1.1"]) == ("1.1", [2, 4])


def test_what_is_missing_twice_is_missing() -> None:
    assert searched([None]) == (None, [2, 4])


@pytest.mark.parametrize(
    "trouble", [NoAnswerError("500"), RefusedError("ratelimited", 1)], ids=str
)
def test_a_look_without_an_answer_is_none(trouble: Exception) -> None:
    assert searched([trouble, None, trouble, trouble, None]) == (None, [2, 4, 6, 8, 10])


def test_where_nothing_may_be_read_it_is_lost_at_once() -> None:
    with pytest.raises(DoubtError, match="missing_scope"):
        searched([RefusedError("missing_scope")])


def test_where_slack_stays_silent_it_is_lost_in_the_end() -> None:
    async def play() -> float:
        async def look() -> str | None:
            raise NoAnswerError("500")

        with pytest.raises(DoubtError, match="no answer"):
            await search(look, DOUBT, TokenState())
        return asyncio.get_running_loop().time()

    assert virtually(play()) == pytest.approx(DOUBT.patience_s)


def test_while_the_token_is_refused_nothing_is_given_up() -> None:
    async def play() -> float:
        token = TokenState()
        token.refuse("token_revoked")
        asyncio.get_running_loop().call_later(1_000, token.accept)

        async def look() -> str | None:
            await token.until_accepted()
            return "1.1"

        assert await search(look, DOUBT, token) == "1.1"
        return asyncio.get_running_loop().time()

    assert 1_000 <= virtually(play()) < 1_010
