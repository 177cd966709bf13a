"""What people in Slack live through when the model misbehaves."""

import asyncio
from pathlib import Path

import pytest

from bot import settings
from bot.app import run_bot
from bot.conversation import reply
from bot.conversation.ports import SetupError
from bot.llm import errors
from bot.playground.model.dialect import Dialect
from bot.playground.model.fault import Kind, ModelFault
from bot.playground.server import Playground
from tests.conftest import Bots
from tests.test_journeys import answered

pytestmark = pytest.mark.no_cover


@pytest.mark.parametrize(
    "kind",
    ["cut", "reset", "truncated", "unfinished", "error", "broken_json", "garbage"],
)
async def test_whatever_breaks_an_answer_off_it_goes_on(
    playground: Playground, bots: Bots, kind: Kind
) -> None:
    playground.model.dialect = Dialect(fragment_chars=5)
    playground.model.scripts.append("A whole line.\nHalf a line that is cut here")
    playground.model.faults.append(ModelFault(after_fragments=5, kind=kind))
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed talk")
        shown = await answered(playground, question, "Half a line that is cut here")

    assert shown == ["A whole line.", "Half a line that is cut here"]


@pytest.mark.parametrize("kind", ["cut", "unfinished", "error", "garbage"])
async def test_whatever_breaks_an_answer_off_twice_costs_no_line_and_one_sentence(
    playground: Playground, bots: Bots, kind: Kind
) -> None:
    playground.model.dialect = Dialect(fragment_chars=5)
    playground.model.scripts.append("A whole line.\nHalf a line that is cut here")
    playground.model.faults.append(ModelFault(after_fragments=4, kind=kind))
    playground.model.faults.append(ModelFault(after_fragments=1, kind=kind))
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
        ("refusal", errors.REFUSED),
    ],
)
async def test_whatever_keeps_an_answer_from_beginning_is_one_sentence(
    playground: Playground, bots: Bots, kind: Kind, sentence: str
) -> None:
    # An answer that broke before its first word is asked for again.
    playground.model.faults += [ModelFault(after_fragments=0, kind=kind)] * 2
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed talk")
        shown = await answered(playground, question, f"_{sentence}_")

    assert shown == [f"_{sentence}_"]


async def test_a_channel_has_its_own_model_and_prompt(
    playground: Playground, bots: Bots, tmp_path: Path
) -> None:
    file = tmp_path / "channels.toml"
    file.write_text(
        '[C0GENERAL]\nmodel = "offline-2"\nsystem_prompt = "Be kind."\n', "utf-8"
    )
    async with bots.running(
        playground, LINEFEED_CHANNELS=file, LINEFEED_SYSTEM_PROMPT="Be brief."
    ):
        for channel in ("C0GENERAL", "C0DEV"):
            question = playground.say("U0ANA", channel, "@Linefeed echo hi")
            assert await answered(playground, question, "hi") == ["hi"]

    asked = [(r.model, r.messages[0].text) for r in playground.model.requests]
    assert asked == [("offline-2", "Be kind."), ("offline", "Be brief.")]


async def test_a_wrong_channels_file_ends_the_start_before_slack_is_called(
    playground: Playground, tmp_path: Path
) -> None:
    file = tmp_path / "channels.toml"
    file.write_text("[C0GENERAL]\ndelivery = 1\n", encoding="utf-8")
    chosen = settings.load(
        SLACK_API_URL=playground.api_url,
        SLACK_BOT_TOKEN=playground.bot_token,
        SLACK_APP_TOKEN=playground.app_token,
        OPENAI_BASE_URL=playground.model_url,
        LINEFEED_DATA=tmp_path / "data",
        LINEFEED_CHANNELS=file,
    )

    with pytest.raises(ExceptionGroup) as failed:
        await run_bot(chosen, asyncio.Event())

    (cause,) = failed.value.exceptions
    assert isinstance(cause, SetupError)
    assert f"{file}, line 2: delivery must be" in str(cause)
    assert not playground.webapi.calls
