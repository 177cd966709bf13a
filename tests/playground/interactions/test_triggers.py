"""A trigger opens one thing, and only at once."""

from typing import Any

import pytest

from bot.playground.answer import RefusedError
from bot.playground.interactions.triggers import TRIGGER_LIFE_S, Triggers
from tests.playground.conftest import FakeClock


@pytest.fixture
def triggers(clock: FakeClock) -> Triggers:
    return Triggers(clock)


def refusal(triggers: Triggers, trigger_id: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        triggers.exchange(trigger_id)
    return str(caught.value)


def test_a_trigger_knows_whose_it_is_and_is_used_up(
    clock: FakeClock, triggers: Triggers
) -> None:
    trigger_id = triggers.issue("U0ANA")
    clock.now_s += TRIGGER_LIFE_S

    assert triggers.exchange(trigger_id) == "U0ANA"
    assert refusal(triggers, trigger_id) == "exchanged_trigger_id"


def test_a_trigger_expires(clock: FakeClock, triggers: Triggers) -> None:
    trigger_id = triggers.issue("U0ANA")

    clock.now_s += TRIGGER_LIFE_S + 0.1

    assert refusal(triggers, trigger_id) == "expired_trigger_id"


@pytest.mark.parametrize("nothing", [None, "", 7])
def test_a_call_without_a_trigger_is_invalid(triggers: Triggers, nothing: Any) -> None:
    assert refusal(triggers, nothing) == "invalid_arguments"


def test_an_invented_trigger_is_invalid(triggers: Triggers) -> None:
    assert refusal(triggers, "132456.7890123.abcdef") == "invalid_trigger_id"
