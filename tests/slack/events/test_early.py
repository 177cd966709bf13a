"""Changes that come before what they change."""

from dataclasses import replace

import pytest

from bot.conversation.turn import Delivered, ThreadId
from bot.slack.events import early
from bot.slack.events.early import EarlyChanges
from bot.slack.events.event import SlackMessage, slack_message
from bot.slack.events.revision import Deletion, Edit

THREAD = ThreadId("slack:T1:C1:1.0")


def message(
    ts: str = "1.0", text: str = "before", kind: str = "message"
) -> SlackMessage:
    event = {"type": kind, "user": "UANA", "channel": "C1", "ts": ts, "text": text}
    found = slack_message({"team_id": "T1", "event": event})
    assert found is not None
    return found


def edit(text: str, ts: str = "1.0") -> Edit:
    return Edit(message(ts, text))


GONE = Deletion((THREAD,), "C1", "1.0", "", Delivered("1.0", "1.0"))


def test_a_message_without_a_change_stays_as_it_is() -> None:
    assert EarlyChanges().applied(message()) == message()


def test_the_newest_edit_counts_for_every_event_of_a_message() -> None:
    changes = EarlyChanges()
    changes.note(edit("first"))
    changes.note(edit("second"))
    mention = message(kind="app_mention")

    assert changes.applied(message()) == message(text="second")
    assert changes.applied(mention) == replace(mention, text="second")
    assert changes.applied(message("2.0")) == message("2.0")


def test_what_is_deleted_stays_so() -> None:
    changes = EarlyChanges()
    changes.note(GONE)
    changes.note(edit("late"))

    assert changes.applied(message()) is None


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early, "MAX_CHANGES", 1)
    changes = EarlyChanges()
    changes.note(edit("first", "1.0"))
    changes.note(edit("second", "2.0"))

    assert changes.applied(message("1.0")) == message("1.0")
    assert changes.applied(message("2.0")) == message("2.0", "second")
