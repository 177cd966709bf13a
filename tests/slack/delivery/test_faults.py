"""Replies under every fault that Slack shows, in virtual time: complete, and once."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chunking import LineChunker
from bot.conversation.ports import DeliveryError
from bot.conversation.turn import Message, Speaker, ThreadId, Turn, TurnId
from bot.playground.people.composer import Speech, say
from bot.playground.webapi.limits import Limits
from bot.playground.workspace.identity import BOT_ID, TEAM
from bot.slack.api.address import Address
from bot.slack.channels import Wish
from bot.slack.delivery.delivery import SlackDelivery
from bot.slack.delivery.services import Services
from bot.slack.pacing.budget import Budget
from bot.slack.text.shown import Known, shown
from tests.chunking.texts import leaves_a_fence_open
from tests.long import examples
from tests.slack.call import early_calls
from tests.slack.journal import ListedJournal
from tests.slack.schedule import FORM_ERRORS, Schedule, fault_schedules
from tests.slack.virtual import WirelessSlack, virtually
from tests.slack.watch import visible

CHANNEL = "C0DEV"
ANA = Known(frozenset({"U0ANA"}), frozenset())
MODES: list[Wish] = ["lines", "edits", "stream", "auto"]
SETTLED_S = 30.0
"""How long what was stored late may take."""


@dataclass
class Played:
    slack: WirelessSlack
    recorded: str
    """The model's text, as the journal has it."""
    messages: list[str]
    """What stands in the thread at the end."""


def asked(slack: WirelessSlack) -> Turn:
    """Let Ana ask; return the turn."""
    message = say(slack.workspace, Speech("U0ANA", CHANNEL, "why?"))
    address = Address(TEAM, TEAM, "U0ANA", CHANNEL, "channel", message.ts, message.ts)
    question = Message(
        ThreadId(f"slack:{TEAM}:{CHANNEL}:{message.ts}"),
        message.ts,
        "person",
        Speaker("U0ANA"),
        "why?",
    )
    turn = TurnId(f"{TEAM}:{CHANNEL}:{message.ts}")
    return Turn(turn, question, address.dump(), attempts=1)


def played(
    mode: Wish,
    fragments: Sequence[tuple[str, float]],
    schedule: Schedule,
    limits: Limits | None = None,
) -> Played:
    """Deliver a reply whose fragments come after pauses (s)."""

    async def play() -> Played:
        slack = WirelessSlack(limits or Limits(), schedule=schedule)
        notes = ListedJournal()
        clock = asyncio.get_running_loop().time
        services = Services(cast("Any", slack), BOT_ID, notes, Budget(1.1, clock))
        turn = asked(slack)
        chunker = LineChunker(3_000)
        async with SlackDelivery(services, lambda _: mode) as delivery:
            async with delivery.open(turn) as outlet:
                outlet.heard((turn.question,))
                for fragment, pause_s in fragments:
                    await asyncio.sleep(pause_s)
                    for chunk in chunker.push(fragment):
                        outlet.send(chunk)
                for chunk in chunker.finish():
                    outlet.send(chunk)
            # What a lost call stores late comes now.
            await asyncio.sleep(SETTLED_S)
        thread_ts = turn.question.position
        return Played(
            slack, notes.text(turn.id), visible(slack.workspace, CHANNEL, thread_ts)
        )

    return virtually(play())


_WORDS = st.sampled_from(["word", "two words", "漢字です。", "*em*", "`code`", "a & b"])


@st.composite
def replies(draw: st.DrawFn) -> str:
    """Draw Markdown whose lines carry numbers, so that none can get lost unseen."""
    blocks: list[str] = []
    number = 0

    def numbered(form: str, count: int) -> list[str]:
        nonlocal number
        number += count
        words = draw(_WORDS)
        return [form.format(f"n{n} {words}") for n in range(number - count, number)]

    for _ in range(draw(st.integers(1, 8))):
        kind = draw(
            st.sampled_from(["prose", "list", "code", "table", "quote", "long"])
        )
        count = draw(st.integers(1, 12))
        if kind == "prose":
            blocks.append("\n".join(numbered("{} here.", count)))
        elif kind == "list":
            blocks.append("\n".join(numbered("- {}", count)))
        elif kind == "code":
            code = numbered("x = 1  # {}", count * draw(st.sampled_from([1, 1, 25])))
            blocks.append("\n".join(["```py", *code, "```"]))
        elif kind == "table":
            blocks.append(
                "\n".join(["| a | b |", "|---|---|", *numbered("| {} | b |", count)])
            )
        elif kind == "quote":
            blocks.append("\n".join(numbered("> {}", count)))
        else:
            filler = "so it goes on and on, " * draw(st.integers(20, 110))
            blocks.append("\n".join(numbered(f"{filler}{{}}.", min(count, 6))))
    return "\n\n".join(blocks) + draw(st.sampled_from(["", "\n", "\n\n"]))


@dataclass(frozen=True)
class Spoken:
    """A reply as a model gives it: in fragments, after pauses, one of them long."""

    text: str
    size: int
    pause_s: float
    silence_s: float
    silence_at: int

    def fragments(self) -> list[tuple[str, float]]:
        """Return the fragments, each with the pause before it."""
        starts = range(0, len(self.text), self.size)
        # A reply of an hour tells no more than one of ten minutes.
        pause_s = min(self.pause_s, 600 / len(starts))
        silent = self.silence_at * self.size
        return [
            (
                self.text[start : start + self.size],
                self.silence_s if start == silent else pause_s,
            )
            for start in starts
        ]


def spoken() -> st.SearchStrategy[Spoken]:
    """Draw a reply and how it is given."""
    return st.builds(
        Spoken,
        replies(),
        st.sampled_from([3, 40, 400]),
        st.sampled_from([0.0, 0.02, 0.3, 2.0]),
        st.sampled_from([0.0, 10.0, 400.0]),
        st.integers(0, 40),
    )


def numbers(text: str) -> list[str]:
    return re.findall(r"\bn\d+\b", text)


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=examples(8, 250))
@given(said=spoken(), schedule=fault_schedules())
def test_a_reply_is_complete_whatever_becomes_of_its_calls(
    mode: Wish, said: Spoken, schedule: Schedule
) -> None:
    play = played(mode, said.fragments(), schedule)

    assert numbers("\n".join(play.messages)) == numbers(said.text)
    assert not any(leaves_a_fence_open(message) for message in play.messages)
    assert early_calls(play.slack.calls) == []
    assert [call for call in play.slack.calls if call.is_too_long] == []
    assert play.slack.watch.regressions() == []
    assert play.recorded.split() == said.text.split()


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=examples(5, 250))
@given(said=spoken(), schedule=fault_schedules(errors=FORM_ERRORS, max_calls=20))
def test_what_slack_does_not_want_in_one_form_comes_in_another(
    mode: Wish, said: Spoken, schedule: Schedule
) -> None:
    try:
        play = played(mode, said.fragments(), schedule)
    except ExceptionGroup as group:
        if group.subgroup(DeliveryError) is None:
            raise
        # Refused even as plain text.
        return

    assert numbers("\n".join(play.messages)) == numbers(said.text)
    assert early_calls(play.slack.calls) == []


_TRICKS = st.sampled_from(
    [
        "<!channel>",
        "<@U0BOB>",
        "<@U0ANA>",
        "![a cat](https://cats.test/c.png)",
        "[here](https://evil.test/?q=" + "QUJD" * 30 + ")",
        "https://docs.test/page",
        "これは**「強調」**です",
        "`<!here>`",
        "&lt;!everyone&gt;",
        "plain words",
    ]
)


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=examples(10, 250))
@given(
    lines=st.lists(st.lists(_TRICKS, min_size=1, max_size=4).map(" ".join), max_size=9),
    size=st.integers(1, 50),
    schedule=fault_schedules(max_calls=10),
)
def test_people_finally_see_what_the_rule_says(
    mode: Wish, lines: list[str], size: int, schedule: Schedule
) -> None:
    text = "\n".join(lines)
    fragments = [(text[i : i + size], 0.05) for i in range(0, len(text), size)]

    play = played(mode, fragments, schedule)

    assert "\n".join(play.messages) == shown(text, ANA).strip("\n")
