"""Which faults end an answer, and which only disturb it."""

from typing import get_args

import pytest

from bot.playground.model.fault import INTERRUPTIONS, Kind, ModelFault


def test_a_refusal_is_no_break_and_an_error_is_one_wherever_it_comes() -> None:
    assert not ModelFault(status=500).breaks_off
    assert ModelFault(kind="error").breaks_off


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_fault_ends_the_answer_or_disturbs_it_but_not_both(kind: Kind) -> None:
    fault = ModelFault(kind=kind, after_fragments=1)
    goes_on = {"none", "refuse_stream_options", "page", "late_cut", *INTERRUPTIONS}

    assert fault.breaks_off == (kind not in goes_on)
    assert bool(fault.interruption) == (kind in INTERRUPTIONS)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_an_answer_that_ends_in_order_is_not_whole(kind: Kind) -> None:
    reasons = {"length", "content_filter", "tool_calls", "refusal", "unfinished"}

    assert ModelFault(kind=kind).ends_in_order == (kind in reasons)
    assert ModelFault(kind=kind).breaks_off or kind not in reasons


@pytest.mark.parametrize("kind", ["length", "content_filter", "tool_calls"])
def test_a_reason_to_finish_is_named(kind: Kind) -> None:
    assert ModelFault(kind=kind).finish_reason == kind
    assert ModelFault(kind="cut").finish_reason is None
