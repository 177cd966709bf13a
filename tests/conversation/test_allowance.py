"""Who may ask the model now, and when again."""

from dataclasses import dataclass, field

import pytest

from bot.conversation.allowance import Allowance, Limits, Standing, duration
from bot.conversation.ledger import Census


@dataclass
class ListedLedger:
    """What was spent: person, Unix time, tokens."""

    entries: list[tuple[str, float, int]] = field(
        default_factory=list[tuple[str, float, int]]
    )
    asked: int = 0

    async def spent(self, since_s: float, person: str = "") -> int:
        return sum(tokens for _, tokens in self._since(since_s, person))

    async def reached_s(
        self, tokens: int, since_s: float, person: str = ""
    ) -> float | None:
        self.asked += 1
        total = 0
        for at_s, cost in sorted(self._since(since_s, person), reverse=True):
            total += cost
            if total >= tokens:
                return at_s
        return None

    async def census(self) -> Census:
        return Census(running=1, waiting=2)

    def _since(self, since_s: float, person: str) -> list[tuple[float, int]]:
        return [
            (at_s, tokens)
            for who, at_s, tokens in self.entries
            if at_s >= since_s and person in {"", who}
        ]


NOW_S = 1_000_000.0


def allowance(ledger: ListedLedger, hourly: int = 0, daily: int = 0) -> Allowance:
    return Allowance(ledger, Limits(hourly, daily), lambda: NOW_S)


async def test_without_limits_nobody_is_refused_and_nothing_looked_up() -> None:
    ledger = ListedLedger([("ana", NOW_S, 10**9)])

    assert await allowance(ledger).refusal("ana") == ""
    assert ledger.asked == 0


async def test_who_spent_their_hour_is_told_when_it_goes_on() -> None:
    ledger = ListedLedger(
        [("ana", NOW_S - 3000, 60), ("ana", NOW_S - 1800, 30), ("ana", NOW_S, 20)]
    )

    sentence = await allowance(ledger, hourly=100).refusal("ana")

    # Once the oldest is an hour old, 50 are left.
    assert "the 100 tokens that one person may use within an hour" in sentence
    assert "in about 10 minutes" in sentence


async def test_the_tokens_of_others_are_not_theirs() -> None:
    ledger = ListedLedger([("ben", NOW_S - 60, 100), ("ana", NOW_S - 60, 99)])

    assert await allowance(ledger, hourly=100).refusal("ana") == ""
    assert await allowance(ledger, hourly=100).refusal("ben") != ""


async def test_what_is_older_than_the_hour_counts_no_more() -> None:
    ledger = ListedLedger([("ana", NOW_S - 3601, 100)])

    assert await allowance(ledger, hourly=100).refusal("ana") == ""


async def test_all_together_may_spend_so_much_in_a_day() -> None:
    ledger = ListedLedger([("ben", NOW_S - 80_000, 600), ("chie", NOW_S - 10, 500)])

    sentence = await allowance(ledger, daily=1_000).refusal("ana")

    assert "Everybody together has used the 1,000 tokens" in sentence
    assert "in about 107 minutes" in sentence


async def test_of_two_limits_the_one_that_holds_longer_is_told() -> None:
    ledger = ListedLedger([("ana", NOW_S - 60, 100)])

    sentence = await allowance(ledger, hourly=100, daily=100).refusal("ana")

    assert "Everybody together" in sentence
    assert "in about 24 hours" in sentence


async def test_a_standing_tells_the_persons_hour_and_everybodys_day() -> None:
    ledger = ListedLedger(
        [("ana", NOW_S - 60, 5), ("ana", NOW_S - 7_200, 7), ("ben", NOW_S - 60, 11)]
    )

    assert await allowance(ledger, 100, 200).standing("ana") == Standing(
        Census(1, 2), Limits(100, 200), person_tokens=5, all_tokens=23, now_s=NOW_S
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a minute"),
        (60, "a minute"),
        (61, "2 minutes"),
        (7_140, "119 minutes"),
        (7_200, "2 hours"),
        (86_400, "24 hours"),
        (172_800, "2 days"),
        (180_000, "3 days"),
    ],
)
def test_a_span_is_told_in_the_unit_that_suits_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words
