"""The tables. A change here needs a migration; a test holds the two together."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Dialect,
    Float,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    literal_column,
    text,
)
from sqlalchemy.dialects import postgresql
from typing_extensions import override

metadata = MetaData()

Position = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Sorts by code points on both databases; PostgreSQL's own order may skip dots."""


class Words(TypeDecorator[str]):
    """What people or models wrote, without what no database can store.

    PostgreSQL takes no NUL, and neither takes half a surrogate pair.
    """

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Put U+FFFD for each of them."""
        if value is None or ("\0" not in value and _is_well_formed(value)):
            return value
        whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return whole.replace("\0", "\ufffd")


def _is_well_formed(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


turn = Table(
    "turn",
    metadata,
    Column("id", Text, primary_key=True),
    Column("thread", Text, nullable=False),
    Column("position", Position, nullable=False),
    Column("state", Text, nullable=False),
    Column("speaker", Text, nullable=False),
    Column("text", Words, nullable=False),
    Column("files", JSON, nullable=False),
    Column("address", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("accepted_s", Float, nullable=False),
    Column("ended_s", Float),
    Column("owner", Text),
    Column("lease_until_s", Float),
    Column("interruptions", Integer, nullable=False, server_default="0"),
    Column("since_attempt", Integer, nullable=False, server_default="1"),
    Column("is_queued", Boolean, nullable=False, server_default=false()),
    Column("demand", Text, nullable=False, server_default=""),
    Column("cut", Text, nullable=False, server_default=""),
    Column("error", Text, nullable=False, server_default=""),
    Column("prompt_tokens", Integer, nullable=False, server_default="0"),
    Column("answer_tokens", Integer, nullable=False, server_default="0"),
    CheckConstraint(
        "state in ('waiting', 'running', 'done', 'failed', 'stopped')", name="state"
    ),
)
"""One row per message that must be answered. `…_s` columns are Unix times.

Who runs a turn is its `owner`, by the database's clock until `lease_until_s`; `demand`
is what people want of it meanwhile. `cut` says why the reply is not whole, `error` why
there is none. What attempts before `since_attempt` wrote is to be removed. `ended_s` is
when an attempt ended last, also of a turn that is open again: from then on all that its
attempts cost counts.
"""

_WAITING: ColumnElement[str] = literal_column("'waiting'")
_RUN: ColumnElement[str] = literal_column("'running'")


def is_waiting(row: FromClause) -> ColumnElement[bool]:
    """Say of a row of `turn` that it waits, as the indexes on parts of it do.

    A parameter in place of the word would leave them unused.
    """
    return row.c.state == _WAITING


def is_open(row: FromClause) -> ColumnElement[bool]:
    """Say of a row of `turn` that it has not ended, as above."""
    return row.c.state.in_((_WAITING, _RUN))


_RUNNING = text("state = 'running'")
_OPEN = text("state IN ('waiting', 'running')")
Index(
    "turn_open",
    turn.c.thread,
    turn.c.state,
    turn.c.position,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
Index(
    "turn_running_once_per_thread",
    turn.c.thread,
    unique=True,
    sqlite_where=_RUNNING,
    postgresql_where=_RUNNING,
)
Index("turn_of_thread", turn.c.thread, turn.c.position)
Index("turn_accepted", turn.c.accepted_s)
Index(
    "turn_open_of_person",
    turn.c.speaker,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
# With the tokens, so that their sum is found without the rows; not touched when a
# turn is accepted.
_HAS_ENDED = text("ended_s IS NOT NULL")
_TOKENS = (turn.c.ended_s, turn.c.prompt_tokens, turn.c.answer_tokens)
Index(
    "turn_spent",
    *_TOKENS,
    sqlite_where=_HAS_ENDED,
    postgresql_where=_HAS_ENDED,
)
Index(
    "turn_spent_by_person",
    turn.c.speaker,
    *_TOKENS,
    sqlite_where=_HAS_ENDED,
    postgresql_where=_HAS_ENDED,
)
_FAILED = text("state = 'failed'")
Index(
    "turn_failed",
    turn.c.ended_s,
    sqlite_where=_FAILED,
    postgresql_where=_FAILED,
)

feedback = Table(
    "feedback",
    metadata,
    Column("turn", Text, ForeignKey("turn.id", ondelete="CASCADE"), primary_key=True),
    Column("person", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("given_s", Float, nullable=False),
    CheckConstraint("value in ('good', 'bad')", name="value"),
)
"""What people think of a reply; each has one opinion, the last one."""

pace = Table(
    "pace",
    metadata,
    Column("key", Text, primary_key=True),
    Column("due_s", Float, nullable=False),
    Column("held_until_s", Float, nullable=False, server_default="0"),
)
"""When the next call of a kind may go, for all processes, by the database's clock.

`due_s` is the end of a token bucket's debt; nothing goes before `held_until_s`.
"""

reply_message = Table(
    "reply_message",
    metadata,
    Column("turn", Text, ForeignKey("turn.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("message", Text, nullable=False),
    Column("text", Words, nullable=False, server_default=""),
)
"""Which part of a reply went where, in order. A message that grows has several.

`message` is empty while the call that brings the part has no answer.
"""
Index("reply_message_message", reply_message.c.message)

thread = Table(
    "thread",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("last_used_s", Float, nullable=False),
)
"""One row per thread. `version` changes with every fold, edit and deletion."""

_THREAD = "thread.id"
DELETED = -1
"""The `gen` of a message whose words are gone, so that none brings them back."""

message = Table(
    "message",
    metadata,
    Column("id", Integer, primary_key=True),
    Column(
        "thread",
        Text,
        ForeignKey(_THREAD, name="message_in_thread", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("position", Position, nullable=False),
    Column("role", Text, nullable=False),
    Column("speaker", Text, nullable=False),
    Column("name", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("files", JSON, nullable=False),
    Column("is_overheard", Boolean, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("is_pinned", Boolean, nullable=False, server_default=false()),
    Column("rev", Integer, nullable=False, server_default="0"),
    Column("gen", Integer),
    CheckConstraint("role in ('person', 'bot')", name="role"),
    UniqueConstraint("thread", "position", "role", name="message_once"),
    # A number is never given twice: a fold that is late must not find another's.
    sqlite_autoincrement=True,
)
"""Who said what, per thread. A reply has its question's position.

`rev` counts its edits. `gen` is null while it is in the buffer, else the number of the
summary that took it in.
"""

_IN_BUFFER = text("gen IS NULL")
Index(
    "message_in_buffer",
    message.c.thread,
    message.c.position,
    sqlite_where=_IN_BUFFER,
    postgresql_where=_IN_BUFFER,
)

summary = Table(
    "summary",
    metadata,
    Column("thread", Text, ForeignKey(_THREAD, ondelete="CASCADE"), primary_key=True),
    Column("gen", Integer, primary_key=True, autoincrement=False),
    Column("text", Words, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("model", Text, nullable=False),
    Column("created_s", Float, nullable=False),
)
"""The summaries of a thread; each holds what the ones with a lower `gen` hold."""
