"""What Slack sends, as it documents or its SDKs record it, and what is done with it.

The shapes in `payloads/` are those of the source that each file names; ids, times and
words are ours.
"""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.conversation.turn import Message, ThreadId
from bot.slack.api.preflight import Identity
from bot.slack.api.web import opened
from bot.slack.events.event import WITHHELD
from bot.slack.socket.bolt import Receive, bolt_app, receiving
from tests.long import examples
from tests.slack.conftest import listening
from tests.slack.events.test_listeners import ListedInbox

FILES = sorted((Path(__file__).parent / "payloads").glob("*.json"))
ANSWERED = {
    "app_mention",
    "app_mention_with_files",
    "assistant_user_message",
    "connect_colleague",
    "file_share",
    "file_share_hidden_by_limit",
    "message_app_home",
    "message_channels_mention",
    "message_groups_mention",
    "message_im",
    "message_mpim_mention",
    "org_colleague",
    "org_install",
    "thread_broadcast",
    "thread_reply",
}
OVERHEARD = {"thread_reply_of_another"}
CHANGED = {
    "message_changed",
    "message_deleted",
    "tombstone",
    "tombstone_deleted",
}
WITHHELD_HERE = {"connect_stranger_in_thread"}
NO_EVENTS = {
    "slash_command": "slash_commands",
    "view_submission": "interactive",
}
NOT_OFFERED = {"view_submission": "interactive"}
EVENTS = [path.stem for path in FILES if path.stem not in NO_EVENTS]
ME = Identity(team="T0HOME0001", user="U0BOT00001", bot_id="B0BOT00001")
ACK = {"envelope_id": "E1"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


class ThreadMemory:
    """A memory of the thread in the payloads, in which Ana talks with the bot."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.changed: list[str] = []
        """What became of edited and deleted messages."""

    async def add(self, message: Message) -> None:
        self.messages.append(message)

    async def edit(self, message: Message) -> bool:
        self.changed.append(message.text)
        return True

    async def delete(self, thread: ThreadId, position: str) -> bool:
        self.changed.append(f"no {position}")
        return True

    async def people(self, thread: ThreadId) -> frozenset[str]:
        is_known = thread.endswith(":1700000000.000100")
        return frozenset({"U0ANA00001"}) if is_known else frozenset()


class Ears:
    """A listener with its twins, behind nothing and behind the real Bolt app."""

    def __init__(self) -> None:
        self.inbox = ListedInbox()
        self.memory = ThreadMemory()
        self.listener = listening(self.inbox, self.memory, me=ME)
        self.acks = 0

    async def hear(self, payload: dict[str, Any]) -> str:
        """Hand over a payload; return what became of it."""
        await self.listener.hear(payload, self._go_on)
        return self.outcome

    async def _go_on(self) -> None:
        self.acks += 1

    @property
    def outcome(self) -> str:
        if self.inbox.turns:
            return "answered"
        if not self.memory.messages:
            return "changed" if self.memory.changed else "ignored"
        is_withheld = self.memory.messages[0].text == WITHHELD
        return "withheld" if is_withheld else "overheard"


def recorded(name: str) -> dict[str, Any]:
    path = Path(__file__).parent / "payloads" / f"{name}.json"
    payload: dict[str, Any] = json.loads(path.read_text("utf-8"))["payload"]
    return payload


def expected(name: str) -> str:
    if name in ANSWERED:
        return "answered"
    if name in OVERHEARD:
        return "overheard"
    if name in CHANGED:
        return "changed"
    return "withheld" if name in WITHHELD_HERE else "ignored"


def changed(**fields: Any) -> dict[str, Any]:
    """Return a mention in a channel with other fields in its event."""
    payload = recorded("message_channels_mention")
    return {**payload, "event": {**payload["event"], **fields}}


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
async def answer(ears: Ears) -> AsyncGenerator[Receive]:
    async with opened("xoxb-", "http://127.0.0.1:9/api/") as web:
        yield receiving(bolt_app(web, ME, ears.listener, (), [].append))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_payload_names_its_source(path: Path) -> None:
    record = json.loads(path.read_text("utf-8"))

    assert set(record) == {"source", "read", "payload"}
    assert record["source"].startswith("https://")
    assert record["read"] == "2026-11-22"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_every_payload_gets_what_it_deserves(path: Path, ears: Ears) -> None:
    with capture_logs() as logged:
        assert await ears.hear(recorded(path.stem)) == expected(path.stem)

    assert ears.acks == 1
    assert logged == []


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.stem not in NO_EVENTS], ids=lambda p: p.stem
)
async def test_every_event_is_acked_over_bolt(
    path: Path, ears: Ears, answer: Receive
) -> None:
    payload = recorded(path.stem)
    ack = await answer({"type": "events_api", "envelope_id": "E1", "payload": payload})

    assert ack is not None
    assert json.loads(ack)["envelope_id"] == "E1"
    assert ears.outcome == expected(path.stem)


@pytest.mark.parametrize(("name", "kind"), NOT_OFFERED.items())
async def test_what_the_app_does_not_offer_is_left_to_slack_to_say(
    name: str, kind: str, ears: Ears, answer: Receive
) -> None:
    payload = recorded(name)

    assert await answer({"type": kind, "envelope_id": "E1", "payload": payload}) is None
    assert ears.outcome == "ignored"


async def test_a_button_is_acked_whoever_knows_it(ears: Ears, answer: Receive) -> None:
    payload = recorded("block_actions")
    sent = {"type": "interactive", "envelope_id": "E1", "payload": payload}

    assert json.loads(await answer(sent) or "") == {"envelope_id": "E1"}


async def test_a_stranger_is_one_whatever_workspace_the_envelope_names(
    ears: Ears,
) -> None:
    payload = recorded("connect_stranger_of_outer_team")
    assert payload["team_id"] == payload["event"]["team"] != ME.team

    assert await ears.hear(payload) == "ignored"


async def test_a_shared_channels_turn_belongs_to_our_workspace(ears: Ears) -> None:
    await ears.hear(recorded("connect_colleague"))

    (turn,) = ears.inbox.turns
    assert turn.question.thread.startswith(f"slack:{ME.team}:")


async def test_files_whose_name_is_withheld_have_their_ids(ears: Ears) -> None:
    await ears.hear(recorded("file_share_hidden_by_limit"))

    (turn,) = ears.inbox.turns
    assert turn.question.files == ("F0FILE0001", "F0FILE0002", "F0FILE0003")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user", None),
        ("user", {"id": "U0ANA00001"}),
        ("user", "U:0"),
        ("user", "\ud800"),
        ("ts", 1700000200.0002),
        ("ts", "yesterday"),
        ("ts", "１.２"),
        ("channel", None),
        ("channel", ["C0ROOM0001"]),
        ("channel_type", 7),
        ("text", 42),
        ("text", {"type": "plain_text"}),
        ("thread_ts", 1700000000),
        ("thread_ts", {}.fromkeys("a")),
        ("team", ["T0HOME0001"]),
        ("user_team", {"id": "T0HOME0001"}),
        ("source_team", 1),
    ],
)
async def test_what_cannot_be_read_is_acked_and_ignored_with_one_line(
    ears: Ears, field: str, value: Any
) -> None:
    with capture_logs() as logged:
        assert await ears.hear(changed(**{field: value})) == "ignored"

    assert ears.acks == 1
    assert [(line["log_level"], line["field"]) for line in logged] == [
        ("warning", field)
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"type": ["message"]},
        {"type": {"message": 1}},
        {"subtype": ["file_share"]},
        {"subtype": {"a": [[]]}},
        {"subtype": 1},
        {"bot_id": {}.fromkeys("B")},
    ],
    ids=str,
)
async def test_what_is_no_message_at_all_is_acked_and_ignored(
    ears: Ears, fields: dict[str, Any]
) -> None:
    assert await ears.hear(changed(**fields)) == "ignored"
    assert ears.acks == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"blocks": None},
        {"blocks": [[{"type": None}]]},
        {"files": None},
        {"files": {"name": "a.txt"}},
        {"files": [None, 1, "x", [], {"name": None}, {"name": {"a": 1}}]},
        {"files": [{"name": "\ud800.txt"}]},
        {"channel_type": None},
        {"channel_type": "what_slack_invents_next"},
        {"thread_ts": None},
        {"team": None, "user_team": None},
        {"assistant_thread": [[]], "edited": 0, "root": "x", "parent_user_id": None},
    ],
    ids=str,
)
async def test_what_is_odd_but_not_needed_costs_no_answer(
    ears: Ears, fields: dict[str, Any]
) -> None:
    assert await ears.hear(changed(**fields)) == "answered"


async def test_a_text_of_null_is_no_text(ears: Ears) -> None:
    event = recorded("message_im")["event"] | {"text": None}

    assert await ears.hear(recorded("message_im") | {"event": event}) == "answered"
    assert ears.inbox.turns[0].question.text == ""


@pytest.mark.parametrize("odd", [None, 0, "x", [], [None], ["x"], {}, {"id": None}])
@pytest.mark.parametrize("name", ["event", "team_id", "authorizations", "type"])
async def test_an_odd_envelope_is_acked(ears: Ears, name: str, odd: Any) -> None:
    await ears.hear({**recorded("message_im"), name: odd})

    assert ears.acks == 1


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=3), st.data())
@settings(max_examples=examples(50, 2_000))
async def test_any_event_is_acked(extra: dict[str, Any], data: st.DataObject) -> None:
    payload = recorded(data.draw(st.sampled_from(FILES)).stem)
    event = payload.get("event")
    if isinstance(event, dict):
        names = st.sampled_from([*sorted(event), "thread_ts", "files", "user_team"])
        odd = data.draw(st.dictionaries(names, JSON, max_size=3))
        payload["event"] = {**event, **extra, **odd}
    names = st.sampled_from(sorted(payload))
    payload |= data.draw(st.dictionaries(names, JSON, max_size=1))
    ears = Ears()

    await ears.hear(payload)

    assert ears.acks == 1
    for turn in ears.inbox.turns:
        assert json.loads(turn.address)["ts"] == turn.question.position
        (turn.id + turn.question.text + "".join(turn.question.files)).encode()


@given(st.data())
@settings(max_examples=examples(15, 2_000), deadline=None)
async def test_any_event_is_acked_over_bolt(data: st.DataObject) -> None:
    payload = recorded(data.draw(st.sampled_from(EVENTS)))
    event = payload.get("event", {})
    odd = data.draw(st.dictionaries(st.sampled_from([*event, *payload, "item"]), JSON))
    payload = {**payload, "event": {**event, **odd}}
    payload |= data.draw(st.dictionaries(st.sampled_from(sorted(payload)), JSON))
    envelope = {"type": "events_api", "envelope_id": "E1", "payload": payload}
    async with opened("xoxb-", "http://127.0.0.1:9/api/") as web:
        ack = await receiving(bolt_app(web, ME, Ears().listener, (), [].append))(
            envelope
        )

    assert ack is not None
    assert json.loads(ack)["envelope_id"] == "E1"
