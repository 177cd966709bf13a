"""What people in Slack live through, over the wire, from their message to the lines."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot import settings
from bot.app import run_bot
from bot.conversation import reply
from bot.llm import errors
from bot.playground.model.fault import ModelFault
from bot.playground.model.stream import Pace
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.text.entities import mentions
from bot.playground.webapi.faults import Fault, refusal
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import BOT_USER
from bot.playground.workspace.message import Message
from bot.slack.text.shown import shown
from tests.conftest import Bots

ANSWER = "First line.\n\n- one\n- two\n\n```python\nprint('whole')\n```\nLast line."
FENCES_AND_SPACE = re.compile(r"\s+|`{4}(?:python)?")


def answers(playground: Playground, channel: str, thread_ts: str = "") -> list[Message]:
    """Return the bot's messages in a thread, or outside of threads."""
    return [
        message
        for message in playground.workspace.messages(channel)
        if message.bot_id and message.thread_ts == thread_ts
    ]


def lines(text: str) -> list[str]:
    """Return what a text shows, without the blank lines between messages."""
    return [line for line in shown(text).splitlines() if line.strip()]


def read(messages: list[Message]) -> list[str]:
    """Return what people read in messages."""
    return [line for message in messages for line in lines(message.markdown)]


async def answered(playground: Playground, question: Message, text: str) -> list[str]:
    """Wait for the whole answer in the question's thread and return what it shows."""
    root = question.thread_ts or question.ts
    expected = lines(text)

    def is_complete() -> bool:
        shown = read(answers(playground, question.channel, root))
        return shown[-len(expected) :] == expected

    await playground.until(is_complete)
    return read(answers(playground, question.channel, root))


async def settled(playground: Playground) -> None:
    """Wait until the bot has heard of everything that was said."""
    await playground.until(lambda: all(e.acked_s for e in playground.sockets.log))


async def test_a_mention_is_answered_in_its_thread_line_by_line(
    playground: Playground, bots: Bots
) -> None:
    playground.model.scripts.append(ANSWER)
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed hello")

        shown = await answered(playground, question, ANSWER)

    posts = answers(playground, "C0GENERAL", question.ts)
    assert shown == lines(ANSWER)
    assert posts[0].markdown == "First line."
    assert any("print('whole')\n```" in post.markdown for post in posts)
    assert not answers(playground, "C0GENERAL")
    assert playground.workspace.statuses == {}


async def test_both_events_of_a_mention_make_one_answer(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: once")
        await answered(playground, question, "once")
        await settled(playground)

    told = [envelope.payload["event"]["type"] for envelope in playground.sockets.log]
    assert sorted(told[:2]) == ["app_mention", "message"]
    assert len(playground.model.requests) == 1


async def test_a_direct_message_is_answered_unthreaded_and_remembered(
    playground: Playground, bots: Bots
) -> None:
    playground.model.scripts += ["I will.", "Forty-two."]
    async with bots.running(playground):
        playground.say("U0ANA", "D0ANA", "Remember 42")
        await playground.until(lambda: len(answers(playground, "D0ANA")) == 1)
        playground.say("U0ANA", "D0ANA", "What was it?")
        await playground.until(lambda: len(answers(playground, "D0ANA")) == 2)

    prompt = playground.model.requests[-1].messages[1:]
    assert [(m.role, m.text) for m in prompt] == [
        ("user", "Remember 42"),
        ("assistant", "I will."),
        ("user", "What was it?"),
    ]


async def test_a_thread_in_a_direct_message_is_a_conversation_of_its_own(
    playground: Playground, bots: Bots
) -> None:
    playground.model.scripts += ["Outside.", "Inside."]
    async with bots.running(playground):
        parent = playground.say("U0ANA", "D0ANA", "outside")
        await playground.until(lambda: len(answers(playground, "D0ANA")) == 1)
        playground.say("U0ANA", "D0ANA", "inside", thread_ts=parent.ts)
        await playground.until(lambda: bool(answers(playground, "D0ANA", parent.ts)))

    prompt = playground.model.requests[-1].messages[1:]
    assert [message.text for message in prompt] == ["outside", "inside"]


async def test_a_thread_goes_on_without_a_mention(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        root = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: first")
        await answered(playground, root, "first")
        question = playground.say(
            "U0ANA", "C0GENERAL", "echo: second", thread_ts=root.ts
        )

        assert await answered(playground, question, "second") == ["first", "second"]


async def test_a_channel_message_without_a_mention_is_nobodys_question(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        parent = playground.say("U0ANA", "C0GENERAL", "hello everyone")
        playground.say("U0BEN", "C0GENERAL", "hello ana", thread_ts=parent.ts)
        await settled(playground)
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: now")
        await answered(playground, question, "now")

    assert len(playground.model.requests) == 1


async def test_another_person_ends_the_conversation_until_the_next_mention(
    playground: Playground, bots: Bots
) -> None:
    playground.model.scripts += ["Hello ana.", "Hello both."]
    async with bots.running(playground):
        root = playground.say("U0ANA", "C0GENERAL", "@Linefeed hello")
        await answered(playground, root, "Hello ana.")
        thread = {"thread_ts": root.ts}
        playground.say("U0BEN", "C0GENERAL", "I have a view on this", **thread)
        playground.say("U0ANA", "C0GENERAL", "Tell me more, ben", **thread)
        await settled(playground)
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed and you?", **thread)
        await answered(playground, question, "Hello both.")

    assert len(playground.model.requests) == 2
    system, *said = playground.model.requests[-1].messages
    assert "Several people" in system.text
    assert [message.text for message in said] == [
        "[ana] hello",
        "Hello ana.",
        "[ben, not to you] I have a view on this",
        "[ana, not to you] Tell me more, ben",
        "[ana] and you?",
    ]


async def test_a_reply_to_somebody_else_is_left_to_them(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        root = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: one")
        await answered(playground, root, "one")
        thread = {"thread_ts": root.ts}
        playground.say("U0ANA", "C0GENERAL", "@ben do you agree?", **thread)
        await settled(playground)
        question = playground.say("U0ANA", "C0GENERAL", "echo: two", **thread)
        await answered(playground, question, "two")

    assert len(playground.model.requests) == 2


@pytest.mark.parametrize(("mode", "requests"), [("always", 2), ("mention", 1)])
async def test_the_setting_for_threads_decides_on_replies_of_others(
    playground: Playground, bots: Bots, mode: str, requests: int
) -> None:
    async with bots.running(playground, LINEFEED_THREADS=mode):
        root = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: one")
        await answered(playground, root, "one")
        playground.say("U0BEN", "C0GENERAL", "and me?", thread_ts=root.ts)
        await settled(playground)
        last = playground.say("U0CHIE", "D0CHIE", "the last word")
        await playground.until(lambda: bool(answers(playground, last.channel)))
        await playground.until(lambda: len(playground.model.requests) == requests + 1)

    assert len(playground.model.requests) == requests + 1


async def test_a_delivery_repeated_by_slack_is_not_answered_again(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        playground.sockets.envelopes.duplicate_next()
        playground.say("U0ANA", "D0ANA", "echo: once")
        log = playground.sockets.log
        await playground.until(lambda: any(envelope.attempt for envelope in log))
        await playground.until(lambda: bool(answers(playground, "D0ANA")))
        await settled(playground)
    async with bots.running(playground):
        playground.sockets.deliver(playground.sockets.log[0].payload)
        await settled(playground)
        playground.say("U0ANA", "D0ANA", "echo: after")
        await playground.until(lambda: len(answers(playground, "D0ANA")) == 2)

    assert read(answers(playground, "D0ANA")) == ["once", "after"]


async def test_quick_messages_are_answered_in_their_order(
    playground: Playground, bots: Bots
) -> None:
    words = [f"word {number}" for number in range(5)]
    async with bots.running(playground):
        for word in words:
            playground.say("U0ANA", "D0ANA", f"echo: {word}")
        await playground.until(lambda: len(answers(playground, "D0ANA")) == len(words))

    assert read(answers(playground, "D0ANA")) == words
    asked = [request.messages[-1].text for request in playground.model.requests]
    assert asked == [f"echo: {word}" for word in words]


async def test_twenty_threads_over_five_channels_do_not_mix(
    playground: Playground, bots: Bots
) -> None:
    everyone = frozenset(playground.workspace.people)
    for number in range(5):
        channel = Channel(f"C0ROOM{number}", f"room{number}", "channel", everyone)
        playground.workspace.channels[channel.id] = channel
    async with bots.running(playground):
        questions = [
            playground.say(
                "U0ANA", f"C0ROOM{n % 5}", f"@Linefeed echo: alpha {n}\nbeta {n}"
            )
            for n in range(20)
        ]
        for number, question in enumerate(questions):
            text = f"alpha {number}\nbeta {number}"
            assert await answered(playground, question, text) == lines(text)


async def test_a_restarted_bot_remembers_the_thread(
    playground: Playground, bots: Bots
) -> None:
    playground.model.scripts += ["Noted.", "Blue."]
    async with bots.running(playground):
        root = playground.say("U0ANA", "C0GENERAL", "@Linefeed my colour is blue")
        await answered(playground, root, "Noted.")
    async with bots.running(playground):
        question = playground.say(
            "U0ANA", "C0GENERAL", "which is it?", thread_ts=root.ts
        )
        await answered(playground, question, "Blue.")

    said = [message.text for message in playground.model.requests[-1].messages[1:]]
    assert said == ["my colour is blue", "Noted.", "which is it?"]


async def test_a_message_sent_while_the_bot_was_away_is_answered(
    playground: Playground, bots: Bots
) -> None:
    question = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: patience")
    async with bots.running(playground):
        assert await answered(playground, question, "patience") == ["patience"]


async def test_a_bot_that_died_in_mid_reply_goes_on_behind_what_is_there(
    playground: Playground, bots: Bots
) -> None:
    playground.model.scripts += ["seen\nunseen", "unseen"]
    playground.model.faults.append(ModelFault(after_fragments=4, kind="stall"))
    async with bots.running(playground) as bot:
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed talk")
        await playground.until(
            lambda: bool(answers(playground, "C0GENERAL", question.ts))
        )
        bot.cancel()
    async with bots.running(playground):
        shown = await answered(playground, question, "unseen")

    assert shown == ["seen", "unseen"]


async def test_leaving_lets_a_running_reply_finish(
    playground: Playground, bots: Bots
) -> None:
    playground.model.pace = Pace(first_s=0.2, fragments_per_s=100)
    text = "\n".join(f"line {number}" for number in range(10))
    playground.model.scripts.append(text)
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed count")
        await playground.until(lambda: bool(playground.model.requests))

    shown = read(answers(playground, "C0GENERAL", question.ts))
    assert shown == lines(text)


async def test_a_reply_that_takes_longer_than_the_grace_comes_after_the_restart(
    playground: Playground, bots: Bots
) -> None:
    playground.model.faults.append(ModelFault(after_fragments=0, kind="stall"))
    playground.model.scripts += ["never", "after all"]
    async with bots.running(playground, LINEFEED_GRACE_S=0.1):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed talk")
        await playground.until(lambda: bool(playground.model.requests))
    async with bots.running(playground):
        assert await answered(playground, question, "after all") == ["after all"]


async def test_a_start_that_gets_no_answer_can_be_stopped(tmp_path: Path) -> None:
    called = asyncio.Event()

    async def say_nothing(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        called.set()
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    chosen = settings.load(
        SLACK_API_URL=f"http://127.0.0.1:{port}/api/",
        SLACK_BOT_TOKEN="xoxb-",
        SLACK_APP_TOKEN="xapp-",
        LINEFEED_DATA=tmp_path,
    )
    stop = asyncio.Event()

    async with silent, asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(run_bot(chosen, stop))
        await called.wait()
        stop.set()


async def test_a_model_that_breaks_off_is_told_honestly(
    playground: Playground, bots: Bots
) -> None:
    playground.model.scripts.append("A whole line.\nHalf a li")
    playground.model.faults.append(ModelFault(after_fragments=5, kind="cut"))
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed talk")
        shown = await answered(playground, question, f"_{errors.BROKE_OFF}_")
        again = playground.say(
            "U0ANA", "C0GENERAL", "echo: and now?", thread_ts=question.ts
        )
        await answered(playground, again, "and now?")

    assert shown[0] == "A whole line."


async def test_a_refused_key_is_told_in_one_sentence_without_the_providers_words(
    playground: Playground, bots: Bots
) -> None:
    playground.model.faults.append(ModelFault(status=401))
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed talk")
        sentence = "The model refused my key. Whoever runs me must check"
        await playground.until(
            lambda: bool(answers(playground, "C0GENERAL", question.ts))
        )

    shown = read(answers(playground, "C0GENERAL", question.ts))
    assert len(shown) == 1
    assert sentence in shown[0]


async def test_a_mention_without_words_gets_one_line_of_help(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed")

        assert await answered(playground, question, f"_{reply.HELP}_")

    assert not playground.model.requests


async def test_a_file_without_words_is_declined_politely(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        playground.say("U0ANA", "D0ANA", "", files=("plan.pdf",))
        await playground.until(lambda: bool(answers(playground, "D0ANA")))

    assert read(answers(playground, "D0ANA")) == [f"_{reply.FILE_ONLY}_"]


async def test_a_file_with_words_is_named_to_the_model(
    playground: Playground, bots: Bots
) -> None:
    async with bots.running(playground):
        playground.say("U0ANA", "D0ANA", "see the plan", files=("plan.pdf",))
        await playground.until(lambda: bool(answers(playground, "D0ANA")))

    asked = playground.model.requests[-1].messages[-1].text
    assert asked == "see the plan\n(attached file, not readable: plan.pdf)"


async def test_forty_thousand_characters_are_read_at_both_ends(
    playground: Playground, bots: Bots
) -> None:
    playground.model.scripts.append("Long.")
    async with bots.running(playground):
        question = playground.say(
            "U0ANA", "C0GENERAL", "@Linefeed begin " + "x" * 39_000 + " end"
        )
        shown = await answered(playground, question, "Long.")

    asked = playground.model.requests[-1].messages[-1].text
    assert shown == [f"_{reply.CUT_QUESTION}_", "Long."]
    assert asked.startswith("begin ")
    assert asked.endswith(" end")
    assert len(asked) < 33_000


async def test_a_question_deleted_before_its_answer_hurts_nobody(
    playground: Playground, bots: Bots
) -> None:
    playground.model.pace = Pace(first_s=0.3, fragments_per_s=0)
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: gone")
        await playground.until(lambda: bool(playground.model.requests))
        playground.workspace.delete("C0GENERAL", question.ts)
        await playground.until(lambda: playground.model.requests[0].closed_early)
        after = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: here")
        await answered(playground, after, "here")

    assert answers(playground, "C0GENERAL") == []
    assert answers(playground, "C0GENERAL", question.ts) == []


async def test_bots_and_people_of_other_workspaces_are_not_answered(
    playground: Playground, bots: Bots
) -> None:
    workspace = playground.workspace
    workspace.people["U0BEN"] = replace(workspace.people["U0BEN"], team="T0OTHER")
    async with bots.running(playground):
        playground.say("U0BEN", "C0GENERAL", "@Linefeed hello")
        text = f"<@{BOT_USER}> hello"
        workspace.add(
            Message("C0GENERAL", workspace.next_ts(), "U0CHIE", text, bot_id="B0OTHER")
        )
        await settled(playground)
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: me")
        await answered(playground, question, "me")

    assert len(playground.model.requests) == 1


async def test_a_person_of_another_workspace_ends_the_conversation_too(
    playground: Playground, bots: Bots
) -> None:
    workspace = playground.workspace
    workspace.people["U0BEN"] = replace(workspace.people["U0BEN"], team="T0OTHER")
    async with bots.running(playground):
        root = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: one")
        await answered(playground, root, "one")
        playground.say("U0BEN", "C0GENERAL", "my secret view", thread_ts=root.ts)
        playground.say("U0ANA", "C0GENERAL", "why, ben?", thread_ts=root.ts)
        await settled(playground)
        question = playground.say(
            "U0ANA", "C0GENERAL", "@Linefeed echo: two", thread_ts=root.ts
        )
        await answered(playground, question, "two")

    assert len(playground.model.requests) == 2
    prompt = "\n".join(m.text for m in playground.model.requests[-1].messages)
    assert "secret" not in prompt


async def test_people_of_an_allowed_workspace_are_answered(
    playground: Playground, bots: Bots
) -> None:
    workspace = playground.workspace
    workspace.people["U0BEN"] = replace(workspace.people["U0BEN"], team="T0OTHER")
    async with bots.running(playground, LINEFEED_ALLOW="T0OTHER"):
        question = playground.say("U0BEN", "C0GENERAL", "@Linefeed echo: hello")

        assert await answered(playground, question, "hello") == ["hello"]


async def test_a_model_that_calls_everyone_reaches_nobody(
    playground: Playground, bots: Bots
) -> None:
    text = "<!channel> <!here> <@U0BEN> <!subteam^S1|team>\n`<!everyone>`"
    playground.model.scripts.append(text)
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed shout")
        await answered(playground, question, text)

    for post in answers(playground, "C0GENERAL", question.ts):
        called = mentions(post.text, post.blocks)
        assert not called.users
        assert not called.is_broadcast


async def test_a_status_that_fails_oddly_hurts_nobody(
    playground: Playground, bots: Bots
) -> None:
    fault = Fault("assistant.threads.setStatus", 200, raw=b'\xff\xfe{"ok":true}')
    playground.webapi.faults.append(fault)
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: one")

        assert await answered(playground, question, "one") == ["one"]


async def test_half_a_surrogate_pair_is_answered_and_remembered(
    playground: Playground, bots: Bots
) -> None:
    playground.model.scripts += ["half \ud83d here", "Again."]
    async with bots.running(playground):
        root = playground.say("U0ANA", "C0GENERAL", "@Linefeed \ud83d")
        await answered(playground, root, "half \ufffd here")
        again = playground.say("U0ANA", "C0GENERAL", "and?", thread_ts=root.ts)
        await answered(playground, again, "Again.")

    said = [m.text for m in playground.model.requests[-1].messages[1:]]
    assert said == ["?", "half \ufffd here", "and?"]


async def test_links_are_never_unfurled(playground: Playground, bots: Bots) -> None:
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed echo: line")
        await answered(playground, question, "line")

    for call in playground.webapi.called("chat.postMessage"):
        assert call.arguments["unfurl_links"] is False
        assert call.arguments["unfurl_media"] is False


async def test_a_long_answer_arrives_whole_within_the_limits(
    playground: Playground, bots: Bots
) -> None:
    code = "\n".join(f"value_{number} = {number}" for number in range(700))
    text = f"Before.\n\n````python\n{code}\n````\n\n" + "A long line. " * 1_000
    playground.model.scripts.append(text)
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed write")

        def shown() -> str:
            posts = answers(playground, "C0GENERAL", question.ts)
            return re.sub(
                r"\s+|`{4}(?:python)?", "", "".join(p.markdown for p in posts)
            )

        expected = re.sub(r"\s+|`{4}(?:python)?", "", text)
        await playground.until(lambda: len(shown()) >= len(expected), within_s=25)

    assert shown() == expected
    posts = answers(playground, "C0GENERAL", question.ts)
    assert all(len(post.markdown) <= 11_000 for post in posts)
    assert all(post.markdown.count("````") % 2 == 0 for post in posts)


async def test_two_tables_at_once_become_two_messages(
    playground: Playground, bots: Bots
) -> None:
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n"
    playground.model.scripts.append(f"{table}\nand\n\n{table}")
    async with bots.running(playground, LINEFEED_POST_INTERVAL_S=0.2):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed compare")
        await answered(playground, question, f"and\n{table}")

    posts = answers(playground, "C0GENERAL", question.ts)
    kinds = [[block["type"] for block in post.blocks] for post in posts]
    assert sum(kind.count("table") for kind in kinds) == 2
    assert all(kind.count("table") <= 1 for kind in kinds)


async def test_a_message_whose_form_slack_refuses_is_posted_plain(
    playground: Playground, bots: Bots
) -> None:
    text = "First.\n\n**bold** & <b>\n\n```\ncode\n```"
    playground.model.scripts.append(text)
    playground.webapi.faults.append(refusal("chat.postMessage", "msg_blocks_too_many"))
    async with bots.running(playground):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed write")
        await playground.until(
            lambda: any(
                "code" in post.text
                for post in answers(playground, "C0GENERAL", question.ts)
            )
        )

    first, second, *_ = playground.webapi.called("chat.postMessage")
    assert first.body == {"ok": False, "error": "msg_blocks_too_many"}
    assert "blocks" not in second.arguments
    posts = answers(playground, "C0GENERAL", question.ts)
    assert posts[0].text.startswith("First.")


async def test_many_small_blocks_are_never_too_many_for_a_message(
    playground: Playground, bots: Bots
) -> None:
    text = "".join(f"Part {number}\n\n---\n\n" for number in range(40))
    playground.model.scripts.append(text)
    async with bots.running(playground, LINEFEED_POST_INTERVAL_S=0.1):
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed write")
        await answered(playground, question, text)

    assert all(call.body["ok"] for call in playground.webapi.called("chat.postMessage"))


async def test_the_default_pace_keeps_below_slacks_limit(bots: Bots) -> None:
    options = PlaygroundOptions(pace=Pace(0, fragments_per_s=60))
    text = "\n".join(f"line number {number}" for number in range(40))
    async with (
        Playground(options) as playground,
        bots.running(playground, LINEFEED_POST_INTERVAL_S=1.1),
    ):
        playground.model.scripts.append(text)
        question = playground.say("U0ANA", "C0GENERAL", "@Linefeed count")

        assert await answered(playground, question, text) == lines(text)

    posts = playground.webapi.called("chat.postMessage")
    assert all(post.status == 200 for post in posts)
    assert len(posts) < 10
