"""Changing what was said: edits, deletions and forgetting, down to the summaries.

Whoever changes a thread updates its row first, and so has it alone until the end. The
new version makes every fold stale that began before.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.tokens import estimate_tokens
from bot.conversation.turn import Delivered, Message, Speaker, ThreadId
from bot.storage import tables
from bot.storage.notes import WHOLE_SEQ
from bot.storage.tables import DELETED

_OPEN = ("waiting", "running")
"""States of turns whose question is still needed."""


async def rewrite(connection: AsyncConnection, message: Message) -> bool:
    """Put a message's new text and files in; False if that changes nothing.

    A message that is not stored, or deleted, stays so.
    """
    files = list(message.files)
    stored = await _stored(connection, message)
    if stored is None or (stored.text, stored.files) == (message.text, files):
        return False
    found = await _found(connection, message)
    if found is None:
        return False
    tokens = estimate_tokens(message.text)
    words = {"text": message.text, "files": files}
    await _replace(connection, found, {**words, "tokens": tokens})
    if message.role == "person":
        await connection.execute(_turn_of(message).values(**words))
    else:
        await _blank_journal(connection, message.thread, message.position)
    return True


async def drop(connection: AsyncConnection, message: Message) -> bool:
    """Take a message's words away; False if it is not stored, or deleted already.

    Its row stays: the same message that arrives late must not come back. A turn that
    waits for its answer gets none.
    """
    found = await _found(connection, message)
    if found is None:
        return False
    await _replace(connection, found, {**_no_words(), "gen": DELETED})
    if message.role == "person":
        waiting = _turn_of(message).where(tables.turn.c.state == "waiting")
        await connection.execute(waiting.values(state="stopped"))
        await connection.execute(_turn_of(message).values(text="", files=[]))
    else:
        await _blank_journal(connection, message.thread, message.position)
    return True


async def retract(
    connection: AsyncConnection, thread: ThreadId, gone: Delivered
) -> bool:
    """Take one delivered message's words out of the reply that it is a part of.

    False if no reply that is remembered has a part there with words.
    """
    part, message = tables.reply_message, gone.id
    rows = await _parts(connection, thread, message)
    if not rows:
        return await _retract_unknown(connection, thread, gone)
    if not any(row.text for row in rows if row.message == message):
        # Without a claim: a deletion that is told twice makes no fold stale.
        return False
    reply = Message(thread, rows[0].position, "bot", Speaker(""), "")
    stored = await _found(connection, reply)
    if stored is None:
        return False
    rows = await _parts(connection, thread, message)
    is_part = (part.c.turn == rows[0].turn, part.c.message == message)
    await connection.execute(update(part).where(*is_part).values(text=""))
    text = _without(stored.text, [(r.text, r.message == message) for r in rows])
    if not text.strip():
        return await drop(connection, reply)
    words = {"text": text, "tokens": estimate_tokens(text)}
    await _replace(connection, stored, words)
    return True


async def _retract_unknown(
    connection: AsyncConnection, thread: ThreadId, gone: Delivered
) -> bool:
    """Do the same in a reply of whose parts nothing is written.

    That one was read from where it was delivered, before the bot took part.
    """
    for position in await _unknown_replies(connection, thread, gone):
        reply = Message(thread, position, "bot", Speaker(""), "")
        stored = await _found(connection, reply)
        if stored is None:
            return False
        text = stored.text.replace(gone.text, "", 1) if gone.text else ""
        if text == stored.text or not text.strip():
            return await drop(connection, reply)
        words = {"text": text, "tokens": estimate_tokens(text)}
        await _replace(connection, stored, words)
        return True
    return False


async def _unknown_replies(
    connection: AsyncConnection, thread: ThreadId, gone: Delivered
) -> list[str]:
    """Return the position of the reply that held a message; none if that is unclear.

    Where the message does not tell, one reply alone may have its words.
    """
    message, part, turn = tables.message, tables.reply_message, tables.turn
    written = (
        select(turn.c.position).join_from(part, turn).where(turn.c.thread == thread)
    )
    has_words = message.c.text.contains(gone.text, autoescape=True)
    found = await connection.scalars(
        select(message.c.position).where(
            message.c.thread == thread,
            message.c.role == "bot",
            message.c.gen.is_distinct_from(DELETED),
            message.c.position.not_in(written),
            or_(message.c.position == gone.position, has_words),
        )
    )
    positions = list(found)
    if gone.position in positions:
        return [gone.position]
    return positions if gone.text and len(positions) == 1 else []


async def _parts(
    connection: AsyncConnection, thread: ThreadId, message: str
) -> Sequence[Any]:
    """Return all parts of the reply that a delivered message is a part of, in order.

    What is noted of the whole reply is none of them.
    """
    part, turn = tables.reply_message, tables.turn
    owner = select(part.c.turn).where(part.c.message == message)
    found = await connection.execute(
        select(part.c.turn, part.c.message, part.c.text, turn.c.position)
        .join_from(part, turn)
        .where(turn.c.thread == thread, part.c.turn.in_(owner))
        .where(part.c.seq != WHOLE_SEQ)
        .order_by(part.c.seq)
    )
    return found.all()


def _without(text: str, parts: list[tuple[str, bool]]) -> str:
    """Return a text without some of its parts, which stand in it in order."""
    kept, rest = "", text
    for words, is_gone in parts:
        before, found, behind = rest.partition(words) if words else ("", "", rest)
        if words and not found:
            continue
        kept += before + ("" if is_gone else found)
        rest = behind
    return kept + rest


async def blank(connection: AsyncConnection, thread: ThreadId) -> bool:
    """Take all words of a thread away, but of questions that wait for their answer.

    False if there is no such thread.
    """
    if not await _claim(connection, thread):
        return False
    message, turn = tables.message, tables.turn
    await _unfold(connection, thread, above=0)
    needed = select(turn.c.position).where(
        turn.c.thread == thread, turn.c.state.in_(_OPEN)
    )
    await connection.execute(
        update(message)
        .where(message.c.thread == thread, message.c.position.not_in(needed))
        .values(**_no_words(), gen=DELETED, rev=message.c.rev + 1)
    )
    await connection.execute(
        update(turn)
        .where(turn.c.thread == thread, turn.c.state.not_in(_OPEN))
        .values(text="", files=[])
    )
    await _blank_journal(connection, thread)
    return True


async def _found(connection: AsyncConnection, message: Message) -> Any:
    """Claim a message's thread and return its row; None if there is nothing to change.

    The row is read again behind the claim: a fold may have moved it meanwhile. Without
    a row nothing is claimed, so that what changes nothing makes no fold stale.
    """
    if await _stored(connection, message) is None:
        return None
    if not await _claim(connection, message.thread):
        return None
    return await _stored(connection, message)


async def _stored(connection: AsyncConnection, message: Message) -> Any:
    table = tables.message
    rows = await connection.execute(
        select(table).where(
            table.c.thread == message.thread,
            table.c.position == message.position,
            table.c.role == message.role,
            table.c.gen.is_distinct_from(DELETED),
        )
    )
    return rows.one_or_none()


async def _claim(connection: AsyncConnection, thread: ThreadId) -> bool:
    table = tables.thread
    claimed = await connection.execute(
        update(table).where(table.c.id == thread).values(version=table.c.version + 1)
    )
    return bool(claimed.rowcount)


async def _replace(
    connection: AsyncConnection, row: Any, values: dict[str, Any]
) -> None:
    table, summary = tables.message, tables.summary
    if row.gen is not None:
        older = select(func.max(summary.c.gen)).where(
            summary.c.thread == row.thread, summary.c.gen < row.gen
        )
        await _unfold(connection, row.thread, await connection.scalar(older) or 0)
    await connection.execute(
        update(table).where(table.c.id == row.id).values(**values, rev=row.rev + 1)
    )


async def _unfold(connection: AsyncConnection, thread: ThreadId, above: int) -> None:
    """Return to an older summary; what came later is in the buffer again."""
    message, summary = tables.message, tables.summary
    await connection.execute(
        delete(summary).where(summary.c.thread == thread, summary.c.gen > above)
    )
    await connection.execute(
        update(message)
        .where(message.c.thread == thread, message.c.gen > above)
        .values(gen=None)
    )


async def _blank_journal(
    connection: AsyncConnection, thread: ThreadId, position: str | None = None
) -> None:
    """Take away the words of replies, of one or all, that are written to their end."""
    part, turn = tables.reply_message, tables.turn
    ended = select(turn.c.id).where(turn.c.thread == thread, turn.c.state.not_in(_OPEN))
    if position is not None:
        ended = ended.where(turn.c.position == position)
    await connection.execute(update(part).where(part.c.turn.in_(ended)).values(text=""))


def _turn_of(message: Message) -> Any:
    turn = tables.turn
    return update(turn).where(
        turn.c.thread == message.thread, turn.c.position == message.position
    )


def _no_words() -> dict[str, Any]:
    return {"name": "", "text": "", "files": [], "tokens": 0, "is_pinned": False}
