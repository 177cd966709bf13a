"""Turns, the messages of their replies, and memory."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

# By code points, whatever the server's own order.
_POSITION = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the first tables."""
    _create_turn()
    _create_reply_message()
    _create_message()


def _create_turn() -> None:
    op.create_table(
        "turn",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("thread", sa.Text, nullable=False),
        sa.Column("position", _POSITION, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("speaker", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("accepted_s", sa.Float, nullable=False),
        sa.Column("ended_s", sa.Float),
        sa.CheckConstraint(
            "state in ('waiting', 'running', 'done', 'failed', 'stopped')",
            name="state",
        ),
    )
    op.create_index(
        "turn_waiting",
        "turn",
        ["thread", "position"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "turn_running_once_per_thread",
        "turn",
        ["thread"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )


def _create_reply_message() -> None:
    op.create_table(
        "reply_message",
        sa.Column(
            "turn",
            sa.Text,
            sa.ForeignKey("turn.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("message", sa.Text, nullable=False),
    )


def _create_message() -> None:
    op.create_table(
        "message",
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
