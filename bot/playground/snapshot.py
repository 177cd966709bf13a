"""The workspace on disk: its messages survive a restart of the playground."""

import asyncio
import json
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.playground.workspace import Change, JsonObject, Message, Workspace

SAVE_INTERVAL_S = 1.0
MAX_MESSAGES_PER_CHANNEL = 2000

_FIELDS = tuple(field.name for field in fields(Message))
_log = logging.getLogger(__name__)


class SnapshotError(Exception):
    """The stored workspace cannot be read; the text is a sentence for its owner."""


def load(path: Path) -> tuple[Message, ...]:
    """Return the stored messages, oldest first; none if nothing was stored yet.

    Raises:
        SnapshotError: The file is not what `save` wrote.
    """
    try:
        items: list[JsonObject] = json.loads(path.read_text("utf-8"))["messages"]
        return tuple(_message(item) for item in items)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SnapshotError(
            f"The playground's messages in {path} cannot be read; "
            f"move the file away to begin anew."
        ) from error


def save(path: Path, messages: Sequence[Message]) -> None:
    """Store messages; whoever reads meanwhile finds the old file or the new one."""
    items = [{name: getattr(m, name) for name in _FIELDS} for m in messages]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(json.dumps({"messages": items}), "utf-8")
    os.replace(draft, path)


def newest(workspace: Workspace) -> tuple[Message, ...]:
    """Return what is worth storing: the newest messages of each channel."""
    channels = (tuple(workspace.messages(channel)) for channel in workspace.channels)
    return tuple(chain(*(c[-MAX_MESSAGES_PER_CHANNEL:] for c in channels)))


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
            SnapshotError: The file cannot be read.
        """
        for message in await asyncio.to_thread(load, self._path):
            self._workspace.add(message)
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
        if change.kind != "status":
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


def _message(item: JsonObject) -> Message:
    item["blocks"] = tuple(item["blocks"])
    item["files"] = tuple(item["files"])
    return Message(**item)
