"""What a person does to messages and to the bot, in a real browser."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from bot.playground.manifest import DEFAULT_SUBSCRIPTIONS
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.webapi.methods import BOT_TOKEN
from bot.playground.workspace.message import Message
from tests.browser import needs_chromium
from tests.playground.conftest import ALL_SCOPES
from tests.playground.page.gestures import ALL
from tests.playground.page.test_blocks import GO, actions, mrkdwn, plain

pytestmark = [*needs_chromium]

REACTIONS = {"reaction_added", "reaction_removed"}
OPTIONS = PlaygroundOptions(
    scopes=ALL_SCOPES,
    subscriptions=DEFAULT_SUBSCRIPTIONS | REACTIONS | {"app_home_opened"},
    features=ALL,
)
CONFIRM = {
    "title": plain("Forget it?"),
    "text": mrkdwn("*All* of it"),
    "confirm": plain("Forget"),
    "deny": plain("Keep"),
    "style": "danger",
}
FORGET = GO | {"text": plain("Forget…"), "style": "danger", "confirm": CONFIRM}
FEEDBACK = {
    "type": "feedback_buttons",
    "action_id": "feedback",
    "positive_button": {"text": plain("Good"), "value": "good"},
    "negative_button": {"text": plain("Bad"), "value": "bad"},
}


@pytest_asyncio.fixture(loop_scope="module")
async def playground() -> AsyncIterator[Playground]:
    async with Playground(OPTIONS) as playground:
        yield playground


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, playground: Playground) -> AsyncIterator[Page]:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    problems = list[str]()
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.goto(playground.url)
    await expect(page.locator("#offline")).to_be_hidden()
    yield page
    assert problems == []


def call(playground: Playground, method: str, **arguments: Any) -> dict[str, Any]:
    """Call a method of the Web API as the bot."""
    answer = playground.methods.call(method, arguments, BOT_TOKEN)
    assert answer.body["ok"], answer.body
    return dict(answer.body)


def whisper(playground: Playground, *blocks: dict[str, Any], **fields: str) -> None:
    place = {"channel": "C0GENERAL", "user": "U0ANA", "text": "psst", **fields}
    call(playground, "chat.postEphemeral", blocks=[*blocks], **place)


def ask(playground: Playground, text: str = "a question") -> Message:
    return playground.say("U0ANA", "C0GENERAL", text)


def heard(playground: Playground, kind: str) -> list[dict[str, Any]]:
    """Return the interactions, or events of a kind, that the bot was sent."""
    payloads = [envelope.payload for envelope in playground.sockets.log]
    events = [payload.get("event", payload) for payload in payloads]
    return [e for e in events if kind in (e.get("subtype"), e.get("type"))]


async def respond(url: str, **body: Any) -> None:
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as got:
        assert got.status == 200


async def open_menu(message: Locator) -> None:
    await message.hover()
    await message.get_by_label("React and more").click()


async def test_an_ephemeral_message_is_for_its_reader_until_they_reload(
    page: Page, playground: Playground
) -> None:
    whisper(playground, {"type": "section", "text": plain("for ana")})
    shown = page.locator("#channel .ephemeral")
    await expect(shown).to_contain_text("Only visible to you")
    await expect(shown.locator(".body")).to_have_text("for ana")
    await expect(shown.get_by_label("React and more")).to_have_count(0)

    await page.get_by_label("Speaking as").select_option("ben")
    await expect(shown).to_have_count(0)
    await page.get_by_label("Speaking as").select_option("ana")
    await expect(shown).to_have_count(1)
    await page.reload()
    await expect(page.locator("#offline")).to_be_hidden()
    await expect(shown).to_have_count(0)


async def test_an_ephemeral_message_in_a_thread_is_no_reply_that_counts(
    page: Page, playground: Playground
) -> None:
    parent = ask(playground)
    playground.say("U0BEN", "C0GENERAL", "a reply", thread_ts=parent.ts)
    await page.locator("#channel .replies").click()

    whisper(playground, thread_ts=parent.ts, text="in the thread")

    await expect(page.locator("#thread .ephemeral")).to_contain_text("in the thread")
    await expect(page.locator("#channel .ephemeral")).to_have_count(0)
    await expect(page.locator("#channel .replies")).to_contain_text("1 reply,")


async def test_a_button_acts_once_its_question_was_answered(
    page: Page, playground: Playground
) -> None:
    whisper(playground, actions(FORGET))
    button = page.get_by_role("button", name="Forget…")
    question = page.get_by_role("dialog", name="Forget it?")

    await button.click()
    await expect(question.get_by_role("button", name="Keep")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(question).to_have_count(0)
    await expect(button).to_be_focused()
    await button.click()
    await question.get_by_role("button", name="Keep").click()
    assert heard(playground, "block_actions") == []
    await button.click()
    await expect(question.locator("strong")).to_have_text("All")
    await question.get_by_role("button", name="Forget", exact=True).click()
    await playground.until(lambda: bool(heard(playground, "block_actions")))

    [pressed] = heard(playground, "block_actions")
    assert pressed["container"]["is_ephemeral"]
    assert pressed["actions"][0]["action_id"] == "go"
    assert pressed["trigger_id"]


async def test_an_answer_takes_the_place_of_an_ephemeral_message_or_removes_it(
    page: Page, playground: Playground
) -> None:
    whisper(playground, actions(GO | {"text": plain("Go")}))
    await page.get_by_role("button", name="Go", exact=True).click()
    await playground.until(lambda: bool(heard(playground, "block_actions")))
    url = heard(playground, "block_actions")[0]["response_url"]

    await respond(url, replace_original=True, text="done")
    await expect(page.locator("#channel .ephemeral .body")).to_have_text("done")
    await respond(url, delete_original=True)

    await expect(page.locator("#channel .ephemeral")).to_have_count(0)


async def test_an_unanswered_action_is_told(page: Page, playground: Playground) -> None:
    # Nobody is connected: what is sent is lost.
    await page.get_by_label("Message # general").fill("/linefeed status")
    await page.keyboard.press("Enter")

    notice = page.locator("#toast")
    await expect(notice).to_have_text("/linefeed failed: the app did not respond.")
    await expect(page.get_by_label("Message # general")).to_have_value("")
    await notice.click()
    await expect(notice).to_be_hidden()
    assert heard(playground, "message") == []


async def test_a_slash_completes_to_a_command_but_not_in_a_thread(
    page: Page, playground: Playground
) -> None:
    box = page.get_by_label("Message # general")
    await box.press_sequentially("/li")
    await expect(page.locator("#channel .completion li")).to_have_text(["/linefeed"])
    await box.press("Enter")
    await expect(box).to_have_value("/linefeed ")
    for text in ("/linefeed", "a word /l"):
        await box.fill(text)
        await expect(page.locator("#channel .completion")).to_be_hidden()

    ask(playground)
    await page.get_by_label("Reply in thread").click()
    await page.get_by_label("Reply…").press_sequentially("/l")
    await expect(page.locator("#thread .completion")).to_be_hidden()


async def test_a_command_in_a_thread_is_refused_as_in_slack(
    page: Page, playground: Playground
) -> None:
    ask(playground)
    await page.get_by_label("Reply in thread").click()
    await page.get_by_label("Reply…").fill("/linefeed help")
    await page.keyboard.press("Enter")

    refusal = "/linefeed is not supported in threads. Sorry!"
    await expect(page.locator("#thread .error")).to_have_text(refusal)
    await expect(page.get_by_label("Reply…")).to_have_value("/linefeed help")


@pytest.mark.parametrize("more", [{}, {"confirm": CONFIRM}])
async def test_a_button_with_an_address_opens_it_and_tells_the_app(
    page: Page, playground: Playground, more: dict[str, Any]
) -> None:
    url = f"{playground.url}/static/icon.svg"
    whisper(playground, actions(GO | {"text": plain("Look"), "url": url} | more))
    async with page.expect_popup() as popup:
        await page.get_by_text("Look", exact=True).click()
        if more:
            await page.get_by_role("button", name="Forget", exact=True).click()

    assert (await popup.value).url == url
    await playground.until(lambda: bool(heard(playground, "block_actions")))


async def test_feedback_stays_pressed(page: Page, playground: Playground) -> None:
    feedback = actions(FEEDBACK, kind="context_actions")
    call(playground, "chat.postMessage", channel="C0GENERAL", blocks=[feedback])
    good, bad = page.get_by_label("Good"), page.get_by_label("Bad")

    await bad.click()
    await expect(bad).to_have_attribute("aria-pressed", "true")
    await good.click()

    await expect(good).to_have_attribute("aria-pressed", "true")
    await expect(bad).to_have_attribute("aria-pressed", "false")
    actions_heard = [e["actions"][0] for e in heard(playground, "block_actions")]
    assert [action["value"] for action in actions_heard] == ["bad", "good"]


async def test_reactions_are_counted_put_and_taken_away(
    page: Page, playground: Playground
) -> None:
    message = ask(playground)
    place = {"channel": "C0GENERAL", "timestamp": message.ts, "name": "eyes"}
    call(playground, "reactions.add", **place)
    chip = page.locator("#channel .reaction")
    await expect(chip).to_have_text("👀1")
    await chip.click()
    await expect(chip).to_have_text("👀2")
    await expect(chip).to_have_attribute("aria-pressed", "true")

    await open_menu(page.locator("#channel article"))
    await page.get_by_label("React with octagonal_sign").click()
    await expect(chip).to_have_text(["👀2", "🛑1"])
    await chip.last.click()

    await expect(chip).to_have_count(1)
    [removed] = heard(playground, "reaction_removed")
    assert (removed["user"], removed["reaction"]) == ("U0ANA", "octagonal_sign")
    assert len(heard(playground, "reaction_added")) == 3


async def test_an_own_message_is_edited_in_its_place(
    page: Page, playground: Playground
) -> None:
    ask(playground, "@Linefeed where?")
    message = page.locator("#channel article")
    await open_menu(message)
    await page.get_by_role("button", name="Edit message").click()
    field = page.get_by_label("Edit message")
    await expect(field).to_be_focused()
    await expect(field).to_have_value("@Linefeed where?")
    await field.fill("@Linefeed when?")
    ask(playground, "something else arrives")
    await expect(page.get_by_text("something else")).to_be_visible()
    await expect(field).to_have_value("@Linefeed when?")
    await field.press("Enter")

    await expect(message.first.locator(".body")).to_have_text(
        "@Linefeed when? (edited)"
    )
    [changed] = heard(playground, "message_changed")
    assert changed["message"]["text"] == "<@U0LINEFEED> when?"


async def test_escape_leaves_a_message_as_it_was_and_its_thread_open(
    page: Page, playground: Playground
) -> None:
    ask(playground, "as it was")
    await page.get_by_label("Reply in thread").click()
    message = page.locator("#thread article")
    await open_menu(message)
    await page.keyboard.press("Escape")
    await expect(page.locator(".menu")).to_be_hidden()
    await expect(message.get_by_label("React and more")).to_be_focused()
    await open_menu(message)
    await page.get_by_role("button", name="Edit message").click()
    await page.get_by_label("Edit message").fill("something else")
    await page.keyboard.press("Escape")

    await expect(message.locator(".body")).to_have_text("as it was")
    await expect(page.locator("#thread")).to_be_visible()
    assert heard(playground, "message_changed") == []


async def test_a_deleted_message_leaves_a_tombstone_only_over_replies(
    page: Page, playground: Playground
) -> None:
    parent = ask(playground)
    playground.say("U0ANA", "C0GENERAL", "a reply", thread_ts=parent.ts)
    await open_menu(page.locator("#channel article"))
    await page.get_by_role("button", name="Delete message…").click()
    await page.get_by_role("button", name="Delete", exact=True).click()

    body = page.locator("#channel .body")
    await expect(body).to_have_text("This message was deleted.")
    await page.locator("#channel .replies").click()
    await open_menu(page.locator("#thread article").last)
    await page.get_by_role("button", name="Delete message…").click()
    await page.get_by_role("button", name="Delete", exact=True).click()

    await expect(body).to_have_count(0)
    await playground.until(lambda: len(heard(playground, "message_deleted")) == 2)
    assert len(heard(playground, "message_changed")) == 1


async def test_the_messages_of_others_are_not_changed_here(
    page: Page, playground: Playground
) -> None:
    playground.say("U0BEN", "C0GENERAL", "ben's own")
    await open_menu(page.locator("#channel article"))

    items = page.get_by_label("Message actions").locator(".item")
    await expect(items).to_have_text(["Reply in thread"])


def stream(playground: Playground, text: str) -> dict[str, Any]:
    parent = ask(playground)
    return call(
        playground,
        "chat.startStream",
        channel="C0GENERAL",
        thread_ts=parent.ts,
        recipient_user_id="U0ANA",
        recipient_team_id="T0PLAYGROUND",
        markdown_text=text,
    )


async def test_a_stream_grows_in_place_until_its_reader_stops_it(
    page: Page, playground: Playground
) -> None:
    begun = stream(playground, "the first line\n\n- one")
    await page.locator("#channel .replies").click()
    reply = page.locator("#thread article.streaming")
    await expect(reply.locator(".body")).to_contain_text("one")
    # What does not change is the same element still, with its selection.
    select = "element => getSelection().selectAllChildren(element)"
    await reply.locator("p").first.evaluate(select)
    place = {"channel": "C0GENERAL", "ts": begun["ts"]}
    call(playground, "chat.appendStream", **place, markdown_text="\n- two")
    await expect(reply.locator("li")).to_have_text(["one", "two"])
    assert await page.evaluate("getSelection().toString()") == "the first line"

    await reply.get_by_role("button", name="Stop").click()

    await expect(reply).to_have_count(0)
    await expect(page.locator("#thread").get_by_text("two")).to_be_visible()
    stopped = playground.methods.call(
        "chat.appendStream", {**place, "markdown_text": "x"}, BOT_TOKEN
    )
    assert stopped.body["error"] == "stopped_by_user"


async def test_a_stream_that_slack_ended_looks_ended(
    page: Page, playground: Playground
) -> None:
    playground.workspace.stream_life_s = 1.0
    stream(playground, "unfinished")
    await page.locator("#channel .replies").click()

    await expect(page.locator("#thread").get_by_text("unfinished")).to_be_visible()
    await expect(page.get_by_role("button", name="Stop")).to_have_count(0)


async def top_of(element: Locator) -> float:
    return float(await element.evaluate("e => e.getBoundingClientRect().top"))


async def test_a_reader_is_not_moved_by_what_changes_above_or_below(
    page: Page, playground: Playground
) -> None:
    messages = [ask(playground, f"line {number}") for number in range(60)]
    await expect(page.get_by_text("line 59", exact=True)).to_be_in_viewport()
    read = page.get_by_text("line 30", exact=True)
    await read.evaluate("element => element.scrollIntoView({block: 'start'})")
    focused = page.locator(f'[data-ts="{messages[30].ts}"] .more-actions')
    await focused.focus()
    before = await top_of(read)

    playground.workspace.delete("C0GENERAL", messages[3].ts)
    call(
        playground,
        "reactions.add",
        channel="C0GENERAL",
        timestamp=messages[5].ts,
        name="eyes",
    )
    ask(playground, "the newest")
    await expect(page.get_by_text("the newest", exact=True)).to_be_attached()

    assert await top_of(read) == pytest.approx(before, abs=1)
    await expect(focused).to_be_focused()


async def test_the_newest_message_stays_in_sight_while_a_text_is_typed(
    page: Page, playground: Playground
) -> None:
    for number in range(60):
        ask(playground, f"line {number}")
    newest = page.get_by_text("line 59", exact=True)
    await expect(newest).to_be_in_viewport()

    await page.get_by_label("Message # general").fill("a\n" * 8)

    await expect(newest).to_be_in_viewport(ratio=1)


async def test_the_home_tab_is_opened_shown_and_pressed(
    page: Page, playground: Playground
) -> None:
    await page.get_by_role("button", name="Linefeed", exact=True).click()
    await page.get_by_role("button", name="Home").click()
    await expect(page.locator("#home")).to_have_text("There is nothing here yet.")
    await playground.until(lambda: bool(heard(playground, "app_home_opened")))
    header = {"type": "header", "text": plain("All is well")}
    refresh = actions(GO | {"text": plain("Refresh")})
    view = {"type": "home", "blocks": [header, refresh]}
    call(playground, "views.publish", user_id="U0ANA", view=view)

    await expect(page.locator("#home h3")).to_have_text("All is well")
    await page.get_by_role("button", name="Refresh").click()
    await playground.until(lambda: bool(heard(playground, "block_actions")))
    await page.get_by_role("button", name="Messages").click()
    await expect(page.locator("#home")).to_be_hidden()
    await expect(page.get_by_label("Message Linefeed")).to_be_visible()

    [opened] = heard(playground, "app_home_opened")
    assert (opened["user"], opened["tab"]) == ("U0ANA", "home")
    assert heard(playground, "block_actions")[0]["view"]["type"] == "home"


async def test_hostile_labels_and_texts_are_only_text(
    page: Page, playground: Playground
) -> None:
    attack = "<img src=x onerror=document.title='hacked'>"
    blocks = [
        {"type": "section", "text": mrkdwn(attack)},
        {"type": "context", "elements": [plain(attack)]},
        actions(FORGET | {"text": plain(attack)}),
    ]
    call(playground, "chat.postMessage", channel="C0GENERAL", blocks=blocks)
    button = page.locator("#channel .action")

    await expect(button).to_have_text(attack)
    await button.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await expect(page.locator("img")).to_have_count(0)
    assert "hacked" not in await page.title()


async def test_on_a_phone_a_message_has_one_menu_and_nothing_is_too_wide(
    browser: Browser, playground: Playground
) -> None:
    ask(playground)
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = await context.new_page()
    await page.goto(playground.url)
    await expect(page.locator("#offline")).to_be_hidden()
    whisper(playground, actions(FORGET, FORGET | {"action_id": "b"}))
    whisper(playground, {"type": "section", "fields": [plain("wide " * 30)] * 4})
    await expect(page.locator(".ephemeral")).to_have_count(2)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.get_by_label("React and more").tap()
    menu = page.locator(".menu")
    await expect(menu).to_be_in_viewport(ratio=1)
    await menu.get_by_role("button", name="Reply in thread").tap()

    await expect(page.locator("#thread")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await context.close()
