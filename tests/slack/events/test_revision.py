"""What Slack says of edits and deletions, and what is made of it."""

from typing import Any

import pytest

from bot.slack.events.revision import Deletion, Edit, revision

BEFORE = {"type": "message", "user": "UANA", "text": "old", "ts": "2.0"}
AFTER = {**BEFORE, "text": "new", "edited": {"user": "UANA", "ts": "3.0"}}


def event(**fields: Any) -> dict[str, Any]:
    """Return the body of an event about a message in a channel."""
    base = {"type": "message", "channel": "C1", "channel_type": "channel", "ts": "3.0"}
    return {"team_id": "T1", "event": {**base, "hidden": True, **fields}}


def changed(**fields: Any) -> dict[str, Any]:
    both = {"message": AFTER, "previous_message": BEFORE}
    return event(**{"subtype": "message_changed", **both, **fields})


def deleted(**fields: Any) -> dict[str, Any]:
    gone = {"deleted_ts": "2.0", "previous_message": BEFORE}
    return event(**{"subtype": "message_deleted", **gone, **fields})


def deletion(body: dict[str, Any]) -> Deletion:
    found = revision(body)
    assert isinstance(found, Deletion)
    return found


def test_an_edit_is_the_message_as_it_reads_now() -> None:
    found = revision(changed())

    assert isinstance(found, Edit)
    assert (found.message.text, found.channel, found.ts) == ("new", "C1", "2.0")
    assert found.threads == ("slack:T1:C1:2.0",)


@pytest.mark.parametrize(
    "fields",
    [
        {"message": {**BEFORE, "attachments": [{"title": "a link"}]}},
        {"message": {**AFTER, "attachments": []}, "previous_message": AFTER},
        {"message": {**AFTER, "bot_id": "B1"}},
        {"message": {**AFTER, "user": "USLACKBOT"}},
        {"message": None},
        {"message": {**AFTER, "ts": 2}},
        {"type": "app_mention"},
        {"subtype": "message_replied"},
        {"subtype": None},
    ],
    ids=str,
)
def test_what_no_person_changed_is_no_edit(fields: dict[str, Any]) -> None:
    assert revision(changed(**fields)) is None


def test_an_edit_of_the_files_alone_counts() -> None:
    files = [{"name": "a.txt"}]
    body = changed(message={**AFTER, "text": "old", "files": files})

    found = revision(body)

    assert isinstance(found, Edit)
    assert found.message.files == ("a.txt",)


@pytest.mark.parametrize(
    ("fields", "threads"),
    [
        ({}, ("slack:T1:C1:2.0",)),
        (
            {"previous_message": {**BEFORE, "thread_ts": "1.0"}},
            ("slack:T1:C1:1.0",),
        ),
        ({"previous_message": None}, ("slack:T1:C1:2.0",)),
        (
            {"channel": "D1", "channel_type": "im"},
            ("slack:T1:D1", "slack:T1:D1:2.0"),
        ),
        (
            {"channel": "D1", "previous_message": {**BEFORE, "thread_ts": "1.0"}},
            ("slack:T1:D1:1.0",),
        ),
    ],
    ids=str,
)
def test_a_deletion_names_the_threads_that_may_hold_the_message(
    fields: dict[str, Any], threads: tuple[str, ...]
) -> None:
    found = deletion(deleted(**fields))

    assert (found.threads, found.ts, found.bot_id) == (threads, "2.0", "")


def test_a_deletion_says_which_bot_wrote_the_message() -> None:
    body = deleted(previous_message={**BEFORE, "bot_id": "B1"})

    assert deletion(body).bot_id == "B1"


def test_a_deleted_parent_whose_replies_stay_is_a_deletion() -> None:
    stone = {"type": "message", "subtype": "tombstone", "ts": "2.0", "hidden": True}

    assert deletion(changed(message=stone)).threads == ("slack:T1:C1:2.0",)


def test_an_edited_message_of_a_dm_may_stand_above_a_thread_too() -> None:
    found = revision(changed(channel="D1", channel_type="im"))

    assert isinstance(found, Edit)
    assert found.threads == ("slack:T1:D1", "slack:T1:D1:2.0")


@pytest.mark.parametrize(
    "fields",
    [
        {"deleted_ts": None},
        {"channel": 1},
        {"previous_message": {**BEFORE, "thread_ts": "1.0:C2"}},
        {"previous_message": {**BEFORE, "bot_id": 1}},
    ],
    ids=str,
)
def test_what_cannot_be_read_is_ignored(fields: dict[str, Any]) -> None:
    assert revision(deleted(**fields)) is None


@pytest.mark.parametrize("body", [{}, {"event": None}, {"event": []}])
def test_a_body_without_an_event_is_ignored(body: dict[str, Any]) -> None:
    assert revision(body) is None
