"""What one person alone is shown, within Slack's limits."""

from dataclasses import replace

import pytest

from bot.conversation.steering import MemoryReport
from bot.conversation.turn import Speaker, ThreadId
from bot.playground.content.rules import read_content
from bot.slack.controls import ephemeral
from tests.twins import said

REPORT = MemoryReport(
    summary="We meet at nine.",
    pinned=(replace(said("port 8080"), speaker=Speaker("U1", "Ana")),),
    verbatim=12,
    left_out=0,
    used_tokens=1234,
    budget_tokens=8000,
)


def shown(content: ephemeral.Ephemeral) -> str:
    """Return what the sections say, as Slack takes it."""
    read_content(content, is_short=True)
    sections = [b for b in content["blocks"] if b["type"] == "section"]
    return "".join(section["text"]["text"] for section in sections)


def test_a_report_tells_what_is_remembered() -> None:
    text = shown(ephemeral.report(REPORT))

    assert "12 messages word for word; about 1,234 of 8,000 tokens" in text
    assert "• port 8080 (Ana)" in text
    assert "We meet at nine." in text


def test_a_report_leaves_out_what_there_is_not() -> None:
    bare = replace(REPORT, summary="", pinned=())

    text = shown(ephemeral.report(bare))

    assert "Summary" not in text
    assert "kept" not in text


def test_a_report_tells_of_what_has_no_room() -> None:
    text = shown(ephemeral.report(replace(REPORT, left_out=3)))

    assert "3 more wait for their summary" in text


def test_an_empty_memory_is_said_in_a_sentence() -> None:
    empty = MemoryReport("", (), 0, 0, 0, 8000)

    assert ephemeral.report(empty) == {"text": ephemeral.EMPTY}


@pytest.mark.parametrize("char", ["x", "漢", "😀", "&"])
def test_a_report_is_never_too_long(char: str) -> None:
    facts = REPORT.pinned * 500

    text = shown(ephemeral.report(replace(REPORT, summary=char * 20_000, pinned=facts)))

    assert len(text) <= ephemeral.MAX_SHOWN_CHARS
    assert text.endswith("…")


def test_nothing_in_a_report_calls_anybody() -> None:
    content = ephemeral.report(replace(REPORT, summary="<!channel> *bold*"))

    assert {b["text"]["type"] for b in content["blocks"]} == {"plain_text"}
    assert "<!channel>" not in content["text"]


def test_forgetting_asks_twice() -> None:
    content = ephemeral.confirmation(ThreadId("slack:T1:C1:1.0"))

    assert "Shall I forget" in shown(content)
    (button,) = content["blocks"][-1]["elements"]
    assert (button["action_id"], button["value"]) == (
        ephemeral.FORGET,
        "slack:T1:C1:1.0",
    )
    assert button["confirm"]["confirm"]["text"] == "Forget"


def test_the_help_names_every_command() -> None:
    assert all(
        word in ephemeral.help_of()
        for word in ("memory", "remember: …", "forget", "help")
    )


def test_help_names_the_words_that_stop_replies_here() -> None:
    assert "\n• stop - ends" in ephemeral.help_of()
    shown = ephemeral.help_of({"ストップ", "halt"})
    assert "\n• halt or ストップ - ends" in shown
    assert "stop - " not in shown
    assert " - ends" not in ephemeral.help_of(())
