"""What a person sees and does, in a real browser."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from bot.playground.page.routes import Page as PlaygroundPage
from bot.playground.workspace.identity import BOT_ID, BOT_USER
from bot.playground.workspace.message import Message, Status
from bot.playground.workspace.seed import new_workspace
from bot.playground.workspace.state import Workspace
from tests.browser import needs_chromium
from tests.playground.page.gestures import new_gestures

pytestmark = [*needs_chromium]


@dataclass
class Site:
    """The page's server, alone, which can go away and come back on its port."""

    workspace: Workspace
    port: int = 0
    runner: web.AppRunner | None = None
    page: PlaygroundPage | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def start(self) -> None:
        app = web.Application()
        self.page = PlaygroundPage(self.workspace, new_gestures(self.workspace))
        self.page.add_to(app)
        self.runner = web.AppRunner(app, shutdown_timeout=1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", self.port).start()
        self.port = self.runner.addresses[0][1]

    async def stop(self) -> None:
        assert self.page is not None
        assert self.runner is not None
        await self.page.close()
        await self.runner.cleanup()

    def said(self, channel: str = "C0GENERAL") -> list[str]:
        return [message.text for message in self.workspace.messages(channel)]

    def bot_says(self, markdown: str, **place: str) -> Message:
        return self.workspace.add(
            Message(
                **{"channel": "C0GENERAL", **place},
                ts=self.workspace.next_ts(),
                user=BOT_USER,
                text="",
                markdown=markdown,
                bot_id=BOT_ID,
            )
        )

    def person_says(self, text: str, **place: str) -> Message:
        return self.workspace.add(
            Message(
                **{"channel": "C0GENERAL", "user": "U0BEN", **place},
                ts=self.workspace.next_ts(),
                text=text,
            )
        )


@pytest_asyncio.fixture(loop_scope="module")
async def site() -> AsyncIterator[Site]:
    site = Site(new_workspace(lambda: 1_800_000_000.0))
    await site.start()
    yield site
    await site.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, site: Site) -> AsyncIterator[Page]:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    problems = list[str]()
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.goto(site.url)
    await expect(page.locator("#offline")).to_be_hidden()
    yield page
    assert problems == []


async def test_enter_sends_and_empties_the_composer(page: Page, site: Site) -> None:
    await page.get_by_label("Message # general").fill("hello")
    await page.keyboard.press("Enter")

    await expect(page.locator("#channel .body")).to_have_text("hello")
    await expect(page.get_by_label("Message # general")).to_have_value("")
    assert site.said() == ["hello"]


async def test_shift_enter_breaks_the_line(page: Page, site: Site) -> None:
    await page.get_by_label("Message # general").fill("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await page.keyboard.press("Enter")

    await expect(page.locator("#channel .body")).to_have_count(1)
    assert site.said() == ["one\ntwo"]


async def test_enter_in_an_input_method_takes_the_word_only(
    page: Page, site: Site
) -> None:
    composer = page.get_by_label("Message # general")
    await composer.fill("にほん")

    await composer.dispatch_event(
        "keydown", {"key": "Enter", "isComposing": True, "bubbles": True}
    )
    await expect(composer).to_have_value("にほん")
    await page.keyboard.press("Enter")

    await expect(page.locator("#channel .body")).to_have_count(1)
    assert site.said() == ["にほん"]


async def test_a_name_is_completed_by_keys(page: Page, site: Site) -> None:
    composer = page.get_by_label("Message # general")
    await composer.press_sequentially("@")
    await expect(page.locator(".completion li")).to_have_count(4)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.type("li")
    await page.keyboard.press("Tab")

    await expect(composer).to_have_value("@Linefeed ")
    await expect(composer).to_be_focused()
    await page.keyboard.type("hello @b")
    await page.locator(".completion li").click()
    await expect(composer).to_have_value("@Linefeed hello @ben ")
    assert site.said() == []


async def test_escape_closes_the_completion_first_and_the_thread_next(
    page: Page, site: Site
) -> None:
    site.person_says("a question")
    await page.get_by_label("Reply in thread").click()
    await page.get_by_label("Reply…").press_sequentially("@an")
    names = page.locator("#thread .completion")
    await expect(names).to_be_visible()
    await page.keyboard.press("Escape")

    await expect(names).to_be_hidden()
    await expect(page.get_by_label("Reply…")).to_have_value("@an")
    await expect(page.locator("#thread")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#thread")).to_be_hidden()


async def test_a_mention_opens_its_thread_where_lines_arrive(
    page: Page, site: Site
) -> None:
    await page.get_by_label("Message # general").fill("@Linefeed a table, please")
    await page.keyboard.press("Enter")
    thread = page.get_by_label("Thread", exact=True)
    await expect(thread.get_by_text("a table, please")).to_be_visible()
    [question] = site.workspace.messages("C0GENERAL")

    site.workspace.set_status(Status("C0GENERAL", question.ts, "is thinking…"))
    await expect(thread.get_by_text("Linefeed is thinking…")).to_be_visible()
    site.bot_says("| a | b |\n|:--|--:|\n| 1 | 2 |", thread_ts=question.ts)
    site.bot_says("**That** was it.", thread_ts=question.ts)

    await expect(thread.locator("table")).to_be_visible()
    await expect(thread.get_by_text("is thinking")).to_be_hidden()
    await expect(page.locator("#channel .replies")).to_contain_text("2 replies, last")
    await page.reload()
    await expect(thread.locator("strong", has_text="That")).to_be_visible()


async def test_a_thread_opens_by_its_link_and_takes_replies(
    page: Page, site: Site
) -> None:
    parent = site.person_says("a question")
    site.bot_says("an answer", thread_ts=parent.ts)
    await page.locator("#channel .replies").click()
    await page.get_by_label("Reply…").fill("thanks")
    await page.keyboard.press("Enter")

    await expect(page.locator("#thread .body")).to_have_text(
        ["a question", "an answer", "thanks"]
    )
    await expect(page.locator("#channel .body")).to_have_text(["a question"])
    await page.get_by_label("Close the thread").click()
    await expect(page.locator("#thread")).to_be_hidden()


async def test_two_windows_see_the_same(
    browser: Browser, page: Page, site: Site
) -> None:
    other = await browser.new_page()
    await other.goto(site.url)
    await other.get_by_label("Speaking as").select_option("千恵")
    await other.get_by_label("Message # general").fill("こんにちは")
    await other.keyboard.press("Enter")

    await expect(page.locator("#channel .author")).to_contain_text("千恵")
    await expect(page.locator("#channel .body")).to_have_text("こんにちは")


async def test_edits_and_deletions_show(page: Page, site: Site) -> None:
    message = site.bot_says("first")
    await expect(page.locator("#channel .body")).to_have_text("first")
    site.workspace.edit(message)
    await expect(page.locator("#channel .edited")).to_be_visible()
    site.workspace.delete(message.channel, message.ts)

    await expect(page.locator("#channel .body")).to_have_count(0)


async def test_a_refused_text_stays_with_the_reason(page: Page, site: Site) -> None:
    parent = site.person_says("a question")
    await page.get_by_label("Reply in thread").click()
    site.workspace.delete(parent.channel, parent.ts)
    await page.get_by_label("Reply…").fill("too late")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("alert")).to_contain_text("There is no thread")
    await expect(page.get_by_label("Reply…")).to_have_value("too late")


async def test_the_page_comes_back_after_the_server(page: Page, site: Site) -> None:
    await site.stop()
    await expect(page.get_by_text("connecting…")).to_be_visible()
    await page.get_by_label("Message # general").fill("into the void")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("not sent")
    site.person_says("said meanwhile")
    await site.start()

    await expect(page.get_by_text("connecting…")).to_be_hidden()
    await expect(page.locator("#channel .body")).to_have_text("said meanwhile")
    await expect(page.get_by_label("Message # general")).to_have_value("into the void")


async def test_a_message_elsewhere_leaves_a_dot(page: Page, site: Site) -> None:
    site.person_says("look here", channel="C0DEV")

    await expect(page.get_by_label("unread")).to_have_count(1)
    await page.get_by_role("button", name="dev").click()
    await expect(page.locator("#channel .body")).to_have_text("look here")
    await expect(page.get_by_label("unread")).to_have_count(0)


async def test_hostile_text_is_only_text(page: Page, site: Site) -> None:
    attack = "<img src=x onerror=\"document.title='hacked'\"><script>1</script>"
    site.person_says(attack, user="U0ANA")
    site.bot_says(attack)

    await expect(page.locator("#channel .body")).to_have_count(2)
    await expect(page.locator("#channel img, #channel script")).to_have_count(0)
    assert "hacked" not in await page.title()


async def test_a_reader_of_old_messages_is_not_moved(page: Page, site: Site) -> None:
    for number in range(60):
        site.person_says(f"line {number}")
    await expect(page.get_by_text("line 59", exact=True)).to_be_in_viewport()
    messages = page.locator("#channel .messages")
    await messages.evaluate("element => { element.scrollTop = 0; }")
    site.person_says("the newest")

    await expect(page.get_by_text("line 0", exact=True)).to_be_in_viewport()
    await page.get_by_text("new messages ↓").first.click()
    await expect(page.get_by_text("the newest", exact=True)).to_be_in_viewport()


async def test_a_suggestion_fills_the_composer(page: Page) -> None:
    await page.get_by_role("button", name="@Linefeed show me a table").click()

    composer = page.get_by_label("Message # general")
    await expect(composer).to_have_value("@Linefeed show me a table")
    await expect(composer).to_be_focused()


async def test_on_a_phone_channels_are_a_drawer_and_a_thread_covers_all(
    browser: Browser, site: Site
) -> None:
    parent = site.person_says("a question")
    site.bot_says("```\n" + "wide " * 60 + "\n```", thread_ts=parent.ts)
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    await page.goto(site.url)
    await page.get_by_label("Show channels").click()
    await page.get_by_role("button", name="general").click()
    await expect(page.locator("#sidebar")).to_be_hidden()
    await page.locator(".replies").click()

    await expect(page.locator("#channel")).to_be_hidden()
    await expect(page.locator("#thread pre")).to_be_visible()
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    await page.evaluate("location.hash = 'D0ANA'")
    height = await page.get_by_label("Message Linefeed").evaluate("e => e.clientHeight")
    assert height > 30
    await page.evaluate(f"location.hash = 'C0GENERAL/{parent.ts}'")
    await page.get_by_label("Back to the channel").click()
    await expect(page.locator("#channel")).to_be_visible()
