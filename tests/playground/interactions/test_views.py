"""Modals stack up, change and close; a Home tab is published."""

from typing import Any

import pytest

from bot.playground.answer import RefusedError
from bot.playground.interactions.triggers import Triggers
from bot.playground.interactions.views import Views
from bot.playground.workspace.state import Workspace
from tests.playground.conftest import FakeClock
from tests.playground.interactions.test_viewrules import INPUT, label, modal

HOME: dict[str, Any] = {"type": "home", "blocks": []}


class Desk:
    """A person's screen and the app's hand."""

    def __init__(self, workspace: Workspace, clock: FakeClock) -> None:
        self.workspace = workspace
        self.triggers = Triggers(clock)
        self.views = Views(clock, self.triggers, has_home_tab=True)

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        run = self.views.methods[f"views.{method}"]
        return run(self.workspace, arguments)["view"]

    def open(self, method: str = "open", **fields: Any) -> dict[str, Any]:
        trigger_id = self.triggers.issue("U0ANA")
        return self.call(method, trigger_id=trigger_id, view=modal(**fields))

    def refusal(self, method: str, **arguments: Any) -> str:
        with pytest.raises(RefusedError) as caught:
            self.call(method, **arguments)
        return str(caught.value)

    @property
    def titles(self) -> list[str]:
        stack = self.views.stack("U0ANA")
        return [view.json["title"]["text"] for view in stack]


@pytest.fixture
def desk(workspace: Workspace, clock: FakeClock) -> Desk:
    return Desk(workspace, clock)


def test_an_opened_modal_looks_as_slack_writes_it(desk: Desk) -> None:
    view = desk.open(submit=label("Go"), blocks=[INPUT], callback_id="c")

    assert view["id"] == view["root_view_id"]
    assert view["blocks"][0]["block_id"]
    assert view["state"] == {"values": {}}
    assert (view["callback_id"], view["private_metadata"]) == ("c", "")
    assert view["previous_view_id"] is None


def test_opening_again_replaces_what_is_open(desk: Desk) -> None:
    desk.open(title=label("one"))
    desk.open(title=label("two"))

    assert desk.titles == ["two"]


def test_three_modals_stack_up_and_no_more(desk: Desk) -> None:
    root = desk.open(title=label("1"))
    desk.open("push", title=label("2"))
    top = desk.open("push", title=label("3"))

    assert top["root_view_id"] == root["id"]
    assert desk.titles == ["1", "2", "3"]
    with pytest.raises(RefusedError, match="push_limit_reached"):
        desk.open("push")


def test_nothing_can_be_pushed_onto_nothing(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="not_found"):
        desk.open("push")


def test_a_refused_view_leaves_the_trigger_unused(desk: Desk) -> None:
    trigger_id = desk.triggers.issue("U0ANA")

    error = desk.refusal("open", trigger_id=trigger_id, view={})

    assert error == "invalid_arguments"
    assert desk.call("open", trigger_id=trigger_id, view=modal())


def test_an_update_needs_the_view_and_its_hash(desk: Desk) -> None:
    view = desk.open(external_id="mine")
    new = modal(title=label("new"), external_id="mine")

    assert desk.refusal("update", view_id="V0", view=new) == "not_found"
    wrong = desk.refusal("update", view_id=view["id"], hash="0.0", view=new)
    assert wrong == "hash_conflict"
    updated = desk.call("update", external_id="mine", hash=view["hash"], view=new)

    assert updated["id"] == view["id"]
    assert updated["hash"] != view["hash"]
    assert desk.titles == ["new"]


def test_an_external_id_is_unique(desk: Desk) -> None:
    desk.open(external_id="mine")

    with pytest.raises(RefusedError, match="duplicate_external_id"):
        desk.open("push", external_id="mine")


def test_a_home_tab_is_published_and_published_again(desk: Desk) -> None:
    first = desk.call("publish", user_id="U0ANA", view=HOME)
    stale = first["hash"]
    second = desk.call("publish", user_id="U0ANA", view=HOME, hash=stale)

    error = desk.refusal("publish", user_id="U0ANA", view=HOME, hash=stale)

    assert first["id"] == second["id"]
    assert error == "hash_conflict"
    early = desk.refusal("publish", user_id="U0BEN", view=HOME, hash=stale)
    assert early == "hash_conflict"
    nobody = desk.refusal("publish", user_id="U0NOBODY", view=HOME)
    assert nobody == "invalid_arguments"


def test_without_a_home_tab_nothing_is_published(
    workspace: Workspace, clock: FakeClock
) -> None:
    views = Views(clock, Triggers(clock))

    with pytest.raises(RefusedError, match="not_enabled"):
        views.methods["views.publish"](workspace, {"user_id": "U0ANA", "view": HOME})


@pytest.mark.parametrize(
    ("answer", "titles"),
    [
        ({}, ["1"]),
        ({"response_action": "clear"}, []),
        ({"response_action": "errors", "errors": {"b": "no"}}, ["1", "2"]),
        ({"response_action": "update", "view": modal()}, ["1", "T"]),
        ({"response_action": "push", "view": modal()}, ["1", "2", "T"]),
        ({"response_action": "update", "view": {}}, ["1", "2"]),
    ],
    ids=str,
)
def test_a_submission_is_answered(
    desk: Desk, answer: dict[str, Any], titles: list[str]
) -> None:
    desk.open(title=label("1"))
    desk.open("push", title=label("2"))
    top = desk.views.stack("U0ANA")[-1]

    desk.views.take_answer(top, answer)

    assert desk.titles == titles
    is_refused = answer.get("view") == {}
    assert bool(top.errors) == ("errors" in answer or is_refused)


@pytest.mark.parametrize(("is_clearing", "left"), [(True, []), (False, ["1"])])
def test_a_modal_may_take_all_others_along(
    desk: Desk, left: list[str], *, is_clearing: bool
) -> None:
    desk.open(title=label("1"))
    desk.open("push", title=label("2"), clear_on_close=is_clearing)

    desk.views.close(desk.views.stack("U0ANA")[-1])

    assert desk.titles == left


def test_a_home_tab_is_told_of_when_it_is_published_or_updated(desk: Desk) -> None:
    told: list[str] = []
    desk.views.on_home = lambda view: told.append(view.json["hash"])
    first = desk.call("publish", user_id="U0ANA", view=HOME)
    desk.open()
    again = desk.call("update", view_id=first["id"], view=HOME)

    assert told == [first["hash"], again["hash"]]
