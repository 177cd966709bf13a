"""Which messages are commands, to the letter."""

import pytest

from bot.slack.events.command import Command, command_of, stop_words_of


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("<@UBOT> memory", Command("memory")),
        ("memory", Command("memory")),
        ("  <@UBOT|linefeed>  Forget ", Command("forget")),
        ("<@UBOT> HELP", Command("help")),
        ("<@UBOT> remember: port 8080", Command("remember", "port 8080")),
        ("Remember:port 8080", Command("remember", "port 8080")),
        ("<@UBOT> remember：ポートは8080", Command("remember", "ポートは8080")),
        ("remember:\na\nb", Command("remember", "a\nb")),
        ("remember: ask <@UBEN>", Command("remember", "ask <@UBEN>")),
        ("<@UBOT> stop", Command("stop")),
        (" STOP\n", Command("stop")),
    ],
)
def test_a_command_is_the_whole_message(text: str, command: Command) -> None:
    assert command_of(text, "UBOT") == command


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<@UBOT>",
        "<@UBOT> memory please explain",
        "<@UBOT> memory?",
        "<@UBEN> memory",
        "memory <@UBOT>",
        "help me",
        "forget it",
        "remember",
        "remember:",
        "remember:   ",
        "remember this",
        "please remember: x",
        "memories",
        "stop!",
        "please stop",
        "stop it",
    ],
)
def test_any_other_sentence_is_none(text: str) -> None:
    assert command_of(text, "UBOT") is None


@pytest.mark.parametrize(
    ("fact", "is_too_long"),
    [("x" * 780, False), ("x" * 800, True), ("漢" * 190, False), ("漢" * 200, True)],
)
def test_a_fact_has_a_limit(fact: str, *, is_too_long: bool) -> None:
    command = command_of(f"remember: {fact}", "UBOT")

    assert command is not None
    assert command.is_too_long is is_too_long


def test_stop_has_the_words_that_are_set() -> None:
    words = stop_words_of(" ストップ, Hör auf,,Straße ,")

    assert len(words) == 3
    for text in ("<@UBOT> ストップ", "hör auf", "STRASSE"):
        assert command_of(text, "UBOT", words) == Command("stop")
    assert command_of("stop", "UBOT", words) is None
