"""Who is answered, when, and what is only overheard."""

from dataclasses import replace

import pytest

from bot.slack.events.event import SlackMessage
from bot.slack.events.policy import Decision, Policy, ThreadsMode

ANA = SlackMessage(
    team="T1",
    actor_team="T1",
    user="UANA",
    channel="C1",
    kind="channel",
    ts="2.0",
    thread_ts="1.0",
    text="and then?",
    files=(),
    is_mention=False,
)
ALONE = frozenset({"UANA"})
BOTH = frozenset({"UANA", "UBEN"})
OTHER = frozenset({"UBEN"})
NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("threads", "people", "decision"),
    [
        ("auto", NOBODY, "ignore"),
        ("auto", ALONE, "answer"),
        ("auto", OTHER, "overhear"),
        ("auto", BOTH, "overhear"),
        ("always", NOBODY, "ignore"),
        ("always", ALONE, "answer"),
        ("always", BOTH, "answer"),
        ("mention", NOBODY, "ignore"),
        ("mention", ALONE, "overhear"),
        ("mention", BOTH, "overhear"),
    ],
)
def test_a_follow_up_is_answered_as_the_setting_says(
    threads: ThreadsMode, people: frozenset[str], decision: Decision
) -> None:
    assert Policy("UBOT", threads).follow_up(ANA, people) == decision


@pytest.mark.parametrize("threads", ["auto", "always", "mention"])
@pytest.mark.parametrize("people", [ALONE, BOTH])
def test_what_is_said_to_somebody_else_is_overheard(
    threads: ThreadsMode, people: frozenset[str]
) -> None:
    message = replace(ANA, text="<@UBEN|ben> look")

    assert Policy("UBOT", threads).follow_up(message, people) == "overhear"


@pytest.mark.parametrize(
    ("message", "is_addressed"),
    [
        (ANA, False),
        (replace(ANA, kind="im"), True),
        (replace(ANA, is_mention=True), True),
        (replace(ANA, text="hey <@UBOT>"), True),
        (replace(ANA, text="hey <@UBOT|linefeed>"), True),
        (replace(ANA, text="hey <@UBOTTLE>"), False),
        (replace(ANA, text="hey &lt;@UBOT&gt;"), False),
        (replace(ANA, kind="mpim"), False),
    ],
)
def test_a_direct_message_or_a_mention_is_to_the_bot(
    message: SlackMessage, *, is_addressed: bool
) -> None:
    assert Policy("UBOT").is_addressed(message) is is_addressed


@pytest.mark.parametrize(
    ("message", "is_welcome"),
    [
        (ANA, True),
        (replace(ANA, actor_team=""), True),
        (replace(ANA, user="UBOT"), False),
        (replace(ANA, actor_team="T2"), False),
    ],
)
def test_only_people_of_ones_own_workspace_are_welcome(
    message: SlackMessage, *, is_welcome: bool
) -> None:
    assert Policy("UBOT").welcomes(message) is is_welcome


@pytest.mark.parametrize("allowed", ["UANA", "C1", "T2"])
def test_others_are_welcome_where_a_setting_names_them(allowed: str) -> None:
    stranger = replace(ANA, actor_team="T2")

    assert Policy("UBOT", allow=frozenset({allowed})).welcomes(stranger)
    assert not Policy("UBOT", allow=frozenset({"T3"})).welcomes(stranger)


def test_the_bot_is_not_welcome_whatever_the_settings_name() -> None:
    allow = frozenset({"UBOT", "C1", "T1"})

    assert not Policy("UBOT", allow=allow).welcomes(replace(ANA, user="UBOT"))
