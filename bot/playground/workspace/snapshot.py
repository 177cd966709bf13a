"""The workspace on disk: its messages survive a restart of the playground."""

import asyncio
import json
import logging
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.playground.jsonobject import JsonObject
from bot.playground.workspace.change import Change
from bot.playground.workspace.file import File, stored_file
from bot.playground.workspace.message import Message
from bot.playground.workspace.state import Reactions, Workspace

SAVE_INTERVAL_S = 1.0
MAX_MESSAGES_PER_CHANNEL = 2000

FLEETING_CHANGES = ("status", "ephemeral")
"""An ephemeral message stands in no history, and is gone when its reader reloads."""

_FIELDS = tuple(one.name for one in fields(Message))
_FILE_FIELDS = tuple(one.name for one in fields(File))
_log = logging.getLogger(__name__)


class SnapshotError(Exception):
    """The stored workspace cannot be read; the text is a sentence for its owner."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is worth keeping of a workspace."""

    messages: tuple[Message, ...] = ()
    """Oldest first in each channel."""
    reactions: Reactions = field(
        default_factory=dict[tuple[str, str], dict[str, tuple[str, ...]]]
    )
    contents: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """What is in the messages' files, by their ids."""


def load(path: Path) -> Stored:
    """Return what was stored; nothing if that never happened.

    Files of earlier and later versions are read: what one of them lacks is empty, and
    what is not known is left out.

    Raises:
        SnapshotError: if the file is not what `save` wrote.
    """
    try:
        kept: JsonObject = json.loads(path.read_text("utf-8"))
        return Stored(
            tuple(_message(item) for item in kept["messages"]),
            {
                (channel, ts): {name: tuple(users) for name, users in shown.items()}
                for channel, ts, shown in kept.get("reactions", ())
            },
            {key: b64decode(text) for key, text in kept.get("contents", {}).items()},
        )
    except FileNotFoundError:
        return Stored()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SnapshotError(
            f"The playground's messages in {path} cannot be read; "
            f"move the file away to begin anew."
        ) from error


def save(path: Path, stored: Stored) -> None:
    """Store what is kept; whoever reads meanwhile finds the old file or the new one."""
    kept = {
        "messages": [_item(message) for message in stored.messages],
        "reactions": [[*key, shown] for key, shown in stored.reactions.items()],
        "contents": {
            key: b64encode(content).decode() for key, content in stored.contents.items()
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(json.dumps(kept), "utf-8")
    os.replace(draft, path)


def newest(workspace: Workspace) -> Stored:
    """Return the newest messages of each channel, and what belongs to them."""
    messages = tuple(chain(*(_tail(workspace, name) for name in workspace.channels)))
    places = {(message.channel, message.ts) for message in messages}
    reactions = workspace.reactions.items()
    files = {file.id for message in messages for file in message.files}
    contents = workspace.contents.items()
    return Stored(
        messages,
        {place: dict(shown) for place, shown in reactions if place in places},
        {key: content for key, content in contents if key in files},
    )


def _tail(workspace: Workspace, channel: str) -> list[Message]:
    """Return the newest messages of a channel, without replies to older ones."""
    tail = list(workspace.messages(channel))[-MAX_MESSAGES_PER_CHANNEL:]
    kept = {message.ts for message in tail}
    return [m for m in tail if not m.is_reply or m.thread_ts in kept]


class Snapshot:
    """Keeps a file equal to the workspace, from entering to leaving it."""

    def __init__(
        self, workspace: Workspace, path: Path, interval_s: float = SAVE_INTERVAL_S
    ) -> None:
        self._workspace = workspace
        self._path = path
        self._interval_s = interval_s
        self._changed = asyncio.Event()
        self._leaving = asyncio.Event()
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        """Put the stored messages into the workspace and follow its changes.

        Raises:
            SnapshotError: if the file cannot be read.
        """
        stored = await asyncio.to_thread(load, self._path)
        self._workspace.restore(stored.messages, stored.reactions, stored.contents)
        self._ignore = self._workspace.listen(self._note)
        await self._group.__aenter__()
        self._group.create_task(self._follow())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Store what changed last, also on the way out of an error."""
        self._ignore()
        self._leaving.set()
        # The error is kept from the group, which would cancel the last save.
        await self._group.__aexit__(None, None, None)
        if self._changed.is_set():
            await self._save()

    def _note(self, change: Change) -> None:
        if change.kind not in FLEETING_CHANGES:
            self._changed.set()

    async def _follow(self) -> None:
        while not self._leaving.is_set():
            if self._changed.is_set():
                await self._save()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval_s):
                    await self._leaving.wait()

    async def _save(self) -> None:
        self._changed.clear()
        try:
            await asyncio.to_thread(save, self._path, newest(self._workspace))
        except OSError:
            _log.exception("The playground could not store its messages.")


def _item(message: Message) -> JsonObject:
    item = {name: getattr(message, name) for name in _FIELDS}
    return item | {"files": [asdict(file) for file in message.files]}


def _message(item: JsonObject) -> Message:
    known = {name: value for name, value in item.items() if name in _FIELDS}
    files = [_file(file, known, at) for at, file in enumerate(item["files"])]
    known |= {"blocks": tuple(item["blocks"]), "files": tuple(files)}
    return Message(**known)


def _file(item: JsonObject | str, message: JsonObject, index: int) -> File:
    """Return a stored file; of one stored before there were any, its name is known."""
    if isinstance(item, str):
        file_id = f"F{message['ts'].replace('.', '')}{index}"
        return stored_file(item, file_id, message["channel"], message["user"])
    return File(**{name: value for name, value in item.items() if name in _FILE_FIELDS})
