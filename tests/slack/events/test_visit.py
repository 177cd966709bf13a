"""What people ask of the app itself, as Slack sends it."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.slack.events.visit import Opening, Slash, opening_of, slash_of

PAYLOADS = Path(__file__).parent.parent / "payloads"


def payload(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return document["payload"]


def opened(**fields: Any) -> dict[str, Any]:
    body = payload("app_home_opened")
    return {**body, "event": {**body["event"], "tab": "home", **fields}}


def test_a_command_is_read() -> None:
    assert slash_of(payload("slash_command") | {"text": " status "}) == Slash(
        user="U0ANA00001",
        channel="C0ROOM0001",
        command="/weather",
        words="status",
        response_url="https://hooks.slack.com/commands/1234/5678",
    )


@pytest.mark.parametrize(
    "odd", [{"user_id": None}, {"channel_id": "a b"}, {"text": 1}, {"command": []}]
)
def test_a_command_that_cannot_be_read_is_none(odd: dict[str, Any]) -> None:
    assert slash_of(payload("slash_command") | odd) is None


def test_an_opened_home_is_read() -> None:
    assert opening_of(opened()) == Opening("U0ANA00001", "D0ANA00001")


@pytest.mark.parametrize(
    "odd", [{"tab": "messages"}, {"tab": None}, {"user": ""}, {"channel": 7}]
)
def test_another_tab_or_what_cannot_be_read_is_none(odd: dict[str, Any]) -> None:
    assert opening_of(opened(**odd)) is None


def test_a_body_without_event_is_none() -> None:
    assert opening_of({}) is None
