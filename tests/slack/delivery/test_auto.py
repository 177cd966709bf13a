"""Lines for a short reply, a message that grows for the rest of a long one."""

import pytest

from bot.slack.delivery.auto import LONG_CHARS, LONG_LINES
from bot.slack.pacing.budget import POST, START, UPDATE
from tests.slack.delivery.test_faults import numbers
from tests.slack.stage import Stage, staged


def paragraphs(count: int) -> list[str]:
    return [f"n{number} is a paragraph.\n\n" for number in range(count)]


def test_a_short_reply_comes_as_lines() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await stage.reply("auto", paragraphs(LONG_LINES), 2, turn)

        assert len(stage.shows(turn)) == LONG_LINES
        assert not stage.calls(UPDATE) + stage.calls(START)

    staged(play)


@pytest.mark.parametrize("pause_s", [0.0, 0.05, 2.0])
def test_a_long_reply_goes_on_in_one_message(pause_s: float) -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await stage.reply("auto", paragraphs(40), pause_s, turn)

        *_, last = shown = stage.shows(turn)
        assert numbers("\n".join(shown)) == [f"n{n}" for n in range(40)]
        assert numbers(last)[0] == f"n{LONG_LINES}"
        assert not stage.calls(START)
        assert stage.slack.watch.regressions() == []

    staged(play)


def test_a_reply_of_few_long_lines_is_long() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        pieces = [f"n{n} {'x' * (LONG_CHARS // 2)}\n\n" for n in range(6)]
        await stage.reply("auto", pieces, 2, turn)

        assert len(stage.shows(turn)) == 3

    staged(play)


def test_a_block_of_code_is_not_parted() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        code = [f"n{n} = 1\n" for n in range(60)]
        await stage.reply(
            "auto", ["```py\n", *code, "```\n", "\n", "End.\n"], 0.1, turn
        )

        shown = stage.shows(turn)
        assert [text.count("```") for text in shown] == [2, 0]
        assert shown[1] == "End."

    staged(play)


def test_a_heading_goes_with_what_follows_it() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        pieces = [*paragraphs(LONG_LINES), "## Title\n\n", "n12 behind.\n"]
        await stage.reply("auto", pieces, 0.5, turn)

        assert stage.shows(turn)[-1] == "## Title\n\nn12 behind."

    staged(play)


def test_without_room_for_edits_a_long_reply_stays_lines() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        stage.budget._running["edits"] = 99
        await stage.reply("auto", paragraphs(30), 0.5, turn)

        shown = "\n".join(stage.shows(turn))
        assert numbers(shown) == [f"n{n}" for n in range(30)]
        assert not stage.calls(UPDATE)
        assert len(stage.calls(POST)) > 3

    staged(play)


def test_the_rest_waits_until_the_lines_are_there() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await stage.reply("auto", paragraphs(30), 0.05, turn)

        shown = "\n".join(stage.shows(turn))
        assert numbers(shown) == [f"n{n}" for n in range(30)]

    staged(play, chat_postMessage=["ok", "lost before", "429:20"])
