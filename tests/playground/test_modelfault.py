"""Which faults end an answer, and which only disturb it."""

from typing import get_args

import pytest

from bot.playground.modelfault import INTERRUPTIONS, Kind, ModelFault


def test_an_error_without_a_place_is_no_break() -> None:
    assert not ModelFault(status=500).breaks_off
    assert ModelFault(kind="error", after_fragments=0).breaks_off


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_fault_ends_the_answer_or_disturbs_it_but_not_both(kind: Kind) -> None:
    fault = ModelFault(kind=kind, after_fragments=1)
    goes_on = {"refuse_stream_options", "page", "late_cut", *INTERRUPTIONS}

    assert fault.breaks_off == (kind not in goes_on)
    assert bool(fault.interruption) == (kind in INTERRUPTIONS)


@pytest.mark.parametrize("kind", ["length", "content_filter", "tool_calls"])
def test_a_reason_to_finish_is_named(kind: Kind) -> None:
    assert ModelFault(kind=kind).finish_reason == kind
    assert ModelFault(kind="cut").finish_reason is None
