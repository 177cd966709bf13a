"""The tables. A change here needs a migration; a test holds the two together."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

turn = Table(
    "turn",
    metadata,
    Column("id", Text, primary_key=True),
    Column("thread", Text, nullable=False),
    Column("position", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("speaker", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("files", JSON, nullable=False),
    Column("address", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("accepted_s", Float, nullable=False),
    Column("ended_s", Float),
    CheckConstraint(
        "state in ('waiting', 'running', 'done', 'failed', 'stopped')", name="state"
    ),
)
"""One row per message that must be answered. `…_s` columns are Unix times."""

Index(
    "turn_waiting",
    turn.c.thread,
    turn.c.position,
    sqlite_where=text("state = 'waiting'"),
)
Index(
    "turn_running_once_per_thread",
    turn.c.thread,
    unique=True,
    sqlite_where=text("state = 'running'"),
)

reply_message = Table(
    "reply_message",
    metadata,
    Column("turn", Text, ForeignKey("turn.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("message", Text, nullable=False),
    Column("text", Text, nullable=False, server_default=""),
)
"""Which part of a reply went where, in order. A message that grows has several."""

message = Table(
    "message",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("thread", Text, nullable=False),
    Column("position", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("speaker", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("files", JSON, nullable=False),
    Column("is_overheard", Boolean, nullable=False),
    Column("tokens", Integer, nullable=False),
    CheckConstraint("role in ('person', 'bot')", name="role"),
    UniqueConstraint("thread", "position", "role", name="message_once"),
)
"""Who said what, per thread. A reply has its question's position."""
