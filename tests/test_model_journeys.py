"""What people in Slack live through when the model misbehaves."""

import pytest

from bot.conversation import reply
from bot.llm import errors
from bot.playground.model.dialect import Dialect
from bot.playground.model.fault import Kind, ModelFault
from bot.playground.server import Playground
from tests.conftest import Bots
from tests.test_journeys import answered


@pytest.mark.parametrize(
    "kind",
    ["cut", "reset", "truncated", "unfinished", "error", "broken_json", "garbage"],
)
async def test_whatever_breaks_an_answer_off_costs_no_line_and_one_sentence(
    playground: Playground, bots: Bots, kind: Kind
) -> None:
    playground.model.dialect = Dialect(fragment_chars=5)
    playground.model.scripts.append("A whole line.\nHalf a line that is cut here")
    playground.model.faults.append(ModelFault(after_fragments=5, kind=kind))
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed talk")
        shown = await answered(playground, question, f"_{errors.BROKE_OFF}_")

    assert shown == ["A whole line.", "Half a line", f"_{errors.BROKE_OFF}_"]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("page", errors.UNKNOWN),
        ("unfinished", errors.UNKNOWN),
        ("length", errors.CUT_BY_LENGTH),
        ("content_filter", errors.CUT_BY_FILTER),
        ("tool_calls", reply.EMPTY),
        ("cut", "The model cannot be reached right now."),
    ],
)
async def test_whatever_keeps_an_answer_from_beginning_is_one_sentence(
    playground: Playground, bots: Bots, kind: Kind, sentence: str
) -> None:
    playground.model.faults.append(ModelFault(after_fragments=0, kind=kind))
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed talk")
        shown = await answered(playground, question, f"_{sentence}_")

    assert shown == [f"_{sentence}_"]
