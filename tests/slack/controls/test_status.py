"""How the bot says how it is."""

import pytest

from bot.conversation.allowance import Limits, Standing
from bot.conversation.ledger import Census, Failure
from bot.slack.controls.status import Station, help_text, home, status_text

STATION = Station("edits", "gpt-x", 8_000)


def standing(census: Census, limits: Limits) -> Standing:
    return Standing(census, limits, person_tokens=900, all_tokens=12_345, now_s=1_000.0)


def test_the_status_tells_each_thing_in_a_line() -> None:
    found = standing(Census(2, 1, Failure("DeliveryError", 300.0)), Limits(1_000, 0))

    assert status_text(STATION, found, up_s=7_300).splitlines() == [
        "Replies here: edits (one message grows line by line)",
        "Model here: gpt-x",
        "Memory: up to 8,000 tokens of a thread",
        "Turns: 2 running, 1 waiting",
        "Tokens of the last 24 hours: 12,345 (no limit)",
        "Yours of the last hour: 900 of 1,000",
        "Last error: DeliveryError, 12 minutes ago",
        "Running for: 3 hours",
    ]


@pytest.mark.parametrize(
    ("failure", "said"),
    [(None, "none"), (Failure("", 999.0), "unknown, a minute ago")],
)
def test_an_error_without_a_name_and_none_at_all_are_told(
    failure: Failure | None, said: str
) -> None:
    text = status_text(STATION, standing(Census(0, 0, failure), Limits()), up_s=0)

    assert f"Last error: {said}" in text.splitlines()


def test_the_help_names_the_command_as_it_was_typed() -> None:
    assert "/linefeed-dev status" in help_text("/linefeed-dev")
    assert "no slash commands in threads" in help_text()


def test_the_home_tab_is_plain_text_within_slacks_limits() -> None:
    view = home("help " * 1_000, "status")

    texts = [
        text
        for block in view["blocks"]
        for text in (block.get("text"), *block.get("elements", ()))
        if text
    ]
    assert view["type"] == "home"
    assert {text["type"] for text in texts} == {"plain_text"}
    assert max(len(text["text"]) for text in texts) <= 3_000
