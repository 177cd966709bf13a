"""What is remembered of threads, as the core asks for it."""

from collections.abc import Sequence
from typing import Protocol

from bot.conversation.fold import Fold, Recollection
from bot.conversation.turn import Delivered, Message, Role, ThreadId


class MemoryStore(Protocol):
    """Who said what, per thread. Every method may raise `StoreError`."""

    async def add(self, message: Message) -> None:
        """Store a message; one that is stored already stays as it is, or deleted."""
        ...

    async def add_all(self, messages: Sequence[Message]) -> None:
        """Store messages as `add` does, all of them or none."""
        ...

    async def load(self, thread: ThreadId) -> Recollection:
        """Return the newest summary and the buffer, as of one moment."""
        ...

    async def commit(self, fold: Fold) -> bool:
        """Keep a fold; False, and nothing is changed, if its version is not the newest.

        Some older summaries are kept too, for `edit` and `delete` to go back to.
        """
        ...

    async def edit(self, message: Message) -> bool:
        """Give the stored message of that thread, position and role text and files.

        If a summary contains it, that one and all later ones are deleted, and what they
        contained is in the buffer again. A turn's question is changed with it. False if
        that changes nothing. When this returns nothing keeps the old text.
        """
        ...

    async def delete(self, thread: ThreadId, position: str, role: Role) -> bool:
        """Take the words of a message away, as `edit` does.

        A turn that still waits for its answer gets none.
        """
        ...

    async def retract(self, thread: ThreadId, gone: Delivered) -> bool:
        """Take the words of one delivered message out of the reply it belongs to.

        A reply whose messages are not known, because it was read from where it was
        delivered, loses them if it holds them so, else all its words. False if the
        message is of no reply that is remembered of that thread.
        """
        ...

    async def forget(self, thread: ThreadId) -> None:
        """Take all words away, but of questions that wait for their answer.

        Who spoke is still known.
        """
        ...

    async def people(self, thread: ThreadId) -> frozenset[str]:
        """Return the ids of the people who spoke since the bot takes part.

        That is since the first message that was said to it. Empty if there is none.
        """
        ...


class Earlier(Protocol):
    """What was said in a thread before the bot took part there."""

    async def before(self, question: Message) -> tuple[Message, ...] | None:
        """Return what stands in a question's thread before it, oldest first.

        Not more than a prompt may hold; as received, own replies included. Takes a few
        seconds at most and never raises; None if the thread could not be read.
        """
        ...


class Archive(Protocol):
    """Threads by their age."""

    async def sweep(self, before_s: float) -> int:
        """Delete the threads that were last used before a Unix time; count them.

        One with a turn that waits or runs stays.

        Raises:
            StoreError: if the database refuses; some may be deleted.
        """
        ...
