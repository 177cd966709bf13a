"""What people live through in a thread that is longer than the model can read."""

import pytest

from bot.playground.server import Playground
from tests.conftest import Bots
from tests.test_journeys import answered

TURNS = 60
BUDGET_TOKENS = 1_500
CHATTER = "and then we went on about the weather for a while " * 3


@pytest.mark.timeout(180)
async def test_early_facts_of_a_long_thread_can_be_recalled(
    playground: Playground, bots: Bots
) -> None:
    """They are in no message any more that the model reads, but in its memory."""
    async with bots.running(playground, LINEFEED_MEMORY_TOKENS=BUDGET_TOKENS):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo fact-0")
        # The first answer waits for the models' libraries to load.
        await playground.until(lambda: bool(playground.model.requests), within_s=40)
        await answered(playground, question, "fact-0")
        root = question.ts
        for number in range(1, TURNS):
            text = f"@Linefeed echo fact-{number} {CHATTER}"
            asked = playground.say("U0ANA", "C0GENERAL", text, thread_ts=root)
            await answered(playground, asked, f"fact-{number} {CHATTER}".strip())
        playground.say("U0ANA", "C0GENERAL", "@Linefeed recall fact-0", thread_ts=root)
        await playground.until(
            lambda: any(
                "I was given:" in message.text
                for message in playground.workspace.messages("C0GENERAL")
            )
        )

    requests = [r for r in playground.model.requests if r.messages]
    folds = [r for r in requests if "maintain the memory" in r.messages[0].text]
    system, *talk = next(
        r for r in reversed(requests) if r.messages[-1].text.endswith("recall fact-0")
    ).messages
    assert len(folds) >= 3
    assert all(f"fact-{number}" in system.text for number in range(5))
    assert not any("fact-0" in message.text for message in talk[:-1])
