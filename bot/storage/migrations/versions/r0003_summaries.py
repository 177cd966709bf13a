"""Threads with a version, summaries, and messages that are in one or in the buffer.

What is stored already begins in the buffer.
"""

import time

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

_THREAD = "thread.id"
_POSITION = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Add threads and summaries; change messages."""
    op.create_index("turn_accepted", "turn", ["accepted_s"])
    _create_thread()
    _create_summary()
    _change_message()


def _create_thread() -> None:
    op.create_table(
        "thread",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("last_used_s", sa.Float, nullable=False),
    )
    known = sa.text(
        "insert into thread (id, version, last_used_s)"
        " select known.thread, 0, coalesce((select max(turn.accepted_s) from turn"
        " where turn.thread = known.thread), :now_s)"
        " from (select distinct thread from message) as known"
    )
    op.execute(known.bindparams(now_s=time.time()))


def _create_summary() -> None:
    op.create_table(
        "summary",
        sa.Column(
            "thread",
            sa.Text,
            sa.ForeignKey(_THREAD, ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("gen", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("tokens", sa.Integer, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
    )


def _change_message() -> None:
    with op.batch_alter_table(
        "message",
        # SQLite makes the table anew, and cannot read its conditions back.
        copy_from=_message(),
        table_kwargs={"sqlite_autoincrement": True},
    ) as message:
        message.add_column(
            sa.Column(
                "is_pinned", sa.Boolean, nullable=False, server_default=sa.false()
            )
        )
        message.add_column(
            sa.Column("rev", sa.Integer, nullable=False, server_default="0")
        )
        message.add_column(sa.Column("gen", sa.Integer))
        message.create_foreign_key(
            "message_in_thread", "thread", ["thread"], ["id"], ondelete="CASCADE"
        )
    op.create_index(
        "message_in_buffer",
        "message",
        ["thread", "position"],
        sqlite_where=sa.text("gen IS NULL"),
        postgresql_where=sa.text("gen IS NULL"),
    )


def _message() -> sa.Table:
    """Return the table as the revisions before left it."""
    return sa.Table(
        "message",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("thread", sa.Text, nullable=False),
        sa.Column("position", _POSITION, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("speaker", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("is_overheard", sa.Boolean, nullable=False),
        sa.Column("tokens", sa.Integer, nullable=False),
        sa.CheckConstraint("role in ('person', 'bot')", name="role"),
        sa.UniqueConstraint("thread", "position", "role", name="message_once"),
    )
