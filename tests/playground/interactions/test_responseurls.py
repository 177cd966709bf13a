"""An answer at a response_url becomes a message, or changes one."""

from typing import Any

import pytest

from bot.playground.answer import Answer
from bot.playground.interactions.responseurls import (
    MAX_RESPONSES,
    RESPONSE_LIFE_S,
    ResponseUrls,
)
from bot.playground.workspace.identity import BOT_ID, BOT_USER
from bot.playground.workspace.message import Message
from bot.playground.workspace.state import Workspace
from tests.playground.conftest import FakeClock

TEXT = {"text": "new"}


@pytest.fixture
def responses(workspace: Workspace, clock: FakeClock) -> ResponseUrls:
    return ResponseUrls(workspace, clock)


def texts(workspace: Workspace) -> list[str]:
    return [message.text for message in workspace.messages("C0DEV")]


def posted(workspace: Workspace, only_for: str = "") -> Message:
    message = Message(
        "C0DEV", workspace.next_ts(), BOT_USER, "old", bot_id=BOT_ID, only_for=only_for
    )
    return (workspace.add_ephemeral if only_for else workspace.add)(message)


@pytest.mark.parametrize(
    ("kind", "public", "private"),
    [({}, [], ["new"]), ({"response_type": "in_channel"}, ["new"], [])],
)
def test_an_answer_is_for_one_unless_it_is_for_all(
    workspace: Workspace,
    responses: ResponseUrls,
    kind: dict[str, str],
    public: list[str],
    private: list[str],
) -> None:
    key = responses.issue("U0ANA", "C0DEV")

    assert responses.respond(key, TEXT | kind).body == {"ok": True}

    assert texts(workspace) == public
    assert [m.text for m in workspace.ephemerals] == private
    assert all(m.only_for == "U0ANA" for m in workspace.ephemerals)


@pytest.mark.parametrize("only_for", ["", "U0ANA"])
@pytest.mark.parametrize(
    ("body", "left"),
    [(TEXT | {"replace_original": True}, ["new"]), ({"delete_original": True}, [])],
)
def test_the_message_with_the_button_is_replaced_or_deleted(
    workspace: Workspace,
    responses: ResponseUrls,
    only_for: str,
    body: dict[str, Any],
    left: list[str],
) -> None:
    key = responses.issue("U0ANA", "C0DEV", posted(workspace, only_for).ts)

    assert responses.respond(key, body).status == 200

    shown = [m.text for m in workspace.ephemerals] if only_for else texts(workspace)
    assert shown == left
    assert responses.respond(key, {"delete_original": True}).status == 200


def test_an_address_is_good_for_five_answers(
    workspace: Workspace, responses: ResponseUrls
) -> None:
    key = responses.issue("U0ANA", "C0DEV")

    answers = [responses.respond(key, TEXT) for _ in range(MAX_RESPONSES + 1)]

    assert [answer.status for answer in answers] == [200] * MAX_RESPONSES + [404]
    assert len(workspace.ephemerals) == MAX_RESPONSES


def test_an_address_is_good_for_half_an_hour(
    clock: FakeClock, responses: ResponseUrls
) -> None:
    key = responses.issue("U0ANA", "C0DEV")
    clock.now_s += RESPONSE_LIFE_S
    assert responses.respond(key, TEXT).status == 200

    clock.now_s += 1

    expired = Answer({"ok": False, "error": "expired_url"}, 404)
    assert responses.respond(key, TEXT) == expired
    assert responses.respond("other", TEXT).status == 404


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "no_text"),
        ({"markdown_text": "**a**"}, "no_text"),
        ({"blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
    ],
)
def test_what_says_nothing_is_refused(
    workspace: Workspace, responses: ResponseUrls, body: dict[str, Any], error: str
) -> None:
    answer = responses.respond(responses.issue("U0ANA", "C0DEV"), body)

    assert (answer.status, answer.body["error"]) == (400, error)
    assert not workspace.ephemerals
