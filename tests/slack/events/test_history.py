"""Histories are read page by page, and no faster than Slack allows."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.playground.people.composer import Speech, say
from bot.playground.webapi.limits import UNLIMITED
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import BOT_USER
from bot.slack.events import history
from bot.slack.events.history import BURST, History, Place
from tests.slack.virtual import START_S, WirelessSlack, virtually


def reading(work: Callable[[WirelessSlack, History], Awaitable[None]]) -> None:
    """Read in a workspace whose time jumps."""

    async def play() -> None:
        slack = WirelessSlack(UNLIMITED)
        await work(slack, History(slack))

    virtually(play())


def test_places_have_their_kind_and_strangers_are_told() -> None:
    async def play(slack: WirelessSlack, reads: History) -> None:
        rooms = [
            Channel("G1", "secret", "group", frozenset({BOT_USER})),
            Channel("G2", "few", "mpim", frozenset({BOT_USER, "U0ANA"})),
            Channel("C2", "not ours", "channel", frozenset({"U0ANA"})),
            Channel("C3", "old", "channel", frozenset({BOT_USER}), is_archived=True),
        ]
        slack.workspace.channels = {room.id: room for room in rooms} | {
            room: slack.workspace.channels[room] for room in ("C0DEV", "D0ANA")
        }

        assert await reads.places() == (
            Place("G1", "group", is_shared=False),
            Place("G2", "mpim", is_shared=False),
            Place("C0DEV", "channel", is_shared=False),
            Place("D0ANA", "im", is_shared=False),
        )

    reading(play)


@pytest.mark.parametrize(
    ("marks", "is_shared"),
    [
        ({}, False),
        ({"is_ext_shared": True}, True),
        ({"is_pending_ext_shared": True}, True),
        ({"is_shared": True, "is_ext_shared": None}, True),
        ({"is_shared": True, "is_org_shared": True}, False),
    ],
    ids=str,
)
def test_a_place_is_shared_unless_only_with_ones_own_organisation(
    monkeypatch: pytest.MonkeyPatch, marks: dict[str, object], *, is_shared: bool
) -> None:
    async def play(slack: WirelessSlack, reads: History) -> None:
        async def read(_method: str, _arguments: object) -> dict[str, object]:
            return {"channels": [{"id": "C1", **marks}, {}, None, {"id": 7}]}

        monkeypatch.setattr(slack, "read", read)

        assert await reads.places() == (Place("C1", "channel", is_shared),)

    reading(play)


def test_all_pages_of_places_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PLACES_PAGE_SIZE", 2)

    async def play(slack: WirelessSlack, reads: History) -> None:
        places = await reads.places()

        assert {place.channel for place in places} == set(slack.workspace.channels)
        assert len(slack.calls) == 3

    reading(play)


def test_a_history_is_read_back_to_the_window_and_no_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history, "PAGE_SIZE", 2)

    async def play(slack: WirelessSlack, reads: History) -> None:
        for number in range(9):
            say(slack.workspace, Speech("U0ANA", "C0DEV", f"word {number}"))
            await asyncio.sleep(10)

        found = await reads.newest("C0DEV", START_S + 55)

        assert [item["text"] for item in found] == [f"word {n}" for n in (8, 7, 6, 5)]

    reading(play)


def test_a_thread_is_read_from_the_window_on() -> None:
    async def play(slack: WirelessSlack, reads: History) -> None:
        root = say(slack.workspace, Speech("U0ANA", "C0DEV", "root"))
        for text in ("old", "new"):
            await asyncio.sleep(10)
            say(slack.workspace, Speech("U0ANA", "C0DEV", text, root.ts))

        found = await reads.thread("C0DEV", root.ts, START_S + 15)

        assert [item["text"] for item in found] == ["root", "new"]

    reading(play)


def test_of_endless_pages_the_rest_is_left_out_with_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history, "PAGE_SIZE", 1)

    async def play(slack: WirelessSlack, reads: History) -> None:
        for number in range(12):
            say(slack.workspace, Speech("U0ANA", "C0DEV", f"word {number}"))

        with capture_logs() as logged:
            found = await reads.newest("C0DEV", START_S - 1)

        assert len(found) == 10
        assert [line["log_level"] for line in logged] == ["warning"]

    reading(play)


def test_the_methods_do_not_wait_for_each_other() -> None:
    async def play(slack: WirelessSlack, reads: History) -> None:
        root = say(slack.workspace, Speech("U0ANA", "C0DEV", "root"))
        for _ in range(BURST):
            await reads.newest("C0DEV", START_S)
        before_s = asyncio.get_running_loop().time()
        await reads.thread("C0DEV", root.ts, START_S)
        between_s = asyncio.get_running_loop().time()
        await reads.newest("C0DEV", START_S)

        assert between_s - before_s < 0.1
        assert asyncio.get_running_loop().time() - between_s > 0.5

    reading(play)


def test_a_page_without_items_is_no_end() -> None:
    async def play(_slack: WirelessSlack, _reads: History) -> None:
        assert len(await History(_Sparse()).places()) == 1

    reading(play)


class _Sparse:
    """Slack, which may give fewer items than asked for, even none."""

    async def read(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if "cursor" in arguments:
            return {"channels": [{"id": "C1"}]}
        return {"channels": [], "response_metadata": {"next_cursor": "more"}}
