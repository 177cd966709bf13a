"""The slots that one process has of a key, on a clock that only goes forward."""

import pytest

from bot.slack.pacing.pacing import Claim, Pace
from bot.slack.pacing.stock import CLAIM_S, LASTING_S, Stock

KEY, INTERVAL_S, BURST = "chat.postMessage C1", 1.0, 3
LEEWAY_S = 2.0
ANY_TIME = float("inf")


@pytest.fixture
def stirred() -> list[str]:
    return []


@pytest.fixture
def stock(stirred: list[str]) -> Stock:
    return Stock(KEY, INTERVAL_S, BURST, stirred.append)


def granted(stock: Stock, now_s: float, begins_s: float, spare: int = 1) -> Claim:
    """Let what is to be claimed be granted at once; return what it was."""
    claim = stock.claim(now_s, spare)
    assert claim is not None
    stock.grant(claim, begins_s, now_s, now_s)
    stock.learn(now_s + begins_s + claim.length_s)
    return claim


def test_what_is_kept_ready_is_claimed_if_it_is_free(stock: Stock) -> None:
    assert stock.claim(0, spare=2) == Claim(KEY, 2 * INTERVAL_S, LEEWAY_S, CLAIM_S)
    assert stock.claim(0, spare=0) is None


def test_a_slot_is_good_in_the_leeway_before_its_time(stock: Stock) -> None:
    granted(stock, 0, 5)

    assert stock.wait_s(0) == 3
    assert stock.wait_s(3) == 0
    assert stock.wait_s(5) == 0
    # It has lapsed; one that is behind it would have been claimed.
    assert stock.wait_s(5.1) == 0
    stock.spend(5.1)
    assert stock.claim(5.1, spare=0) == Claim(KEY, INTERVAL_S, LEEWAY_S, ANY_TIME)


def test_a_slot_is_used_once(stock: Stock, stirred: list[str]) -> None:
    granted(stock, 0, 1)

    stock.spend(0)

    assert stirred == [KEY]
    # All processes' due is at 2: the next time is free at once.
    assert stock.wait_s(0) == 0
    assert stock.claim(0, spare=0) is None


def test_nobody_knows_when_an_answer_was_true(stock: Stock) -> None:
    claim = stock.claim(0, spare=1)
    assert claim is not None

    stock.grant(claim, 5, sent_s=0, heard_s=0.5)

    assert stock.wait_s(0.5) == 3
    assert stock.wait_s(5) == 0
    stock.learn(100)
    assert stock.wait_s(5.1) > 0


def test_an_answer_that_comes_too_late_gives_no_slot(stock: Stock) -> None:
    claim = stock.claim(0, spare=1)
    assert claim is not None
    stock.grant(claim, 1, sent_s=0, heard_s=3)
    stock.learn(100)

    assert stock.wait_s(3) == 95


def test_who_finds_that_others_were_faster_is_put_in_line(
    stock: Stock, stirred: list[str]
) -> None:
    stock.learn(10)

    assert stock.wait_s(4) == pytest.approx(4)
    assert stirred == [KEY]
    assert stock.claim(4, spare=1) == Claim(KEY, INTERVAL_S, LEEWAY_S, ANY_TIME)
    # Who is told to come back does not come before a claim can be answered.
    assert stock.wait_s(7.99) == CLAIM_S


def test_who_has_a_place_in_line_gets_no_second_one(stock: Stock) -> None:
    stock.learn(10)
    stock.wait_s(4)
    granted(stock, 4, 6)

    assert stock.wait_s(4) == 4
    assert stock.claim(4, spare=0) is None
    # Nor a new one when it has lapsed, unless it asks again.
    assert stock.claim(11, spare=0) is None


def test_while_others_are_in_line_nothing_is_kept_ready(stock: Stock) -> None:
    stock.learn(10)

    assert stock.claim(7, spare=1) is None
    assert stock.opens_s(7, spare=1) == 10 - LEEWAY_S - CLAIM_S
    assert stock.claim(8, spare=1) is not None


def test_a_slot_is_replaced_before_it_lapses(stock: Stock) -> None:
    granted(stock, 0, 2)

    opens_s = stock.opens_s(0, spare=1)

    assert opens_s == pytest.approx(max(2 - LASTING_S, 3 - LEEWAY_S - CLAIM_S))
    assert stock.claim(opens_s - 0.01, spare=1) is None
    assert stock.claim(opens_s, spare=1) is not None


def test_many_slots_are_replaced_when_half_of_them_are_used(stirred: list[str]) -> None:
    stock = Stock("chat.update", 1.0, 60, stirred.append)
    granted(stock, 0, 30, spare=4)

    for left in (3, 2):
        assert stock.claim(0, spare=4) is None
        stock.spend(0)
        assert len(stock._slots) == left
    claim = stock.claim(0, spare=4)

    assert claim is not None
    assert claim.length_s == 2


def test_a_call_that_went_without_a_slot_is_claimed_afterwards(stock: Stock) -> None:
    stock.spend(0)
    stock.spend(0)

    claim = granted(stock, 0, 1)

    assert (claim.length_s, claim.within_s) == (2, ANY_TIME)
    assert len(stock._slots) == 0
    # All are behind them now.
    assert stock.wait_s(0) == 1
    assert stock.claim(0, spare=0) is not None


def test_no_more_is_claimed_afterwards_than_a_burst(stock: Stock) -> None:
    for now_s in range(20):
        stock.spend(now_s)

    claim = stock.claim(20, spare=0)

    assert claim is not None
    assert claim.length_s == BURST * INTERVAL_S


def test_a_call_that_goes_while_a_claim_is_on_its_way_is_claimed_next(
    stock: Stock,
) -> None:
    stock.spend(0)
    claim = stock.claim(0, spare=0)
    assert claim is not None
    stock.spend(0.1)

    stock.grant(claim, 1, 0, 0.2)

    following = stock.claim(0.2, spare=0)
    assert following is not None
    assert following.length_s == INTERVAL_S


def test_a_claim_that_failed_is_made_again(stock: Stock) -> None:
    stock.spend(0)
    first = stock.claim(0, spare=0)

    assert stock.claim(1, spare=0) == first
    stock.forget()
    assert stock.claim(1, spare=0) is None


def test_some_slots_are_kept_for_others_until_they_would_lapse(stock: Stock) -> None:
    stock.learn(100)
    stock.line_up(2)
    claim = stock.claim(0, spare=0)
    assert claim is not None
    stock.grant(claim, 2, 0, 0)

    # The second slot is good from 1 on, then the first may be used.
    assert stock.wait_s(0) == 0
    assert stock.wait_s(0, reserve=1) == 1
    assert stock.wait_s(0, reserve=2) == pytest.approx(1.7)


def test_what_all_have_left_counts_as_kept(stock: Stock) -> None:
    granted(stock, 0, 1)

    assert stock.wait_s(0, reserve=1) == 0
    # But the slot is used before it lapses.
    assert stock.wait_s(0, reserve=2) == pytest.approx(0.7)


def test_what_slack_holds_leaves_no_slot(stock: Stock) -> None:
    granted(stock, 0, 2)
    stock.learn(50)

    stock.hold()

    assert stock.wait_s(1) == 47


def test_where_bursts_are_not_allowed_a_slot_is_good_for_a_moment(stock: Stock) -> None:
    stock.calm(100)
    stock.learn(10)
    assert stock.claim(10, spare=1) is None
    stock.wait_s(0)

    claim = granted(stock, 0, 10)

    assert claim.leeway_s == INTERVAL_S / 4
    assert stock.wait_s(0) == 9.75


def test_who_waits_comes_back_before_the_slot_lapses(stock: Stock) -> None:
    stock.calm(100)
    stock.learn(10)

    assert stock.wait_s(0) == 9.75
    granted(stock, 0, 10)
    assert stock.wait_s(9.75) == 0


def test_who_waits_may_use_a_slot_whose_grant_came_late(stock: Stock) -> None:
    stock.calm(100)
    stock.learn(1)
    stock.wait_s(0)
    claim = stock.claim(0, spare=1)
    assert claim is not None

    stock.grant(claim, 1, sent_s=0, heard_s=3)
    stock.learn(100)

    assert stock.wait_s(3.1) > 0


def test_a_stock_that_nobody_serves_is_a_pace(stirred: list[str]) -> None:
    stock, pace = Stock(KEY, INTERVAL_S, BURST, stirred.append), Pace(INTERVAL_S, BURST)
    now_s = 0.0
    for pause_s in (0, 0, 0, 0, 0.5, 0, 7, 0, 0, 0, 0):
        now_s += pause_s
        wait_s = pace.wait_s(now_s)
        assert stock.wait_s(now_s) == wait_s
        now_s += wait_s
        stock.spend(now_s)
        pace.spend(now_s)
    assert stock.slowness_s(now_s, 3) == pace.slowness_s(now_s, 3)
