"""What is stored, and when."""

import asyncio
import json
import logging
from pathlib import Path

import pytest

from bot.playground.people.composer import Speech, say
from bot.playground.webapi.reactions import react
from bot.playground.workspace.file import File, Upload
from bot.playground.workspace.message import Message, Status
from bot.playground.workspace.seed import new_workspace
from bot.playground.workspace.snapshot import (
    MAX_MESSAGES_PER_CHANNEL,
    Snapshot,
    SnapshotError,
    Stored,
    load,
    newest,
    save,
)
from bot.playground.workspace.state import Workspace


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "messages.json"


def appear(path: Path) -> None:
    """Return once the file is there."""
    while not path.exists():
        pass


async def test_messages_survive_a_restart(workspace: Workspace, path: Path) -> None:
    async with Snapshot(workspace, path):
        parent = say(workspace, Speech("U0ANA", "C0DEV", "q", files=("a.txt",)))
        reply = say(workspace, Speech("U0BEN", "C0DEV", "千恵", parent.ts))

    restored = new_workspace(workspace.clock)
    async with Snapshot(restored, path):
        assert restored.thread("C0DEV", parent.ts) == (parent, reply)
        assert restored.next_ts() > reply.ts


async def test_the_last_change_is_stored_on_the_way_out_of_an_error(
    workspace: Workspace, path: Path
) -> None:
    async def fail() -> None:
        async with Snapshot(workspace, path):
            say(workspace, Speech("U0ANA", "C0DEV", "last words"))
            raise KeyError

    with pytest.raises(KeyError):
        await fail()

    assert [message.text for message in load(path).messages] == ["last words"]


async def test_changes_are_stored_while_it_runs(
    workspace: Workspace, path: Path
) -> None:
    async with Snapshot(workspace, path, interval_s=0.001):
        say(workspace, Speech("U0ANA", "C0DEV", "a"))
        await asyncio.to_thread(appear, path)


async def test_a_status_is_not_worth_storing(workspace: Workspace, path: Path) -> None:
    async with Snapshot(workspace, path):
        workspace.set_status(Status("C0DEV", "1.0", "is thinking…"))

    assert load(path) == Stored()


async def test_a_full_disk_stops_nobody(
    workspace: Workspace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Snapshot(workspace, tmp_path / "none.json") as snapshot:
        (tmp_path / "none.json").mkdir()
        say(workspace, Speech("U0ANA", "C0DEV", "a"))

    assert snapshot
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"messages": [{"ts": "1"}]}'])
async def test_an_unreadable_file_is_named_and_left_alone(
    workspace: Workspace, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "messages.json"
    path.write_text(content, "utf-8")

    with pytest.raises(SnapshotError, match=r"messages\.json cannot be read"):
        await Snapshot(workspace, path).__aenter__()

    assert path.read_text("utf-8") == content


def test_no_file_is_no_messages(path: Path) -> None:
    assert load(path) == Stored()


def test_the_newest_messages_of_each_channel_are_stored(
    workspace: Workspace, path: Path
) -> None:
    for n in range(MAX_MESSAGES_PER_CHANNEL + 1):
        workspace.add(Message("C0DEV", f"{n}.000000", "U0ANA", "a"))

    save(path, newest(workspace))

    stored = load(path).messages
    assert len(stored) == MAX_MESSAGES_PER_CHANNEL
    assert stored[0].ts == "1.000000"


async def test_reactions_and_files_survive_a_restart(
    workspace: Workspace, path: Path
) -> None:
    upload = Upload("a.bin", b"\x00\xff")
    async with Snapshot(workspace, path):
        message = say(workspace, Speech("U0ANA", "C0DEV", "", files=(upload,)))
        react(workspace, "U0BEN", "C0DEV", message.ts, "eyes")

    restored = new_workspace(workspace.clock)
    async with Snapshot(restored, path):
        (file,) = message.files
        assert restored.message("C0DEV", message.ts) == message
        assert restored.reactions == {("C0DEV", message.ts): {"eyes": ("U0BEN",)}}
        assert restored.files == {file.id: file}
        assert restored.contents == {file.id: b"\x00\xff"}


def test_a_file_of_an_earlier_version_is_read(path: Path) -> None:
    item = {"channel": "C0DEV", "ts": "1.000002", "user": "U0ANA", "text": "see"}
    old = {**item, "blocks": [], "files": ["a.txt"], "is_edited": True}
    path.parent.mkdir()
    path.write_text(json.dumps({"messages": [old]}), "utf-8")

    (message,) = load(path).messages

    assert (message.text, message.is_edited) == ("see", True)
    assert message.files == (
        File("F10000020", "a.txt", "C0DEV", "U0ANA", mimetype="text/plain"),
    )


def test_what_a_later_version_stored_is_left_out(path: Path) -> None:
    item = {"channel": "C0DEV", "ts": "1.0", "user": "U0ANA", "text": "a"}
    later = {**item, "blocks": [], "files": [], "mood": "good"}
    path.parent.mkdir()
    path.write_text(json.dumps({"messages": [later], "weather": 1}), "utf-8")

    assert load(path).messages == (Message("C0DEV", "1.0", "U0ANA", "a"),)


def test_a_reply_to_a_message_that_is_not_stored_is_not_either(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = say(workspace, Speech("U0ANA", "C0DEV", "q"))
    say(workspace, Speech("U0BEN", "C0DEV", "a", parent.ts))
    last = say(workspace, Speech("U0ANA", "C0DEV", "last"))

    monkeypatch.setattr("bot.playground.workspace.snapshot.MAX_MESSAGES_PER_CHANNEL", 2)

    assert newest(workspace).messages == (last,)
