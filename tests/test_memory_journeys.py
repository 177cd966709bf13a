"""What people live through with the bot's memory, over the wire."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.prompt import DEFAULT_INSTRUCTIONS, SEVERAL_PEOPLE
from bot.conversation.tokens import estimate_tokens
from bot.playground.options import PlaygroundOptions
from bot.playground.people.composer import delete_message, edit_message
from bot.playground.server import Playground
from bot.playground.webapi.limits import UNLIMITED
from bot.playground.workspace.message import Message
from bot.slack.controls import ephemeral
from tests.conftest import Bots
from tests.test_journeys import answered, answers, read, settled

pytestmark = pytest.mark.no_cover

GENERAL, ANA, BEN = "C0GENERAL", "U0ANA", "U0BEN"
ROOT = Path(__file__).parents[1]
TURNS = 60
BUDGET_TOKENS = 1_500
CHATTER = "and then we went on about the weather for a while " * 3


def prompt(playground: Playground) -> list[str]:
    """Return what the model read for the last answer, the system's words first."""
    answers = [
        [message.text for message in request.messages]
        for request in playground.model.requests
        if "memory of one chat thread" not in request.messages[0].text
    ]
    return answers[-1]


async def ask(
    playground: Playground, text: str, *, thread: str = "", by: str = ANA
) -> Message:
    """Ask something and wait for the scripted answer."""
    answer = f"Answer {len(playground.model.requests)}."
    playground.model.scripts.append(answer)
    question = playground.say(by, GENERAL, text, thread_ts=thread)
    await answered(playground, question, answer)
    await settled(playground)
    return question


async def say_again(playground: Playground, text: str, root: Message) -> None:
    """Let the bot repeat something in a thread; summaries take no script's turn."""
    question = playground.say(ANA, GENERAL, f"echo: {text}", thread_ts=root.ts)
    await answered(playground, question, text)
    await settled(playground)


async def shown(playground: Playground, user: str = ANA) -> Message:
    """Wait for what one person alone is shown, and take it away."""
    workspace = playground.workspace

    def mine() -> list[Message]:
        return [m for m in workspace.ephemerals if m.only_for == user]

    await playground.until(lambda: bool(mine()))
    message = mine()[-1]
    workspace.remove_ephemeral(message)
    return message


def words(message: Message) -> str:
    """Return all that a message shows."""
    return message.text + json.dumps(message.blocks, ensure_ascii=False)


async def test_an_edited_message_is_remembered_as_it_reads_now(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        root = await ask(playground, "@Linefeed the code is swordfish")
        edit_message(
            playground.workspace, ANA, GENERAL, root.ts, "@Linefeed it is secret"
        )
        await settled(playground)
        await ask(playground, "what is it?", thread=root.ts)

    assert "it is secret" in prompt(playground)
    assert not any("swordfish" in text for text in prompt(playground))
    assert b"swordfish" not in b"".join(p.read_bytes() for p in bots.data.iterdir())


async def test_a_deleted_message_is_remembered_no_more(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        root = await ask(playground, "@Linefeed hello")
        said = await ask(playground, "the code is swordfish", thread=root.ts)
        delete_message(playground.workspace, ANA, GENERAL, said.ts)
        await settled(playground)
        await ask(playground, "what is it?", thread=root.ts)

    assert not any("swordfish" in text for text in prompt(playground))


async def test_a_deleted_first_message_of_a_thread_is_remembered_no_more(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        root = await ask(playground, "@Linefeed the code is swordfish")
        delete_message(playground.workspace, ANA, GENERAL, root.ts)
        await settled(playground)
        await ask(playground, "what is it?", thread=root.ts)

    assert not any("swordfish" in text for text in prompt(playground))


async def test_what_somebody_deletes_of_a_reply_is_remembered_no_more(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground, LINEFEED_POST_INTERVAL_S=0.2):
        playground.model.scripts.append("One.\nTwo.\nThree.")
        root = playground.say(ANA, GENERAL, "@Linefeed count")
        await answered(playground, root, "One.\nTwo.\nThree.")
        await settled(playground)
        first = answers(playground, GENERAL, root.ts)[0]
        playground.workspace.delete(GENERAL, first.ts)
        await settled(playground)
        await ask(playground, "and then?", thread=root.ts)

    assert first.markdown == "One."
    reply = prompt(playground)[2]
    assert "One." not in reply
    assert reply.endswith("Three.")


async def test_a_mention_in_the_middle_of_a_thread_knows_what_was_said_before(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        root = playground.say(BEN, GENERAL, "The server is down")
        for number in range(3):
            playground.say(BEN, GENERAL, f"Error {number}", thread_ts=root.ts)
        await ask(playground, "@Linefeed what is wrong?", thread=root.ts)
        first = prompt(playground)
        await ask(playground, "and now?", thread=root.ts)

    assert "Several people" in first[0]
    assert first[1:] == [
        "[ben, not to you] The server is down",
        *(f"[ben, not to you] Error {number}" for number in range(3)),
        "[ana] what is wrong?",
    ]
    assert prompt(playground)[1:6] == first[1:]
    reads = playground.webapi.called("conversations.replies")
    assert len([call for call in reads if "latest" in call.arguments]) == 1


async def test_a_thread_whose_memory_was_lost_is_read_again_with_its_replies(
    playground: Playground, bots: Bots, tmp_path: Path
) -> None:
    async with bots.running(playground):
        root = await ask(playground, "@Linefeed hello")
    async with Bots(tmp_path / "other").running(playground):
        await ask(playground, "@Linefeed go on", thread=root.ts)

    assert prompt(playground)[1:] == ["hello", "Answer 0.", "go on"]


async def test_the_memory_is_shown_to_the_one_who_asks(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        root = await ask(playground, "@Linefeed hello")
        playground.say(ANA, GENERAL, "@Linefeed memory", thread_ts=root.ts)
        message = await shown(playground)
        await settled(playground)

    assert (message.channel, message.thread_ts) == (GENERAL, root.ts)
    assert "2 messages word for word" in words(message)
    instructions = f"{DEFAULT_INSTRUCTIONS}\n\n{SEVERAL_PEOPLE}"
    assert f"of {8_000 - estimate_tokens(instructions):,} tokens" in words(message)
    assert playground.workspace.ephemerals == []
    assert len(playground.model.requests) == 1


async def test_in_a_direct_message_the_help_is_shown_too(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        playground.say(ANA, "D0ANA", "help")
        message = await shown(playground)

    assert message.text == ephemeral.help_of()
    assert not playground.model.requests


async def test_a_fact_is_remembered_word_for_word(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground, LINEFEED_MEMORY_TOKENS=400):
        root = await ask(playground, "@Linefeed hello")
        playground.say(
            ANA, GENERAL, "@Linefeed remember: the port is 8080", thread_ts=root.ts
        )
        assert (await shown(playground)).text == ephemeral.REMEMBERED
        for number in range(12):
            await say_again(playground, f"word {number} {'x ' * 100}end", root)

    answering = prompt(playground)
    assert "the port is 8080" in answering[0]
    assert not any("hello" in text for text in answering[1:])


async def test_a_thread_is_forgotten_by_a_button(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        root = await ask(playground, "@Linefeed the code is swordfish")
        playground.say(ANA, GENERAL, "@Linefeed forget", thread_ts=root.ts)
        workspace = playground.workspace
        await playground.until(lambda: bool(workspace.ephemerals))
        (asking,) = workspace.ephemerals
        playground.interactions.press(ANA, GENERAL, asking.ts, ephemeral.FORGET)
        await playground.until(
            lambda: workspace.ephemerals[-1].text == ephemeral.FORGOTTEN
        )
        await settled(playground)
        await ask(playground, "what is it?", thread=root.ts)

    assert len(workspace.ephemerals) == 1
    assert prompt(playground)[1:] == ["what is it?"]
    assert b"swordfish" not in b"".join(p.read_bytes() for p in bots.data.iterdir())


async def test_a_fact_is_obeyed_once_however_often_it_is_delivered(
    bots: Bots,
) -> None:
    options = PlaygroundOptions(limits=UNLIMITED, redelivery_s=(0.05, 0.05, 0.05))
    async with Playground(options) as playground, bots.running(playground):
        playground.say(ANA, "D0ANA", "remember: the port is 8080")
        await playground.until(lambda: bool(playground.workspace.ephemerals))
        told = playground.sockets.log[-1].payload
        playground.sockets.deliver(told)
        await settled(playground)
        playground.say(ANA, "D0ANA", "memory")
        await playground.until(lambda: len(playground.workspace.ephemerals) > 1)

    acknowledged, report = playground.workspace.ephemerals
    assert acknowledged.text == ephemeral.REMEMBERED
    assert words(report).count("the port is 8080") == 1


async def test_an_edited_first_message_of_a_threads_own_talk_is_changed_there_too(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        root = playground.say(ANA, "D0ANA", "the code is swordfish")
        await playground.until(lambda: bool(answers(playground, "D0ANA")))
        playground.model.scripts.append("Inside.")
        inside = playground.say(ANA, "D0ANA", "why?", thread_ts=root.ts)
        await answered(playground, inside, "Inside.")
        playground.model.scripts.append("Anew.")
        edit_message(playground.workspace, ANA, "D0ANA", root.ts, "it is secret")
        await playground.until(lambda: read(answers(playground, "D0ANA")) == ["Anew."])
        playground.model.scripts.append("Again.")
        again = playground.say(ANA, "D0ANA", "and?", thread_ts=root.ts)
        await answered(playground, again, "Again.")

    assert prompt(playground)[1:] == ["it is secret", "why?", "Inside.", "and?"]


async def test_nothing_is_forgotten_before_the_button_is_pressed(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        root = await ask(playground, "@Linefeed hello")
        playground.say(ANA, GENERAL, "@Linefeed forget", thread_ts=root.ts)
        assert ephemeral.FORGET in words(await shown(playground))
        await ask(playground, "and?", thread=root.ts)

    assert prompt(playground)[1] == "hello"


async def test_a_sentence_that_begins_like_a_command_is_answered(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        await ask(playground, "@Linefeed memory please explain")

    assert prompt(playground)[1:] == ["memory please explain"]
    assert playground.workspace.ephemerals == []


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


async def command(data: Path, *arguments: str) -> tuple[int | None, str, str]:
    """Run `linefeed threads` on a data folder; return its code and what it wrote."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LINEFEED_")}  # noqa: TID251
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "threads", *arguments),
        env={**kept, "PYTHONPATH": str(ROOT), "LINEFEED_DATA": str(data)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    return process.returncode, out.decode(), errors.decode()


async def test_threads_are_exported_and_forgotten_beside_a_running_bot(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        root = await ask(playground, "@Linefeed the code is swordfish")
        thread = f"slack:T0PLAYGROUND:{GENERAL}:{root.ts}"

        _, exported, _ = await command(bots.data, "export", thread)
        code, _, _ = await command(bots.data, "forget", thread)
        await ask(playground, "what is it?", thread=root.ts)

    document: dict[str, Any] = json.loads(exported)
    question, reply = (m["text"] for m in document["messages"])
    assert question.endswith("the code is swordfish")
    assert reply == "Answer 0."
    assert document["turns"][0]["reply"][0]["text"] == "Answer 0."
    assert code == 0
    assert prompt(playground)[1:] == ["what is it?"]
