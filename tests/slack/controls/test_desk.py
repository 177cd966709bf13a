"""Who is answered at the desk, and how."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.conversation.allowance import Allowance, Limits
from bot.conversation.ledger import Census
from bot.conversation.ports import StoreError
from bot.playground.server import Playground
from bot.playground.webapi.faults import Fault
from bot.playground.workspace.identity import BOT_USER
from bot.slack.api.web import Web
from bot.slack.controls import ephemeral
from bot.slack.controls.desk import PUBLISH, Desk, Gate
from bot.slack.controls.status import Station, help_text
from bot.slack.events.command import STOP_WORDS
from bot.slack.events.policy import Policy
from bot.slack.events.visit import Opening, Slash, Visit
from tests.slack.conftest import ME

STRANGER = "U9EVE"
OPENED = Opening("U0ANA", "D0ANA")


class FrailLedger:
    """Nobody spent anything; fails while `is_broken`."""

    is_broken = False

    async def spent(self, since_s: float, person: str = "") -> int:
        if self.is_broken:
            raise StoreError("locked")
        return 0

    async def reached_s(
        self, tokens: int, since_s: float, person: str = ""
    ) -> float | None:
        return None

    async def census(self) -> Census:
        return Census(0, 3)


class Place:
    """A desk, whose jobs are done when a test says so."""

    def __init__(self, web: Web, playground: Playground) -> None:
        self.jobs = list[Callable[[], Awaitable[None]]]()
        self.ledger = FrailLedger()
        self.playground = playground
        self._web = web

    async def visit(
        self,
        visit: Visit | None,
        allow: frozenset[str] = frozenset(),
        stop_words: frozenset[str] = STOP_WORDS,
    ) -> None:
        """Let somebody be answered."""
        desk = Desk(
            self._web,
            Gate(self._web, ME, Policy(BOT_USER, allow=allow, stop_words=stop_words)),
            Allowance(self.ledger, Limits()),
            lambda channel: Station("lines", f"model-of-{channel}", 8_000),
            self.jobs.append,
        )
        desk.take(visit)
        while self.jobs:
            await self.jobs.pop()()

    def typed(self, words: str, user: str = "U0ANA") -> Slash:
        """Return a command that somebody typed."""
        envelope = self.playground.interactions.command(
            user, "C0DEV", "/linefeed", words
        )
        assert envelope is not None
        url = envelope.payload["response_url"]
        return Slash(user, "C0DEV", "/linefeed", words, url)

    @property
    def said(self) -> list[tuple[str, str]]:
        """Return what people alone see, and where."""
        shown = self.playground.workspace.ephemerals
        return [(message.only_for, message.text) for message in shown]

    @property
    def home(self) -> str:
        """Return all that stands on Ana's Home tab."""
        return str(self.playground.interactions.views.homes["U0ANA"].json["blocks"])


@pytest.fixture
def place(web: Web, playground: Playground) -> Place:
    ana = playground.workspace.people["U0ANA"]
    eve = replace(ana, id=STRANGER, name="eve", team="T9OTHER")
    playground.workspace.people[STRANGER] = eve
    return Place(web, playground)


@pytest.mark.parametrize("words", ["", "help", "what?"])
async def test_whatever_is_no_word_of_ours_shows_the_help(
    place: Place, words: str
) -> None:
    await place.visit(place.typed(words))

    assert place.said == [("U0ANA", help_text())]


async def test_the_status_is_of_the_place_where_it_was_asked_for(place: Place) -> None:
    await place.visit(place.typed("Status"))

    ((_, text),) = place.said
    assert "Model here: model-of-C0DEV" in text
    assert "0 running, 3 waiting" in text


async def test_the_home_tab_shows_help_and_status(place: Place) -> None:
    await place.visit(OPENED)

    assert "mention me in a channel" in place.home
    assert "model-of-D0ANA" in place.home


async def test_help_names_the_stop_words_that_are_set(place: Place) -> None:
    words = frozenset({"halt"})
    await place.visit(OPENED, stop_words=words)
    await place.visit(place.typed("help"), stop_words=words)

    assert place.said == [("U0ANA", help_text(stop_words=words))]
    assert "halt - ends my answer" in place.said[0][1]
    assert "halt - ends my answer" in place.home


async def test_what_is_no_visit_does_nothing(place: Place) -> None:
    await place.visit(None)

    assert not place.playground.webapi.calls


async def test_people_of_other_workspaces_get_nothing(place: Place) -> None:
    await place.visit(place.typed("status", STRANGER))
    await place.visit(Opening(STRANGER, "D0ANA"))

    assert place.said == []
    assert place.playground.webapi.called(PUBLISH) == []


async def test_people_of_other_workspaces_may_be_allowed(place: Place) -> None:
    await place.visit(place.typed("help", STRANGER), frozenset({"T9OTHER"}))

    assert place.said == [(STRANGER, help_text())]


async def test_who_cannot_be_looked_up_gets_nothing(
    place: Place, playground: Playground
) -> None:
    await place.visit(replace(place.typed("help"), user="UUNKNOWN"))
    playground.webapi.faults.append(Fault("users.info", times=3))
    await place.visit(place.typed("help"))

    assert place.said == []


async def test_a_database_that_does_not_answer_is_said(place: Place) -> None:
    place.ledger.is_broken = True

    await place.visit(place.typed("status"))
    await place.visit(OPENED)

    assert place.said == [("U0ANA", ephemeral.UNREADABLE)]
    assert ephemeral.UNREADABLE in place.home


async def test_what_slack_refuses_ends_nothing(
    place: Place, playground: Playground
) -> None:
    refusal = {"ok": False, "error": "not_enabled"}
    playground.webapi.faults.append(Fault(PUBLISH, 200, refusal))

    with capture_logs() as logged:
        await place.visit(OPENED)
        await place.visit(replace(place.typed("help"), response_url=""))

    assert [entry["event"] for entry in logged] == [
        "a Home tab cannot be shown",
        "a slash command has no answer",
    ]


@pytest.mark.parametrize(
    ("enterprise", "is_admitted"), [("E1", True), ("E2", False), ("", False)]
)
async def test_people_of_the_same_organisation_are_colleagues(
    web: Web, playground: Playground, enterprise: str, is_admitted: bool
) -> None:
    person = {"id": "U1", "team_id": "T2", "enterprise_user": {"enterprise_id": "E1"}}
    known = {"ok": True, "user": person}
    playground.webapi.faults.append(Fault("users.info", 200, known))
    gate = Gate(web, replace(ME, enterprise=enterprise), Policy(BOT_USER))

    assert await gate.admits(Opening("U1", "D1")) is is_admitted
