"""Replies that grow: over pages, over modes, and to a clear end."""

import asyncio

import pytest

from bot.chunking import Chunk
from bot.conversation.ports import DeliveryError
from bot.slack.api.refusals import MISSING
from bot.slack.pacing.budget import APPEND, POST, START, UPDATE
from tests.slack.delivery.test_faults import numbers
from tests.slack.stage import Stage, staged

MODES = ["edits", "stream"]
LINES = [f"n{number} is a line.\n" for number in range(8)]


@pytest.mark.parametrize("mode", MODES)
def test_a_long_reply_goes_over_several_messages(mode: str) -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        pieces = [f"n{number} {'long ' * 90}\n\n" for number in range(70)]
        await stage.reply(mode, pieces, 0.1, turn)

        shown = stage.shows(turn)
        assert numbers("\n".join(shown)) == [f"n{n}" for n in range(70)]
        assert len(shown) > 2
        assert max(map(len, shown)) <= 11_000
        assert all(call.result == "ok" for call in stage.slack.calls)

    staged(play)


@pytest.mark.parametrize("mode", MODES)
def test_blank_lines_alone_are_no_message(mode: str) -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await stage.reply(mode, ["\n", " \n"], 0.1, turn)

        assert stage.shows(turn) == []

    staged(play)


@pytest.mark.parametrize("mode", MODES)
def test_a_remark_stands_apart_at_the_end(mode: str) -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        async with stage.delivery(mode) as delivery, delivery.open(turn) as outlet:
            outlet.send(Chunk("```py\nx = 1\n"))
            await asyncio.sleep(1)
            outlet.remark("It broke off.")

        assert stage.shows(turn) == ["```py\nx = 1\n```\n\n_It broke off._"]

    staged(play)


def test_from_stream_over_edits_to_lines_nothing_is_lost_or_twice() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await stage.reply("stream", ["```py\n", *LINES, "```\n"], 0.3, turn)

        shown = stage.shows(turn)
        assert numbers("\n".join(shown)) == numbers("".join(LINES))
        assert all(text.count("```") == 2 for text in shown)
        methods = [call.method for call in stage.slack.calls if "chat" in call.method]
        assert methods[:3] == [START, POST, UPDATE]
        assert set(methods[3:]) == {POST}

    staged(
        play,
        chat_startStream=["refused:team_access_not_granted"],
        chat_update=["refused:cant_update_message"],
    )


@pytest.mark.parametrize(("mode", "method"), [("edits", UPDATE), ("stream", APPEND)])
@pytest.mark.parametrize("error", ["channel_not_found", "missing_scope"])
def test_where_the_place_is_gone_nothing_more_is_tried(
    mode: str, method: str, error: str
) -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        with pytest.RaisesGroup(
            DeliveryError, allow_unwrapped=True, flatten_subgroups=True
        ):
            await stage.reply(mode, LINES * 9, 0.3, turn)

        assert len(stage.calls(method)) == 2

    staged(play, **{method.replace(".", "_"): ["ok", f"refused:{error}"]})


def test_what_nobody_knows_of_is_said_to_be_perhaps_missing() -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        await stage.reply("edits", LINES, 0.3, turn)

        shown = "\n".join(stage.shows(turn))
        assert numbers(shown) == numbers("".join(LINES))
        assert shown.count(MISSING) == 1

    staged(
        play,
        chat_postMessage=["lost after"],
        conversations_replies=["refused:missing_scope"],
    )


@pytest.mark.parametrize("mode", MODES)
def test_a_reply_given_up_brings_nothing_more(mode: str) -> None:
    async def play(stage: Stage) -> None:
        turn = stage.ask()
        async with stage.delivery(mode) as delivery:
            with pytest.raises(ZeroDivisionError):
                await give_up(stage, delivery.open(turn))
            calls = [c.method for c in stage.slack.calls if "chat." in c.method]
            await asyncio.sleep(100)

            # But for the end of its stream, which else would seem to go on.
            ends = ["chat.stopStream"] if mode == "stream" else []
            after = [c.method for c in stage.slack.calls if "chat." in c.method]
            assert after == calls + ends

    async def give_up(stage: Stage, opened: object) -> None:
        async with opened as outlet:  # type: ignore[attr-defined]
            for line in LINES:
                outlet.send(Chunk(line))
                await asyncio.sleep(0.1)
            outlet.send(Chunk("never\n"))
            raise ZeroDivisionError

    staged(play)
