"""What people demand of replies, and who may."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

import pytest

from bot.conversation.ports import StoreError
from bot.conversation.turn import ThreadId, TurnId
from bot.conversation.turnstore import Halted, Opinion
from bot.slack.controls import ephemeral, turncontrols
from bot.slack.controls.aside import Reader
from bot.slack.controls.errands import MAX_WAITING, Errands
from bot.slack.controls.turncontrols import Panel, TurnControls
from bot.slack.delivery import buttons
from bot.slack.events.event import SlackMessage
from bot.slack.events.policy import Policy
from bot.slack.events.press import Press
from bot.slack.events.reaction import StopSign

TURN = TurnId("T1:C1:2.0")
SAID = SlackMessage(
    team="T1",
    actor_team="T1",
    user="UANA",
    channel="C1",
    kind="channel",
    ts="3.0",
    thread_ts="1.0",
    text="stop",
    files=(),
    is_mention=False,
)
PRESS = Press(
    team="T1",
    actor_team="T1",
    is_ours=True,
    user="UANA",
    channel="C1",
    thread_ts="1.0",
    action=buttons.STOP,
    value=TURN,
    response_url="",
)


class ListedDemands:
    """Carries out nothing, but keeps what was demanded."""

    def __init__(self) -> None:
        self.made: list[tuple[str, ...]] = []
        self.halted = Halted((TURN,))
        self.is_granted = True
        self.is_broken = False
        self.replies: dict[str, TurnId] = {}

    async def stop(self, thread: ThreadId) -> Halted:
        self._make("stop", thread)
        return self.halted

    async def stop_turn(self, turn: TurnId, asker: str = "") -> Halted:
        self._make("stop turn", turn, asker)
        return self.halted

    async def revise(self, thread: ThreadId, position: str) -> bool:
        self._make("revise", thread, position)
        return True

    async def withdraw(self, thread: ThreadId, position: str) -> bool:
        self._make("withdraw", thread, position)
        return True

    async def reopen(self, turn: TurnId, *, anew: bool) -> bool:
        self._make("anew" if anew else "go on", turn)
        return self.is_granted

    async def rate(self, turn: TurnId, person: str, opinion: Opinion) -> bool:
        self._make(opinion, turn, person)
        return self.is_granted

    async def replied(self, message: str, place: str) -> TurnId | None:
        assert place == "T1:C1:"
        return self.replies.get(message)

    def _make(self, *demand: str) -> None:
        if self.is_broken:
            raise StoreError("locked")
        self.made.append(demand)


class ListedPanel(Panel):
    """Shows nothing, but keeps what was to be shown."""

    def __init__(self) -> None:
        self.told: list[tuple[Reader, str]] = []
        self.cleared: list[TurnId] = []

    async def clear(self, turn: TurnId) -> None:  # type: ignore[override]
        self.cleared.append(turn)

    async def tell(self, reader: Reader, sentence: str) -> None:
        self.told.append((reader, sentence))


@dataclass
class Desk:
    """Controls at work."""

    demands: ListedDemands
    panel: ListedPanel
    errands: Errands
    controls: TurnControls

    async def rested(self) -> list[str]:
        """Wait until everything before was done; return what people were told."""
        # Whatever was done may have made an errand of what people are told.
        for errands in (self.controls.stops, self.errands, self.errands):
            done = asyncio.Event()

            async def end(done: asyncio.Event = done) -> None:
                done.set()

            errands.add(end)
            await done.wait()
            await asyncio.sleep(0)
        return [sentence for _, sentence in self.panel.told]


@pytest.fixture
async def desk() -> AsyncGenerator[Desk]:
    demands, panel, errands = ListedDemands(), ListedPanel(), Errands()
    controls = TurnControls(demands, demands, Policy("UBOT"), errands, panel)
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(e.run()) for e in (errands, controls.stops)]
        yield Desk(demands, panel, errands, controls)
        for each in running:
            each.cancel()


async def test_the_word_stops_a_thread_once_for_each_message(desk: Desk) -> None:
    for message in (SAID, SAID, replace(SAID, ts="4.0")):
        await desk.controls.stop(message)

    assert desk.demands.made == [("stop", "slack:T1:C1:1.0")] * 2
    assert await desk.rested() == []


async def test_where_there_was_nothing_to_stop_the_person_is_told(desk: Desk) -> None:
    desk.demands.halted = Halted()

    await desk.controls.stop(SAID)

    assert await desk.rested() == [ephemeral.NOTHING_RUNS]
    assert desk.panel.told[0][0] == Reader("C1", "UANA", "1.0")


async def test_a_stop_that_failed_may_be_told_again(desk: Desk) -> None:
    desk.demands.is_broken = True
    with pytest.raises(StoreError):
        await desk.controls.stop(SAID)
    desk.demands.is_broken = False

    await desk.controls.stop(SAID)

    assert len(desk.demands.made) == 1


async def test_only_so_many_orders_are_known_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turncontrols, "MAX_KNOWN", 1)

    for ts in ("3.0", "4.0", "3.0"):
        await desk.controls.stop(replace(SAID, ts=ts))

    assert len(desk.demands.made) == 3


async def test_a_sign_on_a_question_stops_its_turn(desk: Desk) -> None:
    await desk.controls.obey_sign(StopSign("T1", "UANA", "C1", "2.0"))

    assert desk.demands.made == [("stop turn", TURN, "UANA")]


async def test_a_sign_on_a_reply_stops_the_turn_that_it_belongs_to(desk: Desk) -> None:
    desk.demands.halted = Halted()
    desk.demands.replies["2.5"] = TURN

    await desk.controls.obey_sign(StopSign("T1", "UANA", "C1", "2.5"))
    await desk.controls.obey_sign(StopSign("T1", "UANA", "C1", "2.6"))

    assert ("stop turn", TURN, "UANA") in desk.demands.made
    assert await desk.rested() == []


async def test_edits_and_deletions_are_passed_on(desk: Desk) -> None:
    thread = ThreadId("slack:T1:C1:1.0")
    await desk.controls.revise(thread, "2.0")
    await desk.controls.withdraw(thread, "2.0")
    await desk.controls.stop_turn(TURN)

    assert [demand[0] for demand in desk.demands.made] == [
        "revise",
        "withdraw",
        "stop turn",
    ]


async def test_a_running_reply_is_stopped_by_its_button(desk: Desk) -> None:
    desk.controls.press(PRESS)
    assert await desk.rested() == []
    desk.demands.halted = Halted()
    desk.controls.press(PRESS)

    assert await desk.rested() == [ephemeral.NOTHING_RUNS]
    assert desk.demands.made == [("stop turn", TURN, "")] * 2


async def test_nothing_that_is_slow_holds_up_a_stop(desk: Desk) -> None:
    never = asyncio.Event()

    async def hang() -> None:
        await never.wait()

    for _ in range(MAX_WAITING):
        desk.errands.add(hang)
    desk.controls.press(PRESS)
    for _ in range(10):
        await asyncio.sleep(0)

    assert desk.demands.made == [("stop turn", TURN, "")]


@pytest.mark.parametrize(
    ("action", "demand"), [(buttons.REGENERATE, "anew"), (buttons.CONTINUE, "go on")]
)
async def test_the_newest_reply_is_given_once_more(
    desk: Desk, action: str, demand: str
) -> None:
    desk.controls.press(replace(PRESS, action=action))
    assert await desk.rested() == []
    assert desk.demands.made == [(demand, TURN)]
    assert desk.panel.cleared == [TURN]

    desk.demands.is_granted = False
    desk.controls.press(replace(PRESS, action=action))
    assert await desk.rested() == [ephemeral.NOT_NEWEST]
    # It keeps its buttons.
    assert desk.panel.cleared == [TURN]


@pytest.mark.parametrize("action", [buttons.FEEDBACK, f"{buttons.FEEDBACK}_bad"])
async def test_a_reply_is_rated(desk: Desk, action: str) -> None:
    rating = replace(PRESS, action=action, value=f"bad {TURN}")
    desk.controls.press(rating)
    assert await desk.rested() == [ephemeral.THANKS]
    assert desk.demands.made == [("bad", TURN, "UANA")]

    desk.demands.is_granted = False
    desk.controls.press(rating)
    assert (await desk.rested())[1:] == [ephemeral.UNKNOWN]
    assert desk.panel.cleared == []


@pytest.mark.parametrize(
    "fields",
    [
        {"value": "T1:C2:2.0"},
        {"value": "T2:C1:2.0"},
        {"actor_team": "T2", "is_ours": False},
        {"user": "UBOT"},
        {"action": "linefeed_forget"},
        {"action": buttons.FEEDBACK, "value": "fine T1:C1:2.0"},
        {"action": buttons.FEEDBACK, "value": "bad T1:C2:2.0"},
    ],
    ids=str,
)
async def test_a_button_that_is_not_theirs_does_nothing(
    desk: Desk, fields: dict[str, object]
) -> None:
    desk.controls.press(replace(PRESS, **fields))

    assert await desk.rested() == []
    assert desk.demands.made == []


async def test_a_database_that_fails_is_said(desk: Desk) -> None:
    desk.demands.is_broken = True

    desk.controls.press(replace(PRESS, action=buttons.REGENERATE))

    assert await desk.rested() == [ephemeral.NOT_DONE]
    assert desk.panel.cleared == []
