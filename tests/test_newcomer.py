"""A newcomer's first minute, in a real browser, with the real bot behind it."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bot.playground.model.stream import Pace
from bot.playground.options import PlaygroundOptions
from bot.playground.server import Playground
from bot.playground.webapi.limits import UNLIMITED
from tests.browser import needs_chromium
from tests.conftest import Bots

SCREENSHOT = Path(os.getenv("LINEFEED_SCREENSHOT", ""))
"""Where to put the README's picture; nowhere unless somebody says so."""

pytestmark = [*needs_chromium, pytest.mark.timeout(60)]


async def ask(page: Page, words: str) -> None:
    composer = page.get_by_role("textbox").last
    await composer.fill(words)
    await composer.press("Enter")


async def test_a_newcomer_sees_an_answer_and_the_thread_remembered_after_a_restart(
    browser: Browser, bots: Bots, tmp_path: Path
) -> None:
    data = tmp_path / "slack.json"
    options = PlaygroundOptions(limits=UNLIMITED, pace=Pace(0.1, 0), data=data)
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    async with (
        Playground(options) as playground,
        bots.running(playground, LINEFEED_POST_INTERVAL_S=0.2),
    ):
        await page.goto(playground.url)
        composer = page.get_by_role("textbox").first
        await composer.press_sequentially("@Line")
        await composer.press("Tab")
        await composer.press_sequentially("show me a table")
        await composer.press("Enter")
        thread = page.get_by_role("complementary", name="Thread")
        await expect(thread.get_by_role("table").first).to_be_visible()
        await ask(page, "and some code, please")
        await expect(thread.locator("pre").first).to_be_visible()
    async with (
        Playground(PlaygroundOptions(limits=UNLIMITED, data=data)) as again,
        bots.running(again, LINEFEED_POST_INTERVAL_S=0),
    ):
        await page.goto(again.url)
        await page.get_by_text("replies").first.click()
        await ask(page, "what did I say first?")

        await expect(thread.get_by_text("show me a table").nth(1)).to_be_visible()

    await page.screenshot(path=tmp_path / "newcomer.png")


@pytest.mark.skipif(Path() == SCREENSHOT, reason="makes the README's picture")
async def test_the_readmes_picture(browser: Browser, bots: Bots) -> None:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    options = PlaygroundOptions(limits=UNLIMITED, pace=Pace(0, 0))
    async with Playground(options) as playground, bots.running(playground):
        playground.say("U0BEN", "C0GENERAL", "Has anybody tried the new bot?")
        playground.say("U0CHIE", "C0GENERAL", "はい、とても速いです。")
        await page.goto(playground.url)
        await ask(page, "@Linefeed show me a table")
        thread = page.get_by_role("complementary", name="Thread")
        await expect(thread.get_by_role("table").first).to_be_visible()
        await ask(page, "日本語でもお願いします")
        await expect(thread.get_by_text("。").last).to_be_visible()
        await page.wait_for_timeout(500)
        await page.screenshot(path=SCREENSHOT)
